"""Whose a conversation is: what saying that two contacts are one person, and taking it back, have in common."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from inbox import events
from inbox.actions import _conversations, _parting, _sql
from inbox.exchange import STAND_IN
from inbox.models import Contact, ContactMerge, Conversation, EventKind, Handle, Person
from inbox.models.conversations import UNDER_WAY

TOLD = 50  # conversations of a person that are told and scored anew; older ones are history


def part(ledger: events.Ledger, merge_id: int, *, by: Person, now: datetime) -> str:
    """Undo a merge. Returns why not; empty when they are two people again, as they may have been before."""
    row = ContactMerge.objects.select_related("kept", "absorbed").get(pk=merge_id)
    if row.undone_at is not None:
        return ""
    if row.kept.merged_into_id is not None:
        return f"{row.kept} was merged into another person since. Undo that first."
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
    named = _hidden_and_named(row.kept_id, row.handles)
    marked = mark([row.kept_id, row.absorbed_id, *named.values()])
    apart = [row.kept_id, row.absorbed_id]
    _parting.part_strangers(ledger, apart, by=by, now=now)
    tell(ledger, EventKind.CONTACTS_PARTED, apart, row, by, now, marked=[*marked, *named])
    return ""


def _hidden_and_named(kept_id: int, handles: list[int]) -> dict[int, int]:
    """After a merge is undone, of what is still the kept one's: somebody whom the platform hid wrote there, and was somebody else's account
    after all (_unhiding). It stays with whom the hidden one is said to be by a merge that holds; where none does, it is the account's.

    Returns the conversations that went, each with whose it is.
    """
    found = _sql.rows(
        """WITH named AS (
               SELECT c.id, CASE WHEN EXISTS (SELECT FROM inbox_contactmerge g WHERE g.kept_id = w.contact_id AND g.undone_at IS NULL)
                                 THEN w.contact_id ELSE h.contact_id END AS whose
                 FROM inbox_conversation c
                 JOIN inbox_handle h ON h.channel_id = c.channel_id AND h.external_id = c.recipient_key AND h.contact_id <> c.contact_id
                 JOIN LATERAL (SELECT a.contact_id FROM inbox_message m JOIN inbox_handle a ON a.id = m.author_handle_id
                                WHERE m.conversation_id = c.id AND starts_with(a.external_id, %s)
                                  AND (a.id = ANY(%s) OR a.contact_id = c.contact_id)
                                ORDER BY m.id LIMIT 1) w ON true
                WHERE c.contact_id = %s)
           UPDATE inbox_conversation c SET contact_id = named.whose FROM named
            WHERE c.id = named.id AND c.contact_id <> named.whose RETURNING c.id, c.contact_id""",
        [f"{STAND_IN}:", handles, kept_id],
    )
    return dict(found)


def mark(contact_ids: list[int]) -> list[int]:
    """Their conversations say whether the person is marked. Returns those that said something else."""
    rows = _sql.rows(
        """UPDATE inbox_conversation c SET contact_vip = p.vip FROM inbox_contact p
            WHERE p.id = ANY(%s) AND c.contact_id = p.id AND c.contact_vip <> p.vip RETURNING c.id""",
        [contact_ids],
    )
    return [pk for (pk,) in rows]


def tell(
    ledger: events.Ledger, kind: EventKind, contact_ids: Iterable[int], row: ContactMerge, by: Person, now: datetime,
    *, marked: Iterable[int],
) -> None:  # fmt: skip
    """One event in each of their conversations that is under way, and in the newest of each person that is not: triage looks at them anew, and
    search at whose names are whose.

    `marked`: those of which the mark is another now, or that are somebody else's. Views ask for it and their counters follow what is told,
    so all of them are.
    """
    told = {pk for contact_id in contact_ids for pk in _to_tell(contact_id)}
    seqs = {  # who they are is looked up when it is shown: a name may have to go
        pk: ledger.record(kind, at=now, conversation_id=pk, actor_id=by.pk, merge=str(row.public_id))
        for pk in sorted(told)
    }
    seqs |= {  # without an actor: in these nobody was at work
        pk: ledger.record(EventKind.CONTACT_UPDATED, at=now, conversation_id=pk)
        for pk in sorted(set(marked) - seqs.keys())
    }
    _conversations.bump_seq(seqs)


def _to_tell(contact_id: int) -> list[int]:
    theirs = Conversation.objects.filter(contact=contact_id).order_by("-last_message_at", "-pk")
    under_way = theirs.filter(state__in=UNDER_WAY).values_list("pk", flat=True)[:TOLD]
    newest = theirs.filter(~Q(state__in=UNDER_WAY)).values_list("pk", flat=True)[:1]
    return [*under_way, *newest]
