"""Agents: who wrote how much and how fast, how long they were there and at work. Credit goes to who wrote."""

from __future__ import annotations

from collections import Counter

from analytics import metrics
from analytics.metrics import METRICS, Unit
from analytics.queries import agent_hours, series
from analytics.queries.asked import FILTERS, Asked
from analytics.queries.names import Names
from analytics.queries.series import NOTHING
from analytics.reports import charts, moments, words
from analytics.reports.charts import Cell, Chart, Column, Draw, Row, Tile, cell

MOST = 6  # series of people in a picture that can still be told apart
OUTSIDE = ""  # nobody of ours: written in the platform's own app, say


def tiles(asked: Asked) -> list[Tile]:
    now, before = agent_hours.of(asked), agent_hours.of(asked.before)
    online, occupied = (
        (
            float(sum(each[place] for each in now.values())),
            float(sum(each[place] for each in before.values())),
        )
        for place in (0, 1)
    )
    handle, earlier = series.point(asked, metrics.HANDLE), series.point(asked.before, metrics.HANDLE)
    whole = asked.without(*FILTERS)
    began, earlier_began = (
        series.counts(each, metrics.HANDLE).get((), (0, 0))[0] for each in (whole, whole.before)
    )
    return [
        # To be there is not about any conversation, so there is nothing behind it.
        Tile(
            METRICS["online"], METRICS["online"].name, words.length(online[0]), "of all agents", words.change(*online, Unit.TIME),
            words.length(online[1]),
        ),
        charts.tile(
            whole, "occupied", METRICS["occupied"].name, Unit.TIME, occupied, (began, earlier_began), of="of all agents"
        ),
        charts.tile(
            asked, metrics.HANDLE, "Handle time, half within", Unit.TIME, (handle.p50, earlier.p50), (handle.count, earlier.count),
            of=f"of {words.number(handle.count)} stretches",
        ),
    ]  # fmt: skip


def build(asked: Asked, names: Names) -> list[Chart]:
    return [answers(asked, names), times(asked, names), work(asked, names)]


def answers(asked: Asked, names: Names) -> Chart:
    """Messages that people wrote over time; those who wrote most have a series of their own, and so has what was written outside Parley."""
    by = moments.by(asked)
    known = series.counts(asked, metrics.OUT, by, "person_id")
    totals: Counter[str] = Counter()
    for (_, value), (number, _) in known.items():
        totals[value] += number
    people = sorted((value for value in totals if value), key=lambda value: (-totals[value], value))
    shown = people[:MOST] + [OUTSIDE] * (OUTSIDE in totals)
    notes = []
    if len(people) > MOST:
        notes.append("Those who wrote most; the table below has everybody.")
    if OUTSIDE in totals:
        notes.append(
            f"“{names.label('person_id', OUTSIDE)}”: written elsewhere, as in the platform's own app."
        )
    chart = Chart(
        "written", "Messages written", charts.named(metrics.OUT), Draw.STACK, moments.head(asked),
        tuple(Column(names.label("person_id", value), Unit.NUMBER) for value in shown),
        note=" ".join(notes),
    )  # fmt: skip
    for moment in moments.of(asked) if shown else ():
        cells = []
        for value in shown:
            number = known.get((moment.key, value), (0, 0))[0]
            url = charts.behind(asked, metrics.OUT, agent=names.text("person_id", value), **moment.address())
            cells.append(_count(number, url))
        chart.rows.append(Row(moment.label, tuple(cells), day=moment.day))
    return chart


_TIMED = (
    (metrics.FIRST, "First response"),
    (metrics.NEXT, "Next response"),
    (metrics.RESOLUTION, "Resolution"),
    (metrics.ASSIGNMENT, "Assigned to them"),
)


def times(asked: Asked, names: Names) -> Chart:
    known = {key: series.points(asked, key, "person_id") for key, _ in _TIMED}
    columns = []
    for place, (key, label) in enumerate(_TIMED):
        columns += [
            Column(f"{label}: half within", Unit.TIME, drawn=place < 2),
            Column(f"{label}: {METRICS[key].of}", Unit.NUMBER, drawn=False),
        ]
    chart = Chart(
        "times",
        "How fast, by agent",
        charts.named(*(key for key, _ in _TIMED)),
        Draw.BARS,
        "Agent",
        tuple(columns),
    )
    for value in _people(names, *known.values()):
        cells: list[Cell] = []
        for key, _ in _TIMED:
            point = known[key].get((value,), NOTHING)
            url = charts.behind(asked, key, agent=names.text("person_id", value))
            cells += [cell(point.p50, Unit.WITHIN, url, point.count), _count(point.count, url)]
        chart.rows.append(Row(names.label("person_id", value), tuple(cells)))
    return chart


def work(asked: Asked, names: Names) -> Chart:
    handled, written = (
        series.points(asked, metrics.HANDLE, "person_id"),
        series.counts(asked, metrics.OUT, "person_id"),
    )
    hours = {(value,): spent for value, spent in agent_hours.of(asked).items()}
    whole = asked.without(*FILTERS)
    stretches = series.counts(whole, metrics.HANDLE, "person_id")
    chart = Chart(
        "work", "Time there and at work, by agent", charts.named("online", "occupied", metrics.HANDLE, metrics.OUT), Draw.BARS, "Agent",
        (
            Column("Online", Unit.TIME), Column("Occupied", Unit.TIME), Column("Occupied of online", Unit.SHARE, drawn=False),
            Column("Handle time: half within", Unit.TIME, drawn=False), Column("Stretches of work", Unit.NUMBER, drawn=False),
            Column("Messages written", Unit.NUMBER, drawn=False),
        ),
        note="Time there and at work is that of the whole brand; filters leave nothing of it out." if asked.filters else "",
    )  # fmt: skip
    for value in _people(names, handled, written, hours):
        there, busy = hours.get((value,), (0, 0))
        point = handled.get((value,), NOTHING)
        at = {"agent": names.text("person_id", value)}
        worked, handle = charts.behind(whole, "occupied", **at), charts.behind(asked, metrics.HANDLE, **at)
        began = stretches.get((value,), (0, 0))[0]
        chart.rows.append(
            Row(
                names.label("person_id", value),
                (
                    cell(there, Unit.TIME), cell(busy, Unit.TIME, worked, began),
                    cell(min(100.0, 100 * busy / there) if there else None, Unit.SHARE, worked, began),
                    cell(point.p50, Unit.TIME, handle, point.count), _count(point.count, handle),
                    _count(written.get((value,), (0, 0))[0], charts.behind(asked, metrics.OUT, **at)),
                ),
            )
        )  # fmt: skip
    return chart


def _people(names: Names, *known: object) -> list[str]:
    values = {key[0] for each in known for key in each}  # type: ignore[attr-defined]
    return sorted(values, key=lambda value: (not value, names.label("person_id", value), value))


def _count(number: int, url: str) -> Cell:
    return cell(number, Unit.NUMBER, url if number else "", number)
