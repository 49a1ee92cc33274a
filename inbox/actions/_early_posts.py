"""What the brand added in public to a post of its own, told before that: kept until it is known in whose talk that stands.

It may be a post with which no talk began, and then nobody comes for it: it is forgotten with age (forgetting).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from inbox.actions import _sql, _tellings
from inbox.actions._arrivals import Key
from inbox.exchange import InboundMessage, ThreadKind
from inbox.models import EarlyPost


@dataclass(frozen=True, slots=True)
class Taken:
    """What was kept, and since when: what is kept again is no younger by that."""

    posts: dict[Key, InboundMessage]
    since: dict[Key, datetime]


NONE = Taken({}, {})


def keep(posts: Mapping[Key, InboundMessage], since: Mapping[Key, datetime], now: datetime) -> None:
    if not posts:
        return
    _sql.run(
        """INSERT INTO inbox_earlypost (channel_id, external_id, reply_to, sent_at, told, told_at)
           SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::jsonb[], %s::timestamptz[])
           ON CONFLICT (channel_id, external_id) DO NOTHING""",
        _sql.columns(
            [
                (*key, post.reply_to, post.sent_at, _written(post), since.get(key, now))
                for key, post in posts.items()
            ],
            6,
        ),
    )
    forget_words(list(posts))


def take(messages: Mapping[Key, InboundMessage]) -> Taken:
    """What was added to these posts, and to that in turn. It is used up by this, and so is what of it is told anew."""
    posts = [key for key, each in messages.items() if each.thread_kind is ThreadKind.COMMENT]
    if not posts:
        return NONE
    taken = _sql.rows(
        """WITH RECURSIVE added AS (
               SELECT p.id, p.channel_id, p.external_id FROM unnest(%s::bigint[], %s::text[]) AS k(channel_id, post)
                 JOIN inbox_earlypost p ON p.channel_id = k.channel_id AND p.reply_to = k.post COLLATE "C"
                UNION
               SELECT p.id, p.channel_id, p.external_id FROM added a
                 JOIN inbox_earlypost p ON p.channel_id = a.channel_id AND p.reply_to = a.external_id)
           DELETE FROM inbox_earlypost p USING added a WHERE p.id = a.id
        RETURNING p.channel_id, p.external_id, p.sent_at, p.told, p.told_at""",
        _sql.columns(posts, 2),
    )
    return Taken(
        {(row[0], row[1]): _read(row[1], row[2], json.loads(row[3])) for row in taken},
        {(row[0], row[1]): row[4] for row in taken},
    )


def forget_words(keys: Sequence[Key]) -> None:
    """Of those of these that were unsent: what a network took away is not kept."""
    for post in EarlyPost.objects.filter(pk__in=_unsent(keys)):
        EarlyPost.objects.filter(pk=post.pk).update(told=_tellings.without_content(post.told))


def _unsent(keys: Sequence[Key]) -> list[int]:
    if not keys:
        return []
    found = _sql.rows(
        """SELECT p.id FROM unnest(%s::bigint[], %s::text[]) AS k(channel_id, post)
             JOIN inbox_earlypost p ON p.channel_id = k.channel_id AND p.external_id = k.post COLLATE "C"
            WHERE EXISTS (SELECT FROM inbox_amendment a
                           WHERE a.channel_id = p.channel_id AND a.target = p.external_id AND a.kind = 'unsend')""",
        _sql.columns(keys, 2),
    )
    return [pk for (pk,) in found]


def _written(post: InboundMessage) -> str:
    more = {
        "thread": post.thread_id,
        "order_key": post.order_key,
        "dated_by_delivery": post.dated_by_delivery,
    }
    return json.dumps(_tellings.written(post) | more)


def _read(external_id: str, sent_at: datetime, told: dict[str, object]) -> InboundMessage:
    return _tellings.read(
        told,
        external_id=external_id,
        thread_id=told["thread"],
        aside=told["thread"],
        thread_kind=ThreadKind.COMMENT,
        sent_at=sent_at,
        order_key=told["order_key"],
        dated_by_delivery=told["dated_by_delivery"],
    )
