"""People by their names and handles, each with a conversation to go to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from inbox import access
from inbox.models import Brand, Contact, Conversation, Message, Person
from inbox.models.conversations import ConversationQuerySet
from inbox.platforms import Manifest
from inbox.queries import _fence, faces, inbox_list, search
from inbox.rules import people_words

PEOPLE = 5
SPARE = 3  # times as many people are asked for: some have nothing to show, such as who turned out to be somebody else
NARROWED = 1_000  # people who are asked for their conversations where only some of these are meant


@dataclass(frozen=True, slots=True)
class PersonHit:
    contact: Contact
    conversation: Conversation  # their newest; of who has none of their own, the one in which they wrote last
    handles: list[tuple[str, Manifest | None, str]]  # platform, what is known of it, handle

    @property
    def name(self) -> str:
        return self.contact.name or self.handle or "Unknown person"

    @property
    def handle(self) -> str:
        """As their newest conversation has it, or their first."""
        if not self.among_others and self.conversation.contact_username:
            return self.conversation.contact_username
        return next((handle for _, _, handle in self.handles if handle), "")

    @property
    def among_others(self) -> str:
        """Whose conversation it is, where it is a group or somebody else's."""
        is_theirs = self.conversation.contact_id == self.contact.pk
        return "" if is_theirs else inbox_list.name_of(self.conversation)

    @property
    def face(self) -> faces.Face:
        return faces.of(self.name, self.conversation.thread_key)


def of(
    words: Sequence[str], *, person: Person, brand: Brand, limit: int = PEOPLE, among: ConversationQuerySet | None = None
) -> list[PersonHit]:  # fmt: skip
    """Whose names and handles have these words or begin so: who has just that handle first, then who came last.

    `among`: only who has one of these conversations, or wrote in one and has none of their own.
    """
    ids: list[int] = []
    enough, most = (limit, limit * SPARE) if among is None else (NARROWED, NARROWED)
    with _fence.fenced(search.PATIENCE):
        for asked in (people_words.exact(brand.pk, words), people_words.beginning(brand.pk, words)):
            if asked and len(ids) < enough:
                ids += [pk for pk in search.contact_ids(asked, limit=most) if pk not in ids]
    return _dress(ids, person, brand, among)[:limit]


def _dress(
    ids: list[int], person: Person, brand: Brand, among: ConversationQuerySet | None
) -> list[PersonHit]:
    """Only who may be seen, with their newest conversation and their handles: a handful of queries, however many."""
    visible = access.conversations_of(person, brand)
    meant = visible if among is None else visible & among
    newest = meant.filter(contact__in=ids).order_by("contact", "-last_message_at", "-pk").distinct("contact")
    found = {pk: each for each in newest.select_related("contact") if (pk := each.contact_id)}
    contacts = {pk: each.contact for pk, each in found.items()}
    others = [pk for pk in ids if pk not in found]
    if others and among is not None:
        own = visible.filter(contact__in=others).order_by().values_list("contact", flat=True).distinct()
        others = sorted(set(others).difference(own))
    if others:
        found |= _where_they_wrote(others, meant)
        contacts |= Contact.objects.in_bulk([pk for pk in others if pk in found])
    handles: dict[int, list[tuple[str, Manifest | None, str]]] = {}
    for handle in access.handles_of(person, brand).filter(contact__in=list(found)).select_related("channel"):
        platform = handle.channel.platform
        handles.setdefault(handle.contact_id, []).append(
            (platform, inbox_list.manifest_of(platform), handle.username)
        )
    return [
        PersonHit(contact, found[pk], handles.get(pk, []))
        for pk in ids
        if pk in found and (contact := contacts.get(pk))
    ]


def _where_they_wrote(contact_ids: list[int], among: QuerySet[Conversation]) -> dict[int, Conversation]:
    """Who wrote only in groups and under what others said has no conversation; this is the one of their newest message."""
    said = Message.objects.filter(author_handle__contact__in=contact_ids, conversation__in=among)
    said = said.order_by("author_handle__contact", "-sent_at", "-pk").distinct("author_handle__contact")
    places = dict(said.values_list("author_handle__contact", "conversation"))
    conversations = Conversation.objects.in_bulk(places.values())
    return {pk: conversations[place] for pk, place in places.items() if place in conversations}
