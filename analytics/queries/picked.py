"""The facts of one kind in a stretch of days that fit the filters, from the columns of DayFacts. For a page each column is read once, and only where
something needs it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from analytics.histogram import Numbers
from analytics.models import Labels
from analytics.packing import NONE, UNKNOWN, Label
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
    """`names`: of the columns that are needed. Where a day was summed anew since others were read, all are read once more."""
    key = (kind, asked.start, asked.end, tuple(sorted(asked.filters.items(), key=repr)))
    known: Picked | None = asked.picked.get(key)
    if known is None or not known.take(names):
        known = asked.picked[key] = Picked(asked, kind, [*names, *(known.columns if known else ())])
    return known


class Picked:
    """`rows`: (id, at, count) of each string of facts; `places`: those of the facts that fit, counted through all rows; None: all of them.
    `columns`: the numbers of these facts, row after row; None: all are 0, or have no value."""

    def __init__(self, asked: Asked, kind: str, names: Iterable[str]) -> None:
        self.asked, self.kind = asked, kind
        self.columns: dict[str, Numbers | None] = {}
        self.lists: dict[str, list[list[int]]] = {}
        narrow = dict.fromkeys(COLUMN_OF[name] for name in asked.filters)
        wanted = list(dict.fromkeys([*narrow, *names]))
        found = self._read(wanted)
        self.rows = [row[:3] for row in found]
        self.bounds = np.cumsum([0, *(row[2] for row in found)])
        self.places: Numbers | None = None
        self._keep(wanted, found)
        if asked.filters:
            self.places = np.flatnonzero(self._fitting()).astype(np.uint32)
            self.columns = {name: self._fit(flat) for name, flat in self.columns.items()}

    def take(self, names: Iterable[str]) -> bool:
        """Read what is missing of them. False: these are other days than those that were read before."""
        missing = [name for name in dict.fromkeys(names) if name not in self.columns]
        if not missing:
            return True
        found = self._read(missing)
        if [row[0] for row in found] != [row[0] for row in self.rows]:
            return False
        self._keep(missing, found)
        for name in missing:
            self.columns[name] = self._fit(self.columns[name])
        return True

    def _read(self, names: Sequence[str]) -> list[tuple[Any, ...]]:
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
            f"""SELECT {", ".join(["id", "at", "count", *names, *lists])} FROM analytics_dayfacts
                 WHERE brand_id = %(brand)s AND kind = %(kind)s AND at >= %(start)s AND at < %(end)s {" ".join(holds)} ORDER BY at, id""",
            values,
        )

    def _keep(self, names: Sequence[str], found: list[tuple[Any, ...]]) -> None:
        for place, name in enumerate(names, start=3):
            self.columns[name] = _joined([(row[place], row[2]) for row in found], name)
        for place, name in enumerate((each for each in names if each in LISTS), start=3 + len(names)):
            self.lists[name] = [row[place] for row in found]

    def _fit(self, flat: Numbers | None) -> Numbers | None:
        return flat if flat is None or self.places is None else flat[self.places]

    def _fitting(self) -> Numbers:
        """Of all facts of these rows: whether each fits all filters."""
        fits = np.ones(self.bounds[-1], bool)
        for name, value in self.asked.filters.items():
            flat = self.columns[COLUMN_OF[name]]
            if name == "priority":
                fits &= (0 if flat is None else flat) == int(value or 0)
            else:
                fits &= self._listed(flat, self.lists[COLUMN_OF[name]], self._wanted(name, value))
        return fits

    def _listed(
        self, flat: Numbers | None, lists: Sequence[Sequence[int]], wanted: Collection[int]
    ) -> Numbers:
        """Whether what each fact names in its row's list is wanted."""
        fits = np.zeros(self.bounds[-1], bool)
        for number, part in enumerate(_parts(self.bounds)):
            is_wanted = [each in wanted for each in lists[number]]
            if all(is_wanted):
                fits[part] = True
            elif not any(is_wanted):
                continue
            elif flat is not None and is_wanted.count(True) == 1:
                np.equal(flat[part], is_wanted.index(True), out=fits[part])
            elif flat is not None:
                fits[part] = np.array(is_wanted)[flat[part]]
        return fits

    def _wanted(self, name: str, value: int | str | None) -> Collection[int]:
        """What of a row's list means the value."""
        if name not in ("sentiment", "tag"):
            return {int(value or 0)}
        return {
            pk for pk, label in self.labels().items() if (label.sentiment == value if name == "sentiment" else value in (label.tags or [""]))
        }  # fmt: skip

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
        """How many fit."""
        return int(self.bounds[-1]) if self.places is None else len(self.places)

    @cached_property
    def fitting(self) -> Numbers:
        """Where the facts of each row that fit begin, among all that fit, and where the last ones end."""
        return self.bounds if self.places is None else np.searchsorted(self.places, self.bounds)

    def values(self, column: str) -> tuple[list[int], Numbers]:
        """What a column that means something in a row's own list means: all values, and for each fact the place among them."""
        lists, flat = self.lists[column], self.columns[column]
        known, places = np.unique([each for row in lists for each in row], return_inverse=True)
        kind = _smallest(len(known))
        places = places.astype(kind)
        firsts = np.cumsum([0, *(len(row) for row in lists)])[:-1]
        if flat is None:
            return known.tolist(), np.repeat(places[firsts], np.diff(self.fitting))
        told = np.empty(self.size, kind)
        for first, part in zip(firsts.tolist(), _parts(self.fitting), strict=True):
            if part.start < part.stop:
                told[part] = places[first:][flat[part]]
        return known.tolist(), told

    def of_rows(self, values: Sequence[int]) -> Numbers:
        """What is the same for all facts of a row, for each fact."""
        return np.repeat(np.array(values, _smallest(max(values, default=0) + 1)), np.diff(self.fitting))


def _parts(bounds: Numbers) -> Iterator[slice]:
    return (slice(low, high) for low, high in pairwise(bounds.tolist()))


def _smallest(amount: int) -> str:
    """A kind of number that tells so many apart."""
    return "u1" if amount <= 0x100 else "<u2" if amount <= 0x10000 else "<u4"


def _joined(rows: Sequence[tuple[bytes, int]], name: str) -> Numbers | None:
    """The numbers of all rows, stored as one or two bytes each, or not at all, and how many there are."""
    if not any(stored for stored, _ in rows):
        return None
    if name not in WIDE and all(len(stored) in (0, count) for stored, count in rows):
        return np.frombuffer(b"".join([stored or bytes(count) for stored, count in rows]), "u1")
    nothing = NONE.to_bytes(2, "little") if name in WIDE else bytes(2)
    told = [
        stored if len(stored) == 2 * count else np.frombuffer(stored, "u1").astype("<u2").tobytes() or nothing * count
        for stored, count in rows
    ]  # fmt: skip
    return np.frombuffer(b"".join(told), "<u2")
