"""Who is unknown is read channel by channel, so that those of one account never stand before those of all others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inbox", "0054_an_answer_releases_an_id")]

    operations = [
        migrations.RemoveIndex("handle", "handles_to_look_up"),
        migrations.AddIndex(
            "handle",
            models.Index(
                fields=["channel", "-id"], name="handles_to_look_up", condition=models.Q(looked_up_at__isnull=True)
            ),
        ),
    ]
