from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inbox", "0038_away_through_silence")]

    operations = [
        migrations.AddField(
            model_name="channel",
            name="automatic_answers",
            field=ArrayField(
                base_field=models.TextField(),
                blank=True,
                db_default=[],
                default=list,
                help_text="What the platform or another app says by itself, word for word as it is set there.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="channel",
            name="other_apps_are_bots",
            field=models.BooleanField(
                db_default=True,
                default=True,
                help_text="No person writes what another app sends for this account.",
            ),
        ),
    ]
