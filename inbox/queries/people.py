"""People of a brand whom a colleague may mean by a name: for saying that two contacts are one person."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from inbox.models import Brand, Contact, ContactMerge, Handle
from inbox.queries import inbox_list

SHOWN = 8
SHORTEST = 2  # letters of a name before people are looked for


@dataclass(slots=True)
class Candidate:
    contact: Contact
    handles: list[Handle] = field(default_factory=list)

    @property
    def accounts(self) -> str:
        return ", ".join(
            f"@{each.username}" if each.username else each.name or each.external_id
            for each in self.handles[:3]
        )

    @property
    def platforms(self) -> list[str]:
        return sorted({each.channel.platform for each in self.handles})

    @property
    def words(self) -> str:
        return " ".join(
            [self.contact.name, *(f"{each.name} {each.username}" for each in self.handles)]
        ).lower()


def alike(brand: Brand, contact: Contact) -> list[Candidate]:
    """Others whose accounts bear one of this person's names. How a network calls everybody whom it hides is nobody's."""
    names: set[str] = set()
    handles = Handle.objects.filter(contact=contact)
    for name, username, platform in handles.values_list("name", "username", "channel__platform"):
        manifest = inbox_list.manifest_of(platform)
        told = username if manifest and name == manifest.hidden_name else name
        names |= {each.lower() for each in (told, username) if len(each) >= SHORTEST}
    if not names:
        return []
    found = _lowered(brand).filter(Q(low_name__in=names) | Q(low_username__in=names))
    return _candidates(found, contact)


def named(brand: Brand, contact: Contact, text: str) -> list[Candidate]:
    """Others with an account whose name or username begins like that."""
    text = text.strip().lstrip("@").lower()
    if len(text) < SHORTEST:
        return alike(brand, contact)
    found = _lowered(brand).filter(Q(low_name__startswith=text) | Q(low_username__startswith=text))
    return _candidates(found, contact)


def merges_of(contact: Contact) -> list[ContactMerge]:
    """Those that still hold, the newest first."""
    held = ContactMerge.objects.filter(kept=contact, undone_at=None).select_related("absorbed", "merged_by")
    return list(held.order_by("-merged_at", "-pk"))


def _lowered(brand: Brand) -> QuerySet[Handle]:
    return (
        Handle.objects.filter(channel__brand=brand)
        .alias(low_name=Lower("name"), low_username=Lower("username"))
        .select_related("contact", "channel")
    )


def _candidates(found: QuerySet[Handle], besides: Contact) -> list[Candidate]:
    by_contact: dict[int, Candidate] = {}
    for handle in found.exclude(contact=besides).order_by("-pk")[: SHOWN * 4]:
        if handle.contact_id not in by_contact and len(by_contact) == SHOWN:
            continue
        by_contact.setdefault(handle.contact_id, Candidate(handle.contact)).handles.append(handle)
    return list(by_contact.values())
