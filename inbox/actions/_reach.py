"""Whom the brand can write to, as the platforms say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Q

from inbox import events
from inbox.actions import _conversations, _sql
from inbox.actions._arrivals import Batch, Key, Met, customer_of
from inbox.exchange import InboundMessage, MessageKind, ThreadKind
from inbox.models import EventKind, Handle, Message
from inbox.models.conversations import UNDER_WAY
from inbox.rules import echoes
from inbox.rules.cleaning import clean

TOLD = 50  # conversations of one account that are told, those under way first


def restore(news: Mapping[Key, InboundMessage], people: dict[Key, Met]) -> list[int]:
    """Somebody who writes to us can be written to again, and so can somebody to whom the platform took a message of ours, by whatever client;
    who says something in public may take no messages all the same. What is told once more was written before we knew that they
    cannot, and so was what comes late. Returns the handles of those who could not be."""
    unavailable = {key: met.handle_id for key, met in people.items() if met.unavailable}
    if not unavailable:
        return []
    at_talk = {
        ((channel_id, party.external_id), message.sent_at)
        for (channel_id, _), message in news.items()
        if message.thread_kind is not ThreadKind.COMMENT and message.kind is not MessageKind.SYSTEM
        if (party := customer_of(message))
    }
    by_handle = [(unavailable[key], at) for key, at in at_talk if key in unavailable]
    if not by_handle:
        return []
    found = _sql.rows(
        """UPDATE inbox_handle h SET unavailable_reason = '' FROM unnest(%s::bigint[], %s::timestamptz[]) AS w(handle_id, at)
            WHERE h.id = w.handle_id AND h.unavailable_reason <> '' AND (h.reach_told_at IS NULL OR w.at > h.reach_told_at)
        RETURNING h.id""",
        _sql.columns(by_handle, 2),
    )
    return [pk for (pk,) in found]


def note(batch: Batch) -> list[int]:
    """What the platform says of it, in the order in which it happened, also where it comes in another. Somebody who wrote since can be
    written to, and so can somebody to whom the platform shows a message of ours since. Returns the handles of which something else was
    said before."""
    changed = []
    for channel_id, change in sorted(batch.reach, key=lambda each: each[1].at):
        reason = clean(change.reason)[:300]
        changed += _sql.rows(
            """UPDATE inbox_handle h SET unavailable_reason = %s, reach_told_at = %s FROM inbox_handle was
                WHERE h.channel_id = %s AND h.external_id = %s AND was.id = h.id
                  AND (h.reach_told_at IS NULL OR h.reach_told_at <= %s)
                  AND NOT EXISTS (SELECT 1 FROM inbox_message m JOIN inbox_conversation c ON c.id = m.conversation_id
                                   WHERE m.author_handle_id = h.id AND m.sent_at > %s AND c.kind <> 'comment' AND m.kind <> 'system')
                  AND NOT EXISTS (SELECT 1 FROM inbox_conversation c JOIN inbox_message m ON m.conversation_id = c.id
                                   WHERE c.contact_id = h.contact_id AND c.channel_id = h.channel_id AND c.recipient_key = h.external_id
                                     AND c.kind <> 'comment' AND m.sent_at > %s AND m.direction = 'out' AND m.order_key <> ''
                                     AND m.kind <> 'system')
            RETURNING h.id, was.unavailable_reason <> h.unavailable_reason""",
            [reason, change.at, channel_id, change.external_id, change.at, change.at, change.at],
        )
    return [pk for pk, is_news in changed if is_news]


def took(ledger: events.Ledger, message: Message, now: datetime) -> None:
    """The platform has taken a message to them, so it takes others."""
    if message.in_public:
        return
    found = _sql.rows(
        """UPDATE inbox_handle SET unavailable_reason = ''
            WHERE channel_id = %s AND external_id = %s AND unavailable_reason <> '' RETURNING id""",
        [message.channel_id, message.conversation.recipient_key],
    )
    tell(ledger, [pk for (pk,) in found], now)


def was_open_since(handle: Handle, moment: datetime) -> bool:
    """They wrote to us, or the platform took a message to them. What history tells was said before, and so was what came late: by more than
    the clocks may differ."""
    said = Message.objects.filter(historical=False).exclude(kind=MessageKind.SYSTEM)
    said = said.exclude(conversation__kind=ThreadKind.COMMENT)
    theirs = said.filter(author_handle=handle, created_at__gt=moment, sent_at__gt=moment - echoes.SKEW)
    to_them = Q(conversation__contact=handle.contact_id, conversation__recipient_key=handle.external_id)
    ours = said.filter(
        to_them, channel=handle.channel_id, direction="out", external_id__isnull=False, sent_at__gt=moment
    )
    return theirs.exists() or ours.exists()


def tell(ledger: events.Ledger, handle_ids: list[int], now: datetime) -> None:
    """One event, of nobody, in each conversation with these people: whether the reply window presses is another question now, and
    whether its composer may be written in."""
    if not handle_ids:
        return
    found = _sql.rows(
        """SELECT c.id FROM inbox_handle h CROSS JOIN LATERAL (
               SELECT o.id FROM inbox_conversation o
                WHERE o.contact_id = h.contact_id AND o.channel_id = h.channel_id AND o.recipient_key = h.external_id
                ORDER BY o.state = ANY(%s) DESC, o.last_message_at DESC, o.id DESC LIMIT %s) c
            WHERE h.id = ANY(%s)""",
        [[state.value for state in UNDER_WAY], TOLD, handle_ids],
    )
    _conversations.bump_seq(
        {
            pk: ledger.record(EventKind.CONTACT_UPDATED, at=now, conversation_id=pk)
            for pk in sorted({pk for (pk,) in found})
        }
    )
