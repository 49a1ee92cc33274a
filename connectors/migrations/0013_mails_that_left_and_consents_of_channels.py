"""Which mails have left: a claim whose sender died was taken for one of them. Of those there are, what was not refused has left. And which
channel a consent is to renew."""

import django.db.models.deletion
from django.db import migrations, models

LEFT = "UPDATE connectors_alarmmail SET sent_at = tried_at WHERE NOT refused"


class Migration(migrations.Migration):
    dependencies = [("connectors", "0012_public_threads_of_x_by_person")]

    operations = [
        migrations.AddField(
            model_name="alarmmail",
            name="sent_at",
            field=models.DateTimeField(blank=True, null=True, help_text="When a mail server had taken it."),
        ),
        migrations.RunSQL(LEFT, migrations.RunSQL.noop),
        migrations.RemoveField(model_name="alarmmail", name="refused"),
        migrations.AddField(
            model_name="pendingconsent",
            name="channel",
            field=models.ForeignKey(
                help_text="Whose grant it is to renew; empty: of any account.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="inbox.channel",
            ),
        ),
    ]
