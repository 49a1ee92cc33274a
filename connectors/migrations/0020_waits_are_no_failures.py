from django.db import migrations, models

APART = "UPDATE connectors_syncschedule SET waits = failures, failures = 0 WHERE last_remedy = 'throttled' AND failures > 0"


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0019_what_healed_a_gap"),
    ]

    operations = [
        migrations.AddField(
            model_name="syncschedule",
            name="waits",
            field=models.IntegerField(
                db_default=0,
                default=0,
                help_text="Turns in a row that met a limit of which nobody says when it ends.",
            ),
        ),
        migrations.RunSQL(APART, migrations.RunSQL.noop),
    ]
