from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0014_asked_to_deliver_again"),
    ]

    operations = [
        migrations.AddField(
            model_name="receipt",
            name="tries",
            field=models.SmallIntegerField(db_default=0, help_text="How often it was begun and not ended."),
        ),
    ]
