from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0009_polled_is_not_complete"),
    ]

    operations = [
        migrations.AddField(
            model_name="channelhealth",
            name="speaks_for",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="Whose deliveries the platform named last, since the account was connected.",
                max_length=200,
            ),
        ),
    ]
