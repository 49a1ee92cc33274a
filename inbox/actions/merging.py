"""Two contacts turn out to be one person, and are two again when that was a mistake.

Each conversation stays what it is: its thread, its clocks and what was promised. What changes is whose it is, and so everything that
is counted by person: how often they came, whether they are marked, what stands beside the thread.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from inbox import events
from inbox.actions import _people, _undo
from inbox.models import Contact, ContactMerge, Conversation, EventKind, Handle, Person, UndoKind


class Refused(Exception):
    """The merge is not made, or not undone; the words say why."""


@transaction.atomic(durable=True)
def merge(*, kept: Contact, absorbed: Contact, by: Person, now: datetime) -> ContactMerge:
    """What is the absorbed one's becomes the kept one's."""
    with events.ledger(kept.brand_id) as ledger:
        kept, absorbed = _as_they_are(kept, absorbed)
        handles = list(Handle.objects.filter(contact=absorbed).order_by("pk").values_list("pk", flat=True))
        row = ContactMerge.objects.create(
            brand_id=kept.brand_id, kept=kept, absorbed=absorbed, handles=handles, vip_before=kept.vip, merged_by=by, merged_at=now
        )  # fmt: skip
        Contact.objects.filter(pk=absorbed.pk).update(merged_into=kept)
        if absorbed.vip and not kept.vip:
            Contact.objects.filter(pk=kept.pk).update(vip=True)
        moved = list(Conversation.objects.filter(contact=absorbed).values_list("pk", flat=True))
        Handle.objects.filter(pk__in=handles).update(contact=kept)
        Conversation.objects.filter(pk__in=moved).update(contact=kept)
        marked = _people.mark([kept.pk])
        _people.tell(ledger, EventKind.CONTACTS_MERGED, [kept.pk], row, by, now, marked=marked)
        step = _undo.step(0, 0, None, {"merge": row.pk})
        words = "Said that two contacts are one person"  # without names, which may have to go sooner
        _undo.keep(ledger, UndoKind.PERSON, words, [step], conversation=None, by=by, now=now)
    return row


@transaction.atomic(durable=True)
def part(*, merge: ContactMerge, by: Person, now: datetime) -> None:
    """Undo it. What came for the absorbed one's accounts since then goes with them. Undoing it twice is undoing it once."""
    with events.ledger(merge.brand_id) as ledger:
        if why := _people.part(ledger, merge.pk, by=by, now=now):
            raise Refused(why)
        _undo.spend(merge.brand_id, UndoKind.PERSON, merge.pk, now)


def _as_they_are(kept: Contact, absorbed: Contact) -> tuple[Contact, Contact]:
    found = Contact.objects.in_bulk([kept.pk, absorbed.pk])
    kept, absorbed = found[kept.pk], found[absorbed.pk]
    if kept.pk == absorbed.pk:
        raise Refused("This is the same person already.")
    if kept.brand_id != absorbed.brand_id:
        raise Refused("They write to different brands.")
    if absorbed.merged_into_id is not None or kept.merged_into_id is not None:
        raise Refused("One of them was merged with somebody a moment ago. Look again.")
    return kept, absorbed
