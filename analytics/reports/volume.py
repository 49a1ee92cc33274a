"""Volume and backlog: messages and conversations over time, what is left at the end of each day, and what came back."""

from __future__ import annotations

from datetime import date

from analytics import metrics
from analytics.metrics import METRICS, Unit
from analytics.queries import behind, series
from analytics.queries.asked import DAY, Asked
from analytics.queries.names import Names
from analytics.reports import charts, moments, words
from analytics.reports.charts import Cell, Chart, Column, Draw, Row, Tile, cell


def tiles(asked: Asked) -> list[Tile]:
    found = [_count_tile(asked, key, METRICS[key].name) for key in (metrics.IN, metrics.OUT, metrics.OPENED)]
    found.append(_count_tile(asked, metrics.RESOLUTION, "Resolved"))
    eve = asked.first - DAY
    left = behind.backlog(asked, asked.last), behind.backlog(asked, eve)
    found.append(
        charts.tile(
            asked, "backlog", "Backlog at the end", Unit.NUMBER, left, left, opens={"open_on": asked.last}, opens_before={"open_on": eve}
        )
    )  # fmt: skip
    return [*found, reopened(asked), bot_share(asked), effort(asked)]


def _count_tile(asked: Asked, key: str, label: str) -> Tile:
    now, before = (series.counts(each, key).get((), (0, 0))[0] for each in (asked, asked.before))
    return charts.tile(asked, key, label, Unit.NUMBER, (now, before), (now, before))


def reopened(asked: Asked) -> Tile:
    (count, hits), (before, old) = (
        series.counts(each, metrics.RESOLUTION).get((), (0, 0)) for each in (asked, asked.before)
    )
    return charts.tile(
        asked, "reopened", "Reopen rate", Unit.SHARE, (_share(hits, count), _share(old, before)), (hits, old),
        of=f"{words.number(hits)} of {words.number(count)}", opens={"hit": 1},
    )  # fmt: skip


def bot_share(asked: Asked) -> Tile:
    def of(each: Asked) -> tuple[int, int]:
        bots = series.counts(each, metrics.BOT).get((), (0, 0))[0]
        return bots, bots + series.counts(each, metrics.OUT).get((), (0, 0))[0]

    (bots, count), (old, before) = of(asked), of(asked.before)
    return charts.tile(
        asked, "bot_share", "Bot share", Unit.SHARE, (_share(bots, count), _share(old, before)), (bots, old),
        of=f"{words.number(bots)} of {words.number(count)}",
    )  # fmt: skip


def effort(asked: Asked) -> Tile:
    now, before = series.point(asked, metrics.EFFORT), series.point(asked.before, metrics.EFFORT)
    value, old = (None if each is None else _messages(each) for each in (now.p50, before.p50))
    return charts.tile(
        asked, metrics.EFFORT, "Messages to resolution", Unit.NUMBER, (value, old), (now.count, before.count),
        of=f"or fewer for half of {words.number(now.count)}",
    )  # fmt: skip


def _messages(middle: float) -> float:
    """Messages are whole; from 25 on a bucket holds several numbers of them, and its middle rounded would be over 2 % off."""
    return float(round(middle)) if middle < 25 else middle


