"""A person whom the platform hid is named, after a colleague has said who it is: the conversation stays with whom they said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, Func

from inbox.actions._arrivals import Met
from inbox.models import Contact, ContactMerge, Conversation, Handle


@dataclass(frozen=True, slots=True)
class Unhidden:
    """A conversation, whose it is, and who the platform says it is."""

    conversation_id: int
    channel_id: int
    stand_in: str
    contact_id: int
    who: Met


def stay(unhidden: Sequence[Unhidden]) -> dict[int, int]:
    """Conversation → contact, of those whose hidden person is one with somebody else while that merge holds."""
    contact_ids = {each.contact_id for each in unhidden}
    if not contact_ids:
        return {}
    merged = ContactMerge.objects.filter(kept__in=contact_ids, undone_at=None)
    kept = set(merged.values_list("kept_id", flat=True))
    stays = {}
    for each in unhidden:
        if each.contact_id in kept and each.who.contact_id != each.contact_id:
            stays[each.conversation_id] = each.contact_id
            if _is_known_from_here_alone(each.who):
                _join(each)
    return stays


def _is_known_from_here_alone(who: Met) -> bool:
    if Handle.objects.filter(contact=who.contact_id).exclude(pk=who.handle_id).exists():
        return False
    if Conversation.objects.filter(contact=who.contact_id).exists():
        return False
    merges = ContactMerge.objects.filter(kept=who.contact_id) | ContactMerge.objects.filter(
        absorbed=who.contact_id
    )
    return not merges.exists()


def _join(each: Unhidden) -> None:
    """The account is the same person's, and goes where the hidden one goes when the merge is undone."""
    hidden = Handle.objects.filter(channel=each.channel_id, external_id=each.stand_in)
    Handle.objects.filter(pk=each.who.handle_id).update(contact=each.contact_id)
    for pk in hidden.values_list("pk", flat=True):
        holding = ContactMerge.objects.filter(undone_at=None, handles__contains=[pk])
        holding.update(handles=Func(F("handles"), each.who.handle_id, function="array_append"))
    Contact.objects.filter(pk=each.who.contact_id).delete()
    each.who.contact_id = each.contact_id
