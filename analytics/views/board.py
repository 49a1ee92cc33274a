"""Now: who waits, who is late, who is there. The page asks for it again every few seconds."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from analytics.metrics import METRICS
from analytics.queries import live
from analytics.queries.live import Board, Line
from analytics.queries.names import Names
from analytics.views import _door
from analytics.views._door import AgentRequest, Visit, signed_in
from inbox.rules import due_words


@require_GET
@signed_in
def show(request: AgentRequest, brand_slug: str) -> HttpResponse:
    visit = _door.visit(request, brand_slug)
    context = _context(visit) | {"metric": METRICS["waiting"]}
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
    narrow = {
        column: value for column, value in visit.asked.filters.items() if column in ("team_id", "channel_id")
    }
    after = request.GET.get("after", "")
    rows, more = live.conversations(visit.brand, what, now=now, narrow=narrow, after=after)  # type: ignore[arg-type]
    told = [
        (row, due_words.length(now - row.waiting_since) if row.waiting_since else "", _due(row.due_at, now), visit.names.label("channel_id", str(row.channel_id)))
        for row in rows
    ]  # fmt: skip
    return _door.page(
        request, "waiting.html", visit, "now", rows=told, what=live.WHATS[what], after=after, metric=METRICS["waiting"],
        more=visit.asked.query(after=more) if more else "",
        narrowed=[visit.names.label(column, str(value or "")) for column, value in narrow.items()],
    )  # fmt: skip


def _due(at: Any, now: Any) -> str:
    return due_words.say(at, now=now, is_window=False) if at else ""


def _context(visit: Visit) -> dict[str, Any]:
    board = live.board(visit.brand, now=timezone.now())
    teams = sorted(board.teams.values(), key=lambda line: (-line.late, -line.waiting, line.key or 0))
    channels = sorted(board.channels.values(), key=lambda line: (-line.late, -line.waiting, line.key or 0))
    return {
        "brand": visit.brand,
        "board": board,
        "oldest": _waits(board, board.whole),
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
