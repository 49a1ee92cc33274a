"""Tags and mood of the conversations that began: their shares, and how those moved."""

from __future__ import annotations

from analytics import metrics
from analytics.metrics import METRICS, Unit
from analytics.queries import series
from analytics.queries.asked import Asked
from analytics.queries.names import Names
from analytics.reports import charts, moments, words
from analytics.reports.charts import Chart, Column, Draw, Row, Tile, cell

MOODS = ("positive", "neutral", "negative", "")


def tiles(asked: Asked) -> list[Tile]:
    now, before = (series.counts(each, metrics.OPENED).get((), (0, 0))[0] for each in (asked, asked.before))
    found = [
        charts.tile(
            asked, metrics.OPENED, METRICS[metrics.OPENED].name, Unit.NUMBER, (now, before), (now, before)
        )
    ]
    moods, earlier = (series.counts(each, metrics.OPENED, "sentiment") for each in (asked, asked.before))
    for mood, label in (("negative", "Negative"), ("positive", "Positive")):
        count, old = moods.get((mood,), (0, 0))[0], earlier.get((mood,), (0, 0))[0]
        found.append(
            charts.tile(
                asked, "mood_share", label, Unit.SHARE, (_share(count, now), _share(old, before)), (count, old),
                of=f"{words.number(count)} of {words.number(now)}", opens={"mood": mood},
            )
        )  # fmt: skip
    return found


def _share(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def build(asked: Asked, names: Names) -> list[Chart]:
    return [tags(asked, names), moods(asked, names), mood_over_time(asked, names)]


def tags(asked: Asked, names: Names) -> Chart:
    return _shares(asked, names, "tag", "tags", "Tags", "Tag", "tag_share", "tag")


def moods(asked: Asked, names: Names) -> Chart:
    return _shares(asked, names, "sentiment", "moods", "Mood", "Mood", "mood_share", "mood")


def _shares(
    asked: Asked, names: Names, column: str, key: str, title: str, head: str, metric: str, parameter: str
) -> Chart:
    now, before = (series.counts(each, metrics.OPENED, column) for each in (asked, asked.before))
    whole, past = (series.counts(each, metrics.OPENED).get((), (0, 0))[0] for each in (asked, asked.before))
    chart = Chart(
        key, f"{title} of conversations that began", charts.named(metric), Draw.BARS, head,
        (
            Column("Share", Unit.SHARE), Column("Share, the period before", Unit.SHARE, faint=True),
            Column("Conversations", Unit.NUMBER, drawn=False), Column("Conversations, before", Unit.NUMBER, drawn=False),
        ),
    )  # fmt: skip
    for (value,) in sorted({*now, *before}, key=lambda each: (-now.get(each, (0, 0))[0], each)):
        count, old = now.get((value,), (0, 0))[0], before.get((value,), (0, 0))[0]
        at = {parameter: names.text(column, value)}
        url, old_url = charts.behind(asked, metric, **at), charts.behind(asked.before, metric, **at)
        chart.rows.append(
            Row(
                names.label(column, value),
                (
                    cell(_share(count, whole), Unit.SHARE, url, count), cell(_share(old, past), Unit.SHARE, old_url, old),
                    cell(count, Unit.NUMBER, url, count), cell(old, Unit.NUMBER, old_url, old),
                ),
            )
        )  # fmt: skip
    return chart


def mood_over_time(asked: Asked, names: Names) -> Chart:
    known = series.counts(asked, metrics.OPENED, moments.by(asked), "sentiment")
    chart = Chart(
        "mood-over-time", "Mood over time", charts.named("mood_share"), Draw.STACK, moments.head(asked),
        tuple(Column(names.label("sentiment", mood), Unit.NUMBER) for mood in MOODS),
    )  # fmt: skip
    for moment in moments.of(asked):
        cells = []
        for mood in MOODS:
            number = known.get((moment.key, mood), (0, 0))[0]
            url = charts.behind(asked, "mood_share", mood=mood or "none", **moment.address())
            cells.append(cell(number, Unit.NUMBER, url if number else "", number))
        chart.rows.append(Row(moment.label, tuple(cells), day=moment.day))
    return chart
