"""Is a channel silent, or is it only quiet? By what its customers wrote in the same hours of earlier weeks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)
WEEKS = 8
HOURS_OF_WEEK = 7 * 24
# Of so many expected messages none came. Were they to come at random, that would happen once in twenty thousand times; people write in
# bursts, so it is less rare than that, and still worth a look.
EXPECTED = 10.0
SHORTEST = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Silence:
    since: datetime
    expected: float


def hour_of_week(moment: datetime) -> int:
    """0 is Monday's first hour, in UTC."""
    moment = moment.astimezone(UTC)
    return moment.weekday() * 24 + moment.hour


def usual(counts: Iterable[tuple[datetime, int]], *, now: datetime) -> Mapping[int, float] | None:
    """Messages to be expected in each hour of the week. None where a whole week is not known yet."""
    counts = [(hour, count) for hour, count in counts if hour >= now - WEEK * WEEKS and hour <= now - HOUR]
    if not counts:
        return None
    first, last = min(hour for hour, _ in counts), max(hour for hour, _ in counts)
    if now - first < WEEK:
        return None
    totals: dict[int, float] = defaultdict(float)
    for hour, count in counts:
        totals[hour_of_week(hour)] += count
    # Each hour by how often it was: in the second week some have been twice and others once. The silence after the last message is what
    # is judged, and does not make itself usual.
    whole, more = divmod((last - first) // HOUR + 1, HOURS_OF_WEEK)
    began = hour_of_week(first)
    return {hour: total / (whole + ((hour - began) % HOURS_OF_WEEK < more)) for hour, total in totals.items()}


def expected_between(since: datetime, until: datetime, profile: Mapping[int, float]) -> float:
    """How many messages usually come in this time."""
    total, moment = 0.0, since
    while moment < until:
        end = min(until, moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + HOUR)
        total += profile.get(hour_of_week(moment), 0.0) * ((end - moment) / HOUR)
        moment = end
    return total


def judge(*, last: datetime, profile: Mapping[int, float] | None, now: datetime) -> Silence | None:
    """`last`: when a customer last wrote. A silence of more than a week is judged by its last week."""
    if profile is None or now - last < SHORTEST:
        return None
    expected = expected_between(max(last, now - WEEK), now, profile)
    return Silence(last, expected) if expected >= EXPECTED else None
