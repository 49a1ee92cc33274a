from django.db import migrations, models
from django.db.models import Q


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
    ]
