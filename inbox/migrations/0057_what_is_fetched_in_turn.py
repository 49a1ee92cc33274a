"""Who is unknown and what is to be copied are read channel by channel, so that those of one account never stand before those of all others."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("inbox", "0056_taken_echoes_by_age")]

    operations = [
        migrations.RemoveIndex("handle", "handles_to_look_up"),
        migrations.AddIndex(
            "handle",
            models.Index(
                fields=["channel", "-id"], name="handles_to_look_up", condition=Q(looked_up_at__isnull=True)
            ),
        ),
        migrations.RemoveIndex("attachment", "media_to_fetch"),
        migrations.AddIndex(
            "attachment",
            models.Index(
                fields=["channel", "-fetch_at", "id"],
                name="media_to_fetch",
                condition=Q(fetch_state="pending"),
            ),
        ),
    ]
