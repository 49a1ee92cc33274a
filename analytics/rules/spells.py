"""From when a conversation was opened until it was resolved. One that was marked as spam by mistake goes on as if it had not ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from inbox.rules.course import Run


def opened(spells: Iterable[Run]) -> Iterator[tuple[datetime, Run]]:
    """When each was opened, and the run that it came to. What is cancelled ended as spam; what is spam now is not asked for."""
    since: datetime | None = None
    for run in spells:
        since = since or run.started_at
        if not run.cancelled:
            yield since, run
            since = None
