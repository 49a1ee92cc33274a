"""The outbox is asked channel by channel, so that much that waits in one costs the others nothing; public answers of one that was asked
to wait are found by themselves."""

from django.db import migrations, models
from django.db.models import Q

ON_THEIR_WAY = """
UPDATE inbox_message m SET in_public = true FROM inbox_conversation c
 WHERE c.id = m.conversation_id AND c.kind = 'comment' AND m.direction = 'out' AND m.external_id IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0043_replies_that_have_ended")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="in_public",
            field=models.BooleanField(
                db_default=False,
                help_text="A reply under what was said in public: no used-up limit of messages holds it up.",
            ),
        ),
        migrations.RunSQL(ON_THEIR_WAY, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=Q(state__in=("queued", "sending", "uncertain")),
                fields=["channel", "state", "not_before", "id"],
                name="outbox_of_channels",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=Q(state="queued", in_public=True),
                fields=["channel", "not_before", "id"],
                name="outbox_in_public",
            ),
        ),
        migrations.RemoveIndex(model_name="message", name="outbox_under_way"),
    ]
