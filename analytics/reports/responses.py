"""Response times: percentiles and targets over time, by whom and what, by hour of the week, and how they spread."""

from __future__ import annotations

from analytics import metrics
from analytics.metrics import METRICS, Unit
from analytics.queries import behind, series
from analytics.queries.asked import Asked
from analytics.queries.names import HEADS, Names
from analytics.queries.series import NOTHING, Point
from analytics.reports import charts, moments, words
from analytics.reports.charts import Chart, Column, Draw, Row, Tile, cell

CHOICES = (metrics.FIRST, metrics.NEXT, metrics.RESOLUTION, metrics.ASSIGNMENT)
TARGETS = {
    metrics.FIRST: metrics.TARGET_FIRST,
    metrics.NEXT: metrics.TARGET_NEXT,
    metrics.RESOLUTION: metrics.TARGET_RESOLUTION,
}
SPLITS = {
    "channel": "channel_id",
    "agent": "person_id",
    "team": "team_id",
    "tag": "tag",
    "priority": "priority",
}
_TIMES = (
    Column("Half within", Unit.TIME),
    Column("90 % within", Unit.TIME),
    Column("95 % within", Unit.TIME),
)


def chosen(asked: Asked) -> str:
    metric = asked.more.get("metric", metrics.FIRST)
    return metric if metric in CHOICES else metrics.FIRST


def split(asked: Asked) -> str:
    by = asked.more.get("by", "channel")
    return by if by in SPLITS else "channel"


def tiles(asked: Asked) -> list[Tile]:
    key = chosen(asked)
    now, before = series.point(asked, key), series.point(asked.before, key)
    counts = now.count, before.count
    found = [
        charts.tile(
            asked, key, label, Unit.WITHIN, figures, counts, of=f"of {words.number(now.count)} {METRICS[key].of}"
        )
        for label, figures in (
            ("Half within", (now.p50, before.p50)), ("90 % within", (now.p90, before.p90)), ("95 % within", (now.p95, before.p95)),
        )
    ]  # fmt: skip
    found.append(charts.tile(asked, key, METRICS[key].of.capitalize(), Unit.NUMBER, counts, counts))
    if target := TARGETS.get(key):
        found.append(attainment_tile(asked, target))
    return found


def attainment_tile(asked: Asked, target: str) -> Tile:
    now, before = series.point(asked, target), series.point(asked.before, target)
    return charts.tile(
        asked, target, METRICS[target].name, Unit.SHARE, (now.share, before.share), (now.count, before.count),
        of=f"{words.number(now.hits)} of {words.number(now.count)} kept",
    )  # fmt: skip


def build(asked: Asked, names: Names) -> list[Chart]:
    key = chosen(asked)
    found = [over_time(asked, key)]
    if target := TARGETS.get(key):
        found.append(attainment(asked, target))
    return [*found, by_what(asked, key, split(asked), names), heat(asked, key), spread(asked, key)]


def over_time(asked: Asked, key: str) -> Chart:
    metric, by = METRICS[key], moments.by(asked)
    known, earlier = series.points(asked, key, by), series.points(asked.before, key, moments.by(asked.before))
    chart = Chart(
        "over-time", f"{metric.name} over time", (metric,), Draw.LINES, moments.head(asked),
        (*_TIMES, Column("Half within, the period before", Unit.TIME, faint=True), Column(metric.of.capitalize(), Unit.NUMBER, drawn=False)),
    )  # fmt: skip
    for moment, past in zip(moments.of(asked), moments.before(asked), strict=True):
        point, old = known.get((moment.key,), NOTHING), earlier.get((past.key,), NOTHING)
        url = charts.behind(asked, key, **moment.address())
        old_url = charts.behind(asked.before, key, **past.address())
        chart.rows.append(
            Row(
                moment.label,
                (
                    *_times(point, url),
                    cell(old.p50, Unit.WITHIN, old_url, old.count),
                    cell(point.count, Unit.NUMBER, url if point.count else "", point.count),
                ),
                day=moment.day,
            )
        )
    return chart


def _times(point: Point, url: str) -> tuple[charts.Cell, ...]:
    return tuple(cell(value, Unit.WITHIN, url, point.count) for value in (point.p50, point.p90, point.p95))


