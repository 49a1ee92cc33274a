from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inbox", "0050_untold_messages_rest")]

    operations = [
        migrations.AddField(
            model_name="example",
            name="since",
            field=models.DateTimeField(
                null=True,
                blank=True,
                help_text="Which of the customer's messages from then on is meant is not chosen yet; `message` is the newest. Empty: it is.",
            ),
        ),
    ]
