"""Any query as a page of the list: by key, in one statement, and never further than a bounded look.

The orders are read from the list's partial indexes, one a state. What an index does not know (tags, words, times, people) is asked
of the rows it gives, one after the other, until the page is full or `LOOKED` rows have been looked at. Then the page ends where
the look ended, says so, and the next page goes on from there: nothing is left out, and no query can walk a million rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import BooleanField, Case, F, Func, Q, TextField, Value, When, Window
from django.db.models.functions import Coalesce, RowNumber
from django.db.models.lookups import Contains, GreaterThan, LessThanOrEqual

from inbox.models import Brand, Conversation
from inbox.models.conversations import NEVER, ConversationQuerySet
from inbox.queries import outbox, sorting, view_names, view_words
from inbox.queries.list_rows import COLUMNS, Page, columns, rows_of
from inbox.queries.sorting import Place, Sort
from inbox.rules import view_checks, who_words
from inbox.rules.view_checks import Check, Checks, Day
from inbox.rules.view_query import Query, Words

LOOKED = 20_000  # rows of one look: some tens of milliseconds
LOOKED_FOR_WORDS = 2_000
_TIMES = {"due": "due_at", "waiting": "waiting_since", "created": "created_at", "updated": "last_message_at"}
_COLUMN = {"assignee": "assignee_id", "team": "team_id", "mood": "sentiment", **_TIMES}
_IS_ASCII = "(octet_length(%(expressions)s) = char_length(%(expressions)s))"
_SMALL = 'lower(%(expressions)s COLLATE "C")'
_SERVED = ("assignee", "channel")  # what indexes of every order begin with


@dataclass(frozen=True, slots=True)
class Asked:
    """A query made ready for one person at one moment."""

    brand: Brand
    checks: Checks
    now: datetime
    day: Day
    words: tuple[Words, ...] = ()

    @property
    def looked(self) -> int:
        """How many rows one look may see: what was said is looked up for each."""
        return LOOKED_FOR_WORDS if self.words else LOOKED

    @property
    def states(self) -> tuple[str, ...]:
        return next(check.values for check in self.checks if check.of == "state")

    @property
    def sorts(self) -> tuple[Sort, ...]:
        """Only what is open is due and waits."""
        return sorting.ALL if self.states == ("open",) else (sorting.NEWEST,)


def asked(brand: Brand, query: Query, *, me: int, now: datetime) -> Asked:
    """A query as this person asks it now. One statement, for the brand's time zone."""
    zone = view_names.zone_of(brand)
    checks = view_checks.of_query(query, me=me, midnight=view_names.midnight_in(zone))
    return Asked(brand, checks, now, view_names.day_of(zone, now), query.words)


def conversations(asked: Asked) -> ConversationQuerySet:
    """All that it holds, in no order: for what is done with a whole view, batch by batch along the ids."""
    return Conversation.objects.of_brand(asked.brand).filter(_all_of(asked))


def turned(asked: Asked, since: datetime, *, limit: int) -> list[Conversation]:
    """What time alone has brought in after `since`: those that hold now, and that a passing instant may have let in."""
    passed = Q()
    for check in asked.checks:
        if (
            check.kind == "today" and since < asked.day.begins
        ):  # midnight lets in what is of today, or no longer is
            yesterday = asked.day.begins - timedelta(days=1, hours=1)  # clocks may have gone back
            passed |= Q(**{f"{_TIMES[check.of]}__gte": yesterday, f"{_TIMES[check.of]}__lt": asked.day.ends})
        if check.span is None or check.of == "created":
            continue
        # By the expression of the index (models.conversations), so that only what has turned is touched.
        key = Coalesce(_TIMES[check.of], NEVER) if check.of in ("due", "waiting") else F(_TIMES[check.of])
        ends, begins = (at + timedelta(seconds=check.span) for at in (asked.now, since))
        passed |= Q(GreaterThan(key, begins)) & Q(LessThanOrEqual(key, ends))
    if not passed:
        return []
    return list(columns(conversations(asked).filter(passed))[:limit])


def changed(asked: Asked, since: int, *, limit: int) -> list[Conversation]:
    """Of all that changed after this event, what it holds now."""
    return list(columns(conversations(asked).filter(seq__gt=since))[:limit])


def _all_of(asked: Asked) -> Q:
    return condition(asked.checks, asked) & view_words.said(asked.brand, asked.words)


def condition(checks: Iterable[Check], asked: Asked) -> Q:
    found = Q()
    for check in checks:
        found &= ~_of(check, asked) if check.negated else _of(check, asked)
    return found


def page(
    asked: Asked,
    *,
    sort: Sort,
    limit: int,
    older_than: Place | None = None,
    newer_than: Place | None = None,
    looked: int | None = None,
) -> Page:
    """In the order of `sort`. `older_than` is below a place and `newer_than` above it, whatever the order."""
    if not asked.states:
        return Page([], has_newer=False, has_older=False, sort=sort)
    upwards, looked = newer_than is not None, looked or asked.looked
    read = list(_read(asked, sort, older_than, newer_than, limit, looked))
    # Beyond the first look that ended, a row of another state may be missing.
    ended = next((at for at, row in enumerate(read) if row.nth == looked), None)
    known = [row for row in read[: None if ended is None else ended + 1] if row.holds]
    shown, full = known[:limit], len(known) > limit
    resumes = sort.place_of(read[ended]) if ended is not None and not full else None
    more = full or resumes is not None
    rows = rows_of(reversed(shown) if upwards else shown, brand_slug=asked.brand.slug, now=asked.now)
    return Page(
        rows,
        has_newer=more if upwards else older_than is not None,
        has_older=more if not upwards else True,
        sort=sort,
        resumes=resumes,
        looked=looked if resumes else 0,
    )


