from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("connectors", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="channelhealth",
            name="account_news_at",
            field=models.DateTimeField(
                blank=True, help_text="When the newest news of the account itself happened.", null=True
            ),
        ),
    ]
