"""That nobody has to look after a reply that was not sent was known by the words of its reason until now."""

from django.db import migrations, models
from django.db.models import Q

BY_THEIR_WORDS = """
UPDATE inbox_message SET ended = CASE state_reason WHEN 'Discarded' THEN 'discarded' ELSE 'elsewhere' END
 WHERE direction = 'out' AND external_id IS NULL AND state = 'failed'
   AND state_reason IN ('Discarded', 'The customer has it: it is shown as another reply with the same words.')
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0042_troubles_of_a_channel_apart")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="ended",
            field=models.CharField(
                blank=True,
                choices=[
                    ("discarded", "Its writer gave it up"),
                    ("elsewhere", "The customer has it: it is shown as another reply"),
                ],
                db_default="",
                help_text="Empty: it may still leave, or somebody has to see to it.",
                max_length=9,
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=Q(ended="") | Q(state="failed"), name="only_what_was_not_sent_has_ended"
            ),
        ),
        # The words stay: backwards nothing is lost.
        migrations.RunSQL(BY_THEIR_WORDS, migrations.RunSQL.noop),
    ]
