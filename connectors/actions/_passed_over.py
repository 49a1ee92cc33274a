"""People about whom the platform answers with a fault, time and again: they go to the back of the line, and are asked about ever more seldom.

The broker keeps it, by account. Should it lose it, the three that it takes to tell a platform in trouble hold up the others once more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.core.cache import cache

from inbox.models import Channel, Handle

log = structlog.get_logger(__name__)
KEPT_FOR = 30 * 86_400  # seconds; longer than the pace of any refresh
MOST = 1000  # of an account
FIRST_REST = timedelta(seconds=30)
LONGEST_REST = timedelta(hours=1)
Faults = dict[int, tuple[int, datetime]]  # by handle: how many in a row, and when the last one was


@dataclass(slots=True)
class PassedOver:
    """Those of one account. Two who write at once may lose one fault of the other's: it is met again."""

    channel: Channel
    faults: Faults = field(init=False)

    def __post_init__(self) -> None:
        self.faults = self._read()

    def resting(self, now: datetime) -> list[int]:
        return [pk for pk, (count, at) in self.faults.items() if at <= now < at + _rest(count)]

    def since(self, moment: datetime) -> list[int]:
        return [pk for pk, (_, at) in self.faults.items() if at >= moment]

    def add(self, handle: Handle, now: datetime) -> None:
        self.faults = self._read()
        count, _ = self.faults.pop(handle.pk, (0, now))
        kept = [*self.faults.items(), (handle.pk, (count + 1, now))]
        self._write(dict(kept[-MOST:]))

    def forget(self, handle: Handle) -> None:
        if handle.pk in self.faults:
            self._write({pk: each for pk, each in self._read().items() if pk != handle.pk})

    @property
    def _key(self) -> str:
        return f"passed-over:{self.channel.public_id}"

    def _read(self) -> Faults:
        try:
            return dict(cache.get(self._key) or {})
        except Exception as error:
            log.warning("passed_over_unknown", error=type(error).__name__)
            return {}

    def _write(self, faults: Faults) -> None:
        self.faults = faults
        try:
            cache.set(self._key, faults, KEPT_FOR)
        except Exception as error:
            log.warning("passed_over_not_noted", error=type(error).__name__)


def _rest(count: int) -> timedelta:
    return min(LONGEST_REST, FIRST_REST * (1 << min(count - 1, 10)))
