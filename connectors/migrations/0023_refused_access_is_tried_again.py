from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0022_refused_access_apart_from_a_broken_grant"),
    ]

    operations = [
        migrations.AddField(
            model_name="channelhealth",
            name="refused_since",
            field=models.DateTimeField(
                blank=True,
                help_text="Since when access was refused, each time that it was tried again.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="channelhealth",
            name="access_tried_from",
            field=models.DateTimeField(
                blank=True,
                help_text="From when on a call that is answered with the refused access has sending tried again.",
                null=True,
            ),
        ),
    ]
