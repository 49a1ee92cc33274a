"""Who waits now, straight from the rows that the inbox keeps up to date: a few queries, however many conversations there are."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from analytics import metrics
from analytics.models import Fact
from analytics.rules import drain
from inbox.models import Brand, Conversation, Workload
from inbox.models.conversations import NEVER
from inbox.queries import staffing
from inbox.queries.staffing import Colleague

PAGE = 50
WHATS = {
    "waiting": "waiting",
    "late": "late",
    "due15": "due within 15 minutes",
    "due60": "due within the hour",
    "expected": "expected to be late within the hour",
    "open": "open",
    "answered": "answered in the last hour",
}


@dataclass(slots=True)
class Line:
    """`oldest`: since when the first of them waits; `first`: its conversation, None where it stopped waiting while the board was read."""

    key: int | None
    waiting: int = 0
    oldest: datetime | None = None
    first: UUID | None = None
    late: int = 0
    due15: int = 0
    due60: int = 0

    def add(self, row: dict[str, Any]) -> None:
        self.waiting += row["waiting"]
        self.late += row["late"]
        self.due15 += row["due15"]
        self.due60 += row["due60"]
        if row["oldest"] and (self.oldest is None or row["oldest"] < self.oldest):
            self.oldest, self.first = row["oldest"], row["first"]


@dataclass(slots=True)
class Board:
    at: datetime
    whole: Line
    teams: dict[int | None, Line] = field(default_factory=dict)
    channels: dict[int | None, Line] = field(default_factory=dict)
    people: list[tuple[Colleague, int]] = field(default_factory=list)  # each with how many open conversations
    answers: int = 0  # of the last hour
    expected: int = 0

    @property
    def online(self) -> int:
        return sum(each.presence == "online" for each, _ in self.people)


def board(brand: Brand, *, now: datetime) -> Board:
    found = Board(now, Line(None))
    for row in _lines(brand, now):
        found.whole.add(row)
        found.teams.setdefault(row["team_id"], Line(row["team_id"])).add(row)
        found.channels.setdefault(row["channel_id"], Line(row["channel_id"])).add(row)
    has = _has(brand)
    found.people = [
        (each, has.get(each.person.pk, 0))
        for each in staffing.of_brand(brand, now=now)
        if each.presence != "offline"
    ]
    found.answers = answers(brand, now=now)
    found.expected = len(_expected(brand, now))
    return found


def answers(brand: Brand, *, now: datetime) -> int:
    """How many went out in the last hour."""
    return _answers(brand, now).count()


def _answers(brand: Brand, now: datetime) -> QuerySet[Fact]:
    kinds = [metrics.FIRST, metrics.NEXT]
    return Fact.objects.filter(brand=brand, kind__in=kinds, at__gt=now - timedelta(hours=1), at__lte=now)


def _has(brand: Brand) -> dict[int, int]:
    """Person → open conversations, which the inbox keeps counted."""
    rows = Workload.objects.filter(brand=brand).order_by().values("person_id")
    return dict(rows.annotate(number=Sum("conversations")).values_list("person_id", "number"))


def _open(brand: Brand) -> QuerySet[Conversation]:
    return Conversation.objects.filter(brand=brand).open()


def _waiting(found: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """The expression is that of the index list_waiting."""
    return found.alias(waits=Coalesce("waiting_since", NEVER)).filter(waits__lt=NEVER)


def _due(
    found: QuerySet[Conversation], *, until: datetime, after: datetime | None = None
) -> QuerySet[Conversation]:
    """The expression is that of the index list_due."""
    within = found.alias(due=Coalesce("due_at", NEVER)).filter(due__lte=until)
    return within if after is None else within.filter(due__gt=after)


def _lines(brand: Brand, now: datetime) -> list[dict[str, Any]]:
    groups: dict[tuple[Any, Any], dict[str, Any]] = {}
    blank = {"waiting": 0, "oldest": None, "first": None, "late": 0, "due15": 0, "due60": 0}
    waiting = _waiting(_open(brand)).order_by().values("team_id", "channel_id")
    due = _due(_open(brand), until=now + timedelta(hours=1)).order_by().values("team_id", "channel_id")
    quarter = now + timedelta(minutes=15)
    for row in [
        *waiting.annotate(waiting=Count("pk"), oldest=Min("waiting_since")),
        *due.annotate(
            late=Count("pk", filter=Q(due_at__lte=now)),
            due15=Count("pk", filter=Q(due_at__gt=now, due_at__lte=quarter)),
            due60=Count("pk", filter=Q(due_at__gt=now)),
        ),
    ]:
        groups.setdefault((row["team_id"], row["channel_id"]), dict(blank)).update(row)
    _name_the_first(brand, groups)
    return list(groups.values())


def _name_the_first(brand: Brand, groups: dict[tuple[Any, Any], dict[str, Any]]) -> None:
    """The conversation that waits longest in each group, where it still does: found by the index list_waiting, which one statement
    for both could not use."""
    since = [group["oldest"] for group in groups.values() if group["oldest"]]
    longest = _open(brand).annotate(waits=Coalesce("waiting_since", NEVER)).filter(waits__in=since)
    for team_id, channel_id, waiting_since, public_id in longest.order_by("-waits", "-pk").values_list(
        "team_id", "channel_id", "waiting_since", "public_id"
    ):
        group = groups.get((team_id, channel_id))
        if group and group["oldest"] == waiting_since:
            group["first"] = public_id


def _expected(brand: Brand, now: datetime) -> list[int]:
    """Ids of those that will be late, the earliest due first."""
    line = _due(_waiting(_open(brand)), until=now + timedelta(hours=1)).order_by("due_at", "pk")
    rows = list(line.values_list("pk", "due_at"))
    ahead = sum(due_at <= now for _, due_at in rows if due_at)
    left = [(pk, due_at) for pk, due_at in rows if due_at and due_at > now]
    places = drain.expected(
        [due_at for _, due_at in left], ahead=ahead, answers=answers(brand, now=now), now=now
    )
    return [left[place][0] for place in places]


def conversations(
    brand: Brand, what: str, *, now: datetime, narrow: dict[str, int | None], after: str = ""
) -> tuple[list[Conversation], str]:
    """Those behind a number of the board, the most pressing first, and the cursor of the next page."""
    found, column, order, later = _open(brand).filter(**_by(narrow)), "due_at", ("due", "-pk"), "pk__lt"
    # Each is in the order of an index of the inbox's list, so a page reads its own rows, however many there are.
    if what == "waiting":
        found, column, order = _waiting(found), "waiting_since", ("waits", "-pk")
    elif what == "open":
        column, order, later = "last_message_at", ("last_message_at", "pk"), "pk__gt"
    elif what == "expected":
        found, order, later = found.filter(pk__in=_expected(brand, now)), ("due_at", "pk"), "pk__gt"
    else:
        until = {"late": now, "due15": now + timedelta(minutes=15), "due60": now + timedelta(hours=1)}[what]
        found = _due(found, until=until, after=None if what == "late" else now)
    if place := _place(after):
        moment, pk = place
        by = order[0]
        found = found.filter(**{f"{by}__gte": moment})
        found = found.filter(Q(**{f"{by}__gt": moment}) | Q(**{by: moment, later: pk}))
    rows = list(found.order_by(*order)[: PAGE + 1])
    more = ""
    if len(rows) > PAGE:
        last = rows[PAGE - 1]
        at = getattr(last, column)
        more = f"{at.timestamp():.6f}_{last.pk}" if at else ""
    return rows[:PAGE], more


def answered(
    brand: Brand, *, now: datetime, after: str = ""
) -> tuple[list[tuple[datetime, Conversation]], str]:
    """The answers of the last hour, the newest first, each with its conversation, and the cursor of the next page."""
    found = _answers(brand, now).select_related("conversation")
    if place := _place(after):
        found = found.filter(Q(at__lt=place[0]) | Q(at=place[0], pk__lt=place[1]))
    rows = list(found.order_by("-at", "-pk")[: PAGE + 1])
    more = f"{rows[PAGE - 1].at.timestamp():.6f}_{rows[PAGE - 1].pk}" if len(rows) > PAGE else ""
    return [(row.at, row.conversation) for row in rows[:PAGE]], more


def _place(after: str) -> tuple[datetime, int] | None:
    at, _, pk = after.partition("_")
    if pk.isdecimal() and len(pk) < 19 and at.replace(".", "", 1).isdecimal():
        with suppress(OverflowError, ValueError, OSError):
            return datetime.fromtimestamp(float(at), UTC), int(pk)
    return None


def _by(narrow: dict[str, int | None]) -> dict[str, Any]:
    return {
        (f"{name}__isnull" if value is None else name): (True if value is None else value)
        for name, value in narrow.items()
    }
