"""From when a conversation was opened until it was resolved. One that was marked as spam by mistake goes on as if it had not ended."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from inbox.rules.course import Run


def opened(spells: Iterable[Run], done_with: Collection[datetime] = ()) -> Iterator[tuple[datetime, Run]]:
    """When each was opened, and the run that it came to. What is cancelled ended as spam; what is spam now is not asked for.

    `done_with`: when spam was resolved. It was no mistake then, and whatever comes after begins anew.
    """
    since: datetime | None = None
    spam_at: datetime | None = None
    for run in spells:
        if spam_at is not None and any(spam_at <= at <= run.started_at for at in done_with):
            since = None
        since = since or run.started_at
        spam_at = run.ended_at if run.cancelled else None
        if not run.cancelled:
            yield since, run
            since = None
