"""Who somebody is, learned later: told wherever a row or a message shows another name by now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from inbox import events
from inbox.actions import _conversations, _sql
from inbox.models import Conversation, EventKind

TOLD = 200  # rows of one batch; on X somebody may have thousands, one for each post they answered


def tell(
    ledger: events.Ledger,
    rows: Collection[int],
    messages: Sequence[tuple[int, int]],
    *,
    now: datetime,
) -> None:
    """`rows`: conversations whose row was renamed; `messages`: (conversation id, message id) of those that have an author's name now.
    A new message shows the row anew, and not the head of the thread and what stands beside it: so each is told by itself. Of somebody
    with more rows than anybody has on a screen the newest are told."""
    seq_of = {
        pk: ledger.record(EventKind.CONTACT_UPDATED, at=now, conversation_id=pk) for pk in _newest(rows)
    }
    named = []
    for conversation_id, message_id in messages:
        seq = ledger.record(
            EventKind.MESSAGE_AMENDED, at=now, conversation_id=conversation_id, message_id=message_id, what="author"
        )  # fmt: skip
        named.append((message_id, seq))
        seq_of[conversation_id] = seq
    if named:
        _sql.run(
            """UPDATE inbox_message m SET seq = s.seq FROM unnest(%s::bigint[], %s::bigint[]) AS s(id, seq) WHERE m.id = s.id""",
            _sql.columns(named, 2),
        )
    _conversations.bump_seq(seq_of)


def _newest(rows: Collection[int]) -> list[int]:
    if len(rows) <= TOLD:
        return sorted(rows)
    found = Conversation.objects.filter(pk__in=rows).order_by("-last_message_at", "-pk")
    return sorted(found.values_list("pk", flat=True)[:TOLD])