def _share(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def build(asked: Asked, names: Names) -> list[Chart]:
    return [
        messages(asked),
        conversations(asked),
        backlog(asked),
        shares(asked),
        by_channel(asked, names),
        heat(asked),
    ]


def messages(asked: Asked) -> Chart:
    keys = (metrics.IN, metrics.OUT, metrics.BOT)
    return _counted(asked, "messages", "Messages", Draw.BARS, [(key, key, METRICS[key].name) for key in keys])


def conversations(asked: Asked) -> Chart:
    told = [(metrics.OPENED, metrics.OPENED, "Opened"), (metrics.RESOLUTION, metrics.RESOLUTION, "Resolved")]
    return _counted(asked, "conversations", "Conversations opened and resolved", Draw.BARS, told)


def _counted(asked: Asked, key: str, title: str, draw: Draw, told: list[tuple[str, str, str]]) -> Chart:
    """`told`: metric, fact and label of each series; the first one also for the period before."""
    known = [series.counts(asked, kind, moments.by(asked)) for _, kind, _ in told]
    earlier = series.counts(asked.before, told[0][1], moments.by(asked.before))
    columns = [Column(label, Unit.NUMBER) for _, _, label in told]
    columns.append(Column(f"{told[0][2]}, the period before", Unit.NUMBER, drawn=False, faint=True))
    chart = Chart(
        key,
        title,
        charts.named(*(metric for metric, _, _ in told)),
        draw,
        moments.head(asked),
        tuple(columns),
    )
    for moment, past in zip(moments.of(asked), moments.before(asked), strict=True):
        cells = [
            _count(counts.get((moment.key,), (0, 0))[0], charts.behind(asked, metric, **moment.address()))
            for (metric, _, _), counts in zip(told, known, strict=True)
        ]
        url = charts.behind(asked.before, told[0][0], **past.address())
        cells.append(_count(earlier.get((past.key,), (0, 0))[0], url))
        chart.rows.append(Row(moment.label, tuple(cells), day=moment.day))
    return chart


def _count(number: int, url: str) -> Cell:
    return cell(number, Unit.NUMBER, url if number else "", number)


def backlog(asked: Asked) -> Chart:
    """At the end of each day or week: what was left before, and what came less what went since."""
    by = series.WEEK if moments.by(asked) == series.WEEK else series.DAY
    opened, resolved = series.counts(asked, metrics.OPENED, by), series.counts(asked, metrics.RESOLUTION, by)
    chart = Chart(
        "backlog", "Backlog at the end of the day", charts.named("backlog"), Draw.LINES, "Week of" if by == series.WEEK else "Day",
        (Column("Backlog", Unit.NUMBER),),
    )  # fmt: skip
    left = behind.backlog(asked, asked.first - DAY)
    for key, label, last in _ends(asked, by):
        left += opened.get((key,), (0, 0))[0] - resolved.get((key,), (0, 0))[0]
        chart.rows.append(Row(label, (_count(left, charts.behind(asked, "backlog", open_on=last)),), day=key))
    return chart


def _ends(asked: Asked, by: str) -> list[tuple[str, str, date]]:
    if by == series.DAY and asked.days == 1:
        return [(asked.first.isoformat(), moments.say(asked, asked.first), asked.first)]
    return [(each.key, each.label, each.last) for each in moments.of(asked)]


def shares(asked: Asked) -> Chart:
    by = moments.by(asked)
    resolved, bots, people = (
        series.counts(asked, kind, by) for kind in (metrics.RESOLUTION, metrics.BOT, metrics.OUT)
    )
    chart = Chart(
        "shares", "Reopened, and written by bots", charts.named("reopened", "bot_share"), Draw.LINES, moments.head(asked),
        (
            Column("Reopen rate", Unit.SHARE), Column("Bot share", Unit.SHARE), Column("Reopened", Unit.NUMBER, drawn=False),
            Column("Messages by bots", Unit.NUMBER, drawn=False),
        ),
    )  # fmt: skip
    for moment in moments.of(asked):
        count, hits = resolved.get((moment.key,), (0, 0))
        automatic = bots.get((moment.key,), (0, 0))[0]
        written = automatic + people.get((moment.key,), (0, 0))[0]
        again = charts.behind(asked, "reopened", hit=1, **moment.address())
        by_bots = charts.behind(asked, "bot_share", **moment.address())
        chart.rows.append(
            Row(
                moment.label,
                (
                    cell(_share(hits, count), Unit.SHARE, again, hits), cell(_share(automatic, written), Unit.SHARE, by_bots, automatic),
                    _count(hits, again), _count(automatic, by_bots),
                ),
                day=moment.day,
            )
        )  # fmt: skip
    return chart


def by_channel(asked: Asked, names: Names) -> Chart:
    keys = (metrics.IN, metrics.OUT, metrics.BOT, metrics.OPENED, metrics.RESOLUTION)
    known = {key: series.counts(asked, key, "channel_id") for key in keys}
    labels = [METRICS[key].name for key in keys[:4]] + ["Resolved"]
    chart = Chart(
        "channels", "By channel", charts.named(*keys), Draw.BARS, "Channel",
        tuple(Column(label, Unit.NUMBER, drawn=place < 2) for place, label in enumerate(labels)),
    )  # fmt: skip
    values = sorted(
        {value for counts in known.values() for (value,) in counts},
        key=lambda value: names.label("channel_id", value),
    )
    for value in values:
        at = {"channel": names.text("channel_id", value)}
        cells = [_count(known[key].get((value,), (0, 0))[0], charts.behind(asked, key, **at)) for key in keys]
        chart.rows.append(Row(names.label("channel_id", value), tuple(cells)))
    return chart


def heat(asked: Asked) -> Chart:
    known = series.counts(asked, metrics.IN, series.SLOT)
    chart = Chart(
        "hours", "Messages in by hour of the week", charts.named(metrics.IN), Draw.HEAT, "Day",
        tuple(Column(f"{hour:02}", Unit.NUMBER) for hour in range(24)),
    )  # fmt: skip
    chart.rows = charts.weekday_rows(
        [
            [
                _count(known.get((str(slot),), (0, 0))[0], charts.behind(asked, metrics.IN, slot=slot))
                for slot in range(day * 24, day * 24 + 24)
            ]
            for day in range(7)
        ]
    )
    return chart
