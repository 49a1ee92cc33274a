"""That an answer was not sent is asked of the rows of a page, however many replies of the installation were not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.models import Channel, Message, Person
from inbox.queries import inbox_list, sorting, view_rows
from tests.factories import conversations as make
from tests.factories.people import ChannelFactory, agent_of
from tests.inbox.queries.test_sorting import walked
from tests.inbox.rules.cases import DAY, NOW, checks_of

OPEN, ELSEWHERE, UNSENT = 5_000, 2_000, 10  # the last in each conversation elsewhere


@pytest.fixture
def channel(db: None) -> Channel:
    return ChannelFactory()


@pytest.fixture
def jo(channel: Channel) -> Person:
    return agent_of(channel.brand)


@pytest.fixture
def crowded(channel: Channel) -> None:
    """And another brand, of which many replies failed: none ever leaves its index."""
    make.conversations(channel, OPEN, seq=5)
    elsewhere: Channel = ChannelFactory()
    first = make.conversations(elsewhere, ELSEWHERE)[0]
    make.messages(first, 1, direction="out", state="failed", state_reason="Blocked", external_id=None)
    named = (field.column for field in Message._meta.concrete_fields)
    columns = [each for each in named if each not in ("id", "public_id", "conversation_id")]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO inbox_message (public_id, conversation_id, {', '.join(columns)})"
            f" SELECT gen_random_uuid(), c.id, {', '.join(f'm.{each}' for each in columns)} FROM inbox_message m"
            " CROSS JOIN generate_series(1, %s) JOIN inbox_conversation c ON c.channel_id = m.channel_id",
            [UNSENT],
        )
        cursor.execute("ANALYZE inbox_conversation, inbox_message")


@pytest.mark.usefixtures("crowded")
def test_no_list_reads_every_reply_that_was_not_sent(channel: Channel, jo: Person) -> None:
    brand = channel.brand
    asked = view_rows.Asked(brand, checks_of("is:open"), NOW, DAY)
    due = view_rows.Asked(brand, checks_of("due<1h"), NOW, DAY)
    with CaptureQueriesContext(connection) as statements:
        for name in ("open", "unassigned", f"channel-{channel.public_id}"):
            view = inbox_list.view_named(name, jo, brand)
            assert view
            for sort in sorting.ALL:
                inbox_list.page(view, person=jo, brand=brand, now=NOW, sort=sort)
        view_rows.page(asked, sort=sorting.NEWEST, limit=50)
        inbox_list.rows_changed_since(brand, 0, limit=50, now=NOW)
        view_rows.changed(asked, 0, limit=50)
        view_rows.turned(due, NOW - timedelta(minutes=5), limit=50)
    asking = [each["sql"] for each in statements.captured_queries if "not_sent" in each["sql"]]
    assert len(asking) >= 14

    for sql in asking:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) " + sql)
            [plan] = cursor.fetchone()[0]
        assert "SubPlan" in str(plan) and "hashed SubPlan" not in str(plan), sql
        of_messages = [node for node in walked(plan["Plan"]) if node.get("Relation Name") == "inbox_message"]
        assert {node["Node Type"] for node in of_messages} <= {"Index Scan", "Index Only Scan"}, sql
