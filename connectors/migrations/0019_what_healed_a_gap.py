from django.db import migrations, models

# Of those whose run is gone by now nobody knows.
NAMED = """
    UPDATE connectors_gap gap SET healed_task = run.task FROM connectors_syncrun run WHERE run.id = gap.healed_by_id AND gap.healed_task = ''
"""


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0018_restricted_apart_from_broken"),
    ]

    operations = [
        migrations.AddField(
            model_name="gap",
            name="healed_task",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Of what healed it: runs go after a month, gaps stay.",
                max_length=12,
            ),
        ),
        migrations.RunSQL(NAMED, migrations.RunSQL.noop),
    ]
