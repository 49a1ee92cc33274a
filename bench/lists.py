"""Any page of any view in any of its orders among a million conversations, against reading fifty rows by their keys."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection, reset_queries
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench import cast
from bench.house import House
from bench.report import Findings, compare
from inbox.models import Brand, Channel, Conversation, Person
from inbox.queries import inbox_list, sorting
from inbox.queries.inbox_list import View
from inbox.queries.list_rows import COLUMNS
from inbox.queries.sorting import Place, Sort

SAMPLES = 25
# Neighbours in time are strangers on disk: the permutation makes the list as hard as years of traffic would. Each order has a permutation
# of its own. As in a house, of what is open some have no due time, some nobody waits in, many have the same score, and accounts differ in size.
SEED = """
INSERT INTO inbox_conversation (
    public_id, brand_id, channel_id, kind, thread_key, recipient_key, state, assignee_id, priority, priority_reasons, tags,
    created_at, resolved_at, platform, contact_name, contact_username, contact_avatar, assignee_name, last_message_at,
    last_message_text, last_message_from, last_message_author, message_count, unread_count, due_reason, seq, public_seq,
    due_at, waiting_since, priority_score)
SELECT gen_random_uuid(), %(brand)s, (%(channels)s::bigint[])[1 + g %% 50], 'direct', 't' || g, 'c' || g, s.state,
       CASE WHEN g %% 4 < 2 THEN (%(people)s::bigint[])[1 + g %% cardinality(%(people)s::bigint[])] END, 3, '[]', '{}', now(),
       CASE WHEN s.state = 'resolved' THEN now() END, 'instagram', 'Customer ' || g, 'customer' || g, '', '',
       now() - ((g * 7919::bigint) %% %(amount)s) * interval '1 minute',
       'My parcel was due on Monday and has not come yet, could you have a look? ' || g, 'customer', 'Customer ' || g,
       3, g %% 3, '', g, g,
       CASE WHEN s.state = 'open' AND g %% 7 < 5 THEN now() + ((g * 104729::bigint) %% %(amount)s) * interval '1 second' END,
       CASE WHEN s.state = 'open' AND g %% 11 < 7 THEN now() - ((g * 15485863::bigint) %% %(amount)s) * interval '1 second' END,
       (g * 611953::bigint) %% 120
  FROM generate_series(1, %(amount)s) AS g, LATERAL (SELECT CASE WHEN g %% 10 < 4 THEN 'open' WHEN g %% 10 = 4 THEN 'snoozed' ELSE 'resolved' END AS state) s
"""
RECOUNT = """
INSERT INTO inbox_viewcount (brand_id, view, total, unread)
SELECT c.brand_id, w.view, count(*), count(*) FILTER (WHERE c.unread_count > 0)
  FROM inbox_conversation c, inbox_views_of(c.state, c.assignee_id, c.channel_id) AS w(view)
 WHERE c.brand_id = %s GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Spot:
    """One depth of one view in one order: pages that begin at these places."""

    name: str
    view: View
    sort: Sort
    places: list[Place]
    newer: bool = False


@dataclass(frozen=True, slots=True)
class Timed:
    name: str
    page_ms: float
    keys_ms: float

    @property
    def ratio(self) -> float:
        return self.page_ms / self.keys_ms


def measure(house: House, findings: Findings) -> None:
    amount = house.sized(1_000_000, least=20_000)
    who = cast.make("list", people=100)  # one in a hundred conversations is of the one who looks
    me = who.people[1]
    began = time.monotonic()
    seed(who, amount)
    findings.note(f"list: {amount:,} conversations were made in {time.monotonic() - began:.0f} s.")
    spots = list(spots_of(me, who.brand))
    counts = {count_queries(spot, me, who.brand) for spot in spots}
    faults = [] if len(counts) == 1 else [f"pages take {sorted(counts)} queries, not the same number each"]
    worst: list[Timed] = []
    for _ in range(house.rounds):
        timed = [time_spot(spot, me, who.brand) for spot in spots]
        worst.append(max(timed, key=lambda each: each.ratio))
        findings.raw.setdefault("list", []).append(
            {each.name: [each.page_ms, each.keys_ms] for each in timed}
        )
    findings.add(
        compare(
            "list, worst page / by key",
            ours=[each.page_ms for each in worst], theirs=[each.keys_ms for each in worst], limit=2, sense="<=", unit="ms",
            says=f"{len(spots)} depths of {len({spot.view.name for spot in spots})} views in each order that they open in, at {amount:,} "
            f"conversations, {max(counts)} query a page; the worst of each round counts (last: {worst[-1].name}); the columns of the "
            "same rows and no more, fetched by primary key right beside",
            faults=faults,
        )
    )  # fmt: skip
    findings.note("list, worst page of each order / by key: " + ", ".join(_worst_of_each_order(spots, timed)))


