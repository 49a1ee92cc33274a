from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("analytics", "0007_missed_and_by_person")]

    operations = [
        migrations.AddField(
            model_name="follower",
            name="definitions",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="A mark of what each metric means, by its version.",
                max_length=64,
            ),
        ),
    ]
