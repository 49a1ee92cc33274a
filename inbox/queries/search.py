"""Messages by their words, the newest first, in a path of its own (inbox_messagewords).

The obvious query, `WHERE words @@ … ORDER BY id DESC LIMIT 50`, has two ways and the planner guesses between them: along the newest
messages until enough match, which for a rare word is along all of them, or through every match, which for a common word is a million rows.
Here the way is laid out instead, in steps that each end the search when the page is full:

1. the newest two thousand messages of the days that are asked for, one by one: enough for whatever is common, and all where there are no more;
2. the conversations that the filter leaves, where they are few;
3. where none of those has the words, and nothing but a day was asked for besides, the whole index, as long as no more than two hundred messages match: then there are no others to look for;
4. the index, within growing spans of time (rules.eras), at last over all: each span is an entry of the index like a word, so that
   only messages with all the words in that span are touched.

Each step sets its candidates apart (MATERIALIZED) before they are ordered, so that no order can lead into the trap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from inbox.models import Brand
from inbox.models.conversations import ConversationQuerySet
from inbox.queries import _fence
from inbox.rules import eras
from inbox.rules.wanted_words import Wanted

PAGE = 25
NEWEST = 2_000  # messages that are looked at one by one
NEWEST_BEGINNINGS = 10_000  # where only beginnings of words are asked for, which the index is slower with
FEW = 3_000  # conversations
FEW_MATCHES = 200  # messages of all years
WIDE = 2  # of the spans of rules.eras: 64 days
BEGINNINGS = 1  # 8 days: the index reads all that begin so anew for each span, which costs less than the rows of all the years that hold one
MANY_PEOPLE = 20_000  # more have such a name than anybody reads: these are chosen among
PATIENCE = 1_000  # milliseconds a statement may take
_ORDER = " ORDER BY sent_at DESC, message_id DESC"
HURRY = 100  # for what only chooses the way
SECOND_LOOK = 400  # for the same once the newest days have not filled the page: from there on each step reads many times as much


class BadPlace(ValueError):
    """A cursor that we never gave out."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands among the matches, or a conversation: behind all newer ones."""

    at: datetime
    pk: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.pk}"

    @classmethod
    def read(cls, text: str) -> Place:
        at, _, number = text.partition("~")
        try:
            place = cls(datetime.fromisoformat(at), int(number))
        except ValueError:
            raise BadPlace(text) from None
        # No message is from before there were computers, and spans of time reach back from here (rules.eras).
        if place.at.tzinfo is None or not 1900 <= place.at.year <= 2999 or not 0 <= place.pk < 2**63:
            raise BadPlace(text)
        return place


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """What the messages must be beside having the words. `conversations` None: any of the brand."""

    conversations: ConversationQuerySet | None = None
    direction: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def leaves_the_newest(self) -> bool:
        """Of the newest messages of these days each is looked at for its words."""
        return self.conversations is None and not self.direction


@dataclass(frozen=True, slots=True)
class Hit:
    message_id: int
    conversation_id: int
    sent_at: datetime

    @property
    def place(self) -> Place:
        return Place(self.sent_at, self.message_id)


@dataclass(slots=True)
class Found:
    hits: list[Hit] = field(default_factory=list)
    has_more: bool = False
    gave_up: bool = False  # it took too long: there may be older ones


def messages(
    brand: Brand,
    wanted: Wanted,
    *,
    now: datetime,
    within: Within | None = None,
    older_than: Place | None = None,
    limit: int = PAGE,
) -> Found:
    """The newest messages of the brand with all of these words, `older_than` a place. The caller has seen to who asks."""
    search = _Search(brand, wanted, within or Within(), older_than, limit + 1)
    hits: list[Hit] = []
    gave_up = False
    try:
        with _fence.limited(PATIENCE):
            for hits in search.steps(now):
                if len(hits) > limit:
                    break
    except _fence.TookTooLong:
        gave_up = True
    return Found(hits[:limit], has_more=len(hits) > limit, gave_up=gave_up)


