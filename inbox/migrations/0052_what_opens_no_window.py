from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inbox", "0051_macros_snooze_for_hours")]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="window_shut_at",
            field=models.DateTimeField(
                blank=True,
                help_text="What was said until then opens no window: the platform has said that it was closed.",
                null=True,
            ),
        ),
    ]
