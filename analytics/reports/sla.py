"""SLA: the share of targets that were kept, over time and by what, and each that was missed with its timeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from analytics import metrics
from analytics.metrics import METRICS, Unit
from analytics.queries import behind, missed, series
from analytics.queries.asked import Asked
from analytics.queries.names import HEADS, Names
from analytics.reports import charts, responses
from analytics.reports.charts import Cell, Chart, Column, Draw, Row, Tile
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
        columns += [
            Column(METRICS[target].name, Unit.SHARE),
            Column(f"{METRICS[target].name}: missed", Unit.NUMBER, drawn=False),
        ]
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
            cells += responses.kept_and_missed(count, hits, url)
        chart.rows.append(Row(names.label(column, value), tuple(cells)))
    return chart


def missed_rows(asked: Asked, *, now: datetime) -> Iterator[Sequence[object]]:
    """Those of the chosen target that were missed, the newest first, as a file."""
    yield (
        "Conversation", "Customer", "Target", "Policy", "Began", "Ended", "Promised (seconds)", "Took (seconds)", "Late (seconds)", "Answered by",
    )  # fmt: skip
    target = chosen(asked)
    narrow = behind.Narrow(METRICS[target], hit=False)
    for each in missed.everything(asked, narrow, now=now):
        link = reverse("inbox:conversation", args=[asked.brand.slug, each.fact.public_id])
        yield (
            settings.PARLEY_PUBLIC_URL + link, each.fact.contact, METRICS[target].name, f"{each.policy_name}, version {each.policy_version}", _local(each.started_at, asked),
            _local(each.ended_at, asked), each.target, each.counted, each.late_by, each.fact.person,
        )  # fmt: skip


def _local(at: datetime | None, asked: Asked) -> str:
    return at.astimezone(asked.zone).isoformat(timespec="seconds") if at else ""
