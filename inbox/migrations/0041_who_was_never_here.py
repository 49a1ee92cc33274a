"""Whoever was removed or locked without ever having been here was noted as seen at that moment. Of everybody else, who fell silent
was seen before they were taken for gone."""

from django.db import migrations, models

NEVER = "UPDATE inbox_presence SET last_seen_at = NULL WHERE state = 'offline' AND last_seen_at = since"
AS_BEFORE = "UPDATE inbox_presence SET last_seen_at = since WHERE last_seen_at IS NULL"


class Migration(migrations.Migration):
    dependencies = [("inbox", "0040_only_tries_of_a_file_are_counted")]

    operations = [
        migrations.AlterField(
            model_name="presence",
            name="last_seen_at",
            field=models.DateTimeField(
                help_text="Empty: they left without ever having been here.", null=True
            ),
        ),
        migrations.RunSQL(NEVER, AS_BEFORE),
    ]
