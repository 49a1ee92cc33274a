"""What is one agent's, nobody's or one account's is read from an index of its own in every order, not only the newest first: a page of
it is not looked for among all that is open."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import migrations, models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

NEVER = Value(datetime(9999, 12, 31, tzinfo=UTC))
OPEN = Q(state="open")
ASSIGNED = Q(state="open", assignee__isnull=False)
UNASSIGNED = Q(state="open", assignee__isnull=True)


class Migration(migrations.Migration):
    dependencies = [("inbox", "0044_outbox_of_channels")]

    operations = [
        migrations.AddIndex("conversation", index)
        for index in (
            models.Index("brand", "assignee", Coalesce("due_at", NEVER), -F("id"), name="list_mine_due", condition=ASSIGNED),
            models.Index("brand", Coalesce("due_at", NEVER), -F("id"), name="list_unassigned_due", condition=UNASSIGNED),
            models.Index("channel", Coalesce("due_at", NEVER), -F("id"), name="list_channel_due", condition=OPEN),
            models.Index(fields=["brand", "assignee", "-priority_score", "-id"], name="list_mine_score", condition=ASSIGNED),
            models.Index(fields=["brand", "-priority_score", "-id"], name="list_unassigned_score", condition=UNASSIGNED),
            models.Index(fields=["channel", "-priority_score", "-id"], name="list_channel_score", condition=OPEN),
            models.Index("brand", "assignee", Coalesce("waiting_since", NEVER), -F("id"), name="list_mine_waiting", condition=ASSIGNED),
            models.Index("brand", Coalesce("waiting_since", NEVER), -F("id"), name="list_unassigned_waiting", condition=UNASSIGNED),
            models.Index("channel", Coalesce("waiting_since", NEVER), -F("id"), name="list_channel_waiting", condition=OPEN),
        )
    ]  # fmt: skip
