"""Figures over time and by what they are split: of all, or by one thing, from the histograms of days (Rollup); of anything else from the facts
of these days (DayFacts, read by picked.py). Both count in the same buckets, so both say the same.

A percentile is that of the nearest rank, at most 2 % off up to 90 days; what is counted is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import product
from math import prod
from typing import Any

import numpy as np

from analytics import metrics, packing
from analytics.histogram import PAIR, WIDTH, Numbers, percentiles
from analytics.packing import Label
from analytics.queries import binary, picked
from analytics.queries.asked import Asked
from analytics.queries.picked import Picked

DAY, WEEK, SLOT = "day", "week", "slot"  # SLOT: an hour of the week; 0 is Monday's first
MOMENTS = (DAY, WEEK, SLOT)
SHARES = (0.5, 0.9, 0.95)
MOST = 20_000  # groups that may be counted for without looking whether there are any
CHUNK = 1 << 20  # facts that are counted at once: what that takes of memory does not grow with the days
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Point:
    count: int = 0
    hits: int = 0
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None

    @property
    def share(self) -> float | None:
        """Percent of hits."""
        return 100 * self.hits / self.count if self.count else None


NOTHING = Point()


@dataclass(frozen=True, slots=True)
class Groups:
    """`keys` of all groups; for each its count and its hits, and where it was asked for its histogram."""

    keys: Sequence[Key]
    counts: Numbers
    hits: Numbers
    histograms: Numbers | None = None


def points(asked: Asked, kind: str, *by: str) -> dict[Key, Point]:
    """`by`: moments (DAY, WEEK, SLOT) or columns of packing.DIMS; the keys are their values as text, empty where there is none."""
    found = _grouped(asked, kind, by, told=True)
    assert found.histograms is not None
    return {
        key: Point(count, hits, *shares)
        for key, count, hits, shares in zip(
            found.keys,
            found.counts.tolist(),
            found.hits.tolist(),
            percentiles(found.histograms, SHARES),
            strict=True,
        )
        if count
    }


def point(asked: Asked, kind: str) -> Point:
    return points(asked, kind).get((), NOTHING)


def counts(asked: Asked, kind: str, *by: str) -> dict[Key, tuple[int, int]]:
    """(count, hits) without percentiles, which is a good deal quicker."""
    found = _grouped(asked, kind, by, told=False)
    rows = zip(found.keys, found.counts.tolist(), found.hits.tolist(), strict=True)
    return {key: (count, hits) for key, count, hits in rows if count}


def distribution(asked: Asked, kind: str) -> dict[int, int]:
    """The histogram itself: bucket → count."""
    found = _grouped(asked, kind, (), told=True)
    assert found.histograms is not None
    numbers = found.histograms.sum(axis=0)
    return {bucket: int(numbers[bucket]) for bucket in np.flatnonzero(numbers).tolist()}


def _grouped(asked: Asked, kind: str, by: Sequence[str], *, told: bool) -> Groups:
    """`told`: with histograms."""
    if kind not in metrics.IN_BUSINESS_HOURS:  # it is told by the calendar
        asked = replace(asked, business=False)
    dims = {*asked.filters, *(name for name in by if name not in MOMENTS)}
    if len(dims) <= 1 and SLOT not in by:
        return _of_sums(asked, kind, by, next(iter(dims), ""), told=told)
    return _of_facts(asked, kind, by, told=told)


def _of_sums(asked: Asked, kind: str, by: Sequence[str], dim: str, *, told: bool) -> Groups:
    rows = binary.rows(
        f"""SELECT at, values, counts, hits{", sizes, pairs" if told else ""} FROM analytics_rollup
             WHERE brand_id = %(brand)s AND kind = %(kind)s AND dim = %(dim)s AND basis = %(basis)s AND at >= %(start)s AND at < %(end)s
             ORDER BY at""",
        {"brand": asked.brand.pk, "kind": kind, "dim": dim, "basis": asked.basis, "start": asked.start, "end": asked.end},
    )  # fmt: skip
    known = sorted({value for row in rows for value in row[1]})
    parts = []
    for name in by:
        if name == dim:
            number = {value: place for place, value in enumerate(known)}
            parts.append((known, np.array([number[value] for row in rows for value in row[1]], np.intp)))
        else:
            told_of = [_moment(asked, day, name) for day in _days(asked, [row[0] for row in rows])]
            moments = sorted(set(told_of))
            number = {value: place for place, value in enumerate(moments)}
            places = np.array([number[each] for each in told_of], np.intp)
            parts.append((moments, np.repeat(places, [len(row[1]) for row in rows])))
    counts, hits = _joined(rows, 2, packing.COUNT), _joined(rows, 3, packing.COUNT)
    keys, groups_of = _crossed(parts, len(counts))
    groups = groups_of(slice(0, len(counts)))
    fits = np.ones(len(counts), bool)
    if dim in asked.filters:
        wanted = asked.filters[dim]
        fits = np.array(
            [value == ("" if wanted is None else str(wanted)) for row in rows for value in row[1]], bool
        )
    histograms = None
    if told:
        pairs, sizes = _joined(rows, 5, PAIR), _joined(rows, 4, packing.SIZE)
        cells = np.repeat(groups, sizes) * WIDTH + pairs["bucket"]
        chosen = np.repeat(fits, sizes)
        histograms = _added(cells[chosen], pairs["count"][chosen], len(keys) * WIDTH).reshape(
            len(keys), WIDTH
        )
    return Groups(
        keys,
        _added(groups[fits], counts[fits], len(keys)),
        _added(groups[fits], hits[fits], len(keys)),
        histograms,
    )


def _joined(rows: Sequence[tuple[Any, ...]], place: int, kind: Any) -> Numbers:
    return np.frombuffer(b"".join(row[place] for row in rows), kind)


def _added(places: Numbers, numbers: Numbers, size: int) -> Numbers:
    """Whole numbers as sums of doubles: exact up to 2**53."""
    return np.bincount(places, weights=numbers, minlength=size).astype(np.int64)


def _days(asked: Asked, moments: Sequence[datetime]) -> list[date]:
    """The day that each begins. There are many of few."""
    zone = asked.zone
    known = {at: at.astimezone(zone).date() for at in set(moments)}
    return [known[at] for at in moments]


def _moment(asked: Asked, day: date, name: str) -> str:
    return str(day if name == DAY else asked.week_of(day))


def _of_facts(asked: Asked, kind: str, by: Sequence[str], *, told: bool) -> Groups:
    amount = "business" if asked.business else "bucket"
    names = [*([amount] if told or asked.business else []), *filter(None, map(_column, by))]
    facts = picked.of(asked, kind, names)
    chosen: Any = slice(None)
    parts: list[tuple[Sequence[str], Numbers]] = []
    for name in by:
        if name == "tag" and "tag" in asked.filters:  # of tags beside it nothing was asked
            parts.append(([str(asked.filters["tag"])], np.zeros(facts.size, "u1")))
        elif name == "tag":
            known, places, chosen = packing.spread(*_labels(facts), "tag")
            parts.append((known, places))
        else:
            parts.append(_places(asked, facts, name))
    # A fact with two tags is there twice from here on.
    crossed = [
        (known, places if name == "tag" and "tag" not in asked.filters else places[chosen])
        for name, (known, places) in zip(by, parts, strict=True)
    ]
    size = len(crossed[0][1]) if crossed else facts.size
    numbers = (facts.counts, facts.hits, facts.columns[amount] if told or asked.business else None)
    return _counted(
        crossed, size, *(None if each is None else each[chosen] for each in numbers), told=told, only_told=asked.business
    )  # fmt: skip


def _counted(
    parts: Sequence[tuple[Sequence[str], Numbers]], size: int, many: Numbers | None, hit: Numbers | None, bucket: Numbers | None, *,
    told: bool, only_told: bool,
) -> Groups:  # fmt: skip
    """`many`: how many facts each unit is, `hit`: how many of these are hits. `only_told`: what has no bucket does not count."""
    keys, groups_of = _crossed(parts, size)
    counts, hits = np.zeros(len(keys), np.int64), np.zeros(len(keys), np.int64)
    cells = np.zeros(len(keys) * WIDTH if told else 0, np.int64)
    for low in range(0, size, CHUNK):
        part = slice(low, min(low + CHUNK, size))
        groups, there = groups_of(part), slice(None)
        if bucket is not None:
            there = bucket[part] != packing.NONE
            if told:
                cells += np.bincount(
                    groups[there] * np.int32(WIDTH) + bucket[part][there], minlength=len(cells)
                )
        elif only_told:
            break
        if many is not None:
            counts += _added(groups, many[part], len(keys))
            hits += 0 if hit is None else _added(groups, hit[part], len(keys))
            continue
        counted = groups[there] if only_told else groups
        counts += np.bincount(counted, minlength=len(keys))
        if hit is not None:
            kept = (hit[part][there] if only_told else hit[part]) == 1
            hits += np.bincount(counted[kept], minlength=len(keys))
    return Groups(keys, counts, hits, cells.reshape(len(keys), WIDTH) if told else None)


def _column(name: str) -> str:
    """Which column a split needs; a moment of days needs none."""
    return "hour" if name == SLOT else "" if name in MOMENTS else picked.COLUMN_OF[name]


def _places(asked: Asked, facts: Picked, name: str) -> tuple[Sequence[str], Numbers]:
    """The values of a split as text, and for each fact the place of its own."""
    if name == "priority":
        return [str(number) for number in range(256)], facts.priorities()
    if name == "sentiment":
        known, places, _ = packing.spread(*_labels(facts), "sentiment")
        return known, places
    if name not in MOMENTS:
        pks, places = facts.values(picked.COLUMN_OF[name])
        return [str(pk or "") for pk in pks], places
    days = _days(asked, [row[1] for row in facts.rows])
    if name == SLOT:
        # An hour of the week is less than 256.
        return [str(number) for number in range(7 * 24)], facts.of_rows(
            [day.weekday() * 24 for day in days]
        ) + _hours(facts)
    told = [_moment(asked, day, name) for day in days]
    known = sorted(set(told))
    number = {value: place for place, value in enumerate(known)}
    return known, facts.of_rows([number[each] for each in told])


def _hours(facts: Picked) -> Numbers:
    found = facts.columns["hour"]
    return np.zeros(facts.size, "u1") if found is None else found


def _labels(facts: Picked) -> tuple[Numbers, list[Label]]:
    """For each fact the place of its labels, and these."""
    pks, places = facts.values("label")
    known = facts.labels()
    return places, [known[pk] for pk in pks]


def _crossed(
    parts: Sequence[tuple[Sequence[str], Numbers]], size: int
) -> tuple[list[Key], Callable[[slice], Numbers]]:
    """Of values and places by several things: the keys of all of them together, and for a part of the places the groups. Without any it is one."""
    amount = prod(len(known) for known, _ in parts)

    def groups_of(part: slice) -> Numbers:
        groups = np.zeros(part.stop - part.start, np.int32 if amount < 1 << 31 else np.int64)
        for known, places in parts:
            groups = groups * groups.dtype.type(len(known)) + places[part]
        return groups

    if amount <= MOST:
        return [tuple(key) for key in product(*(known for known, _ in parts))], groups_of
    used, groups = np.unique(groups_of(slice(0, size)), return_inverse=True)
    sizes = [len(known) for known, _ in parts]
    at = np.unravel_index(used, sizes)
    keys = [
        tuple(known[place] for (known, _), place in zip(parts, each, strict=True))
        for each in np.transpose(at).tolist()
    ]
    return keys, lambda part: groups[part]
