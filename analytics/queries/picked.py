"""The facts of one kind in a stretch of days that fit the filters, from the columns of DayFacts. For a page each column is read once, and only where
something needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
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
    """`rows`: (id, at, count) of each string of facts; `chosen`: for each, the places of the facts that fit; None: all of them. `columns`: of
    each row the numbers of these facts; None: all are 0, or have no value."""

    def __init__(self, asked: Asked, kind: str, names: Iterable[str]) -> None:
        self.asked, self.kind = asked, kind
        self.columns: dict[str, list[Numbers | None]] = {}
        self.lists: dict[str, list[list[int]]] = {}
        narrow = dict.fromkeys(COLUMN_OF[name] for name in asked.filters)
        wanted = list(dict.fromkeys([*narrow, *names]))
        found = self._read(wanted)
        self.rows = [row[:3] for row in found]
        self.chosen: list[Numbers | None] = [None] * len(found)
        self._keep(wanted, found)
        for name, value in asked.filters.items():
            self._narrow(name, value)
        self.columns = {name: self._fit(told) for name, told in self.columns.items()}

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
        of_channel = ""
        if "channel_id" in self.asked.filters:
            of_channel, values["channel"] = (
                "AND %(channel)s = ANY(channels)",
                int(self.asked.filters["channel_id"] or 0),
            )
        return binary.rows(
            f"""SELECT {", ".join(["id", "at", "count", *names, *lists])} FROM analytics_dayfacts
                 WHERE brand_id = %(brand)s AND kind = %(kind)s AND at >= %(start)s AND at < %(end)s {of_channel} ORDER BY at, id""",
            values,
        )

    def _keep(self, names: Sequence[str], found: list[tuple[Any, ...]]) -> None:
        for place, name in enumerate(names, start=3):
            self.columns[name] = [_numbers(row[place], row[2]) for row in found]
        for place, name in enumerate((each for each in names if each in LISTS), start=3 + len(names)):
            self.lists[name] = [row[place] for row in found]

    def _fit(self, told: list[Numbers | None]) -> list[Numbers | None]:
        return [
            each if each is None or places is None else each[places]
            for each, places in zip(told, self.chosen, strict=True)
        ]

    def _narrow(self, name: str, value: int | str | None) -> None:
        wanted = self._wanted(name, value)
        for number, told in enumerate(self.columns[COLUMN_OF[name]]):
            places, known = self.chosen[number], wanted(number)
            if told is None:  # all are the row's first
                if 0 not in known:
                    self.chosen[number] = np.zeros(0, np.uint32)
                continue
            some = told if places is None else told[places]
            if len(known) == 1:
                fits = np.flatnonzero(some == known[0])
            else:
                is_wanted = np.zeros(1 << (8 * told.itemsize), bool)
                is_wanted[known] = True
                fits = np.flatnonzero(is_wanted[some])
            fits = fits.astype(np.uint32)
            self.chosen[number] = fits if places is None else places[fits]

    def _wanted(self, name: str, value: int | str | None) -> Callable[[int], list[int]]:
        """For the number of a row: which of its small numbers mean the value."""
        if name == "priority":
            return lambda _: [int(value or 0)]
        if name in ("sentiment", "tag"):
            wanted = {
                pk for pk, label in self.labels().items() if (label.sentiment == value if name == "sentiment" else value in (label.tags or [""]))
            }  # fmt: skip
        else:
            wanted = {int(value or 0)}
        lists = self.lists[COLUMN_OF[name]]
        return lambda number: [place for place, each in enumerate(lists[number]) if each in wanted]

    def labels(self) -> dict[int, Label]:
        """All that the rows name."""
        used = {each for row in self.lists["label"] for each in row}
        known: dict[int, Label] = self.asked.picked.setdefault("labels", {})
        if missing := used - known.keys():
            rows = Labels.objects.filter(pk__in=missing).values_list("pk", "sentiment", "tags")
            known |= dict.fromkeys(missing, UNKNOWN) | {pk: Label(mood, tags) for pk, mood, tags in rows}
        return {pk: known[pk] for pk in used}

    @cached_property
    def sizes(self) -> Numbers:
        """How many fit, of each row."""
        told = [
            row[2] if places is None else len(places)
            for row, places in zip(self.rows, self.chosen, strict=True)
        ]
        return np.array(told, np.intp)

    def flat(self, name: str) -> Numbers | None:
        """The numbers of all facts that fit, in one. None: all are 0, or have no value."""
        told = self.columns[name]
        if all(each is None for each in told):
            return None
        nothing = NONE if name in WIDE else 0
        return np.concatenate(
            [np.full(size, nothing, "<u2" if nothing else "u1") if each is None else each for each, size in zip(told, self.sizes, strict=True)]
        )  # fmt: skip

    def values(self, column: str) -> tuple[list[int], Numbers]:
        """What a column that means something in a row's own list means: all values, and for each fact the place among them."""
        lists = self.lists[column]
        known = sorted({each for row in lists for each in row})
        place = {each: number for number, each in enumerate(known)}
        kind = _smallest(len(known))
        told = [
            np.full(size, place[row[0]], kind)
            if numbers is None
            else np.array([place[each] for each in row], kind)[numbers]
            for row, numbers, size in zip(lists, self.columns[column], self.sizes, strict=True)
        ]
        return known, np.concatenate(told) if told else np.zeros(0, kind)

    def of_rows(self, values: Sequence[int]) -> Numbers:
        """What is the same for all facts of a row, for each fact."""
        return np.repeat(np.array(values, _smallest(max(values, default=0) + 1)), self.sizes)


def _smallest(amount: int) -> str:
    """A kind of number that tells so many apart."""
    return "u1" if amount <= 0x100 else "<u2" if amount <= 0x10000 else "<u4"


def _numbers(stored: bytes, count: int) -> Numbers | None:
    return np.frombuffer(stored, "u1" if len(stored) == count else "<u2") if stored else None
