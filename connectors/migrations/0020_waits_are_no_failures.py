from django.db import migrations, models

APART = "UPDATE connectors_syncschedule SET waits = failures, failures = 0 WHERE last_remedy = 'throttled' AND failures > 0"

QUIET = "id,channel_id,cursor,next_run_at,lease_until,lease_owner,is_slow,failures,last_error,last_remedy,last_success_at,once"


def watch(ignored):
    """How many turns waited is no entry, as how many failed is none."""
    return f"""
        DROP TRIGGER audited ON connectors_syncschedule;
        CREATE TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON connectors_syncschedule FOR EACH ROW
            EXECUTE FUNCTION parley_audit('schedule', '{ignored}', 'task', 'channel');
    """


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
        migrations.RunSQL(watch(f"{QUIET},waits"), watch(QUIET)),
        migrations.RunSQL(APART, migrations.RunSQL.noop),
    ]
