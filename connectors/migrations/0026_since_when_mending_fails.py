from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0025_comments_of_linkedin_by_one_name"),
    ]

    operations = [
        migrations.AddField(
            model_name="channelhealth",
            name="mending_failed_since",
            field=models.DateTimeField(
                blank=True,
                help_text="Since when the platform was in trouble each time that it was asked to deliver again, and nobody is told yet.",
                null=True,
            ),
        ),
    ]
