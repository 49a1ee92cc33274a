"""The mark on a person whose messages weigh more."""

from __future__ import annotations

from datetime import datetime

from inbox import events
from inbox.actions import _conversations, _looking
from inbox.models import Contact, Conversation, EventKind, Person
from inbox.models.conversations import UNDER_WAY

MOST = 200  # conversations of one person that are scored again


def mark(ledger: events.Ledger, contact_id: int, *, vip: bool, by: Person, now: datetime) -> bool:
    """Each conversation with them says so, and those that are under way are scored again. False: it was so already."""
    found = Contact.objects.filter(brand_id=ledger.brand_id, pk=contact_id)
    if not found.exclude(vip=vip).update(vip=vip):
        return False
    others = Conversation.objects.filter(contact=contact_id).exclude(contact_vip=vip)
    marked = list(others.values_list("pk", flat=True))
    Conversation.objects.filter(pk__in=marked).update(contact_vip=vip)
    under_way = Conversation.objects.filter(contact=contact_id, state__in=UNDER_WAY).order_by("-pk")
    ids = list(under_way.values_list("pk", flat=True)[:MOST])
    seqs = {
        pk: ledger.record(EventKind.CONTACT_UPDATED, at=now, conversation_id=pk, actor_id=by.pk, vip=vip)
        for pk in sorted(ids)
    }
    # Resolved ones, too: views ask for the mark, and their counters follow what is told. Nobody was at work in them.
    seqs |= {
        pk: ledger.record(EventKind.CONTACT_UPDATED, at=now, conversation_id=pk, vip=vip)
        for pk in sorted(set(marked) - seqs.keys())
    }
    _conversations.bump_seq(seqs)
    _looking.rescore(ledger, ids, now)
    return True
