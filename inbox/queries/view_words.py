"""What was said in conversations, for views that ask for words: by the index of search, with the words and in the sense of search.

The index follows the brand's events, some hundredths of a second behind. What it has not read yet is read here as it is now, so a
row is in the view as soon as its message is there, and counter and list say the same. Where the index is far behind, or has not read an
installation's past yet, each text is asked itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet, Value

from inbox.models import Brand, Event, Message, MessageWords, SearchCursor
from inbox.queries import _fence
from inbox.rules import eras
from inbox.rules.view_query import Words
from inbox.rules.wanted_words import NothingToFind, Wanted, wanted

FEW = 3_000  # messages; so few say it that their conversations are known before a row is looked at
HURRY = 50  # milliseconds to find that out
UNREAD = 1_000  # events that the index may be behind and still be asked


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
    fresh = _fresh(brand.pk) if words else None
    for each in words:
        having = _having(brand.pk, each.text, fresh)
        found &= ~having if each.negated else having
    return found


def led(brand: Brand, words: Iterable[Words]) -> tuple[Q, Q]:
    """The same in two parts: what few messages say, as their conversations, to look at those alone; and what must be asked of each row."""
    words, among, rest = list(words), Q(), Q()
    fresh = _fresh(brand.pk) if words else None
    for each in words:
        few = None if each.negated else _few(brand.pk, each.text, fresh)
        if few is not None:
            among &= Q(pk__in=few)
        else:
            having = _having(brand.pk, each.text, fresh)
            rest &= ~having if each.negated else having
    return among, rest


def said_in(brand_id: int, ids: Sequence[int], texts: Iterable[str]) -> dict[int, set[str]]:
    """Of each of these conversations, which of the texts are said in it."""
    found: dict[int, set[str]] = defaultdict(set)
    texts = list(texts)
    fresh = _fresh(brand_id) if texts else None
    for text in texts:
        sought = _sought(text)
        if fresh is None or sought is None:
            saying = set(_texts(text).filter(conversation__in=ids).values_list("conversation_id", flat=True))
        else:
            indexed = _indexed(brand_id, sought, fresh).filter(conversation__in=ids)
            saying = fresh.conversations(sought).intersection(ids)
            saying |= set(indexed.values_list("conversation_id", flat=True).distinct())
        for pk in saying:
            found[pk].add(text)
    return found


def _having(brand_id: int, text: str, fresh: _Fresh | None) -> Q:
    sought = _sought(text)
    if fresh is None or sought is None:
        return Q(Exists(_texts(text).filter(conversation=OuterRef("pk"))))
    indexed = _indexed(brand_id, sought, fresh).filter(conversation=OuterRef("pk"))
    return Q(pk__in=fresh.conversations(sought)) | Q(Exists(indexed))


def _few(brand_id: int, text: str, fresh: _Fresh | None) -> set[int] | None:
    """The conversations, where it can be told in a moment that they are few."""
    sought = _sought(text)
    if fresh is None or sought is None:
        return None
    try:
        with _fence.fenced(HURRY), _fence.hurried(HURRY, then=HURRY):
            found = list(_indexed(brand_id, sought, fresh).values_list("conversation_id", flat=True)[: FEW + 1])  # fmt: skip
    except _fence.TookTooLong:
        return None
    return fresh.conversations(sought).union(found) if len(found) <= FEW else None


def _indexed(brand_id: int, sought: Wanted, fresh: _Fresh) -> QuerySet[MessageWords]:
    asked = Value(f"({sought.every}) & '{eras.brand_mark(brand_id)}'")
    holds = Func(F("words"), asked, template="(%(expressions)s::tsquery)", arg_joiner=" @@ ", output_field=BooleanField())  # fmt: skip
    return MessageWords.objects.filter(holds).exclude(message__in=fresh.ids)


def _texts(text: str) -> QuerySet[Message]:
    return Message.objects.filter(text__icontains=text, deleted_at__isnull=True)


def _sought(text: str) -> Wanted | None:
    """None: there are only signs in it, which no index knows."""
    try:
        return wanted([text])
    except NothingToFind:
        return None


def _fresh(brand_id: int) -> _Fresh | None:
    """None: the index does not know enough to be asked."""
    cursor = SearchCursor.objects.filter(pk=brand_id).first()
    if cursor is None or cursor.older_than:
        return None
    news = Event.objects.filter(brand_id=brand_id, seq__gt=cursor.seq).order_by("seq")
    told = list(news.values_list("message_id", flat=True)[: UNREAD + 1])
    if len(told) > UNREAD:
        return None
    ids = sorted({message_id for message_id in told if message_id})
    if not ids:
        return _Fresh()
    spoken = Message.objects.filter(pk__in=ids, deleted_at__isnull=True)
    return _Fresh(ids, list(spoken.values_list("conversation_id", "text")))
