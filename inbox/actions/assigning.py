"""Who takes care of a conversation. What a person chooses here holds: no router changes it until it is resolved."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from inbox import events
from inbox.actions import _queueing, _teams, _undo, _writing
from inbox.models import Conversation, EventKind, Membership, Person, Team, UndoKind


class NotAColleague(Exception):
    """Somebody who does not work for the brand cannot be given its conversations."""


class NoSuchTeam(Exception):
    """A team that somebody has removed, or is removing, cannot be given any either."""


@transaction.atomic(durable=True)
def assign(*, conversation: Conversation, to: Person | None, by: Person, now: datetime) -> Conversation:
    """Give the conversation to a colleague, or to nobody. Returns it as it is afterwards."""
    if (
        to
        and not Membership.objects.filter(
            brand_id=conversation.brand_id, person=to, person__is_active=True
        ).exists()
    ):
        raise NotAColleague(f"{to.short_name} does not work for this brand.")
    with events.ledger(conversation.brand_id) as ledger:
        current = _writing.locked(conversation.pk)
        was = _undo.before(UndoKind.ASSIGNEE, current)
        chosen = {"assignee_set_by": _queueing.BY_PERSON, "assignee_set_at": now}
        _queueing.forget([current.pk])
        if current.assignee_id != (to.pk if to else None):
            kind = EventKind.ASSIGNED if to else EventKind.UNASSIGNED
            seq = ledger.record(
                kind, at=now, conversation_id=current.pk, actor_id=by.pk, to=to.pk if to else None,
                to_name=to.short_name if to else "", before=current.assignee_id,
            )  # fmt: skip
            _writing.change(current, seq, assignee=to, assignee_name=to.short_name if to else "", **chosen)
            words = f"Assigned to {to.short_name}" if to else "Assigned to nobody"
            _undo.remember(ledger, UndoKind.ASSIGNEE, words, current, was, seq, by=by, now=now)
        else:  # nothing to see, but from now on it is a person's choice
            _writing.change(current, current.seq, **chosen)
            words = f"Left with {to.short_name}" if to else "Left to nobody"
            _undo.remember(ledger, UndoKind.ASSIGNEE, words, current, was, current.seq, by=by, now=now, quiet=True)  # fmt: skip
    return current


@transaction.atomic(durable=True)
def give_to_team(*, conversation: Conversation, team: Team, by: Person, now: datetime) -> Conversation:
    """Whoever had it has it no more; routing finds somebody of the team, or somebody of the team takes it."""
    with events.ledger(conversation.brand_id) as ledger:
        if not Team.objects.staying().filter(pk=team.pk).exists():
            raise NoSuchTeam(f"The team {team.name} is no more. Somebody has just removed it.")
        current = _writing.locked(conversation.pk)
        _teams.give(ledger, current, team, by=by, now=now)
    return current
