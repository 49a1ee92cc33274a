"""In which talk public posts stand of which a telling names only the post that they answer, and not the root: in that of the post, as
soon as it is known. A telling that knows the root says where the others put it (`InboundMessage.aside`), and what stood there joins.

So it is with what the brand adds to its own answer, which names nobody: it stands where that stands. Where nobody has heard of that, it is a
thread of the brand's own, and no message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from inbox.actions import _sql
from inbox.actions._arrivals import Key, customer_of
from inbox.exchange import InboundMessage


def in_talks(messages: Mapping[Key, InboundMessage]) -> dict[Key, InboundMessage]:
    """The messages, each in its thread as well as anybody can tell by now, without those of the brand that belong to no talk."""
    _join(
        (key[0], each.aside, each.thread_id)
        for key, each in messages.items()
        if each.aside and not _is_loose(each)
    )
    loose = [key for key, each in messages.items() if _is_loose(each)]
    if not loose:
        return dict(messages)
    stored = _stored([(key[0], messages[key].reply_to) for key in loose])
    nameless = {key for key in loose if messages[key].outbound and not _person(messages[key])}
    above = {key: _talk(key, messages, nameless, stored) for key in nameless}
    messages = {key: each for key, each in messages.items() if above.get(key, key)}
    roots = {key: _without(*told) for key, told in stored.items()}
    placed = dict(messages)
    for key in loose:
        if key not in nameless and (root := _root(key, messages, roots)):
            person = _person(messages[key])
            placed[key] = replace(messages[key], thread_id=f"{root}:{person}" if person else root)
    for key, post in above.items():
        if post:
            thread_id = stored[post][0] if post in stored else placed[post].thread_id
            placed[key] = replace(messages[key], thread_id=thread_id)
    return placed


def _talk(
    key: Key, messages: Mapping[Key, InboundMessage], nameless: set[Key], stored: Mapping[Key, object]
) -> Key | None:
    """The nearest post on the way up of which it is known in whose talk it stands; None where none is."""
    way: set[Key] = set()
    while key not in way:
        way.add(key)
        post = (key[0], messages[key].reply_to)
        if post in stored or (post in messages and post not in nameless):
            return post
        if post not in messages:
            return None
        key = post
    return None


def _is_loose(message: InboundMessage) -> bool:
    return bool(message.aside) and message.aside == message.thread_id


def _person(message: InboundMessage) -> str:
    party = customer_of(message)
    return party.external_id if party else ""


def _root(key: Key, messages: Mapping[Key, InboundMessage], stored: Mapping[Key, str]) -> str:
    """The root of the talk, by the nearest post on the way up that is known; "" where none is."""
    way = [key]
    while True:
        parent = (key[0], messages[way[-1]].reply_to)
        told = messages.get(parent)
        if told is not None and not _is_loose(told):
            return _without(told.thread_id, _person(told))
        if parent in stored or told is None or parent in way:
            return stored.get(parent) or _own(messages[way[-1]])
        way.append(parent)


def _own(message: InboundMessage) -> str:
    return _without(message.thread_id, _person(message))


def _without(thread_id: str, person: str) -> str:
    return thread_id.removesuffix(f":{person}") if person else thread_id


def _stored(posts: list[Key]) -> dict[Key, tuple[str, str]]:
    """The thread in which each of these posts stands, and whose it is."""
    found = _sql.rows(
        """SELECT m.channel_id, m.external_id, c.thread_key, c.recipient_key
             FROM unnest(%s::bigint[], %s::text[]) AS k(channel_id, external_id)
             JOIN inbox_message m ON m.channel_id = k.channel_id AND m.external_id = k.external_id COLLATE "C"
             JOIN inbox_conversation c ON c.id = m.conversation_id
            WHERE c.kind = 'comment'""",
        _sql.columns(posts, 2),
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in found}


def _join(told: Iterable[tuple[int, str, str]]) -> None:
    """(channel id, the thread in which it was put for want of the root, its true thread): under its true name from now on. Where
    there is one of that name already they stay two."""
    pairs = sorted(set(told))
    if pairs:
        _sql.run(
            """UPDATE inbox_conversation c SET thread_key = k.thread_key
                 FROM (SELECT DISTINCT ON (t.channel_id, t.thread_key) t.*
                         FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS t(channel_id, aside, thread_key)
                        WHERE EXISTS (SELECT FROM inbox_conversation o
                                       WHERE o.channel_id = t.channel_id AND o.thread_key = t.aside COLLATE "C")
                          AND NOT EXISTS (SELECT FROM inbox_conversation o
                                           WHERE o.channel_id = t.channel_id AND o.thread_key = t.thread_key COLLATE "C")
                        ORDER BY t.channel_id, t.thread_key, t.aside) k
                WHERE c.channel_id = k.channel_id AND c.thread_key = k.aside COLLATE "C" """,
            _sql.columns(pairs, 3),
        )
