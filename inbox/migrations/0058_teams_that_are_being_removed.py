from django.db import migrations, models


class Migration(migrations.Migration):
    """A team that is being removed lets go of what it has had for years, some at a time, and nothing is given to it meanwhile."""

    dependencies = [("inbox", "0057_what_is_fetched_in_turn")]

    operations = [
        migrations.AddField(
            model_name="team",
            name="is_closing",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="It is being removed: nobody may give it anything, and no view is kept for it.",
            ),
        ),
    ]
