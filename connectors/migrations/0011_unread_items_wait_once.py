from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0010_whom_a_channel_speaks_for"),
    ]

    operations = [
        migrations.AddField(
            model_name="deaditem",
            name="fingerprint",
            field=models.CharField(
                blank=True,
                help_text="Of what no delivery brought: a page may tell it again and again.",
                max_length=64,
                null=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="deaditem",
            constraint=models.UniqueConstraint(
                condition=models.Q(("replayed_at", None)),
                fields=("channel", "fingerprint"),
                name="what_a_page_could_not_read_waits_once",
            ),
        ),
    ]