@dataclass(frozen=True, slots=True)
class _Search:
    brand: Brand
    wanted: Wanted
    within: Within
    older_than: Place | None
    limit: int

    def steps(self, now: datetime) -> Iterator[list[Hit]]:
        """Each finds all that the one before found, and reaches further; the last finds everything."""
        leading = self.wanted.leading
        amount = NEWEST if leading else NEWEST_BEGINNINGS
        held, newest = self._among_newest(amount)
        yield newest
        if held < amount:  # there are no others in these days
            return
        is_known, few = self._few(HURRY)
        if few is not None:
            yield self._in_conversations(few)
            return
        ends = (now, self.within.until, self.older_than.at if self.older_than else None)
        until = min(end for end in ends if end)
        # What is not among so many is rare enough for a wide look, unless a filter has left few of them.
        is_rare = not newest and self.within.leaves_the_newest
        if is_rare and (found := self._all_in_index(FEW_MATCHES)) is not None:
            yield found
            return
        skipped = WIDE if is_rare else 0 if leading else BEGINNINGS
        begins = self._begins()
        for number, (span, reaches) in list(enumerate(eras.windows(self.brand.pk, until)))[skipped:]:
            if number >= WIDE and not is_known:
                is_known, few = self._few(SECOND_LOOK)
                if few is not None:
                    yield self._in_conversations(few)
                    return
            yield self._in_index(span)
            if begins and begins >= reaches:
                return
        yield self._in_index(f"'{eras.brand_mark(self.brand.pk)}'")

    def _begins(self) -> datetime | None:
        """Before then nothing is to be found."""
        first = rows("SELECT min(sent_at) FROM inbox_messagewords WHERE brand_id = %s", [self.brand.pk])
        return max((at for at in (self.within.since, first[0][0]) if at), default=None)

    def _few(self, milliseconds: int) -> tuple[bool, list[int] | None]:
        """Whether it could be told in this time how many conversations the filter leaves, and which where they are few."""
        if self.within.conversations is None:
            return True, None
        try:
            with _fence.hurried(milliseconds, then=PATIENCE):
                found = list(self.within.conversations.order_by().values_list("pk", flat=True)[: FEW + 1])
        except _fence.TookTooLong:
            return False, None
        return True, found if len(found) <= FEW else None

    def _among_newest(self, amount: int) -> tuple[int, list[Hit]]:
        """How many there were to look at, and those of them that are what is asked for."""
        condition, place = self._between("w")
        candidates = f"""SELECT w.* FROM inbox_messagewords w WHERE w.brand_id = %s{condition}
                          ORDER BY w.sent_at DESC, w.message_id DESC LIMIT %s"""
        return self._counted(candidates, [self.brand.pk, *place, amount], test=self.wanted.every)

    def _in_conversations(self, ids: Sequence[int]) -> list[Hit]:
        candidates = "SELECT w.* FROM inbox_messagewords w WHERE w.conversation_id = ANY(%s) AND w.words @@ %s::tsquery"
        return self._ask(candidates, [list(ids), self.wanted.every], filtered=True)

    def _in_index(self, span: str) -> list[Hit]:
        candidates, params, test = self._indexed(span)
        return self._ask(candidates, params, test=test)

    def _all_in_index(self, most: int) -> list[Hit] | None:
        """The matches of all years. None: there may be more than `most`, and the newest need not be among those that were looked at."""
        candidates, params, test = self._indexed(f"'{eras.brand_mark(self.brand.pk)}'")
        held, found = self._counted(f"{candidates} LIMIT %s", [*params, most + 1], test=test)
        return None if held > most else found

    def _counted(self, candidates: str, params: Sequence[Any], *, test: str) -> tuple[int, list[Hit]]:
        """How many candidates there are, and what is found among them. Where that is nothing there is a row all the same."""
        sql, values = self._newest_of(candidates, params, test=test)
        found = rows(
            f"{sql} SELECT n.held, f.* FROM (SELECT count(*) AS held FROM candidates) n LEFT JOIN found f ON TRUE{_ORDER}",
            values,
        )
        return found[0][0], [Hit(*row[1:]) for row in found if row[1] is not None]

    def _indexed(self, span: str) -> tuple[str, list[Any], str]:
        """Beginnings of words do not lead where a whole word can: the index would collect all that begin so, however few are left."""
        leading = self.wanted.leading or self.wanted.every
        candidates = "SELECT w.* FROM inbox_messagewords w WHERE w.words @@ %s::tsquery"
        test = "" if leading == self.wanted.every else self.wanted.every
        return candidates, [f"({leading}) & {span}"], test

    def _ask(
        self, candidates: str, params: Sequence[Any], *, test: str = "", filtered: bool = False
    ) -> list[Hit]:
        sql, values = self._newest_of(candidates, params, test=test, filtered=filtered)
        return [Hit(*row) for row in rows(f"{sql} SELECT * FROM found{_ORDER}", values)]

    def _newest_of(
        self, candidates: str, params: Sequence[Any], *, test: str = "", filtered: bool = False
    ) -> tuple[str, list[Any]]:
        """The newest of the candidates that are what is asked for, as `found`. `filtered`: they are of the right conversations already."""
        join, values = ("", []) if filtered else self._of_conversations()
        conditions, times = self._between("r")
        values += times
        for sql, value in (("r.words @@ %s::tsquery", test), ("r.direction = %s", self.within.direction)):
            if value:
                conditions += f" AND {sql}"
                values.append(value)
        sql = f"""WITH candidates AS MATERIALIZED ({candidates}), found AS (
                SELECT r.message_id, r.conversation_id, r.sent_at FROM candidates r{join} WHERE TRUE{conditions}
                {_ORDER} LIMIT %s)"""
        return sql, [*params, *values, self.limit]

    def _of_conversations(self) -> tuple[str, list[Any]]:
        """Each candidate's conversation is looked up by itself: the filter alone may leave half a million."""
        if self.within.conversations is None:
            return "", []
        its = self.within.conversations.order_by().extra(
            where=['"inbox_conversation"."id" = r.conversation_id']
        )
        sql, params = its.values("pk")[:1].query.sql_with_params()
        return f" CROSS JOIN LATERAL ({sql}) c", list(params)

    def _between(self, name: str) -> tuple[str, list[Any]]:
        """In the days that are asked for, and behind what has been shown."""
        conditions, values = "", list[Any]()
        for sign, moment in ((">=", self.within.since), ("<", self.within.until)):
            if moment:
                conditions += f" AND {name}.sent_at {sign} %s"
                values.append(moment)
        if self.older_than:
            conditions += f" AND ({name}.sent_at, {name}.message_id) < (%s, %s)"
            values += [self.older_than.at, self.older_than.pk]
        return conditions, values


def contact_ids(asked: str, *, limit: int) -> list[int]:
    """People by a tsquery (rules.people_words), who came last first."""
    found = rows(
        """WITH candidates AS MATERIALIZED (SELECT contact_id FROM inbox_contactwords WHERE words @@ %s::tsquery LIMIT %s)
           SELECT contact_id FROM candidates ORDER BY contact_id DESC LIMIT %s""",
        [asked, MANY_PEOPLE, limit],
    )
    return [row[0] for row in found]


def rows(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())
