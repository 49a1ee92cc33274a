from django.db import migrations, models

# Deliveries of before that could not be read were shown nowhere.
KEPT = """
    INSERT INTO connectors_deaditem (channel_id, receipt_id, payload, reason, is_whole, created_at)
    SELECT channel_id, id, '{}', reason, true, coalesce(drained_at, received_at) FROM connectors_receipt receipt
     WHERE state = 'dead'
       AND NOT EXISTS (SELECT FROM connectors_deaditem item WHERE item.receipt_id = receipt.id AND item.is_whole AND item.replayed_at IS NULL)
     ORDER BY id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0015_tries_of_receipts"),
    ]

    operations = [
        migrations.AddField(
            model_name="deaditem",
            name="is_whole",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="It stands for its delivery; the payload is the body of that.",
            ),
        ),
        migrations.RunSQL(KEPT, "DELETE FROM connectors_deaditem WHERE is_whole"),
    ]
