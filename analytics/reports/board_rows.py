"""The tables of the board as files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analytics.queries.live import Board
from analytics.queries.names import HEADS, Names

COLUMNS = {"team": "team_id", "channel": "channel_id"}


def of(board: Board, names: Names, table: str) -> Iterable[Sequence[object]] | None:
    """Head and rows; None: there is no such table."""
    if table == "agents":
        return _agents(board)
    return _lines(board, names, COLUMNS[table]) if table in COLUMNS else None


def _lines(board: Board, names: Names, column: str) -> Iterable[Sequence[object]]:
    yield (
        HEADS[column], "Waiting", "The oldest waits (seconds)", "Late", "Due in 15 minutes", "Due in 60 minutes"
    )  # fmt: skip
    for key, line in (board.teams if column == "team_id" else board.channels).items():
        waits = round((board.at - line.oldest).total_seconds()) if line.oldest else None
        label = names.label(column, "" if key is None else str(key))
        yield label, line.waiting, waits, line.late, line.due15, line.due60


def _agents(board: Board) -> Iterable[Sequence[object]]:
    yield "Agent", "Is", "Has", "Load", "Can take"
    for each, number in board.people:
        yield each.person.short_name, each.presence, number, each.at_desk.load, each.at_desk.capacity
