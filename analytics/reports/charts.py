"""A chart and the table under it are one thing: rows of cells, each with its number, its words and what is behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from html import escape
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString

from analytics.metrics import METRICS, Metric, Unit
from analytics.queries.asked import Asked
from analytics.reports import moments, words


class Draw(StrEnum):
    LINES = "lines"
    BARS = "bars"
    STACK = "stack"
    HEAT = "heat"
    TABLE = "table"  # no picture


@dataclass(frozen=True, slots=True)
class Column:
    """`drawn`: it is a series of the picture; `faint`: of the period before."""

    label: str
    unit: Unit
    drawn: bool = True
    faint: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    value: float | None
    text: str
    url: str = ""
    count: int | None = None  # how many conversations or facts its list shows


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    cells: tuple[Cell, ...]
    url: str = ""
    sub: str = ""  # of a heat map: the hour
    day: str = ""  # of a day or a week: its first day, such as 2026-12-01


@dataclass(slots=True)
class Chart:
    key: str
    title: str
    metrics: tuple[Metric, ...]
    draw: Draw
    head: str  # what a row is: day, channel …
    columns: tuple[Column, ...]
    rows: list[Row] = field(default_factory=list)
    note: str = ""

    @property
    def empty(self) -> bool:
        return not any(cell.value for row in self.rows for cell in row.cells)

    @property
    def is_drawn(self) -> bool:
        return self.draw is not Draw.TABLE and any(
            row.cells[place].value
            for row in self.rows
            for place, column in enumerate(self.columns)
            if column.drawn
        )

    @property
    def is_named(self) -> bool:
        """A bar is of something with a name, and not of a stretch of time, whose neighbours tell what it is called."""
        return self.draw is Draw.BARS and self.head not in moments.HEADS.values()

    @property
    def body(self) -> SafeString:
        """The rows of the table: a page has thousands of cells, and a template takes ten times as long for them."""
        labels = [escape(column.label) for column in self.columns]
        return SafeString("\n".join(_row(row, labels) for row in self.rows))

    def picture(self) -> dict[str, Any]:
        """What the element on the page draws."""
        return {
            "draw": self.draw.value,
            "title": self.title,
            "named": self.is_named,
            "labels": [row.label for row in self.rows],
            "series": [
                {
                    "name": column.label, "unit": column.unit.value, "faint": column.faint,
                    "values": [_short(row.cells[place].value) for row in self.rows],
                    "texts": [row.cells[place].text for row in self.rows],
                    "urls": [row.cells[place].url for row in self.rows],
                }
                for place, column in enumerate(self.columns)
                if column.drawn
            ],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure of the period, with that of the period before."""

    metric: Metric
    label: str
    text: str
    of: str
    change: str
    before: str
    url: str = ""
    count: int | None = None  # how many its list shows
    before_url: str = ""
    before_count: int | None = None


def tile(
    asked: Asked,
    metric: str,
    label: str,
    unit: Unit,
    figures: tuple[float | None, float | None],
    counts: tuple[int, int],
    *,
    of: str = "",
    opens: Mapping[str, object] | None = None,
    opens_before: Mapping[str, object] | None = None,
) -> Tile:
    """`figures`: of the period and of the one before; `counts`: how many their lists show; `opens`: what else the address of a list says."""
    (now, before), (count, count_before) = figures, counts
    more = opens or {}
    return Tile(
        METRICS[metric], label, words.say(now, unit), of, words.change(now, before, unit), words.say(before, unit),
        behind(asked, metric, **more), count,
        behind(asked.before, metric, **(opens_before or more)) if before is not None else "", count_before,
    )  # fmt: skip


def cell(value: float | None, unit: Unit, url: str = "", count: int | None = None) -> Cell:
    """Nothing is behind a zero of which nothing is counted."""
    opens = value is not None and (value or count != 0)
    return Cell(value, words.say(value, unit), url if opens else "", count)


def behind(asked: Asked, metric: str, **more: object) -> str:
    """The address of what a figure counts."""
    return _lists(asked.brand.slug) + "?" + asked.query(metric=metric, **more)


@lru_cache(256)
def _lists(slug: str) -> str:
    return reverse("analytics:behind", args=[slug])


def named(*keys: str) -> tuple[Metric, ...]:
    return tuple(METRICS[key] for key in keys)


def weekday_rows(values: Sequence[Sequence[Cell]]) -> list[Row]:
    """Seven days of twenty-four hours."""
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    return [Row(day, tuple(cells)) for day, cells in zip(days, values, strict=True)]


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _row(row: Row, labels: Sequence[str]) -> str:
    """`labels`: what a phone, which has no room for columns, says before each cell."""
    cells = "".join(
        f'<td data-label="{label}">{_linked(cell.text, cell.url if cell.value is not None else "")}</td>'
        for label, cell in zip(labels, row.cells, strict=True)
    )
    return f'<tr><th scope="row" dir="auto">{_linked(row.label, row.url)}</th>{cells}</tr>'


def _linked(text: str, url: str) -> str:
    return f'<a href="{escape(url)}">{escape(text)}</a>' if url else escape(text)
