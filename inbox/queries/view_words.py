"""What was said in conversations, for views that ask for words: by the index of search, with the words and in the sense of search.

The index follows the brand's events, some hundredths of a second behind. What it has not read yet is read here as it is now, so a
row is in the view as soon as its message is there, and counter and list say the same. Where the index is far behind, or has not read an
installation's past yet, that is more than can be read for each look: a list then asks such texts by patterns of the same meaning, and a counter, which
knows whose texts it wants, reads them as ever.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet, TextField, Value

from inbox.models import Brand, Event, Message, MessageWords, SearchCursor
from inbox.queries import _fence
from inbox.rules import eras, wanted_patterns
from inbox.rules.view_query import Words
from inbox.rules.wanted_words import NothingToFind, Wanted, wanted

FEW = 3_000  # messages; so few say it that their conversations are known before a row is looked at
HURRY = 50  # milliseconds to find that out
UNREAD = 1_000  # events that the index may be behind and still be asked


@dataclass(frozen=True, slots=True)
class _Index:
    """How far the index has come: up to this event of the brand, and of what was there before search, down to `older_than`."""

    brand_id: int
    seq: int = 0
    older_than: int = 0


@dataclass(frozen=True, slots=True)
class _Fresh:
    """Messages that the index has not read as they are now: what it says of them does not count."""

    ids: list[int] = field(default_factory=list)
    said: list[tuple[int, str]] = field(default_factory=list)  # conversation, text

    def conversations(self, sought: Wanted) -> set[int]:
        return {conversation for conversation, text in self.said if sought.find(text) is not None}


def said(brand: Brand, words: Iterable[Words]) -> Q:
    """For each of them a message that says it, and none with what must not be said; notes of colleagues are read, too."""
    words, found = list(words), Q()
    if not words:
        return found
    index = _index_of(brand.pk)
    fresh = _fresh(index)
    for each in words:
        having = _having(index, each.text, fresh)
        found &= ~having if each.negated else having
    return found


def led(brand: Brand, words: Iterable[Words]) -> tuple[Q, Q]:
    """The same in two parts: what few messages say, as their conversations, to look at those alone; and what must be asked of each row."""
    words, among, rest = list(words), Q(), Q()
    if not words:
        return among, rest
    index = _index_of(brand.pk)
    fresh = _fresh(index)
    for each in words:
        few = None if each.negated else _few(index, each.text, fresh)
        if few is not None:
            among &= Q(pk__in=few)
        else:
            having = _having(index, each.text, fresh)
            rest &= ~having if each.negated else having
    return among, rest


def said_in(brand_id: int, ids: Sequence[int], texts: Iterable[str]) -> dict[int, set[str]]:
    """Of each of these conversations, which of the texts are said in it."""
    found: dict[int, set[str]] = defaultdict(set)
    texts = list(texts)
    if not texts:
        return found
    index = _index_of(brand_id)
    fresh = _fresh(index) or _fresh_in(index, ids)
    for text in texts:
        sought = _sought(text)
        if sought is None:
            saying = set(
                _letters(text).filter(conversation__in=ids).values_list("conversation_id", flat=True)
            )
        else:
            indexed = _indexed(index, sought).filter(conversation__in=ids).exclude(message__in=fresh.ids)
            saying = fresh.conversations(sought).intersection(ids)
            saying |= set(indexed.values_list("conversation_id", flat=True).distinct())
        for pk in saying:
            found[pk].add(text)
    return found


def _having(index: _Index, text: str, fresh: _Fresh | None) -> Q:
    sought = _sought(text)
    if sought is None:
        return Q(Exists(_letters(text).filter(conversation=OuterRef("pk"))))
    indexed = _indexed(index, sought).filter(conversation=OuterRef("pk"))
    if fresh is not None:
        return Q(pk__in=fresh.conversations(sought)) | Q(Exists(indexed.exclude(message__in=fresh.ids)))
    unread = _saying(sought).filter(_unread(index), conversation=OuterRef("pk"))
    return Q(Exists(unread)) | Q(Exists(indexed.exclude(Exists(_news(index, "message_id")))))


def _few(index: _Index, text: str, fresh: _Fresh | None) -> set[int] | None:
    """The conversations, where it can be told in a moment that they are few."""
    sought = _sought(text)
    if fresh is None or sought is None:
        return None
    indexed = _indexed(index, sought).exclude(message__in=fresh.ids)
    try:
        with _fence.fenced(HURRY), _fence.hurried(HURRY, then=HURRY):
            found = list(indexed.values_list("conversation_id", flat=True)[: FEW + 1])
    except _fence.TookTooLong:
        return None
    return fresh.conversations(sought).union(found) if len(found) <= FEW else None


def _indexed(index: _Index, sought: Wanted) -> QuerySet[MessageWords]:
    asked = Value(f"({sought.every}) & '{eras.brand_mark(index.brand_id)}'")
    holds = Func(F("words"), asked, template="(%(expressions)s::tsquery)", arg_joiner=" @@ ", output_field=BooleanField())  # fmt: skip
    return MessageWords.objects.filter(holds)


def _letters(text: str) -> QuerySet[Message]:
    return Message.objects.filter(text__icontains=text, deleted_at__isnull=True)


def _saying(sought: Wanted) -> QuerySet[Message]:
    folded = Func(F("text"), template=wanted_patterns.FOLDED, output_field=TextField())
    says = (
        Func(folded, Value(pattern), template="(%(expressions)s)", arg_joiner=" ~ ", output_field=BooleanField())
        for pattern in wanted_patterns.of(sought)
    )  # fmt: skip
    return Message.objects.filter(*says, deleted_at__isnull=True)


def _sought(text: str) -> Wanted | None:
    """None: there are only signs in it, which no index knows."""
    try:
        return wanted([text])
    except NothingToFind:
        return None


def _index_of(brand_id: int) -> _Index:
    found = SearchCursor.objects.filter(pk=brand_id).values_list("seq", "older_than").first()
    seq, older_than = found or (0, 1)  # it has not begun: whatever is there is past to it
    return _Index(brand_id, seq, older_than)


def _fresh(index: _Index) -> _Fresh | None:
    """None: the index does not know of more than can be read at once."""
    if index.older_than:
        return None
    news = Event.objects.filter(brand_id=index.brand_id, seq__gt=index.seq).order_by("seq")
    told = list(news.values_list("message_id", flat=True)[: UNREAD + 1])
    if len(told) > UNREAD:
        return None
    return _read({message_id for message_id in told if message_id})


def _fresh_in(index: _Index, ids: Sequence[int]) -> _Fresh:
    """As _fresh, of these conversations alone, however far behind the index is."""
    news = Event.objects.filter(conversation__in=ids, seq__gt=index.seq).exclude(message=None)
    unread = set(news.values_list("message_id", flat=True))
    if index.older_than:
        past = Message.objects.filter(_has_no_words(), conversation__in=ids)
        unread |= set(past.values_list("pk", flat=True))
    return _read(unread)


def _read(message_ids: set[int]) -> _Fresh:
    ids = sorted(message_ids)
    if not ids:
        return _Fresh()
    spoken = Message.objects.filter(pk__in=ids, deleted_at__isnull=True)
    return _Fresh(ids, list(spoken.values_list("conversation_id", "text")))


def _unread(index: _Index) -> Q:
    """Of messages."""
    news = Q(Exists(_news(index, "pk")))
    return news | _has_no_words() if index.older_than else news


def _has_no_words() -> Q:
    """What the index has of the past is a row for each message that has words."""
    return ~Q(Exists(MessageWords.objects.filter(message=OuterRef("pk"))))


def _news(index: _Index, message: str) -> QuerySet[Event]:
    """What has happened to a message since; `message`: the column with its number."""
    its = Event.objects.filter(conversation=OuterRef("conversation_id"), message=OuterRef(message))
    return its.filter(seq__gt=index.seq)
