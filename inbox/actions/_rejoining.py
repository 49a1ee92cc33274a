"""What was said in a conversation comes to another one, because its thread turned out to be the thread of that: the conversation takes the
other name, or, where one of that name is under way, its messages go there and the row looks as if they had come there.

An emptied one stays, closed, and says where its messages are. One that colleagues have done something with is not emptied: it stays beside
the other, as two conversations of one person do.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from inbox import events
from inbox.actions import _absorbing, _conversations, _sql, _threads
from inbox.actions._arrivals import Key
from inbox.actions._threads import Change
from inbox.exchange import MessageKind, Origin
from inbox.models import (
    Conversation,
    ConversationMerge,
    ConversationState,
    Direction,
    Draft,
    Event,
    EventKind,
    Message,
    MessageState,
    Undo,
)
from inbox.queries.news import REWORDED

MOVED = "moved"  # what the event says of a message that stands elsewhere now
_OUT = (MessageState.SENT, MessageState.DELIVERED, MessageState.READ)
_ASIDE = (ConversationState.RESOLVED, ConversationState.SNOOZED, ConversationState.PENDING)
_OURS = Q(direction=Direction.NOTE) | Q(client_id__isnull=False)
_CLOSES = (EventKind.RESOLVED, EventKind.SNOOZED, EventKind.PENDING)


def rename(names: Sequence[tuple[int, str, str]]) -> list[tuple[int, int]]:
    """(channel id, the name of a post under which threads were begun for want of the root, the root). They bear the true name from now on.
    Where there is one of that name already, both are returned: what is said in the first belongs into the second."""
    if not names:
        return []
    begun = _sql.rows(
        """SELECT c.id, c.channel_id, k.root || substr(c.thread_key, length(k.name) + 1)
             FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS k(channel_id, name, root)
            CROSS JOIN LATERAL (
                SELECT o.* FROM inbox_conversation o
                 WHERE o.channel_id = k.channel_id AND o.thread_key >= (k.name || ':') COLLATE "C"
                   AND o.thread_key < (k.name || ';') COLLATE "C" ORDER BY o.thread_key OFFSET 0) c
            WHERE EXISTS (SELECT FROM inbox_message m WHERE m.conversation_id = c.id) ORDER BY c.id""",
        _sql.columns(names, 3),
    )
    if not begun:
        return []
    there = {
        key: thread.id
        for key, thread in _conversations.find_threads(sorted({(row[1], row[2]) for row in begun})).items()
    }
    renamed: list[tuple[int, str]] = []
    apart: list[tuple[int, int]] = []
    for conversation_id, channel_id, thread_key in begun:
        key: Key = (channel_id, thread_key)
        if there.setdefault(key, conversation_id) == conversation_id:
            renamed.append((conversation_id, thread_key))
        else:
            apart.append((conversation_id, there[key]))
    if renamed:
        _sql.run(
            """UPDATE inbox_conversation c SET thread_key = r.thread_key
                 FROM unnest(%s::bigint[], %s::text[]) AS r(id, thread_key) WHERE c.id = r.id""",
            _sql.columns(renamed, 2),
        )
    return apart


def move(
    ledger: events.Ledger, left_id: int, change: Change, now: datetime, *, only: Collection[int] | None = None
) -> None:
    """All that was said in a conversation, or these messages of it, to the one that `change` is about: as if it came there now. What
    colleagues have done something with stays where it is."""
    left = Conversation.objects.select_related("assignee").get(pk=left_id)
    if not _is_as_told(left, change.thread.id):
        return
    of_left = Message.objects.filter(conversation=left)
    said = list((of_left if only is None else of_left.filter(pk__in=only)).in_thread_order())
    numbers = [(each.pk, _tell(ledger, each, change, now)) for each in said]
    _sql.run(
        """UPDATE inbox_message m SET conversation_id = %s, seq = n.seq
             FROM unnest(%s::bigint[], %s::bigint[]) AS n(id, seq) WHERE m.id = n.id""",
        [change.thread.id, *_sql.columns(numbers, 2)],
    )
    unread = min(left.unread_count, sum(map(_asks, said)))
    change.unread += unread
    change.joined = True
    _open_again(ledger, change, said, now)
    if not of_left.exists():
        _hand_over(ledger, left, change, now)
    _leave(ledger, left, said, change.thread.id, now, count=len(said), unread=unread)


def drop(ledger: events.Ledger, message_id: int, kept_in: int, now: datetime) -> None:
    """A message that is in that conversation already: a copy, so it goes whatever colleagues have done with what stands around it. Only a
    conversation that is as the platform told it is closed where it was all of it."""
    twin = Message.objects.select_related("conversation").get(pk=message_id)
    if twin.client_id is not None:
        return
    left = twin.conversation
    closes = _is_as_told(left, kept_in)
    unread = min(left.unread_count, _asks(twin))
    _absorbing.absorb(twin)
    _leave(ledger, left, [twin], kept_in, now, unread=unread, closes=closes)


def may_leave(conversation_id: int, there: int | None) -> bool:
    """Whether what is said in a conversation may go to that one, or to one that is yet to be made."""
    return _is_as_told(Conversation.objects.get(pk=conversation_id), there)


def _is_as_told(left: Conversation, there: int | None) -> bool:
    """Nothing stands there but what the platform told, nobody has done anything with it, and it was not closed nor put aside, unless history
    alone made it. What was done to one conversation cannot be said of another: a reply waits in its thread, a promise is for what was read there.
    """
    done = Q(actor__isnull=False)
    if left.state == ConversationState.RESOLVED:
        done |= Q(kind__in=_CLOSES)
    elif left.state != ConversationState.OPEN:
        return False
    both = [left.pk] if there is None else [left.pk, there]
    merged = Q(kept__in=both) | Q(merged__in=both)
    return not (
        left.promised_at is not None
        or Event.objects.filter(done, conversation=left).exists()
        or Message.objects.filter(_OURS, conversation=left).exists()
        or Draft.objects.filter(conversation=left).exists()
        or Undo.objects.filter(conversation=left).exists()
        or ConversationMerge.objects.filter(merged, undone_at=None).exists()
    )


def _asks(said: Message) -> bool:
    return said.direction == Direction.IN and not said.historical and said.kind != MessageKind.SYSTEM


def _tell(ledger: events.Ledger, said: Message, change: Change, now: datetime) -> int:
    """To whoever has the other one open, what the customer wrote is news: it was not there before."""
    thread, asks = change.thread, _asks(said)
    seq = ledger.record(
        EventKind.MESSAGE_AMENDED, at=now, conversation_id=thread.id, message_id=said.pk, what=REWORDED if asks else MOVED,
    )  # fmt: skip
    change.seq = max(change.seq, seq)
    change.added += 1
    if asks:
        change.public_seq = seq
        change.received.append(said.sent_at)
    elif said.direction == Direction.OUT and said.state in _OUT and said.origin != Origin.AUTOMATION:
        change.answered.append(said.sent_at)
    return seq


def _open_again(ledger: events.Ledger, change: Change, said: Sequence[Message], now: datetime) -> None:
    """As by whatever the customer writes: none of it was there when somebody closed it or put it aside. What was known elsewhere by then is
    named, for clocks: here it is learned now."""
    thread = change.thread
    if not change.received or change.reopen or thread.state not in _ASIDE:
        return
    change.reopen = True
    # Closed by nobody it was if history alone has made it: then it was not open before.
    closed = Event.objects.filter(conversation=thread.id, kind__in=_CLOSES).order_by("-seq").first()
    if closed is not None:
        known = [each.pk for each in said if _asks(each) and each.created_at <= closed.at]
        told: dict[str, Any] = {"joined": known} if known else {}
        change.seq = ledger.record(
            EventKind.REOPENED, at=now, conversation_id=thread.id, before=thread.state, **told
        )


def _hand_over(ledger: events.Ledger, left: Conversation, change: Change, now: datetime) -> None:
    """Whom routing gave it to has it there, too, where it is nobody's."""
    if left.assignee is None or change.thread.assignee_id is not None:
        return
    change.seq = ledger.record(
        EventKind.ASSIGNED, at=now, conversation_id=change.thread.id, to=left.assignee.pk, to_name=left.assignee_name, before=None,
    )  # fmt: skip
    Conversation.objects.filter(pk=change.thread.id).update(
        assignee=left.assignee, assignee_name=left.assignee_name, assignee_set_by=left.assignee_set_by,
        assignee_set_at=left.assignee_set_at,
    )  # fmt: skip
    change.thread.assignee_id = left.assignee.pk


