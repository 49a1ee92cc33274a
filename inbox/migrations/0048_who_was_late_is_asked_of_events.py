from django.db import migrations


class Migration(migrations.Migration):
    """From whom a conversation was taken because it was late stands in its events, for as long as the promise is broken."""

    dependencies = [
        ("inbox", "0047_marks_of_customers_are_audited"),
    ]

    operations = [
        migrations.RemoveField(model_name="routingticket", name="had_by"),
    ]
