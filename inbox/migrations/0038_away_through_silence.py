from django.db import migrations, models

KEEP = "UPDATE inbox_presence SET away = true WHERE state = 'away'"


class Migration(migrations.Migration):
    dependencies = [("inbox", "0037_words_that_expire")]

    operations = [
        migrations.AddField(
            model_name="presence",
            name="away",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="They said so, and it holds through silence until they say otherwise.",
            ),
        ),
        migrations.RunSQL(KEEP, migrations.RunSQL.noop),
    ]
