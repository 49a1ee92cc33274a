"""When a schedule falls due: an interval or a cron line, in a time zone, spread by a jitter that is the same at each look.

Either has slots that stand still: those of an interval lie on a grid of its own, so that a run that begins late or takes long moves none of
those that follow, and what is shown is what will be.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

LONGEST_JITTER = 3600
LONGEST_SPAN = 366 * 86400
_DAY_ONE = datetime(2020, 1, 1, tzinfo=UTC)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_PART = re.compile(r"(\d{1,8})\s*([smhd])(?![a-z])\s*")


class NotUnderstood(ValueError):
    """The words say what to write instead."""


@dataclass(frozen=True, slots=True)
class Cadence:
    every_seconds: int
    cron: str = ""
    time_zone: str = "UTC"
    jitter_seconds: int = 0
    key: int = 0  # what tells one schedule's jitter from another's

    def after(self, moment: datetime) -> datetime:
        """The first time after this moment at which it falls due. Its slot may lie before: the jitter moved it behind."""
        slot = self._slot_after(moment - timedelta(seconds=self.jitter_seconds + 1))
        found: datetime | None = None
        # A later slot may fall due earlier where the jitter is longer than the interval.
        while found is None or slot < found:
            due = self._spread(slot)
            if due > moment and (found is None or due < found):
                found = due
            slot = self._slot_after(slot)
        return found

    def following(self, first: datetime | None, *, now: datetime, count: int = 5) -> list[datetime]:
        """The next runs, as they will be: `first` is what is planned already, perhaps by hand."""
        planned = [first or self.after(now)]
        while len(planned) < count:
            planned.append(self.after(max(planned[-1], now)))
        return planned

    def said(self) -> str:
        return explained(self.cron) if self.cron else f"every {_span(self.every_seconds)}"

    def _slot_after(self, moment: datetime) -> datetime:
        if not self.cron:
            every = timedelta(seconds=self.every_seconds)
            return _DAY_ONE + ((moment - _DAY_ONE - self._offset) // every + 1) * every + self._offset
        try:
            found: datetime = next(CronSim(self.cron, moment.astimezone(ZoneInfo(self.time_zone))))
        except StopIteration:
            raise NotUnderstood(f"“{self.cron}” names no day that ever comes.") from None
        return found.astimezone(UTC)

    @property
    def _offset(self) -> timedelta:
        """Schedules of the same interval do not all fall due in the same second."""
        return timedelta(seconds=zlib.crc32(f"grid {self.key}".encode()) % self.every_seconds)

    def _spread(self, slot: datetime) -> datetime:
        if not self.jitter_seconds:
            return slot
        chance = zlib.crc32(f"{self.key} {int(slot.timestamp())}".encode())
        return slot + timedelta(seconds=chance % (self.jitter_seconds + 1))


def checked(cron: str) -> str:
    """The line, tidied. Raises NotUnderstood with what is wrong and an example."""
    line = " ".join(cron.split())
    if len(line.split()) != 5:
        raise NotUnderstood(
            "A cron line has five parts: minute, hour, day, month, weekday, such as “30 3 * * 1”."
        )
    try:
        next(CronSim(line, datetime(2026, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        raise NotUnderstood(
            f"{str(error).rstrip('.')} in “{line}”. An example: “*/15 8-18 * * 1-5”."
        ) from None
    except StopIteration:
        raise NotUnderstood(f"“{line}” names no day that ever comes.") from None
    return line


def explained(cron: str) -> str:
    """In words, the first letter small: “at 03:30 on Monday”."""
    try:
        said: str = CronSim(cron, datetime(2026, 1, 1, tzinfo=UTC)).explain()
    except CronSimError:
        return cron
    return said[:1].lower() + said[1:]


def read_span(text: str) -> int | None:
    """ "30s", "15m", "6h", "1d 12h" as seconds; None for nothing."""
    rest, total = text.strip().lower(), 0
    if not rest:
        return None
    while rest:
        part = _PART.match(rest)
        if not part:
            raise NotUnderstood(
                f"“{text.strip()}” is not understood. Type an interval such as 30s, 15m, 6h or 1d."
            )
        total += int(part[1]) * _UNITS[part[2]]
        rest = rest[part.end() :]
    if not 1 <= total <= LONGEST_SPAN:
        raise NotUnderstood("An interval is between 1s and 366d.")
    return total


def say_span(seconds: int) -> str:
    """What `read_span` reads as the same."""
    said = []
    for unit, size in sorted(_UNITS.items(), key=lambda each: -each[1]):
        count, seconds = divmod(seconds, size)
        if count:
            said.append(f"{count}{unit}")
    return " ".join(said)


def _span(seconds: int) -> str:
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % size == 0:
            count = seconds // size
            return name if count == 1 else f"{count} {name}s"
    return "second" if seconds == 1 else f"{seconds} seconds"
