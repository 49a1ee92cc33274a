"""What follows from an event, for the figures: somebody counts it."""

from __future__ import annotations

from analytics import tasks
from analytics.actions import following
from inbox.events import on
from inbox.models import Event, EventKind

_COUNTS = tuple(kind for kind in EventKind if kind not in following.SILENT)


@on(*_COUNTS)
def count_it(events: list[Event]) -> None:
    tasks.wake_following(events[0].brand_id)
