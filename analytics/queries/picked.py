"""The facts of one kind in a stretch of days that fit the filters, from the columns of DayFacts. For a page each column is read once, and only where
something needs it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, pairwise
from typing import Any

import numpy as np

from analytics.histogram import Numbers
from analytics.models import Labels
from analytics.packing import NONE, OF_STRETCH, STRETCH, UNKNOWN, Label
from analytics.queries import binary
from analytics.queries.asked import Asked

LISTS = {
    "channel": "channels",
    "person": "people",
    "team": "teams",
    "label": "labels",
}  # column → the row's own list that it means
COLUMN_OF = {
    "channel_id": "channel", "person_id": "person", "team_id": "team", "priority": "priority", "sentiment": "label", "tag": "label",
}  # fmt: skip
WIDE = ("bucket", "business")


def of(asked: Asked, kind: str, names: Iterable[str]) -> Picked:
    """`names`: of the columns that are needed. Where a day was summed anew since others were read, all are read once more.

    Where nothing is asked that a fact has for itself, what comes back counts whole stretches."""
    names = list(names)
    by_fact = not {*names, *(COLUMN_OF[name] for name in asked.filters)} <= {*OF_STRETCH}
    if by_fact:
        names.append("hit")
    key = (kind, asked.start, asked.end, tuple(sorted(asked.filters.items(), key=repr)))
    both: dict[bool, Picked] = asked.picked.setdefault(key, {})
    known = both.get(by_fact)
    if known is None or not known.take(names):
        known = both[by_fact] = Picked(
            asked, kind, [*names, *(known.names if known else ())], by_fact=by_fact
        )
        if (other := both.get(not by_fact)) and other.rows != known.rows:
            del both[not by_fact]
    return known


class Picked:
    """Units that fit: facts, or without `by_fact` stretches of them, each as many as `counts` says, with `hits`.

    `rows`: (id, at) of each string of facts. `stretches`: all of these rows, one after the other; `kept`: the places of those that fit, and `sizes`: how many
    units each of them has. `columns`: the numbers of the facts that fit, row after row; None: all are 0, or have no value."""

    def __init__(self, asked: Asked, kind: str, names: Iterable[str], *, by_fact: bool) -> None:
        self.asked, self.kind, self.by_fact = asked, kind, by_fact
        self.names: list[str] = []
        self.columns: dict[str, Numbers | None] = {}
        self.lists: dict[str, list[list[int]]] = {}
        wanted = list(dict.fromkeys([*(COLUMN_OF[name] for name in asked.filters), *names]))
        found = self._read(wanted)
        self.rows = [row[:2] for row in found]
        self.totals = [row[2] for row in found]
        self.stretches = np.frombuffer(b"".join(row[3] for row in found), STRETCH)
        self.in_rows = np.cumsum([0, *(len(row[3]) // STRETCH.itemsize for row in found)])
        self.lists = _lists(wanted, found)
        self.kept = np.flatnonzero(self._fitting())
        self.sizes = (
            self.stretches["count"][self.kept].astype(np.intp)
            if by_fact
            else np.ones(len(self.kept), np.intp)
        )
        self.places = self._places()
        self._keep(wanted, found)
        if "person_id" in asked.filters:
            self._narrow(int(asked.filters["person_id"] or 0))

    def take(self, names: Iterable[str]) -> bool:
        """Read what is missing of them. False: these are other days than those that were read before."""
        missing = [name for name in dict.fromkeys(names) if name not in self.names]
        if not missing:
            return True
        found = self._read(missing)
        if [row[:2] for row in found] != self.rows:
            return False
        self.lists |= _lists(missing, found)
        self._keep(missing, found)
        return True

    def _read(self, names: Sequence[str]) -> list[tuple[Any, ...]]:
        columns = [name for name in names if name not in OF_STRETCH]
        lists = [LISTS[name] for name in names if name in LISTS]
        values = {
            "brand": self.asked.brand.pk,
            "kind": self.kind,
            "start": self.asked.start,
            "end": self.asked.end,
        }
        holds = []
        for name in ("channel_id", "team_id", "person_id"):  # a row none of whose facts can fit is not read
            if name in self.asked.filters:
                holds.append(f"AND %({name})s = ANY({LISTS[COLUMN_OF[name]]})")
                values[name] = int(self.asked.filters[name] or 0)
        return binary.rows(
            f"""SELECT {", ".join(["id", "at", "count", "stretches", *lists, *columns])} FROM analytics_dayfacts
                 WHERE brand_id = %(brand)s AND kind = %(kind)s AND at >= %(start)s AND at < %(end)s {" ".join(holds)} ORDER BY at, id""",
            values,
        )

    def _keep(self, names: Sequence[str], found: list[tuple[Any, ...]]) -> None:
        first = 4 + sum(name in LISTS for name in names)
        for place, name in enumerate((each for each in names if each not in OF_STRETCH), start=first):
            flat = _joined([row[place] for row in found], self.totals, name)
            self.columns[name] = flat if flat is None or self.places is None else flat[self.places]
        self.names += names

    def _fitting(self) -> Numbers:
        """Of all stretches: whether each fits the filters that are about them."""
        fits = np.ones(len(self.stretches), bool)
        for name, value in self.asked.filters.items():
            column = COLUMN_OF[name]
            if column == "priority":
                fits &= self.stretches["priority"] == int(value or 0)
            elif column in OF_STRETCH:
                wanted = self._wanted(name, value)
                fits &= np.array([each in wanted for each in chain(*self.lists[column])], bool)[
                    self._listed(column)
                ]
        return fits

    def _listed(self, column: str) -> Numbers:
        """Of all stretches: where what each names stands in the lists of all rows, one after the other."""
        firsts = np.cumsum([0, *(len(row) for row in self.lists[column])])[:-1]
        told: Numbers = np.repeat(firsts, np.diff(self.in_rows)) + self.stretches[column]
        return told

    def _wanted(self, name: str, value: int | str | None) -> Collection[int]:
        """What of a row's list means the value."""
        if name not in ("sentiment", "tag"):
            return {int(value or 0)}
        return {
            pk for pk, label in self.labels().items() if (label.sentiment == value if name == "sentiment" else value in (label.tags or [""]))
        }  # fmt: skip

    def _places(self) -> Numbers | None:
        """Of the facts that fit, counted through all rows. None: all of them, or none is asked for."""
        if not self.by_fact or len(self.kept) == len(self.stretches):
            return None
        counts = self.stretches["count"].astype(np.intp)
        firsts = (np.cumsum(counts) - counts)[self.kept]
        starts = np.cumsum(self.sizes) - self.sizes
        told: Numbers = np.repeat(firsts - starts, self.sizes) + np.arange(self.sizes.sum())
        return told.astype(np.uint32)

    def _narrow(self, person_id: int) -> None:
        """A person is not in a stretch: each fact is looked at, and only those that are left are worked with."""
        left = self._of_person(person_id)
        self.sizes = np.diff(np.searchsorted(left, np.concatenate([[0], np.cumsum(self.sizes)])))
        self.places = left.astype(np.uint32) if self.places is None else self.places[left]
        self.columns = {name: None if flat is None else flat[left] for name, flat in self.columns.items()}
        self.__dict__.pop("fitting", None)

    def _of_person(self, person_id: int) -> Numbers:
        """Places among the facts that fit, compared as they are stored: by what a row's own list calls the person."""
        flat, found = self.columns["person"], [np.zeros(0, np.intp)]
        for people, part in zip(self.lists["person"], _parts(self.fitting), strict=True):
            if person_id not in people:
                continue
            if flat is None:  # each row is one person's
                found.append(np.arange(part.start, part.stop))
            else:
                found.append(np.flatnonzero(flat[part] == people.index(person_id)) + part.start)
        return np.concatenate(found)

    def labels(self) -> dict[int, Label]:
        """All that the rows name."""
        used = set().union(*self.lists["label"])
        known: dict[int, Label] = self.asked.picked.setdefault("labels", {})
        if missing := used - known.keys():
            rows = Labels.objects.filter(pk__in=missing).values_list("pk", "sentiment", "tags")
            known |= dict.fromkeys(missing, UNKNOWN) | {pk: Label(mood, tags) for pk, mood, tags in rows}
        return {pk: known[pk] for pk in used}

    @property
    def size(self) -> int:
        """How many units fit."""
        return int(self.sizes.sum())

    @property
    def counts(self) -> Numbers | None:
        """How many facts each unit is. None: one."""
        return None if self.by_fact else self.stretches["count"][self.kept]

    @property
    def hits(self) -> Numbers | None:
        """How many of these are hits. None: there is none."""
        return self.columns["hit"] if self.by_fact else self.stretches["hits"][self.kept]

    @cached_property
    def fitting(self) -> Numbers:
        """Where the facts of each row that fit begin, among all that fit, and where the last ones end."""
        upto = np.concatenate([[0], np.cumsum(self.sizes)])
        return upto[np.searchsorted(self.kept, self.in_rows)]

    def values(self, column: str) -> tuple[list[int], Numbers]:
        """What a column that means something in a row's own list means: all values, and for each unit the place among them."""
        lists = self.lists[column]
        known, places = np.unique([each for row in lists for each in row], return_inverse=True)
        kind = _smallest(len(known))
        places = places.astype(kind)
        if column in OF_STRETCH:
            return known.tolist(), self._units(places[self._listed(column)])
        firsts, flat = np.cumsum([0, *(len(row) for row in lists)])[:-1], self.columns[column]
        if flat is None:
            return known.tolist(), np.repeat(places[firsts], np.diff(self.fitting))
        told = np.empty(self.size, kind)
        for first, part in zip(firsts.tolist(), _parts(self.fitting), strict=True):
            if part.start < part.stop:
                told[part] = places[first:][flat[part]]
        return known.tolist(), told

    def priorities(self) -> Numbers:
        return self._units(self.stretches["priority"])

    def of_rows(self, values: Sequence[int]) -> Numbers:
        """What is the same for all facts of a row, for each unit."""
        kind = _smallest(max(values, default=0) + 1)
        return self._units(np.repeat(np.array(values, kind), np.diff(self.in_rows)))

    def _units(self, of_stretches: Numbers) -> Numbers:
        """What is the same for all facts of a stretch, for each unit."""
        kept = of_stretches[self.kept]
        return np.repeat(kept, self.sizes) if self.by_fact else kept


