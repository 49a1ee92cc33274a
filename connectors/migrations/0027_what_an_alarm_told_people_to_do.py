from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0026_since_when_mending_fails"),
    ]

    operations = [
        migrations.AddField(
            model_name="alarm",
            name="remedy",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="What people were told to do, where a kind knows several.",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="alarm",
            name="turned_at",
            field=models.DateTimeField(
                blank=True,
                help_text="Since when something else is to be done, at each look.",
                null=True,
            ),
        ),
    ]
