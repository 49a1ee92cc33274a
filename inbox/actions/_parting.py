"""Taking a merge of two conversations back, for `z` and for the line that says it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime

from inbox import events
from inbox.actions import _looking, _putting_back, _taking_over, _undo, _writing
from inbox.actions._putting_back import Outcome
from inbox.models import ConversationMerge, EventKind, Person, UndoKind
from inbox.queries import merges

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
        _end(ledger, row, by=by, now=now)
    return outcome


def part_strangers(ledger: events.Ledger, contact_ids: Collection[int], *, by: Person, now: datetime) -> None:
    """What was one person's is of two people now, who are answered apart. A merged one that has gone on by itself stays as it is."""
    for row in merges.between_strangers(ledger.brand_id, contact_ids):
        if not part(ledger, row.pk, by=by, now=now).done:
            _end(ledger, row, by=by, now=now)


def _end(ledger: events.Ledger, row: ConversationMerge, *, by: Person, now: datetime) -> None:
    kept = _writing.locked(row.kept_id)  # of several that are parted at once each changes it
    _taking_over.unpromise(row, kept)
    _taking_over.put_aside_again(ledger, row, kept, undid=WORDS, by=by, now=now)
    ConversationMerge.objects.filter(pk=row.pk).update(undone_at=now)
    _undo.spend(row.brand_id, UndoKind.MERGE, row.pk, now)
    seq = ledger.record(
        EventKind.CONVERSATIONS_PARTED, at=now, conversation_id=row.kept_id, actor_id=by.pk, merge=str(row.public_id),
        platform=row.merged.platform,
    )  # fmt: skip
    _writing.change(kept, seq)
    _looking.look(ledger, [row.kept_id], now)