def attainment(asked: Asked, *targets: str) -> Chart:
    """The share that was kept, with the missed ones to open."""
    by = moments.by(asked)
    known = [series.counts(asked, target, by) for target in targets]
    single = len(targets) == 1
    columns: list[Column] = []
    for target in targets:
        columns += [
            Column("Kept" if single else METRICS[target].name, Unit.SHARE),
            Column("Missed" if single else f"{METRICS[target].name}: missed", Unit.NUMBER, drawn=False),
        ]
    chart = Chart(
        "attainment", METRICS[targets[0]].name if single else "Targets kept", charts.named(*targets), Draw.LINES, moments.head(asked),
        tuple(columns),
    )  # fmt: skip
    for moment in moments.of(asked):
        cells: list[charts.Cell] = []
        for target, counts in zip(targets, known, strict=True):
            count, hits = counts.get((moment.key,), (0, 0))
            cells += kept_and_missed(count, hits, charts.behind(asked, target, **moment.address()))
        chart.rows.append(Row(moment.label, tuple(cells), day=moment.day))
    return chart


def kept_and_missed(count: int, hits: int, url: str) -> tuple[charts.Cell, charts.Cell]:
    missed = count - hits
    return (
        cell(100 * hits / count if count else None, Unit.SHARE, url, count),
        cell(missed, Unit.NUMBER, url + "&hit=0" if missed else "", missed),
    )


def by_what(asked: Asked, key: str, name: str, names: Names) -> Chart:
    column, metric = SPLITS[name], METRICS[key]
    known = series.points(asked, key, column)
    before = series.points(asked.before, key, column)
    target = TARGETS.get(key)
    kept = series.counts(asked, target, column) if target else {}
    columns = [
        *_TIMES,
        Column("Half within, before", Unit.TIME, drawn=False),
        Column(metric.of.capitalize(), Unit.NUMBER, drawn=False),
    ]
    if target:
        columns += [
            Column("Targets kept", Unit.SHARE, drawn=False),
            Column("Targets missed", Unit.NUMBER, drawn=False),
        ]
    chart = Chart(
        "by", f"{metric.name} by {HEADS[column].lower()}", charts.named(key, *([target] if target else [])), Draw.BARS, HEADS[column],
        tuple(columns),
    )  # fmt: skip
    # Also who only missed targets, and of whom the period before alone knows: the tiles count both.
    found = {**before, **kept, **known}
    for (value,) in sorted(
        found, key=lambda key: (-known.get(key, NOTHING).count, names.label(column, key[0]))
    ):
        point = known.get((value,), NOTHING)
        at = {name: names.text(column, value)}
        url = charts.behind(asked, key, **at)
        old = before.get((value,), NOTHING)
        cells = [
            *_times(point, url), cell(old.p50, Unit.WITHIN, charts.behind(asked.before, key, **at), old.count),
            cell(point.count, Unit.NUMBER, url, point.count),
        ]  # fmt: skip
        if target:
            cells += kept_and_missed(*kept.get((value,), (0, 0)), charts.behind(asked, target, **at))
        chart.rows.append(Row(names.label(column, value), tuple(cells)))
    return chart


def heat(asked: Asked, key: str) -> Chart:
    """By hour of the week, in the brand's time: half within."""
    known = series.points(asked, key, series.SLOT)
    cells = [
        [
            cell(point.p50, Unit.WITHIN, charts.behind(asked, key, slot=slot), point.count)
            for slot in range(day * 24, day * 24 + 24)
            for point in [known.get((str(slot),), NOTHING)]
        ]
        for day in range(7)
    ]
    chart = Chart(
        "hours", f"{METRICS[key].name} by hour of the week: half within", (METRICS[key],), Draw.HEAT, "Day",
        tuple(Column(f"{hour:02}", Unit.TIME) for hour in range(24)),
    )  # fmt: skip
    chart.rows = charts.weekday_rows(cells)
    return chart


def spread(asked: Asked, key: str) -> Chart:
    found = behind.bars(series.distribution(asked, key))
    chart = Chart(
        "spread", f"How {METRICS[key].name.lower()}s spread", (METRICS[key],), Draw.BARS, "Took",
        (Column(METRICS[key].of.capitalize(), Unit.NUMBER), Column("Of all", Unit.SHARE, drawn=False)),
    )  # fmt: skip
    total = sum(found)
    for number, count in enumerate(found):
        label = words.bar(number)
        url = charts.behind(asked, key, bar=number) if count else ""
        chart.rows.append(
            Row(
                label,
                (
                    cell(count, Unit.NUMBER, url, count),
                    cell(100 * count / total if total else None, Unit.SHARE, url, count),
                ),
            )
        )
    return chart
