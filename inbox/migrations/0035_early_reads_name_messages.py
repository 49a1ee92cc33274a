from django.db import migrations, models

# Backwards a thread holds one look: those that name a message go, and the message stays unread until the next look.
NAMED = "DELETE FROM inbox_earlyread WHERE message_key <> ''"


class Migration(migrations.Migration):
    dependencies = [("inbox", "0034_ended_under_hours_before")]

    operations = [
        migrations.AddField(
            model_name="earlyread",
            name="message_key",
            field=models.CharField(
                blank=True,
                db_collation="C",
                default="",
                help_text="Empty where the platform names no message.",
                max_length=400,
            ),
        ),
        migrations.RemoveConstraint(model_name="earlyread", name="one_early_read_per_thread"),
        migrations.AddConstraint(
            model_name="earlyread",
            constraint=models.UniqueConstraint(
                fields=("channel", "thread_key", "message_key"), name="one_early_read_per_message"
            ),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, NAMED),
    ]
