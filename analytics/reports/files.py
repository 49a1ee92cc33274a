"""Figures as CSV, streamed, and without a cell that a spreadsheet would take for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse

from analytics.reports.charts import Chart

# What a spreadsheet reads as the beginning of a formula, also behind blanks.
_RISKY = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_BOM = "\ufeff"  # by it spreadsheets know UTF-8


class _Line:
    """Gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def safe(value: object) -> str:
    """Numbers stay what they are; words that begin like a formula get an apostrophe in front."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    text = str(value)
    return f"'{text}" if text.lstrip().startswith(_RISKY) or text.startswith(_RISKY) else text


def lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    writer: Any = csv.writer(_Line())
    for row in rows:
        yield writer.writerow([safe(value) for value in row])


def download(rows: Iterable[Sequence[object]], name: str) -> StreamingHttpResponse:
    def told() -> Iterator[str]:
        yield _BOM
        yield from lines(rows)

    return StreamingHttpResponse(
        told(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def of_chart(chart: Chart) -> Iterator[Sequence[object]]:
    """Times in seconds and shares in percent, as numbers that can be calculated with."""
    units = {"time": " (seconds)", "share": " (percent)", "number": ""}
    yield [chart.head, *(column.label + units[column.unit.value] for column in chart.columns)]
    for row in chart.rows:
        yield [row.label, *(cell.value for cell in row.cells)]
