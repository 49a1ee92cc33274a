from django.db import migrations

# Files with one row a conversation, when somebody asks for one; and who gets which report by mail.
EXPORT = "'file', 'id,public_id,brand_id,person_id,state,reason,after,size,done,expected,path,lease_until,created_at,finished_at', '', 'brand_id'"
MAIL = "'report mail', 'id,public_id,brand_id,person_id,next_at,sent_at,failed', 'cadence', 'brand_id'"


def watch(table, values, when):
    return migrations.RunSQL(
        f"CREATE TRIGGER audited AFTER {when} ON {table} FOR EACH ROW EXECUTE FUNCTION parley_audit({values})",
        f"DROP TRIGGER audited ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("analytics", "0004_moods_are_paired"), ("inbox", "0032_audited_in_full")]

    operations = [
        watch("analytics_export", EXPORT, "INSERT OR DELETE"),
        watch("analytics_reportmail", MAIL, "INSERT OR UPDATE OR DELETE"),
    ]