def _lists(names: Sequence[str], found: list[tuple[Any, ...]]) -> dict[str, list[list[int]]]:
    return {
        name: [row[place] for row in found]
        for place, name in enumerate((each for each in names if each in LISTS), start=4)
    }


def _parts(bounds: Numbers) -> Iterator[slice]:
    return (slice(low, high) for low, high in pairwise(bounds.tolist()))


def _smallest(amount: int) -> str:
    """A kind of number that tells so many apart."""
    return "u1" if amount <= 0x100 else "<u2" if amount <= 0x10000 else "<u4"


def _joined(rows: Sequence[bytes], counts: Sequence[int], name: str) -> Numbers | None:
    """The numbers of all rows, stored as one or two bytes each, or not at all, and how many there are."""
    if not any(rows):
        return None
    if name not in WIDE and all(
        len(stored) in (0, count) for stored, count in zip(rows, counts, strict=True)
    ):
        return np.frombuffer(
            b"".join([stored or bytes(count) for stored, count in zip(rows, counts, strict=True)]), "u1"
        )
    nothing = NONE.to_bytes(2, "little") if name in WIDE else bytes(2)
    told = [
        stored if len(stored) == 2 * count else np.frombuffer(stored, "u1").astype("<u2").tobytes() or nothing * count
        for stored, count in zip(rows, counts, strict=True)
    ]  # fmt: skip
    return np.frombuffer(b"".join(told), "<u2")
