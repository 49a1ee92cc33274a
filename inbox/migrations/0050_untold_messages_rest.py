from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inbox", "0049_merges_name_nobody")]

    operations = [
        migrations.AlterField(
            model_name="untoldmessage",
            name="due_at",
            field=models.DateTimeField(null=True, help_text="Empty: not until the account is granted more."),
        ),
        migrations.AddField(
            model_name="untoldmessage",
            name="asked_since",
            field=models.DateTimeField(
                null=True, help_text="From when on it counts as old. Empty: since it came."
            ),
        ),
    ]
