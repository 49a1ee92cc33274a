"""Who waits now, straight from the rows that the inbox keeps up to date: a few queries, however many conversations there are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import Coalesce

from analytics import metrics
from analytics.models import Fact
from analytics.rules import drain
from inbox.models import Brand, Conversation
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
}


@dataclass(slots=True)
class Line:
    """`oldest`: since when the first of them waits."""

    key: int | None
    waiting: int = 0
    oldest: datetime | None = None
    late: int = 0
    due15: int = 0
    due60: int = 0

    def add(self, row: dict[str, Any]) -> None:
        self.waiting += row["waiting"]
        self.late += row["late"]
        self.due15 += row["due15"]
        self.due60 += row["due60"]
        self.oldest = min(filter(None, (self.oldest, row["oldest"])), default=None)


@dataclass(slots=True)
class Board:
    at: datetime
    whole: Line
    teams: dict[int | None, Line] = field(default_factory=dict)
    channels: dict[int | None, Line] = field(default_factory=dict)
    people: list[Colleague] = field(default_factory=list)
    answers: int = 0  # of the last hour
    expected: int = 0

    @property
    def online(self) -> int:
        return sum(each.presence == "online" for each in self.people)


def board(brand: Brand, *, now: datetime) -> Board:
    found = Board(now, Line(None))
    for row in _lines(brand, now):
        found.whole.add(row)
        found.teams.setdefault(row["team_id"], Line(row["team_id"])).add(row)
        found.channels.setdefault(row["channel_id"], Line(row["channel_id"])).add(row)
    found.people = [each for each in staffing.of_brand(brand, now=now) if each.presence != "offline"]
    found.answers = answers(brand, now=now)
    found.expected = len(_expected(brand, now))
    return found


def answers(brand: Brand, *, now: datetime) -> int:
    """How many went out in the last hour."""
    kinds = [metrics.FIRST, metrics.NEXT]
    return Fact.objects.filter(
        brand=brand, kind__in=kinds, at__gt=now - timedelta(hours=1), at__lte=now
    ).count()


def _open(brand: Brand) -> QuerySet[Conversation]:
    return Conversation.objects.filter(brand=brand).open()


def _waiting(found: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """The expression is that of the index list_waiting."""
    return found.alias(waits=Coalesce("waiting_since", NEVER)).filter(waits__lt=NEVER)


def _due(found: QuerySet[Conversation], *, until: datetime) -> QuerySet[Conversation]:
    """The expression is that of the index list_due."""
    return found.alias(due=Coalesce("due_at", NEVER)).filter(due__lte=until)


def _lines(brand: Brand, now: datetime) -> list[dict[str, Any]]:
    groups: dict[tuple[Any, Any], dict[str, Any]] = {}
    blank = {"waiting": 0, "oldest": None, "late": 0, "due15": 0, "due60": 0}
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
    return list(groups.values())


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
    found, order = _open(brand).filter(**_by(narrow)), "due_at"
    if what == "waiting":
        found, order = _waiting(found), "waiting_since"
    elif what == "expected":
        found = found.filter(pk__in=_expected(brand, now))
    else:
        until = {"late": now, "due15": now + timedelta(minutes=15), "due60": now + timedelta(hours=1)}[what]
        found = _due(found, until=until)
        if what != "late":
            found = found.filter(due_at__gt=now)
    at, _, pk = after.partition("_")
    if pk.isdigit() and at.replace(".", "", 1).isdigit():
        moment = datetime.fromtimestamp(float(at), UTC)
        found = found.filter(Q(**{f"{order}__gt": moment}) | Q(**{order: moment, "pk__gt": int(pk)}))
    rows = list(found.order_by(order, "pk")[: PAGE + 1])
    more = ""
    if len(rows) > PAGE:
        last = rows[PAGE - 1]
        place = last.waiting_since if order == "waiting_since" else last.due_at
        more = f"{place.timestamp():.6f}_{last.pk}" if place else ""
    return rows[:PAGE], more


def _by(narrow: dict[str, int | None]) -> dict[str, Any]:
    return {
        (f"{name}__isnull" if value is None else name): (True if value is None else value)
        for name, value in narrow.items()
    }
