from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0045_lists_of_few_in_every_order"),
    ]

    operations = [
        migrations.AddField(
            model_name="person",
            name="letter_keys",
            field=models.BooleanField(
                db_default=True,
                default=True,
                help_text="Whether a letter, digit or sign alone is a command. Who speaks to their computer had better not have it so.",
            ),
        ),
    ]
