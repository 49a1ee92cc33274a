"""Where what a batch tells belongs, and what is here already and belongs elsewhere by what it tells."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from inbox import events
from inbox.actions import _conversations, _early_posts, _other_names, _rejoining, _rooting
from inbox.actions._arrivals import Batch, Key, Met
from inbox.actions._conversations import Thread
from inbox.actions._threads import Change
from inbox.exchange import InboundMessage


def put_right(
    ledger: events.Ledger,
    batch: Batch,
    people: dict[Key, Met],
    thread_of: Callable[[Key, InboundMessage, dict[Key, Met]], Thread],
    change_of: Callable[[Thread], Change],
    now: datetime,
) -> list[Key]:
    """Returns the messages that were here by another name or without words."""
    renamed, misplaced = _other_names.rename(ledger, batch.messages, people, now)
    for key, each in misplaced.items():
        if each.twin_in is not None:
            _rejoining.drop(ledger, each.message_id, each.twin_in, now)
            continue
        place = (key[0], batch.messages[key].thread_id)
        there = _conversations.find_threads([place]).get(place)
        # Asked before a thread is made for it: an empty conversation would stand in the list.
        if _rejoining.may_leave(each.conversation_id, there.id if there else None):
            change = change_of(thread_of(key, batch.messages[key], people))
            _rejoining.move(ledger, each.conversation_id, change, now, only=[each.message_id])
    reworded = _other_names.reword(ledger, batch.messages, change_of, now)
    early = _early_posts.take(batch.messages)
    talks = _rooting.in_talks({**early.posts, **batch.messages})
    batch.messages = talks.messages
    _early_posts.keep(talks.early, early.since, now)
    apart = _rejoining.rename(talks.names)
    threads = {row.id: row for row in _conversations.threads_by_id([talk for _, talk in apart])}
    for begun, talk in apart:
        _rejoining.move(ledger, begun, change_of(threads[talk]), now)
    return [*renamed, *reworded]
