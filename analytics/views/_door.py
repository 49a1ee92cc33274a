"""What the pages of the figures share: who may come in, what was asked for, and the pages beside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from analytics.queries import catching_up
from analytics.queries import names as all_names
from analytics.queries.asked import FILTERS, PRESETS, Asked, read
from analytics.queries.names import HEADS, NONE, Names
from inbox import access
from inbox.models import Brand
from inbox.views._door import AgentRequest, signed_in

__all__ = ["PAGES", "AgentRequest", "Visit", "page", "signed_in", "visit"]

# Name of the address, label, filters that say something there.
PAGES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("now", "Now", ()),
    ("responses", "Response times", tuple(FILTERS)),
    ("volume", "Volume and backlog", ("channel", "team", "tag", "priority")),
    ("agents", "Agents", ("channel", "team", "tag", "priority")),
    ("tags", "Tags and mood", ("channel", "team", "priority")),
    ("sla", "SLA", tuple(FILTERS)),
    # A conversation begins with nobody: to ask whose these are says nothing.
    ("files", "Files", ("channel", "team", "tag", "priority")),
    ("mails", "By mail", ()),
    ("definitions", "What figures mean", ()),
)


@dataclass(frozen=True, slots=True)
class Visit:
    brand: Brand
    names: Names
    asked: Asked


def offered(here: str) -> tuple[str, ...]:
    """The filters of a page, by their names in the address."""
    return next((filters for name, _, filters in PAGES if name == here), ())


def visit(
    request: AgentRequest,
    brand_slug: str,
    *,
    remembers: tuple[str, ...] = (),
    here: str = "",
) -> Visit:
    """404 for whoever may not see reports. `here`: a page whose filters alone count; those that say nothing there are left out."""
    brand = access.brand_for_reports(request.user, brand_slug)
    names = all_names.of(brand)
    asked = read(request.GET.dict(), brand=brand, names=names, now=timezone.now(), remembers=remembers)
    if here:
        asked = asked.without(*(name for name in FILTERS if name not in offered(here)))
    return Visit(brand, names, asked)


def _choice(visit: Visit, name: str) -> tuple[list[tuple[str, str]], str]:
    """What may be chosen, and what is. Figures may be narrowed by what is gone: then that is among it."""
    column = FILTERS[name]
    options = visit.names.options(column)
    if column not in visit.asked.filters:
        return options, ""
    value = visit.asked.filters[column]
    key = "" if value is None else str(value)
    chosen = visit.names.text(column, key)
    if chosen not in dict(options) and (chosen, name) not in _OFFERED:
        options.append((chosen, visit.names.label(column, key)))
    return options, chosen


_OFFERED = {(NONE, "agent"), (NONE, "team"), (NONE, "tag")}  # by the form itself


def page(
    request: AgentRequest, template: str, visit: Visit, here: str, *, status: int = 200, **context: Any
) -> HttpResponse:
    asked = visit.asked
    found = {
        "brand": visit.brand,
        "asked": asked,
        "here": here,
        "pages": [(name, label) for name, label, _ in PAGES],
        # Filters go along to the other pages; those that say nothing there are left out by them.
        "query": asked.query(**dict.fromkeys(asked.more)),
        "whole_query": asked.query(),
        "goes_on": asked.end > timezone.now(),
        "presets": [(value, label, asked.query(range=value, **{"from": None, "to": None})) for value, label in PRESETS.items()],
        "filters": [(name, HEADS[FILTERS[name]], *_choice(visit, name)) for name in offered(here)],
        "without": {"agent": "Nobody in Parley", "team": "No team", "tag": "Without a tag"},
        "standing": catching_up.of(visit.brand, now=timezone.now(), hours=here == "agents"),
        **context,
    }  # fmt: skip
    return render(request, f"analytics/{template}", found, status=status)
