"""Any query as pages of the list: the same rows as the rule holds to be in it, by key, in one statement, never further than a look."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.models import Brand, BusinessHours, Channel, Conversation
from inbox.queries import sorting, view_facts, view_names, view_rows
from inbox.queries.list_rows import Page
from inbox.queries.sorting import Place, Sort
from inbox.queries.view_rows import Asked
from inbox.rules import who_words
from inbox.rules.view_checks import Check, Facts, holds
from tests.factories import conversations as make
from tests.factories.people import ChannelFactory, agent_of
from tests.inbox.rules.cases import CASES, DAY, NOW, Case, checks_of
from tests.inbox.rules.test_who_words import LETTERS

SOME = ["tag:refund", "tag:refund,late -tag:spam", "is:unread due<1h", "is:late", "-is:late waiting>10m", "from:anna", "assignee:none",
        "priority:urgent,high", "channel:x", "is:any", "is:open,snoozed,spam tag:refund", "is:resolved", ""]  # fmt: skip


@pytest.fixture
def channel(db: None) -> Channel:
    return ChannelFactory()


def asked(channel: Channel, text: str) -> Asked:
    return Asked(channel.brand, checks_of(text), NOW, DAY)


def row_of(channel: Channel, facts: Facts) -> Conversation:
    """A row with these facts. Numbers of people and channels are those of the table, which no foreign key would take."""
    name, _, username = facts.who.partition("\n")
    made = make.conversation(
        channel, state=facts.state, kind=facts.kind, platform=facts.platform, tags=list(facts.tags), priority=facts.priority,
        language=facts.language, sentiment=facts.mood, unread_count=int(facts.unread), contact_vip=facts.vip,
        contact_name=name.title(), contact_username=username, waiting_since=facts.waiting, due_at=facts.due,
        last_message_at=facts.updated, resolved_at=NOW if facts.state == "resolved" else None,
    )  # fmt: skip
    Conversation.objects.filter(pk=made.pk).update(created_at=facts.created)
    made.refresh_from_db()
    return made


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.query or 'nothing'} {case.holds}"[:40])
def test_the_database_agrees_with_the_table(case: Case, channel: Channel) -> None:
    colleagues = {number: agent_of(channel.brand).pk for number in (7, 8)}
    there = {4: channel.pk, 5: 0}
    row = row_of(channel, case.facts)
    Conversation.objects.filter(pk=row.pk).update(assignee=colleagues.get(case.facts.assignee or 0))

    ids = colleagues | there
    # In one go: an id that was put in may begin like one that is still to be replaced.
    text = re.sub(r"#(\d+)", lambda each: f"#{ids.get(int(each[1]), each[1])}", case.query)
    checks = checks_of(text, me=colleagues[7])

    found = view_rows.conversations(Asked(channel.brand, checks, NOW, DAY))
    assert found.exists() == case.holds


@pytest.mark.parametrize("typed", ["kohler", "Köhler inigo", "d’angelo", "@dangelo"])
def test_rows_and_their_facts_agree_on_whose_name_it_is(typed: str, channel: Channel) -> None:
    meant = [make.conversation(channel, contact_name="Köhler Íñigo D'Angelo", contact_username="DAngelo")]
    make.conversation(channel, contact_name="Kahler", contact_username="angela")
    asks = asked(channel, f'from:"{typed}"')

    found = list(view_rows.conversations(asks))

    assert found == meant
    everybody = Conversation.objects.all()
    assert [each for each in everybody if holds(asks.checks, view_facts.of(each), now=NOW, day=DAY)] == meant


def test_any_part_of_any_name_is_found_by_the_database_as_by_the_facts(channel: Channel) -> None:
    dice = random.Random(5)
    alphabets = (LETTERS, "aAbdeEhLosSt'`@_%.\\ ")  # the second is ASCII alone
    names = ["".join(dice.choices(alphabets[at // 2 % 2], k=dice.randint(2, 12))) for at in range(600)]
    rows = make.conversations(channel, 300, each=[{"contact_name": one, "contact_username": other} for one, other in zip(names[::2], names[1::2], strict=True)])  # fmt: skip
    facts = {row.pk: view_facts.of(row).who for row in rows}
    parts = [who_words.wanted(name[dice.randrange(len(name)) :][: dice.randint(1, 4)]) for name in dice.choices(names, k=150)]  # fmt: skip

    differing = []
    for words in filter(None, parts):
        check = Check("says", "who", (words,))
        found = Conversation.objects.filter(view_rows.condition([check], asked(channel, ""))).values_list("pk", flat=True)  # fmt: skip
        meant = {pk for pk, who in facts.items() if words in who}
        differing += [words] * (set(found) != meant)
        assert meant

    assert differing == []


def test_days_are_those_of_the_hours_and_of_the_brand_where_it_keeps_none(channel: Channel) -> None:
    Brand.objects.filter(pk=channel.brand_id).update(time_zone="America/New_York")
    BusinessHours.objects.filter(brand=channel.brand).delete()
    brand = Brand.objects.get(pk=channel.brand_id)
    assert view_names.zone_of(brand).key == "America/New_York"

    BusinessHours.objects.create(brand=brand, name="Shop", time_zone="Asia/Tokyo", week={})
    assert view_names.zone_of(brand).key == "Asia/Tokyo"


def scattered(channel: Channel, count: int) -> list[Conversation]:
    """In every state, with due times, waits, tags and scores that repeat."""
    dice = random.Random(11)
    facts: list[dict[str, Any]] = []
    for _ in range(count):
        state = dice.choice(["open"] * 6 + ["pending", "snoozed", "resolved", "spam"])
        facts.append(
            {
                "state": state, "resolved_at": NOW if state == "resolved" else None,
                "due_at": dice.choice([None, NOW + timedelta(minutes=dice.randint(-90, 90))]),
                "waiting_since": dice.choice([None, NOW - timedelta(minutes=dice.randint(0, 30))]),
                "tags": dice.sample(["refund", "late", "spam", "praise"], dice.randint(0, 3)),
                "unread_count": dice.randint(0, 2), "priority": dice.randint(1, 4), "platform": dice.choice(["instagram", "x"]),
                "contact_name": dice.choice(["Anna", "Bert", "Cleo"]), "priority_score": dice.randint(-9, 9),
                "last_message_at": NOW - timedelta(minutes=dice.randint(0, 300)),
            }
        )  # fmt: skip
    return make.conversations(channel, count, each=facts)


def walk(asked: Asked, sort: Sort, *, above: Place | None = None, **options: Any) -> list[int]:
    """Down from the top, or up from above a place."""
    found: list[int] = []
    place, upwards = above, above is not None
    for _ in range(1000):
        page = page_of(asked, sort, place, upwards=upwards, **options)
        ids = [row.conversation.pk for row in page.rows]
        found = ids + found if upwards else found + ids
        if not (page.has_newer if upwards else page.has_older):
            return found
        edge = page.resumes or sort.place_of(page.rows[0 if upwards else -1].conversation)
        place = edge
    raise AssertionError("The walk does not end.")


def page_of(asked: Asked, sort: Sort, place: Place | None, *, upwards: bool, **options: Any) -> Page:
    where = {"newer_than": place} if upwards else {"older_than": place}
    return view_rows.page(asked, sort=sort, **{"limit": 13, **where, **options})


@pytest.mark.parametrize("looked", [20_000, 9])
def test_walking_any_query_in_any_order_meets_what_the_rule_holds_to_be_in_it(
    looked: int, channel: Channel
) -> None:
    made = scattered(channel, 60)
    for text in SOME:
        asks = asked(channel, text)
        for sort in asks.sorts:
            expected = sorted(
                (row for row in made if holds(asks.checks, view_facts.of(row), now=NOW, day=DAY)),
                key=lambda row: str(sort.place_of(row)),
                reverse=True,
            )
            wanted = [row.pk for row in expected]
            assert walk(asks, sort, looked=looked) == wanted, (text, sort.name)
            if looked > 9:
                last = sort.place_of(expected[-1])
                assert walk(asks, sort, above=last) == wanted[:-1], (text, sort.name)


def test_a_look_that_ends_says_where_and_how_much_it_has_seen(channel: Channel) -> None:
    make.conversations(channel, 30)
    wanted = make.conversation(channel, tags=["refund"], age=timedelta(hours=2))
    asks = asked(channel, "tag:refund")

    first = view_rows.page(asks, sort=sorting.NEWEST, limit=50, looked=20)

    assert (first.rows, first.has_older, first.looked) == ([], True, 20)
    second = view_rows.page(asks, sort=sorting.NEWEST, limit=50, looked=20, older_than=first.resumes)
    assert [row.conversation.pk for row in second.rows] == [wanted.pk]
    assert (second.has_older, second.resumes) == (False, None)


@pytest.mark.parametrize("text", SOME)
def test_a_page_is_one_statement_without_offset_or_count(text: str, channel: Channel) -> None:
    scattered(channel, 60)
    asks = asked(channel, text)
    for sort in asks.sorts:
        with CaptureQueriesContext(connection) as told:
            page = view_rows.page(asks, sort=sort, limit=50)
            shown = [(row.name, row.facts, row.places, heads) for heads, row in page.headed]

        assert len(told) == 1 and len(shown) == len(page.rows)
        sql = told[0]["sql"].replace(
            "OFFSET 0)", ")"
        )  # skips nothing: it keeps a question about each row apart
        assert "OFFSET" not in sql and "COUNT(" not in sql


def test_no_query_looks_at_more_than_its_look(channel: Channel) -> None:
    scattered(channel, 3_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE inbox_conversation")
    for text in (
        "tag:nothing-has-it",
        "from:nobody is:unread",
        "is:any tag:nothing-has-it",
        "tag:refund",
        "due<1h",
    ):
        asks = asked(channel, text)
        for sort in asks.sorts:
            with CaptureQueriesContext(connection) as told:
                view_rows.page(asks, sort=sort, limit=50, looked=300)
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + told[-1]["sql"])
                [plan] = cursor.fetchone()[0]
            scans = [
                node for node in walked(plan["Plan"]) if "Scan" in node["Node Type"] and "Index Name" in node
            ]
            read = [node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in scans]
            assert scans and max(read) <= 301, (text, sort.name, read)


def test_what_is_one_persons_is_not_looked_for_among_everybodys(channel: Channel) -> None:
    jo = agent_of(channel.brand)
    scattered(channel, 1_000)
    make.conversations(channel, 100, assignee=jo)
    asks = Asked(channel.brand, checks_of("assignee:me tag:nothing-has-it", me=jo.pk), NOW, DAY)

    pages = [view_rows.page(asks, sort=sort, limit=50, looked=300) for sort in asks.sorts]

    assert [(page.sort.name, page.rows, page.resumes) for page in pages] == [
        (sort.name, [], None) for sort in sorting.ALL
    ]


def walked(node: dict) -> list[dict]:  # type: ignore[type-arg]
    return [node, *(below for child in node.get("Plans", []) for below in walked(child))]


def test_midnight_brings_in_what_is_of_the_new_day_and_what_is_no_longer_of_it(channel: Channel) -> None:
    hour = timedelta(hours=1)
    of_today, of_yesterday = (
        make.conversation(channel, due_at=at) for at in (DAY.begins + 9 * hour, DAY.begins - 9 * hour)
    )
    moment = timedelta(seconds=1)

    def turned(text: str, after_midnight: timedelta) -> list[int]:
        now = DAY.begins + after_midnight
        found = view_rows.turned(Asked(channel.brand, checks_of(text), now, DAY), now - 5 * moment, limit=9)
        return [each.pk for each in found]

    assert turned("due:today", moment) == [of_today.pk]
    assert turned("-due:today", moment) == [of_yesterday.pk]
    assert turned("due:today", hour) == []
