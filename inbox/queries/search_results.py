"""What a search shows: people first, then messages with the words marked. What is shown is read from the messages as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from inbox import access
from inbox.models import Brand, Contact, Conversation, ConversationTag, Direction, Message, Person, TagState
from inbox.models.conversations import ConversationQuerySet
from inbox.platforms import Manifest
from inbox.queries import _fence, faces, inbox_list, search, view_names, view_rows
from inbox.queries.search import Place, Within
from inbox.rules import people_words, search_query, wanted_words
from inbox.rules.search_query import SearchQuery
from inbox.rules.view_query import Names, QueryError
from inbox.rules.wanted_words import Span, Wanted

PEOPLE = 5
CONVERSATIONS = 25
_OF_CONVERSATION = (
    "public_id",
    "platform",
    "state",
    "contact_name",
    "contact_username",
    "thread_key",
    "public_seq",
)
_COLUMNS = (
    "public_id", "direction", "text", "author_name", "sent_at", *(f"conversation__{name}" for name in _OF_CONVERSATION),
)  # fmt: skip
_BEFORE, _LENGTH = 48, 180  # characters of a snippet before the first word, and in all


@dataclass(frozen=True, slots=True)
class PersonHit:
    contact: Contact
    conversation: Conversation
    handles: list[tuple[str, Manifest | None, str]]  # platform, what is known of it, handle

    @property
    def name(self) -> str:
        return self.contact.name or inbox_list.name_of(self.conversation)

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
    conversations: list[inbox_list.Row] = field(default_factory=list)
    more: Place | None = None
    gave_up: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.people or self.messages or self.conversations)


def of(
    typed: str, *, person: Person, brand: Brand, now: datetime, older_than: Place | None = None
) -> Results:
    """The first page of a search, or more of its messages. Raises QueryError or NothingToFind with what to do."""
    names = view_names.of(person, brand) if any(sign in typed for sign in ":<>") else Names()
    query = search_query.parse(typed, names)
    if not query.words:
        return _without_words(query, person, brand, now)
    wanted = wanted_words.wanted(query.words, query.without, goes_on=query.goes_on)
    within = Within(
        conversations=_conversations(query, person, brand, now) if query.narrows else None,
        direction=query.side,
        since=_start(query.after, person),
        until=_start(query.before, person),
    )
    with _fence.fenced(search.PATIENCE):
        found = search.messages(brand, wanted, now=now, within=within, older_than=older_than)
        results = Results(more=found.hits[-1].place if found.has_more else None, gave_up=found.gave_up)
        results.messages = _dress(found.hits, wanted, person, brand)
        if older_than is None and not query.has_filters:
            results.people = people(query.words, person=person, brand=brand)
    return results


def _conversations(query: SearchQuery, person: Person, brand: Brand, now: datetime) -> ConversationQuerySet:
    """Those that the filters leave. Of a tag they are read from its own rows, which have an index; the list's column has none."""
    asked = view_rows.asked(brand, replace(query.asked, words=()), me=person.pk, now=now)
    found = view_rows.conversations(asked)
    for check in asked.checks:
        if check.of == "tags" and not check.negated and "" not in check.values:
            tagged = ConversationTag.objects.filter(
                tag__brand=brand, tag__name__in=check.values, state=TagState.SET
            )
            found = found.filter(pk__in=tagged.values("conversation"))
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
                ids += [pk for pk in search.contact_ids(asked, limit=limit) if pk not in ids]
    return _dress_people(ids[:limit], person, brand)


def _dress_people(ids: list[int], person: Person, brand: Brand) -> list[PersonHit]:
    """Only who may be seen, with their newest conversation and their handles: two queries, however many."""
    newest = (
        access.conversations_of(person, brand).filter(contact__in=ids)
        .order_by("contact", "-last_message_at", "-pk").distinct("contact").select_related("contact")
    )  # fmt: skip
    handles: dict[int, list[tuple[str, Manifest | None, str]]] = {}
    found = {conversation.contact_id: conversation for conversation in newest}
    for handle in access.handles_of(person, brand).filter(contact__in=list(found)).select_related("channel"):
        platform = handle.channel.platform
        handles.setdefault(handle.contact_id, []).append(
            (platform, inbox_list.manifest_of(platform), handle.username)
        )
    return [
        PersonHit(conversation.contact, conversation, handles.get(pk, []))
        for pk in ids
        if (conversation := found.get(pk)) and conversation.contact
    ]


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


def _without_words(query: SearchQuery, person: Person, brand: Brand, now: datetime) -> Results:
    """Filters alone ask for conversations, the newest of them."""
    if not query.has_filters:
        raise QueryError("Type a word, a name, a handle or an order number.")
    if query.side:
        raise QueryError("Add a word: “from:” chooses among messages that say something.")
    conversations = _conversations(query, person, brand, now)
    if since := _start(query.after, person):
        conversations = conversations.filter(last_message_at__gte=since)
    if until := _start(query.before, person):
        conversations = conversations.filter(last_message_at__lt=until)
    rows = conversations.newest_first()[:CONVERSATIONS]
    return Results(conversations=inbox_list.rows_of(rows, brand_slug=brand.slug, now=now))
