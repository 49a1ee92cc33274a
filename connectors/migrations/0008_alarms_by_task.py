from django.db import migrations, models
from django.db.models import Q

# What has been told already is not told again under its new key.
KNOWN = """
    UPDATE connectors_alarm alarm SET task = failing.task
      FROM (SELECT DISTINCT ON (channel_id) channel_id, task FROM connectors_syncschedule
             WHERE failures >= 3 AND NOT paused AND next_run_at IS NOT NULL ORDER BY channel_id, id) failing
     WHERE alarm.kind = 'failing' AND alarm.cleared_at IS NULL AND alarm.channel_id = failing.channel_id
"""


class Migration(migrations.Migration):
    dependencies = [("connectors", "0007_paused_for_all_but_once")]

    operations = [
        migrations.AddField(
            model_name="alarm",
            name="task",
            field=models.CharField(
                blank=True, db_default="", help_text="Of a sync that fails: which one.", max_length=12
            ),
        ),
        migrations.RemoveConstraint(model_name="alarm", name="one_alarm_per_channel_and_kind"),
        migrations.AddConstraint(
            model_name="alarm",
            constraint=models.UniqueConstraint(
                condition=Q(cleared_at=None),
                fields=("channel", "kind", "task"),
                name="one_alarm_per_channel_kind_and_task",
            ),
        ),
        migrations.RunSQL(KNOWN, migrations.RunSQL.noop),
    ]
