"""Taking a merge of two conversations back, for `z` and for the line that says it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from inbox import events
from inbox.actions import _looking, _putting_back, _writing
from inbox.actions._putting_back import Outcome
from inbox.models import ConversationMerge, EventKind, Person, UndoKind

WORDS = "merged"


def part(ledger: events.Ledger, merge_id: int, *, by: Person, now: datetime) -> Outcome:
    """The merged one is as it was, and the clocks of both as if nothing had been. What came there since stays as it is, and is said."""
    row = ConversationMerge.objects.select_related("kept", "merged").get(pk=merge_id)
    if row.undone_at is not None:
        return Outcome(0, Counter(["it has been taken back already"]))
    outcome = _putting_back.put_back(
        ledger, UndoKind.STATE, [row.step], words=WORDS, done_at=row.merged_at, by=by, now=now
    )
    if outcome.done:
        ConversationMerge.objects.filter(pk=row.pk).update(undone_at=now)
        seq = ledger.record(
            EventKind.CONVERSATIONS_PARTED, at=now, conversation_id=row.kept_id, actor_id=by.pk, merge=str(row.public_id),
            platform=row.merged.platform,
        )  # fmt: skip
        _writing.change(row.kept, seq)
        _looking.look(ledger, [row.kept_id], now)
    return outcome
