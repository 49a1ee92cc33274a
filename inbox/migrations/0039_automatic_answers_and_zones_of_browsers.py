from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

# In which zone a person's browser is, is nothing that anybody did: a traveller would fill the audit log.
SILENT = "id,public_id,password,last_login,date_joined"


def watch(silent):
    return f"""DROP TRIGGER audited ON inbox_person;
        CREATE TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON inbox_person FOR EACH ROW
        EXECUTE FUNCTION parley_audit('person', '{silent}', 'name', 'person')"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0038_away_through_silence")]

    operations = [
        migrations.RunSQL(watch(f"{SILENT},time_zone"), watch(SILENT)),
        migrations.AddField(
            model_name="channel",
            name="automatic_answers",
            field=ArrayField(
                base_field=models.TextField(),
                blank=True,
                db_default=[],
                default=list,
                help_text="What the platform or another app says by itself, word for word as it is set there.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="channel",
            name="other_apps_are_bots",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="No person writes what another app sends for this account.",
            ),
        ),
    ]
