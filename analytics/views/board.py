"""Now: who waits, who is late, who is there. The page asks for it again every few seconds."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from analytics.metrics import LIVE, METRICS
from analytics.queries import catching_up, live
from analytics.queries.live import Board, Line
from analytics.queries.names import Names
from analytics.reports import board_rows, csv_files
from analytics.views import _door
from analytics.views._door import AgentRequest, Visit, signed_in
from inbox.models import Conversation
from inbox.rules import due_words

# By what a list may be narrowed, and the conversation's column.
_NARROWS = {"team_id": "team_id", "channel_id": "channel_id", "person_id": "assignee_id"}

_MEANINGS = {"open": "load"}  # what the list of a number shows that has a definition of another name


@require_GET
@signed_in
def show(request: AgentRequest, brand_slug: str) -> HttpResponse:
    visit = _door.visit(request, brand_slug)
    context = _context(visit)
    if "X-Parley-Fragment" in request.headers:
        return render(request, "analytics/_board.html", context)
    return _door.page(request, "now.html", visit, "now", **context)


@require_GET
@signed_in
def conversations(request: AgentRequest, brand_slug: str, what: str) -> HttpResponse:
    """The conversations behind a number of the board."""
    visit, now = _door.visit(request, brand_slug), timezone.now()
    if what not in live.WHATS:
        raise Http404
    after = request.GET.get("after", "")
    rows: list[tuple[Any, Conversation]]
    if what == "answered":
        narrow: dict[str, int | None] = {}
        rows, more = live.answered(visit.brand, now=now, after=after)
    else:
        chosen = visit.asked.filters
        narrow = {column: chosen[name] for name, column in _NARROWS.items() if name in chosen}  # type: ignore[misc]
        found, more = live.conversations(visit.brand, what, now=now, narrow=narrow, after=after)
        rows = [(row.waiting_since, row) for row in found]
    told = [
        (row, at, due_words.length(now - at) if at else "", _due(row.due_at, now), visit.names.label("channel_id", str(row.channel_id)))
        for at, row in rows
    ]  # fmt: skip
    return _door.page(
        request, "waiting.html", visit, "now", rows=told, what=live.WHATS[what], answered=what == "answered", after=after,
        metric=LIVE.get(_MEANINGS.get(what, what), METRICS["waiting"]), more=visit.asked.query(after=more) if more else "",
        narrowed=[visit.names.label(name, str(narrow[column] or "")) for name, column in _NARROWS.items() if column in narrow],
    )  # fmt: skip


@require_GET
@signed_in
def file(request: AgentRequest, brand_slug: str, table: str) -> StreamingHttpResponse:
    """A table of the board as it is at this moment."""
    visit = _door.visit(request, brand_slug)
    board = live.board(visit.brand, now=timezone.now())
    rows = board_rows.of(board, visit.names, table)
    if rows is None:
        raise Http404
    return csv_files.download(rows, f"{visit.brand.slug}-now-by-{table}-{board.at:%Y-%m-%d-%H%M}.csv")


def _due(at: Any, now: Any) -> str:
    return due_words.say(at, now=now, is_window=False) if at else ""


def _context(visit: Visit) -> dict[str, Any]:
    now = timezone.now()
    board, standing = live.board(visit.brand, now=now), catching_up.of(visit.brand, now=now)
    teams = sorted(board.teams.values(), key=lambda line: (-line.late, -line.waiting, line.key or 0))
    channels = sorted(board.channels.values(), key=lambda line: (-line.late, -line.waiting, line.key or 0))
    return {
        "brand": visit.brand,
        "board": board,
        "live": LIVE,
        "waiting": METRICS["waiting"],
        "standing": standing,
        "oldest": _waits(board, board.whole),
        "people": [(each, number, f"agent={each.person.public_id}") for each, number in board.people],
        "tables": [
            ("team", "Team", [_line(board, line, visit.names, "team_id", "team") for line in teams]),
            ("channel", "Channel", [_line(board, line, visit.names, "channel_id", "channel") for line in channels]),
        ],
    }  # fmt: skip


def _line(board: Board, line: Line, names: Names, column: str, name: str) -> dict[str, Any]:
    key = str(line.key) if line.key is not None else ""
    return {
        "label": names.label(column, key),
        "query": f"{name}={names.text(column, key)}",
        "line": line,
        "oldest": _waits(board, line),
    }


def _waits(board: Board, line: Line) -> str:
    return due_words.length(board.at - line.oldest) if line.oldest else ""
