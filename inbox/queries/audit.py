"""The audit log as people read it: newest first, narrowed by who, what and when, and whole as rows for a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Model, Q, QuerySet

from inbox.models import AuditEntry, Brand, Person
from inbox.queries._audit_accounts import Accounts, OfChannels
from inbox.queries._audit_words import Said, Words

PAGE = 60
CHUNK = 500
MOST_OTHERS = 500
SUBJECTS = (
    "brand", "business hours", "canned reply", "channel", "customer", "dead item", "desk", "file", "grant", "holiday", "macro", "membership", "merge", "person",
    "platform app", "priority weights", "queue", "report mail", "routing", "run", "schedule", "SLA policy", "tag", "tag rule", "team",
    "team member", "view", "audit log",
)  # fmt: skip
HEADER = ("When ({zone})", "Who", "From", "Did", "To what", "Name", "Before", "After", "Request")


@dataclass(frozen=True, slots=True)
class Filter:
    person_id: int | None = None
    itself: bool = False  # what nobody did but Parley
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    installation: bool = False  # what concerns no one brand, too


@dataclass(frozen=True, slots=True)
class Change:
    name: str
    before: Said
    after: Said


@dataclass(frozen=True, slots=True)
class Line:
    entry: AuditEntry
    who: str
    where: str  # the account that it speaks of, behind the name
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody who is in the log and is none of the colleagues of today: who left, is locked, or runs the installation."""

    person_id: int
    ref: str
    name: str


# From one person to the next by the index, however many entries lie between them; the name is that of the newest entry.
_EVERYBODY = """
    WITH RECURSIVE w AS (
        (SELECT e.person_id, e.person_name FROM inbox_auditentry e WHERE {brand} AND e.person_id IS NOT NULL
          ORDER BY e.person_id, e.id DESC LIMIT 1)
         UNION ALL
        SELECT n.* FROM w CROSS JOIN LATERAL (
               SELECT e.person_id, e.person_name FROM inbox_auditentry e WHERE {brand} AND e.person_id > w.person_id
                ORDER BY e.person_id, e.id DESC LIMIT 1) n)
    SELECT person_id, person_name FROM w LIMIT %(most)s"""


def others(brand: Brand, *, besides: Iterable[int], installation: bool) -> list[Other]:
    """By name. Of more than one brand has had in years, those who came first."""
    met = _in_log("e.brand_id = %(brand)s", brand.pk)
    if installation:
        met = _in_log("e.brand_id IS NULL", brand.pk) | met
    known = Person.objects.in_bulk(met.keys() - set(besides))
    found = [
        Other(pk, str(known[pk].public_id) if pk in known else str(pk), known[pk].short_name if pk in known else name)
        for pk, name in met.items()
        if pk not in set(besides)
    ]  # fmt: skip
    return sorted(found, key=lambda each: (each.name.casefold(), each.person_id))


def _in_log(of_brand: str, brand_id: int) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(_EVERYBODY.format(brand=of_brand), {"brand": brand_id, "most": MOST_OTHERS})
        return dict(cursor.fetchall())


Numbers = Mapping[str, type[Model]]  # columns of other apps that hold numbers of rows, and of which


def lines(
    brand: Brand, wanted: Filter, *, before: int | None, numbers: Numbers, of_channels: OfChannels
) -> list[Line]:
    found = _filtered(brand, wanted)
    if before:
        found = found.filter(pk__lt=before)
    return _lines(list(found.order_by("-pk")[:PAGE]), numbers, of_channels)


def rows(
    brand: Brand, wanted: Filter, *, zone: ZoneInfo, numbers: Numbers, of_channels: OfChannels
) -> Iterator[list[str]]:
    """Everything, chunk by chunk, so that a log of years is never in memory. Times are of `zone`, with their distance from UTC: where clocks are put
    back an hour comes twice."""
    yield [each.format(zone=zone) for each in HEADER]
    before: int | None = None
    while True:
        found = _filtered(brand, wanted)
        chunk = list((found.filter(pk__lt=before) if before else found).order_by("-pk")[:CHUNK])
        for line in _lines(chunk, numbers, of_channels):
            entry = line.entry
            yield [
                entry.at.astimezone(zone).isoformat(" ", "seconds"), line.who, entry.address, entry.act, entry.subject, f"{entry.subject_name} {line.where}".strip(),
                "; ".join(f"{each.name}: {each.before.text}" for each in line.changes if each.before.text),
                "; ".join(f"{each.name}: {each.after.text}" for each in line.changes if each.after.text), entry.request,
            ]  # fmt: skip
        if len(chunk) < CHUNK:
            return
        before = chunk[-1].pk


def _filtered(brand: Brand, wanted: Filter) -> QuerySet[AuditEntry]:
    mine = Q(brand=brand)
    found = AuditEntry.objects.filter(mine | Q(brand=None) if wanted.installation else mine)
    if wanted.itself:
        found = found.filter(person=None)
    elif wanted.person_id is not None:
        found = found.filter(person=wanted.person_id)
    if wanted.subject:
        found = found.filter(subject=wanted.subject)
    if wanted.since:
        found = found.filter(at__gte=wanted.since)
    if wanted.until:
        found = found.filter(at__lt=wanted.until)
    return found


def _lines(entries: list[AuditEntry], numbers: Numbers, of_channels: OfChannels) -> list[Line]:
    words, accounts = Words(entries, numbers), Accounts(entries, of_channels)
    return [
        Line(each, each.person_name or "Parley", accounts.where(each), tuple(_changes(each, words)))
        for each in entries
    ]


def _changes(entry: AuditEntry, words: Words) -> Iterator[Change]:
    for name in dict.fromkeys([*entry.before, *entry.after]):
        before, after = (
            words.said(entry.subject, name, side.get(name)) for side in (entry.before, entry.after)
        )
        if before.text or after.text:
            yield Change(words.column(name), before, after)
