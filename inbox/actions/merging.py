"""Two contacts turn out to be one person, and are two again when that was a mistake.

Each conversation stays what it is: its thread, its clocks and what was promised. What changes is whose it is, and so everything that
is counted by person: how often they came, whether they are marked, what stands beside the thread.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from inbox import events
from inbox.actions import _conversations, _sql
from inbox.models import Contact, ContactMerge, Conversation, EventKind, Handle, Person
from inbox.models.conversations import UNDER_WAY

TOLD = 50  # conversations of a person that are told and scored anew; older ones are history


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
        _mark([kept.pk])
        _tell(ledger, EventKind.CONTACTS_MERGED, [kept.pk], row, by, now)
    return row


@transaction.atomic(durable=True)
def part(*, merge: ContactMerge, by: Person, now: datetime) -> None:
    """Undo it. What came for the absorbed one's accounts since then goes with them. Undoing it twice is undoing it once."""
    with events.ledger(merge.brand_id) as ledger:
        row = ContactMerge.objects.select_related("kept", "absorbed").get(pk=merge.pk)
        if row.undone_at is not None:
            return
        if row.kept.merged_into_id is not None:
            raise Refused(f"{row.kept} was merged into another person since. Undo that first.")
        ContactMerge.objects.filter(pk=row.pk).update(undone_at=now, undone_by=by)
        Contact.objects.filter(pk=row.absorbed_id).update(merged_into=None)
        if row.absorbed.vip and not row.vip_before:
            Contact.objects.filter(pk=row.kept_id).update(vip=False)
        Handle.objects.filter(pk__in=row.handles, contact=row.kept).update(contact=row.absorbed)
        _sql.run(
            """UPDATE inbox_conversation c SET contact_id = %s FROM inbox_handle h
                WHERE h.id = ANY(%s) AND c.contact_id = %s AND c.channel_id = h.channel_id AND c.recipient_key = h.external_id""",
            [row.absorbed_id, row.handles, row.kept_id],
        )
        _mark([row.kept_id, row.absorbed_id])
        _tell(ledger, EventKind.CONTACTS_PARTED, [row.kept_id, row.absorbed_id], row, by, now)


def _mark(contact_ids: list[int]) -> None:
    """Their conversations say whether the person is marked."""
    _sql.run(
        """UPDATE inbox_conversation c SET contact_vip = p.vip FROM inbox_contact p
            WHERE p.id = ANY(%s) AND c.contact_id = p.id AND c.contact_vip <> p.vip""",
        [contact_ids],
    )


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


def _tell(
    ledger: events.Ledger, kind: EventKind, contact_ids: Iterable[int], row: ContactMerge, by: Person, now: datetime
) -> None:  # fmt: skip
    """One event in each of their conversations that is under way, and in the newest that is not: triage looks at them anew."""
    told = Conversation.objects.filter(contact__in=list(contact_ids)).order_by("-last_message_at", "-pk")
    under_way = told.filter(state__in=UNDER_WAY).values_list("pk", flat=True)[:TOLD]
    newest = told.filter(~Q(state__in=UNDER_WAY)).values_list("pk", flat=True)[:1]
    data: dict[str, Any] = {"kept": str(row.kept), "absorbed": str(row.absorbed), "merge": str(row.public_id)}
    seqs = {
        pk: ledger.record(kind, at=now, conversation_id=pk, actor_id=by.pk, **data)
        for pk in sorted({*under_way, *newest})
    }
    _conversations.bump_seq(seqs)
