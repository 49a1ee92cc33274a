"""Two conversations of one person become one piece of work, and two again.

Their threads stay apart, because a reply can only go where the platform has a thread: it goes to the one that is kept, which is the choice of
whoever merges. The other is closed, what waits there and what was promised there waits in the kept one, and its messages are shown there. Whoever
writes in its thread again, the customer or a colleague, opens it, and it stands by itself again. (docs/decisions/0017)
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from inbox import events
from inbox.actions import _looking, _parting, _snoozing, _taking_over, _undo, _writing
from inbox.models import Conversation, ConversationMerge, ConversationState, EventKind, Person, UndoKind
from inbox.models.conversations import UNDER_WAY
from inbox.queries import merges


class Refused(Exception):
    """The merge is not made, or not taken back; the words say why."""


@transaction.atomic(durable=True)
def join(*, kept: Conversation, merged: Conversation, by: Person, now: datetime) -> ConversationMerge:
    """`merged` is answered in `kept` from now on. Raises Refused."""
    with events.ledger(kept.brand_id) as ledger:
        kept, merged = _writing.locked(kept.pk), _writing.locked(merged.pk)
        _check(kept, merged)
        seq = ledger.record(
            EventKind.RESOLVED, at=now, conversation_id=merged.pk, actor_id=by.pk, before=merged.state, into=str(kept.public_id),
            platform=kept.platform,
        )  # fmt: skip
        was = _undo.before(UndoKind.STATE, merged)
        waiting_since, promised_at = merged.waiting_since, merged.promised_at
        _writing.change(
            merged, seq, state=ConversationState.RESOLVED, resolved_at=now, unread_count=0, waiting_since=None, snoozed_until=None
        )  # fmt: skip
        _snoozing.forget_timers([merged.pk])
        left = _undo.before(UndoKind.STATE, merged)
        step = _undo.step(merged.pk, seq, was, {name: left[name] for name in _undo.LEFT[UndoKind.STATE]})
        step["woke"] = _taking_over.wake(ledger, kept, by, now) if waiting_since is not None else None
        _taking_over.promise(kept, promised_at)
        row = ConversationMerge.objects.create(
            brand_id=kept.brand_id, kept=kept, merged=merged, waiting_since=waiting_since, seq=seq, step=step, merged_by=by, merged_at=now
        )  # fmt: skip
        told = ledger.record(
            EventKind.CONVERSATIONS_MERGED, at=now, conversation_id=kept.pk, actor_id=by.pk, merge=str(row.public_id), other=str(merged.public_id),
            platform=merged.platform,
        )  # fmt: skip
        _writing.change(kept, told)
        _undo.keep(
            ledger, UndoKind.MERGE, "Merged", [_undo.step(kept.pk, told, None, {"merge": row.pk})], conversation=kept, by=by, now=now
        )  # fmt: skip
        _looking.look(
            ledger, [kept.pk], now
        )  # it waits for what the other one waited for; triage sees to the rest
    return row


@transaction.atomic(durable=True)
def part(*, merge: ConversationMerge, by: Person, now: datetime) -> None:
    """Take it back. Raises Refused where the merged one has gone on by itself."""
    with events.ledger(merge.brand_id) as ledger:
        outcome = _parting.part(ledger, merge.pk, by=by, now=now)
        if not outcome.done:
            why = next(iter(outcome.skipped), "it has changed")
            raise Refused(f"The merge is not taken back: {why[:1].lower()}{why[1:]}.")


def _check(kept: Conversation, merged: Conversation) -> None:
    if kept.pk == merged.pk:
        raise Refused("This is the same conversation.")
    if kept.brand_id != merged.brand_id or kept.contact_id is None or kept.contact_id != merged.contact_id:
        raise Refused("They are not of the same person. Say first that the two people are one.")
    if kept.state not in UNDER_WAY:
        raise Refused("This conversation is closed. Open it first, or merge it into the other one.")
    if merged.state not in UNDER_WAY:
        raise Refused("The other conversation is closed already; there is nothing to merge.")
    if merges.into(merged):
        raise Refused(
            "Another conversation was merged into that one. Merge this one into it, or take that back first."
        )
