from django.db import migrations, models

# Until now a poll was taken for the whole of such a channel: what a comparison has shown is what holds. That is up to a day old, so
# the next comparison does not wait for the day's.
APART = """
    UPDATE connectors_channelhealth health
       SET polled_until = health.complete_until, complete_until = (
           SELECT max(run.started_at) FROM connectors_syncrun run
            WHERE run.channel_id = health.channel_id AND run.task = 'reconcile' AND run.state = 'done')
     WHERE EXISTS (SELECT FROM connectors_syncschedule schedule
                    WHERE schedule.channel_id = health.channel_id AND schedule.task = 'poll');
    UPDATE connectors_syncschedule walk SET every_seconds = 900
     WHERE walk.task = 'reconcile' AND walk.every_seconds = 86400 AND walk.cron = ''
       AND EXISTS (SELECT FROM connectors_syncschedule schedule
                    WHERE schedule.channel_id = walk.channel_id AND schedule.task = 'poll');
    UPDATE connectors_syncschedule walk SET next_run_at = now()
     WHERE walk.task = 'reconcile' AND walk.next_run_at > now()
       AND EXISTS (SELECT FROM connectors_syncschedule schedule
                    WHERE schedule.channel_id = walk.channel_id AND schedule.task = 'poll');
"""


class Migration(migrations.Migration):
    dependencies = [("connectors", "0008_alarms_by_task")]

    operations = [
        migrations.AddField(
            model_name="channelhealth",
            name="polled_until",
            field=models.DateTimeField(
                blank=True,
                help_text="Where the poll is half the story: what it reads is in the inbox up to here.",
                null=True,
            ),
        ),
        migrations.RunSQL(APART, migrations.RunSQL.noop),
    ]
