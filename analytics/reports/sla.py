"""SLA: the share of targets that were kept, over time and by what, and each that was missed with its timeline."""

from __future__ import annotations

from analytics import metrics
from analytics.metrics import METRICS, Unit
from analytics.queries import series
from analytics.queries.asked import Asked
from analytics.queries.names import HEADS, Names
from analytics.reports import charts, responses
from analytics.reports.charts import Cell, Chart, Column, Draw, Row, Tile, cell
from analytics.reports.responses import SPLITS, split

TARGETS = (metrics.TARGET_FIRST, metrics.TARGET_NEXT, metrics.TARGET_RESOLUTION)


def chosen(asked: Asked) -> str:
    """Whose missed targets are listed."""
    metric = asked.more.get("metric", TARGETS[0])
    return metric if metric in TARGETS else TARGETS[0]


def tiles(asked: Asked) -> list[Tile]:
    return [responses.attainment_tile(asked, target) for target in TARGETS]


def build(asked: Asked, names: Names) -> list[Chart]:
    return [responses.attainment(asked, *TARGETS), by_what(asked, split(asked), names)]


def by_what(asked: Asked, name: str, names: Names) -> Chart:
    column = SPLITS[name]
    known = [series.counts(asked, target, column) for target in TARGETS]
    columns: list[Column] = []
    for target in TARGETS:
        columns += [Column(METRICS[target].name, Unit.SHARE), Column("missed", Unit.NUMBER, drawn=False)]
    chart = Chart(
        "by",
        f"Targets kept by {HEADS[column].lower()}",
        charts.named(*TARGETS),
        Draw.BARS,
        HEADS[column],
        tuple(columns),
    )
    for value in sorted(
        {key[0] for counts in known for key in counts}, key=lambda each: names.label(column, each)
    ):
        cells: list[Cell] = []
        for target, counts in zip(TARGETS, known, strict=True):
            count, hits = counts.get((value,), (0, 0))
            url = charts.behind(asked, target, **{name: names.text(column, value)})
            missed = count - hits
            cells += [
                cell(100 * hits / count if count else None, Unit.SHARE, url, count),
                cell(missed, Unit.NUMBER, url + "&hit=0" if missed else "", missed),
            ]
        chart.rows.append(Row(names.label(column, value), tuple(cells)))
    return chart
