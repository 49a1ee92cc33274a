from django.db import migrations

BEFORE = "id,public_id,brand_id,person_id,next_at,sent_at,failed"


def watch(ignored):
    return f"""
        DROP TRIGGER audited ON analytics_reportmail;
        CREATE TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON analytics_reportmail FOR EACH ROW
            EXECUTE FUNCTION parley_audit('report mail', '{ignored}', 'cadence', 'brand_id');
    """


class Migration(migrations.Migration):
    dependencies = [("analytics", "0005_audited")]

    operations = [migrations.RunSQL(watch(f"{BEFORE},not_before,tries"), watch(BEFORE))]
