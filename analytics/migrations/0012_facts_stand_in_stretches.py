from django.db import migrations, models

STRETCHES = "Entries of packing.STRETCH, in order."


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0011_files_are_tried_so_often"),
    ]

    operations = [
        # They are made anew from the facts (0013).
        migrations.RunSQL("TRUNCATE analytics_dayfacts", migrations.RunSQL.noop),
        *(migrations.RemoveField("dayfacts", name) for name in ("channel", "team", "label", "priority")),
        migrations.AddField("dayfacts", "stretches", models.BinaryField(help_text=STRETCHES), preserve_default=False),
        migrations.RunSQL(
            "ALTER TABLE analytics_dayfacts ALTER COLUMN stretches SET STORAGE EXTERNAL", migrations.RunSQL.noop
        ),
    ]  # fmt: skip
