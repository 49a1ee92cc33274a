from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0021_what_a_walk_could_not_see"),
    ]

    operations = [
        migrations.AddField(
            model_name="channelhealth",
            name="refused_version",
            field=models.PositiveIntegerField(
                db_default=0,
                default=0,
                help_text="Whether sending is parked because the access of this version of the grant was refused alone: a call with a later one lifts it.",
            ),
        ),
    ]
