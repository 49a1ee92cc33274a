"""Targets that were missed, the newest first, each with the segments of its clock: what counted, what did not, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from analytics.queries import behind
from analytics.queries.asked import Asked
from analytics.queries.behind import Narrow, Page, Shown
from inbox.models import Clock
from inbox.queries import clock_facts, promises
from inbox.rules.sla import clock_of

SLICE = 500  # of a file


@dataclass(frozen=True, slots=True)
class Part:
    started_at: datetime
    ended_at: datetime | None  # empty: it goes on
    counts: bool
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class Missed:
    fact: Shown
    policy_name: str
    policy_version: int
    target: int
    started_at: datetime
    ended_at: datetime | None
    counted: float
    parts: list[Part]

    @property
    def late_by(self) -> float:
        return max(0.0, self.counted - self.target)


def of(asked: Asked, narrow: Narrow, *, now: datetime, after: str = "") -> tuple[list[Missed], Page]:
    """A page of them."""
    _, page = behind.look(asked, narrow, after=after)
    return _told(asked, page, now), page


def everything(asked: Asked, narrow: Narrow, *, now: datetime) -> Iterator[Missed]:
    """Slice by slice, and none is counted: that is done for a page, and would be done again for each slice."""
    after = ""
    while True:
        page = behind.page(asked, narrow, after=after, size=SLICE)
        yield from _told(asked, page, now)
        if not page.more:
            return
        after = page.more


def _told(asked: Asked, page: Page, now: datetime) -> list[Missed]:
    rows = Clock.objects.filter(pk__in=[each.source for each in page.rows]).select_related("conversation")
    clocks = {row.pk: row for row in rows.prefetch_related("segments")}
    running = _running(asked.brand.pk, [row for row in clocks.values() if row.ended_at is None], now)
    found = []
    for fact in page.rows:
        row = clocks.get(fact.source)
        if row is None:
            continue  # the next count takes its fact away
        parts = running.get(row.pk) or [
            Part(each.started_at, each.ended_at, each.counts, each.counted, each.reason)
            for each in row.segments.all()
        ]
        counted = sum(each.seconds for each in parts) if row.ended_at is None else row.counted
        policy = row.policy_name, row.policy_version
        found.append(Missed(fact, *policy, row.target, row.started_at, row.ended_at, counted, parts))
    return found


def _running(brand_id: int, rows: list[Clock], now: datetime) -> dict[int, list[Part]]:
    """Of those that go on, worked out as of now."""
    if not rows:
        return {}
    facts = clock_facts.read({row.conversation_id: row.conversation.opened_at for row in rows}.items(), now)
    known = {promise.row.pk: promise.policy for promise in promises.of_brand(brand_id)}
    found: dict[int, list[Part]] = {}
    for row in rows:
        course, policy = facts[row.conversation_id].course(), known.get(row.policy_id or 0)
        run = next(
            (each for each in course.runs if (each.kind, each.started_at) == (row.kind, row.started_at)), None
        )
        if run is None or policy is None:
            continue
        target = timedelta(seconds=row.target)
        clock = clock_of(replace(run, ended_at=None, cancelled=False), course.stretches, policy, target, now)
        parts = [
            Part(each.started_at, each.ended_at, each.counts, each.counted.total_seconds(), each.reason)
            for each in clock.segments
        ]
        if parts:
            last = parts[-1]
            parts[-1] = Part(last.started_at, None, last.counts, last.seconds, last.reason)
        found[row.pk] = parts
    return found
