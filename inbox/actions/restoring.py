"""After a backup was put back: what waited when it was made may have left since, so none of it leaves by itself; and
whoever may come in was decided anew since, so nobody is in."""

from __future__ import annotations

from datetime import datetime

from django.contrib.sessions.models import Session
from django.db import transaction

from inbox import events
from inbox.actions import sending
from inbox.models import Brand, Message, MessageState

MAY_HAVE_LEFT = "A backup was restored: this may have left since it was made. Look at the thread, then send it anyway or discard it."


def hold_replies(*, now: datetime) -> int:
    """Leave each reply that waits to be sent to a person. Returns how many. What was on its way is settled by the platform's history."""
    return sum(_hold(brand_id, now) for brand_id in Brand.objects.order_by("pk").values_list("pk", flat=True))


@transaction.atomic(durable=True)
def end_sessions() -> int:
    """Whoever was locked, or signed out, since the backup was made would be in again with the cookie they still have. Returns how many."""
    ended, _ = Session.objects.all().delete()
    return ended


@transaction.atomic(durable=True)
def _hold(brand_id: int, now: datetime) -> int:
    with events.ledger(brand_id) as ledger:
        waiting = Message.objects.filter(conversation__brand=brand_id, state=MessageState.QUEUED)
        replies = list(waiting.select_related("conversation").order_by("pk"))
        for reply in replies:
            sending.leave_to_a_person(ledger, reply, MAY_HAVE_LEFT, now)
    return len(replies)