def _leave(
    ledger: events.Ledger, left: Conversation, said: Sequence[Message], there: int, now: datetime, *, count: int = 0, unread: int = 0, closes: bool = True
) -> None:  # fmt: skip
    """Without them: no page shows them there any more, and no list their words."""
    seq = ledger.record(
        EventKind.MESSAGE_AMENDED, at=now, conversation_id=left.pk, what=MOVED, gone=[str(each.public_id) for each in said],
    )  # fmt: skip
    is_empty = closes and not Message.objects.filter(conversation=left).exists()
    if is_empty:
        into = Conversation.objects.only("public_id", "platform").get(pk=there)
        seq = ledger.record(
            EventKind.RESOLVED, at=now, conversation_id=left.pk, before=left.state, into=str(into.public_id), platform=into.platform,
        )  # fmt: skip
    _sql.run(
        """UPDATE inbox_conversation c SET seq = %s, message_count = c.message_count - %s, unread_count = c.unread_count - %s,
                  last_inbound_at = t.inbound, last_outbound_at = t.outbound, last_message_text = '', last_message_from = '',
                  last_message_author = '',
                  waiting_since = CASE WHEN c.waiting_since IS NOT NULL THEN (
                      SELECT min(m.sent_at) FROM inbox_message m
                       WHERE m.conversation_id = c.id AND m.direction = 'in' AND NOT m.historical AND m.kind <> 'system'
                         AND (t.outbound IS NULL OR m.sent_at > t.outbound)) END
             FROM (SELECT max(m.sent_at) FILTER (WHERE m.direction = 'in' AND NOT m.historical) AS inbound,
                          max(m.sent_at) FILTER (WHERE m.direction = 'out' AND m.state IN ('sent', 'delivered', 'read')
                                                   AND m.origin <> 'automation') AS outbound
                     FROM inbox_message m WHERE m.conversation_id = %s) t
            WHERE c.id = %s""",
        [seq, count, unread, left.pk, left.pk],
    )
    _threads.show_newest(left.pk)
    if is_empty:
        Conversation.objects.filter(pk=left.pk).update(
            state=ConversationState.RESOLVED, resolved_at=left.resolved_at or now
        )
