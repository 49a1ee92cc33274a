from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inbox", "0052_what_opens_no_window")]

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
