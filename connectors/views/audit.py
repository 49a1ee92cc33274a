"""The audit log: read, narrowed, taken out as a table."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET

from connectors.models import Credential, DeadItem, PlatformApp, SyncRun, SyncSchedule
from connectors.views import _console
from inbox import access
from inbox.models import Brand, Person
from inbox.queries import audit
from inbox.rules.csv_cells import safe_row
from inbox.views._door import AgentRequest, signed_in

ITSELF = "parley"  # in the address, where else somebody's id stands
NUMBERS = {"app_id": PlatformApp}
OF_CHANNELS = {"grant": Credential, "schedule": SyncSchedule, "run": SyncRun, "dead item": DeadItem}


class _Echo:
    def write(self, line: str) -> str:
        return line


@require_GET
@signed_in
def index(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for_running(request.user, brand_slug)
    before = request.GET.get("before", "")
    colleagues, others = _people(request, brand)
    wanted = _wanted(request, brand, colleagues, others)
    found = audit.lines(
        brand,
        wanted,
        before=int(before) if before.isdecimal() and len(before) < 18 else None,
        numbers=NUMBERS,
        of_channels=OF_CHANNELS,
    )
    kept = {name: request.GET.get(name, "") for name in ("person", "subject", "since", "until")}
    query = request.GET.copy()
    query.pop("before", None)
    return _console.page(
        request, "audit.html", brand, "audit", lines=found, more=found[-1].entry.pk if len(found) == audit.PAGE else None,
        colleagues=colleagues, others=others, itself=ITSELF, subjects=audit.SUBJECTS, kept=kept, query=query.urlencode(),
    )  # fmt: skip


@require_GET
@signed_in
def export(request: AgentRequest, brand_slug: str) -> HttpResponseBase:
    """A CSV of everything that the filter shows. That it was taken out is an entry, too, as with every table (config.middleware)."""
    brand = access.brand_for_running(request.user, brand_slug)
    wanted = _wanted(request, brand, *_people(request, brand))
    now = timezone.now()
    answer = StreamingHttpResponse(_written(brand, wanted), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="audit-{brand.slug}-{now:%Y-%m-%d}.csv"'
    return answer


def _written(brand: Brand, wanted: audit.Filter) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"  # spreadsheets take the text for UTF-8 then
    for row in audit.rows(
        brand, wanted, zone=ZoneInfo(brand.time_zone), numbers=NUMBERS, of_channels=OF_CHANNELS
    ):
        yield writer.writerow(safe_row(row))


def _people(request: AgentRequest, brand: Brand) -> tuple[list[Person], list[audit.Other]]:
    """Whose entries may be asked for: the colleagues of today, and whoever else is in the log."""
    colleagues = list(access.colleagues_of(request.user, brand))
    installation = access.runs_installation(request.user)
    return colleagues, audit.others(
        brand, besides=[each.pk for each in colleagues], installation=installation
    )


def _wanted(
    request: AgentRequest, brand: Brand, colleagues: list[Person], others: list[audit.Other]
) -> audit.Filter:
    people = {str(each.public_id): each.pk for each in colleagues} | {
        each.ref: each.person_id for each in others
    }
    person = request.GET.get("person", "")
    if person and person != ITSELF and person not in people:
        raise Http404
    subject = request.GET.get("subject", "")
    return audit.Filter(
        person_id=people.get(person),
        itself=person == ITSELF,
        subject=subject if subject in audit.SUBJECTS else "",
        since=_day(request.GET.get("since", ""), brand),
        until=_day(request.GET.get("until", ""), brand, days=1),
        installation=access.runs_installation(request.user),
    )


def _day(text: str, brand: Brand, *, days: int = 0) -> datetime | None:
    """The beginning of a day of the brand; nothing for what is no day."""
    try:
        day = date.fromisoformat(text) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    return datetime.combine(day, time(), ZoneInfo(brand.time_zone))
