from django.db import migrations, models

BEFORE = "id,public_id,brand_id,person_id,state,reason,after,size,done,expected,path,lease_until,created_at,finished_at"


def watch(ignored):
    return f"""
        DROP TRIGGER audited ON analytics_export;
        CREATE TRIGGER audited AFTER INSERT OR DELETE ON analytics_export FOR EACH ROW
            EXECUTE FUNCTION parley_audit('file', '{ignored}', '', 'brand_id');
    """


class Migration(migrations.Migration):
    dependencies = [("analytics", "0010_every_day_is_summed_anew")]

    operations = [
        migrations.AddField(
            model_name="export",
            name="tries",
            field=models.SmallIntegerField(
                db_default=0, default=0, help_text="How often a slice was begun since one was ended."
            ),
        ),
        migrations.RunSQL(watch(f"{BEFORE},tries"), watch(BEFORE)),
    ]
