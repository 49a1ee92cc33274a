"""The orders of the list. Each is read from one index, both ways, from the place of a row that is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, DateTimeField, Expression, F, Func, SmallIntegerField, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan, LessThan

from inbox.models import Conversation
from inbox.models.conversations import NEVER, ConversationQuerySet

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_NEVER = datetime(9999, 12, 31, tzinfo=UTC)
_TOP = 16**14 - 1
_MICROSECOND = timedelta(microseconds=1)
_LOWEST_SCORE = 2**15


class BadPlace(ValueError):
    """A cursor that we never gave out."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a row stands in one of the orders: the greater, the higher. Its text compares like the place itself, so that a browser can sort by it."""

    rank: int
    tie: int

    def __str__(self) -> str:
        return f"{self.rank:014x}{self.tie:014x}"

    @classmethod
    def read(cls, text: str) -> Place:
        if len(text) != 28 or not set(text) <= set("0123456789abcdef"):
            raise BadPlace(text)
        return cls(int(text[:14], 16), int(text[14:], 16))


@dataclass(frozen=True, slots=True)
class Sort:
    """One order. `falls`: the greatest comes first; else the least. Among equals the newer comes first, either way."""

    name: str
    label: str
    key: F | Expression
    column: DateTimeField[Any, Any] | SmallIntegerField[Any, Any]
    of: Callable[[Conversation], Any]
    count: Callable[[Any], int]
    value: Callable[[int], Any]
    falls: bool = False

    def place(self, key: Any, pk: int) -> Place:
        if self.falls:
            return Place(self.count(key), pk)
        return Place(_TOP - self.count(key), pk)

    def place_of(self, conversation: Conversation) -> Place:
        return self.place(self.of(conversation), conversation.pk)

    def below(self, found: ConversationQuerySet, place: Place | None) -> ConversationQuerySet:
        """From the top, or from right below a place on."""
        if place:
            found = found.filter(self._beyond(place, greater=not self.falls))
        return self._ordered(found, falls=self.falls)

    def above(self, found: ConversationQuerySet, place: Place) -> ConversationQuerySet:
        """From right above a place upwards: the nearest first."""
        return self._ordered(found.filter(self._beyond(place, greater=self.falls)), falls=not self.falls)

    def _beyond(self, place: Place, *, greater: bool) -> GreaterThan | LessThan:
        """Key and id compared as one, so that the index begins at the place however many have the same key."""
        key, tie = self._read(place)
        here = Func(self.key, self._tie, function="ROW", output_field=self.column)
        there = Func(
            Value(key, output_field=self.column),
            Value(tie, output_field=BigIntegerField()),
            function="ROW",
            output_field=self.column,
        )
        return GreaterThan(here, there) if greater else LessThan(here, there)

    @property
    def _tie(self) -> F | CombinedExpression:
        """Rises and falls with the key, so that both are one row in the index."""
        return F("pk") if self.falls else -F("pk")

    def _read(self, place: Place) -> tuple[Any, int]:
        rank, pk = (place.rank if self.falls else _TOP - place.rank), min(place.tie, 2**63 - 1)
        try:
            return self.value(rank), pk if self.falls else -pk
        except (ValueError, OverflowError) as error:
            raise BadPlace(str(place)) from error

    def _ordered(self, found: ConversationQuerySet, *, falls: bool) -> ConversationQuerySet:
        both = (self.key, self._tie)
        return found.order_by(*(each.desc() if falls else each.asc() for each in both))


def _micros(at: datetime | None) -> int:
    """What has no time stands behind everything that has one."""
    return min(_TOP, (at - _EPOCH) // _MICROSECOND) if at else _TOP


def _instant(micros: int) -> datetime:
    return _EPOCH + micros * _MICROSECOND if micros < _TOP else _NEVER


def _score(rank: int) -> int:
    score = rank - _LOWEST_SCORE
    if abs(score) > _LOWEST_SCORE - 1:
        raise BadPlace(str(rank))
    return score


DUE = Sort(
    "due", "Due first", Coalesce("due_at", NEVER), DateTimeField(), lambda row: row.due_at, _micros, _instant
)
SCORE = Sort(
    "score", "Priority", F("priority_score"), SmallIntegerField(),
    lambda row: row.priority_score, lambda score: int(score) + _LOWEST_SCORE, _score, falls=True,
)  # fmt: skip
WAITING = Sort(
    "waiting", "Waiting longest", Coalesce("waiting_since", NEVER), DateTimeField(),
    lambda row: row.waiting_since, _micros, _instant,
)  # fmt: skip
NEWEST = Sort(
    "newest", "Newest", F("last_message_at"), DateTimeField(), lambda row: row.last_message_at, _micros, _instant,
    falls=True,
)  # fmt: skip
ALL = (DUE, SCORE, WAITING, NEWEST)


def named(name: str, *, offered: tuple[Sort, ...]) -> Sort:
    """The order of this name if it is offered, else the one that is offered first."""
    return next((sort for sort in offered if sort.name == name), offered[0])
