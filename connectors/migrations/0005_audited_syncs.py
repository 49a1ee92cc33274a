from django.db import migrations

# Table: (when, what it is called, columns that say nothing, the column with its name). The brand is the channel's.
AUDITED = {
    "connectors_syncschedule": (
        "INSERT OR UPDATE OR DELETE", "schedule",
        "id,channel_id,cursor,next_run_at,lease_until,lease_owner,is_slow,failures,last_error,last_remedy,last_success_at", "task",
    ),
    "connectors_credential": (
        "INSERT OR UPDATE OR DELETE", "grant",
        "id,channel_id,sealed,issued_at,expires_at,refresh_expires_at,version,refresh_lease_until,refresh_error", "",
    ),
}  # fmt: skip


def watch(table, when, subject, ignored, name, condition=""):
    values = ", ".join(f"'{each}'" for each in (subject, ignored, name, "channel"))
    return migrations.RunSQL(
        f"CREATE TRIGGER audited AFTER {when} ON {table} FOR EACH ROW {condition} EXECUTE FUNCTION parley_audit({values})",
        f"DROP TRIGGER audited ON {table}",
    )


RUN = (
    "id,schedule_id,channel_id,asked_by_id,touched_at,started_at,ended_at,pages,events,new_messages,dead,requests,share,lag_seconds,"
    "error,remedy"
)


class Migration(migrations.Migration):
    dependencies = [("connectors", "0004_schedules_runs_and_coverage"), ("inbox", "0029_audit_log")]

    operations = [
        *(watch(table, *told) for table, told in AUDITED.items()),
        # Runs that people asked for, and those that they stopped.
        watch("connectors_syncrun", "INSERT", "run", RUN, "task", "WHEN (NEW.asked_by_id IS NOT NULL)"),
        migrations.RunSQL(
            f"""CREATE TRIGGER audited_stops AFTER UPDATE OF state ON connectors_syncrun FOR EACH ROW
                WHEN (NEW.state = 'stopped' AND OLD.state <> 'stopped') EXECUTE FUNCTION parley_audit('run', '{RUN}', 'task', 'channel')""",
            "DROP TRIGGER audited_stops ON connectors_syncrun",
        ),
        migrations.RunSQL(
            """CREATE TRIGGER audited AFTER UPDATE OF replayed_at ON connectors_deaditem FOR EACH ROW
               WHEN (current_setting('parley.caller', true) <> '')
               EXECUTE FUNCTION parley_audit('dead item', 'id,channel_id,receipt_id,payload,created_at', 'reason', 'channel')""",
            "DROP TRIGGER audited ON connectors_deaditem",
        ),
        migrations.RunSQL(
            """CREATE TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON connectors_platformapp FOR EACH ROW
               EXECUTE FUNCTION parley_audit('platform app', 'id,sealed', 'platform', '')""",
            "DROP TRIGGER audited ON connectors_platformapp",
        ),
    ]
