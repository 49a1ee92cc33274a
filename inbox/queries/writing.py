"""What the composer offers to whoever writes in a conversation: replies kept for later, filled in, and the variables' values."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from inbox import access
from inbox.exchange import MessageKind
from inbox.models import CannedReply, Conversation, ConversationKind, Direction, Handle, Message, Person
from inbox.platforms import Manifest
from inbox.queries import inbox_list
from inbox.rules import language_names, mentions, order_numbers, variables

LOOKED_AT = 60  # messages of the person in which an order number is looked for


@dataclass(frozen=True, slots=True)
class Offer:
    """A reply as it would stand in the composer."""

    reply: CannedReply
    text: str
    language: str  # the translation that was taken; empty: the one for all

    @property
    def words(self) -> str:
        """By what it is found, typed after the slash."""
        return f"{self.reply.shortcut} {self.reply.name}".lower()

    @property
    def language_name(self) -> str:
        return language_names.named(self.language)

    @property
    def is_own(self) -> bool:
        return self.reply.owner_id is not None


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody to mention. `handle` is what stands after the @."""

    person: Person
    handle: str


@dataclass(frozen=True, slots=True)
class Filled:
    """A variable and what it is here; empty: not known."""

    variable: variables.Variable
    value: str


def offers(conversation: Conversation, person: Person, values: dict[str, str]) -> list[Offer]:
    """Those for this channel, in the customer's language where there is one, the most used first."""
    found = (
        access.canned_replies_of(person, conversation.brand)
        .filter(Q(channels=[]) | Q(channels__contains=[conversation.channel_id]))
        .order_by("-used", "name", "pk")
    )
    language = conversation.language
    return [
        Offer(
            reply,
            variables.render(reply.text_in(language), values),
            language if reply.translations.get(language) else "",
        )
        for reply in found
    ]


def colleagues(conversation: Conversation, person: Person) -> list[Colleague]:
    found = list(access.colleagues_of(person, conversation.brand))
    handles = mentions.handles((each.pk, each.name, each.email) for each in found)
    return [Colleague(each, handles[each.pk]) for each in found if each.pk != person.pk]


def filled(values: dict[str, str]) -> list[Filled]:
    return [Filled(variable, values[variable.name]) for variable in variables.VARIABLES]


def values_of(conversation: Conversation, person: Person) -> dict[str, str]:
    """Every variable's value in this conversation for this writer."""
    manifest = inbox_list.manifest_of(conversation.platform)
    name = _name_in(conversation, manifest)
    values = {
        "contact.first_name": variables.first_name(name),
        "contact.name": name,
        "contact.username": conversation.contact_username,
        "contact.orders.last": _last_order(conversation),
        "agent.first_name": variables.first_name(person.short_name),
        "agent.name": person.short_name,
        "brand.name": conversation.brand.name,
        "conversation.channel": manifest.label if manifest else conversation.platform,
    }
    return {name: variables.as_value(value) for name, value in values.items()}


def _name_in(conversation: Conversation, manifest: Manifest | None) -> str:
    """What the customer is called; empty where nobody knows. A row also shows a group's title, a handle alone, or that somebody is hidden."""
    shown = conversation.contact_name
    if conversation.kind == ConversationKind.GROUP or (manifest and shown == manifest.hidden_name):
        return ""
    if shown == conversation.contact_username and not _is_called(conversation, shown, manifest):
        return ""
    return shown


def _is_called(conversation: Conversation, name: str, manifest: Manifest | None) -> bool:
    """Whether the network tells it as a name. Some are called as their handle is."""
    unnamed = manifest.told_by_handle if manifest else ""
    if unnamed and conversation.recipient_key.startswith(unnamed):
        return False
    of_customer = Handle.objects.filter(
        channel=conversation.channel_id, external_id=conversation.recipient_key
    )
    return of_customer.filter(name=name).exists()


def _last_order(conversation: Conversation) -> str:
    """Where orders will be asked for once they are kept. Until then: the number in the customer's newest words here."""
    said = Message.objects.filter(conversation=conversation, direction=Direction.IN, deleted_at=None)
    newest = (
        said.exclude(kind=MessageKind.SYSTEM)
        .order_by("-sent_at", "-order_key", "-id")
        .values_list("text", flat=True)[:LOOKED_AT]
    )
    return order_numbers.last(newest)
