"""The facts of one kind in a stretch of days that fit the filters, from the columns of DayFacts. Each column is read once for a page, and only
where something needs it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from analytics.histogram import Numbers
from analytics.models import Labels
from analytics.packing import UNKNOWN, Label
from analytics.queries import binary
from analytics.queries.asked import Asked

LISTS = {"person": "people", "team": "teams", "label": "labels"}  # column → the row's own list that it means
COLUMN_OF = {
    "person_id": "person",
    "team_id": "team",
    "priority": "priority",
    "sentiment": "label",
    "tag": "label",
}
WIDE = ("bucket", "business")


class Changed(Exception):
    """A day was summed anew between two looks at it."""


def of(asked: Asked, kind: str) -> Picked:
    key = (kind, asked.start, asked.end, tuple(sorted(asked.filters.items(), key=repr)))
    if key not in asked.picked:
        asked.picked[key] = Picked(asked, kind)
    found: Picked = asked.picked[key]
    return found


class Picked:
    """`rows`: (id, at, channel_id, count) of each string of facts; `chosen`: for each, the places of the facts that fit; None: all."""

    def __init__(self, asked: Asked, kind: str) -> None:
        self.asked, self.kind = asked, kind
        self.columns: dict[str, list[Numbers]] = {}
        self.lists: dict[str, list[list[int]]] = {}
        self._begin()

    def _begin(self) -> None:
        needed = dict.fromkeys(COLUMN_OF[name] for name in self.asked.filters if name != "channel_id")
        found = self._read(list(needed))
        self.rows = [row[:4] for row in found]
        self.columns, self.lists = {}, {}
        self._keep(list(needed), found)
        self.chosen: list[Numbers | None] = [None] * len(self.rows)
        for name, value in self.asked.filters.items():
            if name != "channel_id":
                self._narrow(name, value)
        for name in needed:
            self.columns[name] = [
                each if places is None else each[places]
                for each, places in zip(self.columns[name], self.chosen, strict=True)
            ]

    @cached_property
    def sizes(self) -> Numbers:
        """How many fit, of each row."""
        told = [
            row[3] if places is None else len(places)
            for row, places in zip(self.rows, self.chosen, strict=True)
        ]
        return np.array(told, np.intp)

    def column(self, name: str) -> list[Numbers]:
        """Of each row, the numbers of the facts that fit. Changed: begin anew."""
        self.need([name])
        return self.columns[name]

    def need(self, names: list[str]) -> None:
        missing = [name for name in dict.fromkeys(names) if name not in self.columns]
        if not missing:
            return
        found = self._read(missing)
        if [row[0] for row in found] != [row[0] for row in self.rows]:
            self.asked.picked.clear()
            raise Changed
        self._keep(missing, found, self.chosen)

    def _read(self, names: list[str]) -> list[tuple[Any, ...]]:
        lists = [LISTS[name] for name in names if name in LISTS]
        channel = self.asked.filters.get("channel_id")
        return binary.rows(
            f"""SELECT {", ".join(["id", "at", "channel_id", "count", *names, *lists])} FROM analytics_dayfacts
                 WHERE brand_id = %(brand)s AND kind = %(kind)s AND at >= %(start)s AND at < %(end)s
                       {"AND channel_id = %(channel)s" if channel is not None else ""} ORDER BY at, channel_id, id""",
            {
                "brand": self.asked.brand.pk, "kind": self.kind, "start": self.asked.start, "end": self.asked.end,
                **({"channel": channel} if channel is not None else {}),
            },
        )  # fmt: skip

    def _keep(
        self, names: list[str], found: list[tuple[Any, ...]], chosen: list[Numbers | None] | None = None
    ) -> None:
        lists = [name for name in names if name in LISTS]
        for place, name in enumerate(lists, start=4 + len(names)):
            self.lists[name] = [row[place] for row in found]
        for place, name in enumerate(names, start=4):
            told = [_numbers(row[place], row[3], name) for row in found]
            if chosen is not None:
                told = [each if some is None else each[some] for each, some in zip(told, chosen, strict=True)]
            self.columns[name] = told

    def _narrow(self, name: str, value: int | str | None) -> None:
        column = COLUMN_OF[name]
        fits = self._fitting(name, value)
        for number, told in enumerate(self.columns[column]):
            wanted = fits(number)
            places = self.chosen[number]
            some = told if places is None else told[places]
            kept = np.flatnonzero(some == wanted[0] if len(wanted) == 1 else np.isin(some, wanted))
            self.chosen[number] = kept if places is None else places[kept]

    def _fitting(self, name: str, value: int | str | None) -> Callable[[int], list[int]]:
        """For the number of a row: which of its small numbers mean the value."""
        if name == "priority":
            return lambda number: [int(value or 0)]
        known = self.lists[COLUMN_OF[name]]
        if name in ("sentiment", "tag"):
            wanted = {
                pk for pk, label in self.labels().items() if (label.sentiment == value if name == "sentiment" else value in (label.tags or [""]))
            }  # fmt: skip
        else:
            wanted = {int(value or 0)}
        return lambda number: [place for place, each in enumerate(known[number]) if each in wanted]

    def labels(self) -> dict[int, Label]:
        """All that the rows name."""
        used = {each for row in self.lists["label"] for each in row}
        known: dict[int, Label] = self.asked.picked.setdefault("labels", {})
        if missing := used - known.keys():
            rows = Labels.objects.filter(pk__in=missing).values_list("pk", "sentiment", "tags")
            known |= {pk: Label(mood, tags) for pk, mood, tags in rows}
        return {pk: known.get(pk, UNKNOWN) for pk in used}

    def flat(self, name: str) -> Numbers:
        """The numbers of all facts that fit, in one."""
        told = self.column(name)
        return np.concatenate(told) if told else np.zeros(0, np.uint8)

    def values(self, column: str) -> tuple[list[int], Numbers]:
        """What a column that means something in a row's own list means: all values, and for each fact the place among them."""
        told = self.column(column)
        lists = self.lists[column]
        known = sorted({each for row in lists for each in row})
        place = {each: number for number, each in enumerate(known)}
        translated = [
            np.array([place[each] for each in row], np.int32)[numbers]
            for row, numbers in zip(lists, told, strict=True)
        ]
        return known, np.concatenate(translated) if translated else np.zeros(0, np.int32)

    def of_rows(self, values: list[int]) -> Numbers:
        """What is the same for all facts of a row, for each fact."""
        return np.repeat(np.array(values, np.int32), self.sizes)

    @cached_property
    def days(self) -> list[date]:
        """Of each row, by the brand's clock."""
        return [row[1].astimezone(self.asked.zone).date() for row in self.rows]


def _numbers(stored: bytes, count: int, name: str) -> Numbers:
    """Empty: the same in all, which for a value is that there is none."""
    if not stored:
        return np.full(count, 0xFFFF, "<u2") if name in WIDE else np.zeros(count, "u1")
    return np.frombuffer(stored, "u1" if len(stored) == count else "<u2")
