"""The pane beside the thread: the person across channels, and what was said before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from inbox import access
from inbox.models import ContactMerge, Conversation, ConversationMerge, Handle, Person
from inbox.platforms import Manifest
from inbox.queries import inbox_list, people, triage_facts
from inbox.queries import merges as joining
from inbox.queries.inbox_list import Head
from inbox.queries.triage_facts import TriageFacts

PAST = 8


@dataclass(frozen=True, slots=True)
class Account:
    """One account of the person, and the platform it is on."""

    handle: Handle
    manifest: Manifest | None


@dataclass(frozen=True, slots=True)
class Joined:
    """A conversation that is answered in this one."""

    merge: ConversationMerge
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """The other conversations of the person."""

    head: Head
    others: list[Head]
    joined: list[Joined]


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who the person is, the same for every viewer: their accounts, and who was said to be the same person."""

    head: Head
    accounts: list[Account]
    merges: list[ContactMerge]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context(Others):
    accounts: list[Account]
    merges: list[ContactMerge]
    triage: TriageFacts


def others_of(conversation: Conversation, *, person: Person) -> Others:
    """Without what else stands in the pane: on a busy day an open page asks for it with each conversation that it opens."""
    brand = conversation.brand
    others: list[Conversation] = []
    joined: list[Joined] = []
    if conversation.contact_id:
        joined = [Joined(merge, _label(merge.merged.platform)) for merge in joining.into(conversation)]
        visible = access.conversations_of(person, brand).exclude(pk=conversation.pk)
        others = list(
            visible.filter(contact_id=conversation.contact_id).order_by("-last_message_at", "-pk")[:PAST]
        )
    return Others(
        head=inbox_list.head_of(conversation, brand_slug=brand.slug),
        others=[inbox_list.head_of(each, brand_slug=brand.slug) for each in others],
        joined=joined,
    )


def who_of(conversation: Conversation) -> Who:
    """Without what else stands in the pane: it comes anew with the thread's news of its person."""
    handles: list[Handle] = []
    merges: list[ContactMerge] = []
    if conversation.contact_id:
        handles = list(
            Handle.objects.filter(contact_id=conversation.contact_id).select_related("channel").order_by("pk")
        )
        merges = people.merges_of(conversation.contact) if conversation.contact else []
    return Who(
        head=inbox_list.head_of(conversation, brand_slug=conversation.brand.slug),
        accounts=[Account(handle, inbox_list.manifest_of(handle.channel.platform)) for handle in handles],
        merges=merges,
    )


def of(conversation: Conversation, *, person: Person, now: datetime) -> Context:
    who, beside = who_of(conversation), others_of(conversation, person=person)
    return Context(
        head=beside.head,
        others=beside.others,
        joined=beside.joined,
        accounts=who.accounts,
        merges=who.merges,
        triage=triage_facts.of(conversation, brand_slug=conversation.brand.slug, now=now),
    )


def _label(platform: str) -> str:
    manifest = inbox_list.manifest_of(platform)
    return manifest.label if manifest else platform
