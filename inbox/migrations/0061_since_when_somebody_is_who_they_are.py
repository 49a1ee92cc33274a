from django.db import migrations, models


class Migration(migrations.Migration):
    """What comes late or is read again is older than what is known of somebody, and can be told by that."""

    dependencies = [("inbox", "0060_clocks_of_what_was_opened_from_history")]

    operations = [
        migrations.AddField(
            model_name="handle",
            name="told_at",
            field=models.DateTimeField(
                blank=True,
                help_text="As of when the platform told who this is, in what it sends by itself.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="handle",
            name="reach_told_at",
            field=models.DateTimeField(
                blank=True,
                help_text="What they wrote before then says nothing of whether they can be written to.",
                null=True,
            ),
        ),
    ]
