"""The facts of a day as arrays: what is stored of them to be counted by anything later, and their histograms by one thing.

What comes out depends on the facts and on the numbers that labels have, not on the order in which facts were written: a day that is made anew is
the same to the byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np

from analytics import metrics
from analytics.histogram import PAIR, WIDTH, Numbers, buckets
from analytics.models import DayFacts, Rollup

DIMS = ("channel_id", "person_id", "team_id", "priority", "sentiment", "tag")
NONE = 0xFFFF  # the bucket of what has no value
CALENDAR, BUSINESS = 0, 1
COUNT, SIZE = "<u4", "<u2"  # in a Rollup
ALONE = 1000  # facts of a kind and day, from which on a channel has a row of its own: its filter reads no other's, and rows are never many
# Facts that are alike in what their conversation had stand together; of a stretch of them one entry tells it, with how many there are.
OF_STRETCH = ("channel", "team", "label", "priority")
STRETCH = np.dtype(
    [
        ("channel", "<u2"),
        ("team", "<u2"),
        ("label", "<u2"),
        ("priority", "u1"),
        ("count", "<u4"),
        ("hits", "<u4"),
    ]
)
# As `COPY ... (FORMAT BINARY)` writes a row none of whose columns is NULL: how many columns, then the length and the value of each.
COLUMNS = (
    ("kind", ">i2"), ("channel", ">i8"), ("person", ">i8"), ("team", ">i8"), ("priority", ">i2"), ("label", ">i8"), ("hour", ">i2"),
    ("hit", ">i2"), ("value", ">f8"), ("business", ">f8"),
)  # fmt: skip
_ROW = np.dtype(
    [
        ("columns", ">i2"),
        *(each for name, kind in COLUMNS for each in ((f"{name} length", ">i4"), (name, kind))),
    ]
)
_HEAD, _END = 19, 2  # bytes before the first row and after the last


@dataclass(frozen=True, slots=True)
class Label:
    """A mood and tags."""

    sentiment: str
    tags: Sequence[str]


# Of labels that have no row: to leave these facts out would be worse than to show them without any.
UNKNOWN = Label("", ())


@dataclass(frozen=True, slots=True)
class Facts:
    """A row a fact, by kind, by OF_STRETCH and then by all else. `bucket`, `in_business`: of the value in either kind of hours."""

    rows: Numbers
    bucket: Numbers
    in_business: Numbers

    def __getitem__(self, part: slice | Numbers) -> Facts:
        return Facts(self.rows[part], self.bucket[part], self.in_business[part])


def read(copied: bytes) -> Facts:
    """What the database copied out. ValueError: it is not of the shape that was asked for."""
    if (len(copied) - _HEAD - _END) % _ROW.itemsize:
        raise ValueError("The facts of a day were not copied out as they should be.")
    rows = np.frombuffer(copied, _ROW, offset=_HEAD, count=(len(copied) - _HEAD - _END) // _ROW.itemsize)
    bucket, in_business = _buckets(rows["value"]), _buckets(rows["business"])
    order = np.lexsort(
        (
            rows["hit"], in_business, bucket, rows["hour"], rows["person"], rows["priority"], rows["label"], rows["team"], rows["channel"],
            rows["kind"],
        )
    )  # fmt: skip
    return Facts(rows[order], bucket[order], in_business[order])


def _buckets(values: Numbers) -> Numbers:
    return np.where(np.isnan(values), NONE, buckets(values)).astype("<u2")


def runs(column: Numbers) -> Iterator[slice]:
    """Where a column that is in order does not change."""
    changes = np.flatnonzero(column[1:] != column[:-1]) + 1
    places = [0, *changes.tolist(), len(column)] if len(column) else []
    return (slice(low, high) for low, high in pairwise(places))


def day_facts(facts: Facts, brand_id: int, at: datetime) -> list[DayFacts]:
    found = []
    for of_kind in runs(facts.rows["kind"]):
        channels = facts.rows["channel"][of_kind]
        _, places, counts = np.unique(channels, return_inverse=True, return_counts=True)
        alone = counts[places] >= ALONE
        parts = [each for each in runs(channels) if alone[each.start]]
        found += [_row(facts[of_kind][each], brand_id, at) for each in parts]
        if not alone.all():
            found.append(_row(facts[of_kind][~alone], brand_id, at))
    return found


def _row(facts: Facts, brand_id: int, at: datetime) -> DayFacts:
    rows = facts.rows
    (channels, channel), (people, person), (teams, team), (labels, label) = (
        _places(rows[name]) for name in ("channel", "person", "team", "label")
    )
    return DayFacts(
        brand_id=brand_id, at=at, kind=metrics.FACTS[int(rows["kind"][0]) - 1], count=len(rows), channels=channels, people=people, teams=teams,
        labels=labels, stretches=_stretches(channel, team, label, rows["priority"], rows["hit"]).tobytes(),
        person=person.tobytes() if len(people) > 1 else b"", hour=rows["hour"].astype("u1").tobytes(), hit=_if_any(rows["hit"].astype("u1"), 0),
        bucket=_if_any(facts.bucket, NONE), business=_if_any(facts.in_business, NONE),
    )  # fmt: skip


def _places(values: Numbers) -> tuple[list[int], Numbers]:
    """The values that there are, and for each fact its place among them."""
    known, places = np.unique(values, return_inverse=True)
    if len(known) > 0x10000:
        raise OverflowError(
            f"{len(known):,} values in a column of one day are more than two bytes can tell apart."
        )
    return known.tolist(), places.astype("u1" if len(known) <= 256 else "<u2")


def _stretches(channel: Numbers, team: Numbers, label: Numbers, priority: Numbers, hit: Numbers) -> Numbers:
    changes = np.ones(len(hit), bool)
    changes[1:] = False
    for column in (channel, team, label, priority):
        changes[1:] |= column[1:] != column[:-1]
    starts = np.flatnonzero(changes)
    found = np.empty(len(starts), STRETCH)
    for name, column in zip(OF_STRETCH, (channel, team, label, priority), strict=True):
        found[name] = column[starts]
    found["count"], found["hits"] = (
        np.diff(starts, append=len(hit)),
        np.add.reduceat(hit.astype("<u4"), starts),
    )
    return found


def _if_any(values: Numbers, nothing: int) -> bytes:
    return values.tobytes() if (values != nothing).any() else b""


def rollups(facts: Facts, labels: Mapping[int, Label], brand_id: int, at: datetime) -> list[Rollup]:
    found = []
    for part in runs(facts.rows["kind"]):
        some = facts[part]
        of = {"brand_id": brand_id, "at": at, "kind": metrics.FACTS[int(some.rows["kind"][0]) - 1]}
        for dim in ("", *DIMS):
            values, places, chosen = _split(some.rows, dim, labels)
            hit = some.rows["hit"][chosen]
            found.append(
                _summed(Rollup(**of, dim=dim, basis=CALENDAR), values, places, some.bucket[chosen], hit)
            )
            bucket = some.in_business[chosen]
            told = bucket != NONE  # in business hours only what is told in them counts
            if told.any():
                found.append(
                    _summed(
                        Rollup(**of, dim=dim, basis=BUSINESS), values, places[told], bucket[told], hit[told]
                    )
                )
    return found


def _split(rows: Numbers, dim: str, labels: Mapping[int, Label]) -> tuple[list[str], Numbers, Any]:
    """The values of a dimension as text, for each fact the place of its value, and which facts these are: one with two tags is there twice."""
    if dim == "":
        return [""], np.zeros(len(rows), np.intp), slice(None)
    if dim in ("sentiment", "tag"):
        known, places = np.unique(rows["label"], return_inverse=True)
        return spread(places, [labels.get(each, UNKNOWN) for each in known.tolist()], dim)
    known, places = np.unique(rows[dim.removesuffix("_id")], return_inverse=True)
    return [str(each or "") for each in known.tolist()], places, slice(None)


def spread(places: Numbers, labels: Sequence[Label], dim: str) -> tuple[list[str], Numbers, Any]:
    """The same for what stands in labels: `places` are those of the facts in `labels`."""
    told = [[each.sentiment] if dim == "sentiment" else list(each.tags) or [""] for each in labels]
    values = sorted({value for each in told for value in each})
    number = {value: place for place, value in enumerate(values)}
    many = np.array([len(each) for each in told], np.intp)
    flat = np.array([number[value] for each in told for value in each], np.intp)
    first = np.cumsum(many) - many
    if (many == 1).all():
        return values, flat[places], slice(None)
    times = many[places]
    chosen = np.repeat(np.arange(len(places)), times)
    within = np.arange(len(chosen)) - np.repeat(np.cumsum(times) - times, times)
    return values, flat[first[places[chosen]] + within], chosen


def _summed(row: Rollup, values: Sequence[str], places: Numbers, bucket: Numbers, hit: Numbers) -> Rollup:
    told = bucket != NONE
    counts, hits = (
        np.bincount(places, minlength=len(values)),
        np.bincount(places[hit == 1], minlength=len(values)),
    )
    histograms = np.bincount(places[told] * WIDTH + bucket[told], minlength=len(values) * WIDTH).reshape(
        -1, WIDTH
    )
    groups, numbers = np.nonzero(histograms)
    pairs = np.empty(len(groups), PAIR)
    pairs["bucket"], pairs["count"] = numbers, histograms[groups, numbers]
    row.values, row.counts, row.hits = (
        list(values),
        counts.astype(COUNT).tobytes(),
        hits.astype(COUNT).tobytes(),
    )
    row.sizes, row.pairs = np.bincount(groups, minlength=len(values)).astype(SIZE).tobytes(), pairs.tobytes()
    return row
