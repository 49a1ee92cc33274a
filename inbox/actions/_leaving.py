"""What somebody gives back who no longer works here, within the action that ends it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from inbox import events
from inbox.actions._touched import Touched
from inbox.models import EventKind, Focus, Membership, Person, Presence, PresenceState
from inbox.models.conversations import UNDER_WAY


def go(ledger: events.Ledger, person: Person, now: datetime) -> None:
    """Gone from now on, and due at once to have what they have taken back: the sweep does that (attending.take_back), a batch at a time."""
    Focus.objects.filter(brand_id=ledger.brand_id, person=person).delete()
    told = {"state": PresenceState.OFFLINE, "away": False, "since": now, "requeue_at": now}
    Presence.objects.update_or_create(brand_id=ledger.brand_id, person=person, defaults=told)


def give_back(ledger: events.Ledger, touched: Sequence[Touched], now: datetime) -> None:
    """What is with people who do not work here any more is nobody's, however it came to them: so is what a customer opens again."""
    held = [each for each in touched if each.assignee_id and each.state in UNDER_WAY]
    if not held:
        return
    here = set(
        Membership.objects.filter(
            brand_id=ledger.brand_id,
            person__in={each.assignee_id for each in held},
            person__is_active=True,
        ).values_list("person_id", flat=True)
    )
    for each in held:
        if each.assignee_id in here:
            continue
        free(ledger, each, now, why="left")


def free(ledger: events.Ledger, held: Touched, now: datetime, *, why: str, **told: Any) -> None:
    """Nobody has it from now on, though nobody took it away. `why`, and what is `told` beside it: as the thread tells it."""
    ledger.record(
        EventKind.UNASSIGNED, at=now, conversation_id=held.id, to=None, to_name="", before=held.assignee_id,
        before_name=held.assignee_name, why=why, **told,
    )  # fmt: skip
    held.change(assignee_id=None, assignee_name="", assignee_set_by="", assignee_set_at=now)
