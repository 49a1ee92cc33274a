"""A view by its name or by what was typed, and what the query bar shows of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from django.http import Http404

from inbox.models import Brand, Person
from inbox.queries import inbox_list, saved_views, view_names, view_rows
from inbox.queries.inbox_list import View
from inbox.rules import view_query, view_reading
from inbox.rules._view_words import choices as may_stand
from inbox.rules.view_query import FIELDS, TIMES, Names, Query, QueryError, Term

TYPED = "query"  # the view of what was typed
DAYS = 8  # midnights that a page is told of ahead
# What the bar says of the views of the house.
_HOUSE = {"open": "", "mine": "assignee:me", "unassigned": "assignee:none", "snoozed": "is:snoozed", "resolved": "is:resolved"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bar:
    """The query bar. `checks`: by which the page judges pushed rows; empty for the views of the house."""

    text: str
    fault: str = ""
    word: str = ""
    checks: str = ""
    days: str = ""  # midnights of the brand's own days, in milliseconds
    words: bool = False  # asks what was said, which no row carries
    address: str = ""  # as it stands in addresses: q=…
    note: str = ""


def view(person: Person, brand: Brand, name: str, *, text: str = "") -> View:
    """The view of this name, without its counters. Raises QueryError for a text that cannot be read, Http404 for a name nobody gave."""
    if name == TYPED:
        query = view_reading.parse(text, view_names.of(person, brand))
        return View(TYPED, "Found", "", query=query)
    found = inbox_list.view_named(name, person, brand) or saved_views.named(name, person, brand)
    if found is None:
        raise Http404
    return found


def nothing() -> View:
    """What stands below a text that cannot be read, and is fulfilled by no row that is told of."""
    return View(TYPED, "Found", "", query=Query(states=()))


def bar(
    person: Person, brand: Brand, shown: View, *, now: datetime, text: str, fault: QueryError | None
) -> Bar:
    if shown.query is None and shown.channel is None:
        return Bar(_HOUSE.get(shown.name, ""))
    names = view_names.of(person, brand)
    if shown.query is None:
        assert shown.channel is not None
        term = Term("channel", ":", (f"#{shown.channel.pk}",))
        return Bar(view_query.say(Query(terms=(term,)), names))
    said = text if fault else view_query.say(shown.query, names)
    asked = view_rows.asked(brand, shown.query, me=person.pk, now=now)
    midnights = view_names.midnights(view_names.zone_of(brand), now, DAYS)
    return Bar(
        said,
        fault=str(fault) if fault else "",
        word=fault.word if fault else "",
        checks=orjson.dumps([check.as_json() for check in asked.checks]).decode(),
        days=orjson.dumps([int(at.timestamp() * 1000) for at in midnights]).decode(),
        words=shown.query.asks_words,
        address=urlencode({"q": said}) if shown.name == TYPED else "",
        note=_note(shown.query, names),
    )  # fmt: skip


def _note(query: Query, names: Names) -> str:
    """What may surprise in an empty list."""
    known = {*names.tags, view_query.NONE}
    strange = [value for term in query.terms if term.field == "tag" and not term.negated for value in term.values if value not in known]  # fmt: skip
    return f"No tag is called “{strange[0]}” yet." if strange else ""


def choices(person: Person, brand: Brand) -> dict[str, Any]:
    """What the bar completes: fields, and the values of each."""
    names = view_names.of(person, brand)
    quoted = {name: [view_query.quoted(each) for each in may_stand(name, names)] for name in FIELDS}
    quoted["language"] = [*brand.languages, view_query.NONE]
    quoted["from"] = []
    return {"fields": list(FIELDS), "times": list(TIMES), "values": quoted}
