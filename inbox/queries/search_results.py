"""What a search shows: people first, then messages with the words marked. What is shown is read from the messages as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from time import monotonic
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from inbox import access
from inbox.models import Brand, Contact, Conversation, ConversationTag, Direction, Message, Person, TagState
from inbox.models.conversations import ConversationQuerySet
from inbox.platforms import Manifest
from inbox.queries import _fence, faces, inbox_list, search, sorting, view_names, view_rows
from inbox.queries.search import Place, Within
from inbox.rules import people_words, search_query, wanted_words
from inbox.rules.search_query import SearchQuery
from inbox.rules.view_query import Names, QueryError
from inbox.rules.wanted_words import Span, Wanted

PEOPLE = 5
ALL_PEOPLE = 50
SPARE = 3  # times as many people are asked for: some have nothing to show, such as who turned out to be somebody else
CONVERSATIONS = 25
ENOUGH = search.PAGE // 2  # messages on a page, where there are more
_OF_CONVERSATION = (
    "public_id",
    "platform",
    "state",
    "contact_name",
    "contact_username",
    "thread_key",
    "public_seq",
    "seq",
)
_COLUMNS = (
    "public_id", "direction", "text", "author_name", "sent_at", *(f"conversation__{name}" for name in _OF_CONVERSATION),
)  # fmt: skip
_BEFORE, _LENGTH = 48, 180  # characters of a snippet before the first word, and in all


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


@dataclass(frozen=True, slots=True)
class MessageHit:
    message: Message
    snippet: list[tuple[str, bool]]  # text, whether it was asked for
    place: Place | None = None

    @property
    def conversation(self) -> Conversation:
        return self.message.conversation

    @property
    def name(self) -> str:
        return inbox_list.name_of(self.conversation)

    @property
    def face(self) -> faces.Face:
        return faces.of(self.name, self.conversation.thread_key)

    @property
    def manifest(self) -> Manifest | None:
        return inbox_list.manifest_of(self.conversation.platform)

    @property
    def who(self) -> str:
        """Only where it is not the customer themselves."""
        if self.message.direction == Direction.NOTE:
            return f"Note by {self.message.author_name or 'a colleague'}"
        return "" if self.message.direction == Direction.IN else self.message.author_name or "You"


@dataclass(slots=True)
class Results:
    people: list[PersonHit] = field(default_factory=list)
    messages: list[MessageHit] = field(default_factory=list)
    conversations: list[inbox_list.Head] = field(default_factory=list)
    more: Place | None = None  # there are older messages, or conversations
    more_people: bool = False
    too_many_people: bool = False  # more than are shown at all
    gave_up: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.people or self.messages or self.conversations or self.more)


def of(
    typed: str, *, person: Person, brand: Brand, now: datetime, older_than: Place | None = None, all_people: bool = False
) -> Results:  # fmt: skip
    """The first page of a search, or more of its messages or conversations. Raises QueryError or NothingToFind with what to do."""
    names = view_names.of(person, brand) if any(sign in typed for sign in ":<>") else Names()
    query = search_query.parse(typed, names)
    if not query.words:
        try:
            with _fence.limited(search.PATIENCE):
                return _without_words(query, person, brand, now, older_than)
        except _fence.TookTooLong:
            return Results(gave_up=True)
    wanted = wanted_words.wanted(query.words, query.without, goes_on=query.goes_on)
    within = Within(
        conversations=_conversations(query, person, brand, now) if query.narrows else None,
        direction=query.side,
        since=_start(query.after, person),
        until=_start(query.before, person),
    )
    with _fence.fenced(search.PATIENCE):
        results = _messages(wanted, within, person, brand, now, older_than)
        if older_than is None and not query.has_filters:
            limit = ALL_PEOPLE if all_people else PEOPLE
            called = people(query.words, person=person, brand=brand, limit=limit + 1)
            results.people = called[:limit]
            results.more_people = len(called) > limit and not all_people
            results.too_many_people = len(called) > limit and all_people
    return results


def _messages(
    wanted: Wanted, within: Within, person: Person, brand: Brand, now: datetime, older_than: Place | None
) -> Results:
    """What the index cannot know, such as words side by side that must not be said, may leave nearly nothing of a page: then the next
    is looked at, too, as long as a search may take."""
    results = Results()
    ends = monotonic() + search.PATIENCE / 1000
    while True:
        found = search.messages(brand, wanted, now=now, within=within, older_than=older_than)
        results.messages += _dress(found.hits, wanted, person, brand)
        older_than = found.hits[-1].place if found.has_more else None
        if older_than is None or len(results.messages) >= ENOUGH or monotonic() > ends:
            results.more, results.gave_up = older_than, found.gave_up
            return results


def _conversations(query: SearchQuery, person: Person, brand: Brand, now: datetime) -> ConversationQuerySet:
    """Those that the filters leave, with what makes them quick to find where they are few: of a tag its own rows, of a network its
    channels. The list's columns for these have no index.
    """
    asked = view_rows.asked(brand, replace(query.asked, words=()), me=person.pk, now=now)
    found = view_rows.conversations(asked)
    for check in asked.checks:
        if check.of == "tags" and not check.negated and "" not in check.values:
            tagged = ConversationTag.objects.filter(
                tag__brand=brand, tag__name__in=check.values, state=TagState.SET
            )
            found = found.filter(pk__in=tagged.values("conversation"))
        if check.of == "channel" and not check.negated:
            named = access.channels_of(person, brand).filter(
                view_rows.channels_of(check, network="platform", account="pk")
            )
            found = found.filter(channel__in=list(named.values_list("pk", flat=True)))
    return found


def _start(day: date | None, person: Person) -> datetime | None:
    """When a day begins for this person."""
    return datetime.combine(day, time(), ZoneInfo(person.time_zone)) if day else None


def people(words: Sequence[str], *, person: Person, brand: Brand, limit: int = PEOPLE) -> list[PersonHit]:
    """Whose names and handles have these words or begin so: who has just that handle first, then who came last."""
    ids: list[int] = []
    with _fence.fenced(search.PATIENCE):
        for asked in (people_words.exact(brand.pk, words), people_words.beginning(brand.pk, words)):
            if asked and len(ids) < limit:
                ids += [pk for pk in search.contact_ids(asked, limit=limit * SPARE) if pk not in ids]
    return _dress_people(ids, person, brand)[:limit]


def _dress_people(ids: list[int], person: Person, brand: Brand) -> list[PersonHit]:
    """Only who may be seen, with their newest conversation and their handles: a handful of queries, however many."""
    visible = access.conversations_of(person, brand)
    newest = (
        visible.filter(contact__in=ids).order_by("contact", "-last_message_at", "-pk").distinct("contact")
    )
    found = {pk: each for each in newest.select_related("contact") if (pk := each.contact_id)}
    contacts = {pk: each.contact for pk, each in found.items()}
    if others := [pk for pk in ids if pk not in found]:
        found |= _where_they_wrote(others, visible)
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


def _where_they_wrote(contact_ids: list[int], visible: QuerySet[Conversation]) -> dict[int, Conversation]:
    """Who wrote only in groups and under what others said has no conversation; this is the one of their newest message."""
    said = Message.objects.filter(author_handle__contact__in=contact_ids, conversation__in=visible)
    said = said.order_by("author_handle__contact", "-sent_at", "-pk").distinct("author_handle__contact")
    places = dict(said.values_list("author_handle__contact", "conversation"))
    conversations = Conversation.objects.in_bulk(places.values())
    return {pk: conversations[place] for pk, place in places.items() if place in conversations}


def _dress(hits: Sequence[search.Hit], wanted: Wanted, person: Person, brand: Brand) -> list[MessageHit]:
    """The messages as they are now. One that does not say it any more is left out: the words are kept a second behind."""
    visible = access.conversations_of(person, brand)
    found = Message.objects.filter(pk__in=[hit.message_id for hit in hits], conversation__in=visible)
    found = found.select_related("conversation").only(*_COLUMNS)
    by_id = {message.pk: message for message in found}
    dressed = []
    for hit in hits:
        message = by_id.get(hit.message_id)
        spans = wanted.find(message.text) if message else None
        if message and spans:
            dressed.append(MessageHit(message, snippet(message.text, spans), hit.place))
    return dressed


def snippet(text: str, spans: Sequence[Span]) -> list[tuple[str, bool]]:
    """A line around the first of the words, cut at spaces where there are some."""
    start = max(0, spans[0][0] - _BEFORE)
    if start and (space := text.find(" ", start, spans[0][0])) >= 0:
        start = space + 1
    end = min(len(text), max(start + _LENGTH, spans[0][1]))
    parts = [("… " if start else "", False)]
    at = start
    for first, last in spans:
        if last > end:
            break
        parts += [(text[at:first], False), (text[first:last], True)]
        at = last
    parts.append((text[at:end] + (" …" if end < len(text) else ""), False))
    return [part for part in parts if part[0]]


def _without_words(
    query: SearchQuery, person: Person, brand: Brand, now: datetime, older_than: Place | None
) -> Results:
    """Filters alone ask for conversations, a page of the newest of them."""
    if not query.has_filters:
        raise QueryError("Type a word, a name, a handle or an order number.")
    if query.side:
        raise QueryError("Add a word: “from:” chooses among messages that say something.")
    conversations = _conversations(query, person, brand, now)
    if since := _start(query.after, person):
        conversations = conversations.filter(last_message_at__gte=since)
    if until := _start(query.before, person):
        conversations = conversations.filter(last_message_at__lt=until)
    place = sorting.NEWEST.place(older_than.at, older_than.pk) if older_than else None
    try:
        found = list(sorting.NEWEST.below(conversations, place)[: CONVERSATIONS + 1])
    except sorting.BadPlace as error:
        raise search.BadPlace(str(older_than)) from error
    heads = [inbox_list.head_of(each, brand_slug=brand.slug) for each in found[:CONVERSATIONS]]
    results = Results(conversations=heads)
    if len(found) > CONVERSATIONS:
        last = found[CONVERSATIONS - 1]
        results.more = Place(last.last_message_at, last.pk)
    return results
