"""Where what a batch tells belongs, and what is here already and belongs elsewhere by what it tells."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from inbox import events
from inbox.actions import _conversations, _early_posts, _rejoining, _rooting
from inbox.actions._arrivals import Batch
from inbox.actions._conversations import Thread
from inbox.actions._threads import Change


def put_right(
    ledger: events.Ledger,
    batch: Batch,
    change_of: Callable[[Thread], Change],
    now: datetime,
) -> None:
    talks = _rooting.in_talks({**_early_posts.take(batch.messages), **batch.messages})
    batch.messages = talks.messages
    _early_posts.keep(talks.early, now)
    apart = _rejoining.rename(talks.names)
    threads = {row.id: row for row in _conversations.threads_by_id([talk for _, talk in apart])}
    for begun, talk in apart:
        _rejoining.move(ledger, begun, change_of(threads[talk]), now)
