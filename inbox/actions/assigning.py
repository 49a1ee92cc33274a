"""Who takes care of a conversation."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from inbox import events
from inbox.actions import _writing
from inbox.models import Conversation, EventKind, Membership, Person


class NotAColleague(Exception):
    """Somebody who does not work for the brand cannot be given its conversations."""


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
        if current.assignee_id != (to.pk if to else None):
            kind = EventKind.ASSIGNED if to else EventKind.UNASSIGNED
            seq = ledger.record(
                kind, at=now, conversation_id=current.pk, actor_id=by.pk, to=to.pk if to else None,
                to_name=to.short_name if to else "", before=current.assignee_id,
            )  # fmt: skip
            _writing.change(current, seq, assignee=to, assignee_name=to.short_name if to else "")
    return current
