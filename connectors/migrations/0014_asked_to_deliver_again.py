from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0013_mails_that_left_and_consents_of_channels"),
    ]

    operations = [
        migrations.AddField(
            model_name="gap",
            name="redelivery_asked_at",
            field=models.DateTimeField(
                blank=True, help_text="When the platform was asked to deliver it again.", null=True
            ),
        ),
        migrations.AddField(
            model_name="gap",
            name="redelivery_ended_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="gap",
            name="redelivery_job",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="What the platform calls that, once it agreed.",
                max_length=64,
            ),
        ),
        migrations.AddField(
            model_name="gap",
            name="redelivery_said",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="How that ended, or why it is not asked for.",
                max_length=300,
            ),
        ),
    ]
