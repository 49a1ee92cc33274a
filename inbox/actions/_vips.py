"""The mark on a person whose messages weigh more."""

from __future__ import annotations

from datetime import datetime

from inbox import events
from inbox.actions import _looking
from inbox.models import Contact, Conversation, EventKind, Person
from inbox.models.conversations import UNDER_WAY

MOST = 200  # conversations of one person that are scored again


def mark(ledger: events.Ledger, contact_id: int, *, vip: bool, by: Person, now: datetime) -> bool:
    """Each conversation with them that is under way is scored again. False: it was so already."""
    found = Contact.objects.filter(brand_id=ledger.brand_id, pk=contact_id)
    if not found.exclude(vip=vip).update(vip=vip):
        return False
    Conversation.objects.filter(contact=contact_id).exclude(contact_vip=vip).update(contact_vip=vip)
    under_way = Conversation.objects.filter(contact=contact_id, state__in=UNDER_WAY).order_by("-pk")
    ids = list(under_way.values_list("pk", flat=True)[:MOST])
    for pk in ids:
        seq = ledger.record(EventKind.CONTACT_UPDATED, at=now, conversation_id=pk, actor_id=by.pk, vip=vip)
        Conversation.objects.filter(pk=pk).update(seq=seq)
    _looking.rescore(ledger, ids, now)
    return True