def _read(
    asked: Asked, sort: Sort, older_than: Place | None, newer_than: Place | None, limit: int, looked: int
) -> Iterable[Any]:
    """One statement: the look of each state, and of these what holds, with the last row of a look that was not enough."""
    parts: list[str] = []
    values: list[Any] = []
    among, said = view_words.led(asked.brand, asked.words)
    for state in asked.states:
        served = Q(state=state) & condition(_served(asked), asked)
        found = Conversation.objects.of_brand(asked.brand).filter(served, among)
        found = sort.above(found, newer_than) if newer_than else sort.below(found, older_than)
        rest = condition((check for check in asked.checks if check.of != "state"), asked)
        rest &= said
        order: Any = found.query.order_by
        found = found.only(*COLUMNS).annotate(
            holds=Case(When(rest, then=Value(True)), default=Value(False)) if rest else Value(True, output_field=BooleanField()),
            nth=Window(RowNumber(), order_by=list(order)), _key=sort.key, _tie=F("pk") if sort.falls else -F("pk"),
        )  # fmt: skip
        try:
            sql, params = found[:looked].query.sql_with_params()
        except EmptyResultSet:  # nobody ever said it
            return []
        parts.append(f"({sql})")
        values += params
    way = "DESC" if sort.falls is not (newer_than is not None) else "ASC"
    # Of the page alone, not of all that was looked at.
    not_sent = outbox.not_sent_sql("looked.id")
    # Beside the page: one row that tells of more, and the last of each look.
    statement = (  # parts are Django's own; values are always parameters
        f"SELECT *, {not_sent} AS not_sent FROM ({' UNION ALL '.join(parts)}) AS looked WHERE holds OR nth = %s"  # noqa: S608
        f' ORDER BY "_key" {way}, "_tie" {way} LIMIT %s'
    )
    return Conversation.objects.raw(statement, [*values, looked, limit + 1 + len(parts)])


def _served(asked: Asked) -> list[Check]:
    """What an index of any order begins with: one assignee or one account, of what is open."""
    if asked.states != ("open",):
        return []
    exact = [
        check
        for check in asked.checks
        if check.of in _SERVED
        and not check.negated
        and len(check.values) == 1
        and not isinstance(check.values[0], str)
    ]
    return exact[:1]


def _of(check: Check, asked: Asked) -> Q:
    column = _COLUMN.get(check.of, check.of)
    match check.kind:
        case "in":
            return _is_one_of(check, column)
        case "tags":
            named = [each for each in check.values if each]
            none = Q(tags=[]) if "" in check.values else Q()
            return (Q(tags__overlap=named) | none) if named else none
        case "yes":
            return _yes(check.of)
        case "says":
            return reduce(or_, (_says(words) for words in check.values))
        case "today":
            return Q(**{f"{column}__gte": asked.day.begins, f"{column}__lt": asked.day.ends})
    limit = check.at if check.span is None else asked.now + timedelta(seconds=check.span)
    return Q(**{f"{column}__{'lte' if check.kind == 'by' else 'gt'}": limit})


def _is_one_of(check: Check, column: str) -> Q:
    if check.of == "channel":
        return channels_of(check, network="platform", account="channel_id")
    values = [each for each in check.values if each is not None]
    found = [Q(**{f"{column}__in": values})] * bool(values)
    return reduce(or_, [*found, *([Q(**{f"{column}__isnull": True})] * (None in check.values))])


def channels_of(check: Check, *, network: str, account: str) -> Q:
    """What a check of channels names: networks by their word, single accounts by their number. Told is what the columns are called."""
    networks = [each for each in check.values if isinstance(each, str)]
    numbers = [each for each in check.values if not isinstance(each, str)]
    return Q(**{f"{network}__in": networks}) | Q(**{f"{account}__in": numbers})


def _yes(name: str) -> Q:
    match name:
        case "unread":
            return Q(unread_count__gt=0)
        case "vip":
            return Q(contact_vip=True)
    return Q(**{f"{_TIMES[name]}__isnull": False})


def _says(words: str) -> Q:
    """With the meaning of view_facts, and without folding a name for each row: most names are of ASCII, and the others are asked by a pattern."""
    return _has("contact_name", words) | _has("contact_username", words)


def _has(column: str, words: str) -> Q:
    by_pattern = Q(**{f"{column}__regex": who_words.pattern(words)})
    if not who_words.is_plain(words):
        return by_pattern
    is_ascii = Q(Func(column, template=_IS_ASCII, output_field=BooleanField()))
    return (
        is_ascii & Q(Contains(Func(column, template=_SMALL, output_field=TextField()), words))
        | ~is_ascii & by_pattern
    )
