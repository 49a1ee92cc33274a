"""What a search shows: people first, then messages with the words marked. What is shown is read from the messages as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from time import monotonic

from inbox import access
from inbox.models import Brand, Conversation, ConversationTag, Direction, Message, Person, TagState
from inbox.models.conversations import ConversationQuerySet
from inbox.platforms import Manifest
from inbox.queries import _fence, faces, inbox_list, search, search_people, sorting, view_names, view_rows
from inbox.queries.search import Place, Within
from inbox.queries.search_people import PEOPLE, PersonHit
from inbox.rules import search_query, wanted_words
from inbox.rules.search_query import SearchQuery
from inbox.rules.view_query import Names, QueryError
from inbox.rules.wanted_words import Span, Wanted

ALL_PEOPLE = 50
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
    "contact_id",
    "contact_vip",
)
_COLUMNS = (
    "public_id", "direction", "text", "author_name", "sent_at", *(f"conversation__{name}" for name in _OF_CONVERSATION),
)  # fmt: skip
_BEFORE, _LENGTH = 48, 180  # characters of a snippet before the first word, and in all


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
        if older_than is None:
            _add_people(results, query.words, within, person, brand, ALL_PEOPLE if all_people else PEOPLE)
    return results


def _add_people(
    results: Results, words: Sequence[str], within: Within, person: Person, brand: Brand, limit: int
) -> None:
    """What is asked of the conversation is asked of theirs. Who wrote a message, and when, is nothing that a person is or has."""
    try:
        with _fence.limited(search.PATIENCE):
            called = search_people.of(
                words, person=person, brand=brand, limit=limit + 1, among=within.conversations
            )
    except _fence.TookTooLong:
        results.gave_up = True
        return
    results.people = called[:limit]
    results.more_people = len(called) > limit and limit < ALL_PEOPLE
    results.too_many_people = len(called) > limit and limit == ALL_PEOPLE


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
    channels. The list's columns for these have no index. What must not be said is asked of messages where a word is sought among them.
    """
    words = () if query.words else query.asked.words
    asked = view_rows.asked(brand, replace(query.asked, words=words), me=person.pk, now=now)
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
    return datetime.combine(day, time(), person.zone) if day else None


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
    """Filters alone, or with what must not be said, ask for conversations, a page of the newest of them."""
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
