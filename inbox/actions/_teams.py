"""A conversation given to a team, within the action that gives it."""

from __future__ import annotations

from datetime import datetime

from inbox import events
from inbox.actions import _looking, _undo, _writing
from inbox.models import Conversation, EventKind, Person, Team, UndoKind


def give(ledger: events.Ledger, current: Conversation, team: Team, *, by: Person, now: datetime) -> bool:
    """Whether it was not the team's already."""
    if current.team_id == team.pk and current.team_by_hand and current.assignee_id is None:
        return False
    seq = ledger.record(
        EventKind.UNASSIGNED, at=now, conversation_id=current.pk, actor_id=by.pk, to=None, to_name="",
        before=current.assignee_id, team=team.pk, team_name=team.name,
    )  # fmt: skip
    was = _undo.before(UndoKind.ASSIGNEE, current)
    _writing.change(
        current, seq, assignee=None, assignee_name="", assignee_set_by="", assignee_set_at=now,
        team=team, team_by_hand=True,
    )  # fmt: skip
    words = f"Given to the team {team.name}"
    _undo.remember(ledger, UndoKind.ASSIGNEE, words, current, was, seq, by=by, now=now)
    _looking.look(ledger, [current.pk], now)
    return True
