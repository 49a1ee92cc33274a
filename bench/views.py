"""The counters of one agent's views, against reading forty rows by their keys."""

from __future__ import annotations

import re
import statistics
import time

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench import cast, lists
from bench.house import House
from bench.report import Findings, compare
from inbox.actions import counting, saving
from inbox.models import Brand, Conversation, Person, SavedView
from inbox.queries import inbox_list, saved_views, view_counting, view_rows
from inbox.queries.inbox_list import View
from inbox.queries.list_rows import COLUMNS
from inbox.rules.view_query import Names, Query
from inbox.rules.view_reading import parse

ROWS = 40
SAMPLES = 200
OWN = ["", "is:unread", "assignee:me", "assignee:none", "is:snoozed", "channel:x", "channel:li is:unread", "due<1h", "is:late", "waiting>10m",
       "priority:urgent,high", "assignee:me is:unread", "-assignee:none", "updated<1d", "kind:direct is:unread", "from:customer1",
       "is:waiting", "due:today", "created<7d", "is:resolved"]  # fmt: skip


def measure(house: House, findings: Findings) -> None:
    amount = house.sized(20_000, least=5_000)
    who = cast.make("views", people=25)
    me = who.people[1]
    lists.seed(who, amount)
    began = time.monotonic()
    for person in who.people:  # a house of people, each with views of their own, in the same tables
        for number, text in enumerate(OWN if person == me else OWN[:1]):
            save(who.brand, person, f"{number} {text}", text, by=person)
    for number, text in enumerate(OWN):
        save(who.brand, None, f"{number} {text}", text, by=me)
    steps = fill(who.brand)
    findings.note(
        f"views: {2 * len(OWN) + len(who.people) - 1} views over {amount:,} conversations were counted in {time.monotonic() - began:.0f} s, "
        f"{steps} transactions."
    )
    rail = [*inbox_list.house(me, who.brand), *saved_views.of(me, who.brand)]
    faults = _wrong(rail, me, who.brand)
    ours, theirs = [], []
    for _ in range(house.rounds):
        mine, other = _time_both(rail, who.brand)
        ours.append(mine)
        theirs.append(other)
    findings.add(
        compare(
            "views, counters / forty rows by key", ours=ours, theirs=theirs, limit=2, sense="<=", unit="ms",
            says=f"all counters that the rail of one agent shows ({len([view for view in rail if view.count_key])} views), as the page reads "
            f"them, beside a read of {ROWS} rows of the list by primary key; each counter was compared with counting before",
            faults=faults,
        )
    )  # fmt: skip


def save(brand: Brand, owner: Person | None, name: str, text: str, *, by: Person) -> None:
    names = Names(platforms={"x": ("x",), "linkedin": ("li",), "instagram": ("ig",)})
    saving.save(brand=brand, owner=owner, name=name, query=parse(text, names), by=by, now=timezone.now())


def fill(brand: Brand) -> int:
    steps = 0
    while view_counting.behind():
        now = timezone.now()
        for step in (counting.follow, counting.fill):
            steps += 1
            step(brand_id=brand.pk, now=now, limit=5000)
    return steps


def _wrong(rail: list[View], me: Person, brand: Brand) -> list[str]:
    """Time moves rows in and out meanwhile: what is due is turned first, and compared at the same instant."""
    now = timezone.now()
    while turned := view_counting.turned(now, limit=500):
        for brand_id, ids in turned.items():
            counting.turn(brand_id=brand_id, conversation_ids=ids, now=now)
    faults = []
    for view in inbox_list.counted(rail, brand):
        if view.saved is not None and view.count_key:
            asked = view_rows.asked(brand, Query.from_json(view.saved.query), me=me.pk, now=now)
            there = view_rows.conversations(asked).count()
            if there != view.total:
                faults.append(f"“{view.label}” says {view.total:,} and holds {there:,}")
    if not SavedView.objects.filter(brand=brand, counted_version__gt=0).exists():
        faults.append("no view was counted")
    return faults


def _time_both(rail: list[View], brand: Brand) -> tuple[float, float]:
    with CaptureQueriesContext(connection) as captured:
        inbox_list.counted(rail, brand)
    if len(captured) != 1:
        raise RuntimeError(f"The counters take {len(captured)} statements.")
    [counters] = [each["sql"] for each in captured]
    assert re.search(r"FROM \"?inbox_viewcount", counters) and "COUNT(" not in counters
    ids = list(Conversation.objects.of_brand(brand).order_by("?").values_list("pk", flat=True)[:ROWS])
    columns = ", ".join(f'"{name}"' for name in COLUMNS)
    keys = f"SELECT {columns} FROM inbox_conversation WHERE id IN ({', '.join(map(str, ids))})"
    times: dict[str, list[float]] = {counters: [], keys: []}
    for number in range(SAMPLES):
        for sql in (counters, keys)[:: 1 if number % 2 else -1]:
            with connection.cursor() as cursor:
                began = time.perf_counter()
                cursor.execute(sql)
                cursor.fetchall()
                times[sql].append((time.perf_counter() - began) * 1000)
    return statistics.median(times[counters]), statistics.median(times[keys])
