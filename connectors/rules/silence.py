"""Is a channel silent, or is it only quiet? By what its customers wrote in the same hours of earlier weeks, by the brand's own clock:
people get up an hour later where the clocks are put back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)
WEEKS = 8
# Of so many expected messages none came. Were they to come at random, that would happen once in twenty thousand times; people write in
# bursts, so it is less rare than that, and still worth a look.
EXPECTED = 10.0
SHORTEST = timedelta(minutes=15)
ABSENCE = timedelta(minutes=2)  # a restart is none


@dataclass(frozen=True, slots=True)
class Silence:
    since: datetime
    expected: float


@dataclass(frozen=True, slots=True)
class Ear:
    """Since when and until when the house was there to hear, without an absence that is worth the name."""

    since: datetime
    until: datetime

    def at(self, now: datetime) -> Ear:
        """It hears at this moment."""
        return Ear(self.since if now - self.until <= ABSENCE else now, now)


def hour_of_week(moment: datetime, zone: ZoneInfo) -> int:
    """0 is Monday's first hour. Counted is by hours of UTC, which begin at half past in some zones: each is that in which it begins."""
    began = _whole_hour(moment).astimezone(zone)
    return began.weekday() * 24 + began.hour


def _whole_hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


@lru_cache(maxsize=1024)
def _times(first: datetime, last: datetime, zone: ZoneInfo) -> Mapping[int, int]:
    """How often each hour of the week was, from this one to that one. Channels are looked at every few seconds and this is another one
    once an hour."""
    hours = (first + HOUR * number for number in range((last - first) // HOUR + 1))
    return Counter(hour_of_week(hour, zone) for hour in hours)


def usual(
    counts: Iterable[tuple[datetime, int]], *, now: datetime, zone: ZoneInfo
) -> Mapping[int, float] | None:
    """Messages to be expected in each hour of the week, by the weeks before the last one that came. None where a whole week is not
    known yet, or fewer messages than are to be missed: of so few nobody can say what is usual."""
    known = [(hour, count) for hour, count in counts if hour <= now - HOUR]
    if not known:
        return None
    last = max(hour for hour, _ in known)
    counts = [(hour, count) for hour, count in known if hour >= last - WEEK * WEEKS]
    first = min(hour for hour, _ in counts)
    if now - first < WEEK or sum(count for _, count in counts) < EXPECTED:
        return None
    totals: dict[int, float] = defaultdict(float)
    for hour, count in counts:
        totals[hour_of_week(hour, zone)] += count
    # Each hour by how often it was: in the second week some have been twice and others once. The silence after the last message is what
    # is judged, and does not make itself usual.
    times = _times(first.astimezone(UTC), last.astimezone(UTC), zone)
    return {hour: total / times[hour] for hour, total in totals.items()}


def expected_between(since: datetime, until: datetime, profile: Mapping[int, float], zone: ZoneInfo) -> float:
    """How many messages usually come in this time. A whole week holds each hour once (where clocks are changed in it, nearly so)."""
    weeks = max(0, (until - since) // WEEK)
    total, moment = weeks * sum(profile.values()), since + WEEK * weeks
    while moment < until:
        end = min(until, _whole_hour(moment) + HOUR)
        total += profile.get(hour_of_week(moment, zone), 0.0) * ((end - moment) / HOUR)
        moment = end
    return total


def judge(
    *, last: datetime, profile: Mapping[int, float] | None, now: datetime, zone: ZoneInfo
) -> Silence | None:
    """`last`: when a customer last wrote."""
    if profile is None or now - last < SHORTEST:
        return None
    expected = expected_between(last, now, profile, zone)
    return Silence(last, expected) if expected >= EXPECTED else None
