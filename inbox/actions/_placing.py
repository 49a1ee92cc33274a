"""Where messages stand that are told to the second only, and what moves when one of them is told better.

A list tells the order and a coarse time, a delivery the true time; whichever comes first, the thread ends the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from inbox.actions import _sql
from inbox.actions._arrivals import Key
from inbox.actions._messages import Known, order_key_of
from inbox.exchange import BY_DELIVERY, InboundMessage

_JUST_BEHIND = timedelta(microseconds=1)  # no platform tells microseconds, so one later is free


@dataclass(frozen=True, slots=True)
class Move:
    message_id: int
    conversation_id: int
    direction: str
    origin: str
    stood_at: datetime
    sent_at: datetime
    order_key: str


def put_in_place(
    messages: Mapping[Key, InboundMessage], known: Mapping[Key, Known]
) -> dict[Key, InboundMessage]:
    """Messages told to the second only stand right behind the one the platform lists before them, whether that is here or comes with
    them. What we know as well or better keeps its place, and others stand behind that."""
    placed = {
        key: message
        for key, message in messages.items()
        if key not in known or _may_move(known[key], message)
    }
    for key, message in sorted(placed.items(), key=lambda item: item[1].sent_at):
        if not message.after:
            continue
        chain = [key]
        while (before := (key[0], placed[chain[-1]].after)) in placed and before not in chain:
            chain.append(before)
        for each in reversed(chain):
            placed[each] = _behind((each[0], placed[each].after), placed[each], placed, known)
    return {**messages, **placed}


def _behind(
    before: Key, message: InboundMessage, placed: Mapping[Key, InboundMessage], known: Mapping[Key, Known]
) -> InboundMessage:
    earlier = _where_it_will_stand(placed.get(before), known.get(before))
    if earlier is None or not _is_coarse(message) or _second(earlier.sent_at) != message.sent_at:
        return message
    return replace(message, sent_at=earlier.sent_at + _JUST_BEHIND)


def _where_it_will_stand(told: InboundMessage | None, ours: Known | None) -> InboundMessage | Known | None:
    if told is None or (ours is not None and not is_finer(ours, told)):
        return ours
    return told


def _is_coarse(message: InboundMessage) -> bool:
    return message.sent_at.microsecond == 0


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _is_inferred(at: datetime) -> bool:
    return at.microsecond == 0 or at.microsecond % 1000 != 0


def _may_move(known: Known, message: InboundMessage) -> bool:
    listed_anew = bool(message.after) and _is_coarse(message) and _is_inferred(known.sent_at)
    return listed_anew or is_finer(known, message)


def is_finer(known: Known, message: InboundMessage) -> bool:
    """Whether this telling places the message better: ours was provisional, a delivery's, coarse, or put after another. Of two deliveries
    the earlier does: both were after it was written. Our own replies are placed by more than that (`_dating`)."""
    by_delivery = known.order_key.endswith(BY_DELIVERY)
    if message.dated_by_delivery:
        return by_delivery and known.attempted_at is None and message.sent_at < known.sent_at
    if known.order_key == "" or by_delivery:
        return True
    told = not _is_coarse(message) and message.sent_at != known.sent_at
    return _is_inferred(known.sent_at) and told and _second(known.sent_at) == _second(message.sent_at)


def moves(finer: Mapping[Key, InboundMessage], known: Mapping[Key, Known]) -> list[Move]:
    """These messages to where they are told to stand, and with each what was put behind it when nobody knew better."""
    told = [
        Move(
            row.id,
            row.conversation_id,
            row.direction,
            row.origin,
            row.sent_at,
            message.sent_at,
            order_key_of(message),
        )
        for key, message in finer.items()
        if (row := known[key])
    ]
    within = [
        (row.conversation_id, row.sent_at, message.sent_at)
        for key, message in finer.items()
        if _second((row := known[key]).sent_at) == _second(message.sent_at)
    ]
    return [*told, *_followers(within, [each.message_id for each in told])]


def _followers(within: list[tuple[int, datetime, datetime]], told: list[int]) -> list[Move]:
    """`within`: of messages that move within their second, the conversation, from where, and to where."""
    if not within:
        return []
    return [
        Move(*row)
        for row in _sql.rows(
            """SELECT DISTINCT ON (m.id) m.id, m.conversation_id, m.direction, m.origin, m.sent_at, f.told_at + (m.sent_at - f.stood_at), m.order_key
                 FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS f(conversation_id, stood_at, told_at)
                 JOIN inbox_message m ON m.conversation_id = f.conversation_id AND m.sent_at > f.stood_at
                      AND m.sent_at < f.stood_at + interval '100 microseconds'
                WHERE m.order_key <> '' AND m.id <> ALL(%s) AND extract(microseconds FROM m.sent_at)::int %% 1000 <> 0
                ORDER BY m.id, f.stood_at DESC""",
            [*_sql.columns(within, 3), told],
        )
    ]
