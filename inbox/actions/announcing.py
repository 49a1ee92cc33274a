"""Tell people of something that is about no conversation: a channel that is in trouble."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from inbox import events
from inbox.actions import _notifying
from inbox.actions._notifying import Notice
from inbox.models import Channel, Person


def tell_of_channel(
    *, channel: Channel, kind: str, matter: str, people: Sequence[Person], text: str, now: datetime
) -> None:
    """Joins the caller's transaction. `matter`: which trouble it is; each stands in the bell until it is seen."""
    with events.ledger(channel.brand_id) as ledger:
        _notifying.notify(
            ledger,
            [Notice(each.pk, kind, None, text, channel_id=channel.pk, matter=matter) for each in people],
            now,
        )