def _worst_of_each_order(spots: list[Spot], timed: list[Timed]) -> Iterator[str]:
    """Of the last round."""
    for sort in sorting.ALL:
        of_it = [each for spot, each in zip(spots, timed, strict=True) if spot.sort is sort]
        slowest = max(of_it, key=lambda each: each.ratio)
        yield f"{sort.name} {slowest.ratio:.2f} ({slowest.name}, {slowest.page_ms:.2f} ms)"


def seed(who: cast.Cast, amount: int) -> None:
    more = [
        Channel.objects.create(
            brand=who.brand, platform=p, external_id=f"{who.brand.slug}-{p}", name=p.title()
        )
        for p in ("x", "linkedin")
    ]
    x, linkedin = (channel.pk for channel in more)
    channels = [who.channel.pk, linkedin, *[x] * 16, *[who.channel.pk] * 32]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE inbox_conversation DISABLE TRIGGER USER")
        cursor.execute(
            SEED,
            {
                "brand": who.brand.pk,
                "channels": channels,
                "people": [p.pk for p in who.people],
                "amount": amount,
            },
        )
        cursor.execute("ALTER TABLE inbox_conversation ENABLE TRIGGER USER")
        cursor.execute(RECOUNT, [who.brand.pk])
        cursor.execute("VACUUM (ANALYZE) inbox_conversation")


def spots_of(me: Person, brand: Brand) -> Iterator[Spot]:
    """Each view in each of its orders, from its first page to its last, and back from the middle."""
    for view in inbox_list.views_of(me, brand):
        if not view.total:
            raise RuntimeError(f"The view {view.name} is empty.")
        for sort in view.sorts:
            depths = {"second": 50, "middle": view.total // 2, "last": view.total - 60 - SAMPLES}
            places = {depth: _places(view, sort, me, brand, offset=rows) for depth, rows in depths.items()}
            yield Spot(f"{view.name} by {sort.name}, first", view, sort, [])
            for depth in depths:
                yield Spot(f"{view.name} by {sort.name}, {depth}", view, sort, places[depth])
            name = f"{view.name} by {sort.name}, middle back"
            yield Spot(name, view, sort, places["middle"], newer=True)


def _places(view: View, sort: Sort, me: Person, brand: Brand, *, offset: int) -> list[Place]:
    found = sort.below(view.conversations(me, brand), None)
    return [sort.place_of(row) for row in found[offset : offset + SAMPLES]]


def _page(spot: Spot, number: int, me: Person, brand: Brand) -> inbox_list.Page:
    place = spot.places[number] if spot.places else None
    older, newer = (None, place) if spot.newer else (place, None)
    return inbox_list.page(
        spot.view, person=me, brand=brand, now=timezone.now(), older_than=older, newer_than=newer, sort=spot.sort
    )  # fmt: skip


def count_queries(spot: Spot, me: Person, brand: Brand) -> int:
    with CaptureQueriesContext(connection) as captured:
        _page(spot, 0, me, brand)
    return len(captured)


def time_spot(spot: Spot, me: Person, brand: Brand) -> Timed:
    """The page's own SQL beside a read of its rows by key; who goes first changes each time, and both are warm."""
    pages: list[float] = []
    keys: list[float] = []
    reset_queries()  # Django keeps 9,000 and captures none after these
    for number in range(len(spot.places) or SAMPLES):
        with CaptureQueriesContext(connection) as captured:
            shown = _page(spot, number, me, brand)
        if len(shown.rows) < inbox_list.PAGE:
            raise RuntimeError(f"The page {spot.name} is not full: {len(shown.rows)} rows.")
        page_sql, keys_sql = captured[0]["sql"], by_key([row.conversation.pk for row in shown.rows])
        _time(keys_sql)
        for sql, times in ((page_sql, pages), (keys_sql, keys))[:: 1 if number % 2 else -1]:
            times.append(_time(sql))
    return Timed(spot.name, statistics.median(pages), statistics.median(keys))


def by_key(ids: list[int]) -> str:
    """The columns of these rows and no more: whatever else a page finds out of them is its own cost."""
    return str(Conversation.objects.filter(pk__in=ids).only(*COLUMNS).query)


def _time(sql: str) -> float:
    with connection.cursor() as cursor:
        began = time.perf_counter()
        cursor.execute(sql)
        cursor.fetchall()
        return (time.perf_counter() - began) * 1000
