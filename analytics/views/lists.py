"""What is behind a figure: the list of what it counts."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from analytics import metrics
from analytics.metrics import Unit
from analytics.queries import behind
from analytics.queries.behind import Narrow
from analytics.reports import responses, words
from analytics.views import _door
from analytics.views._door import AgentRequest, Visit, signed_in
from inbox.models import ConversationState

_NARROWS = ("metric", "hit", "bar", "slot", "mood", "open_on")
# The page that tells a figure; all others stand on that of the response times.
_PAGES = {
    **dict.fromkeys(
        (metrics.IN, metrics.OUT, metrics.BOT, metrics.OPENED, metrics.EFFORT, "backlog", "reopened", "bot_share"), "volume"
    ),
    **dict.fromkeys((metrics.HANDLE, "occupied"), "agents"),
    **dict.fromkeys(("tag_share", "mood_share"), "tags"),
}  # fmt: skip
_TIMES = {target: timed for timed, target in responses.TARGETS.items()}


@require_GET
@signed_in
def show(request: AgentRequest, brand_slug: str) -> HttpResponse:
    visit = _door.visit(request, brand_slug, remembers=_NARROWS)
    try:
        narrow = behind.read(request.GET.dict())
    except (behind.NotUnderstood, ValueError) as fault:
        return _door.page(request, "behind.html", visit, "behind", status=422, fault=str(fault))
    after = request.GET.get("after", "")
    count, page = behind.look(visit.asked, narrow, after=after)
    states = dict(ConversationState.choices)
    unit = Unit.TIME if narrow.metric.unit is Unit.SHARE else narrow.metric.unit
    rows = [(each, words.say(each.value, unit), states[each.state]) for each in page.rows]
    return _door.page(
        request, "behind.html", visit, "behind", narrow=narrow, rows=rows, count=count, after=after,
        more=visit.asked.query(after=page.more) if page.more else "", what=_what(visit, narrow), channels=visit.names.labels["channel_id"],
        back=_PAGES.get(narrow.metric.key, "responses"), back_query=_back(visit, narrow), timed=any(each.value is not None for each in page.rows),
    )  # fmt: skip


def _back(visit: Visit, narrow: Narrow) -> str:
    """Of the response times the one that this is of."""
    key = narrow.metric.key
    told = {**dict.fromkeys(visit.asked.more), "metric": None if key in _PAGES else _TIMES.get(key, key)}
    return visit.asked.query(**told)


def _what(visit: Visit, narrow: Narrow) -> list[str]:
    """In words what this is a list of, besides its metric."""
    asked = visit.asked
    one = asked.first == asked.last
    told = [
        f"open at the end of {narrow.open_on:%a %-d %b %Y}" if narrow.open_on
        else f"{asked.first:%a %-d %b %Y}" if one
        else f"{asked.first:%-d %b %Y} – {asked.last:%-d %b %Y}"
    ]  # fmt: skip
    for column, value in asked.filters.items():
        told.append(visit.names.label(column, "" if value is None else str(value)))
    if narrow.slot is not None:
        day, hour = divmod(narrow.slot, 24)
        weekday = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")[day]
        told.append(f"{'' if one else weekday + ' '}{hour:02}:00 – {hour + 1:02}:00")
    if narrow.bar is not None:
        told.append(words.bar(narrow.bar))
    if narrow.mood is not None:
        told.append(visit.names.label("sentiment", narrow.mood))
    if narrow.hit is not None:
        told.append(narrow.metric.good if narrow.hit else narrow.metric.bad)
    if asked.business and narrow.metric.business:
        told.append("in business hours")
    return told
