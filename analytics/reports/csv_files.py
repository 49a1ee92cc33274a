"""Figures as CSV, streamed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from analytics.queries.asked import Asked
from analytics.reports.charts import Chart
from analytics.rules.csv_text import BOM, lines


def of_asked(asked: Asked, rows: Iterable[Sequence[object]], name: str) -> HttpResponseBase:
    """Not where it was to be narrowed by what is gone: of that a page tells and a file cannot, and it would hold everybody's rows."""
    if asked.left_out:
        return HttpResponse("\n".join(asked.left_out), status=422, content_type="text/plain; charset=utf-8")
    return download(rows, name)


def download(rows: Iterable[Sequence[object]], name: str) -> StreamingHttpResponse:
    def told() -> Iterator[str]:
        yield BOM
        yield from lines(rows)

    return StreamingHttpResponse(
        told(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def of_chart(chart: Chart) -> Iterator[Sequence[object]]:
    """Times in seconds, shares in percent and days as 2026-12-01, so that a spreadsheet can calculate with them."""
    units = {"time": " (seconds)", "share": " (percent)", "number": ""}
    yield [chart.head, *(column.label + units[column.unit.value] for column in chart.columns)]
    for row in chart.rows:
        yield [row.day or row.label, *(cell.value for cell in row.cells)]
