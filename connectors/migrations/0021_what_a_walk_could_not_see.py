from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0020_waits_are_no_failures"),
    ]

    operations = [
        migrations.AddField(
            model_name="gap",
            name="unseen",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="What whoever healed it could not see.",
                max_length=300,
            ),
        ),
    ]
