"""What is to be sent or settled next is asked each second: of all channels in turn, and never of all that waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.models import Channel, Message
from inbox.queries import outbox
from tests.factories import conversations as make
from tests.factories.people import ChannelFactory
from tests.inbox.queries.test_sorting import walked

pytestmark = pytest.mark.django_db

NOW = make.NEWEST + timedelta(hours=1)
EACH, LIMIT = 400, 20


def waiting(channel: Channel, count: int, *, state: str = "queued", **fields: object) -> list[Message]:
    """A reply in each of so many conversations, the first due first."""
    made = []
    for number, each in enumerate(make.conversations(channel, count)):
        due = make.NEWEST + timedelta(seconds=number)
        made += make.messages(
            each, 1, direction="out", state=state, external_id=None, not_before=due, **fields
        )
    return made


def test_uncertain_replies_of_one_channel_do_not_hide_those_of_another() -> None:
    """Its platform is away, and thousands of answers got lost there."""
    many = waiting(ChannelFactory(), 3, state="uncertain")
    [other] = waiting(ChannelFactory(), 1, state="uncertain")
    Message.objects.filter(pk=other.pk).update(not_before=NOW)

    assert outbox.uncertain_replies(now=NOW, limit=2) == [many[0], other]
    assert outbox.uncertain_replies(now=NOW, limit=9) == [many[0], other, *many[1:]]


@pytest.mark.parametrize(
    ("ask", "state", "paused"),
    [
        (outbox.due_replies, "queued", False),
        (outbox.due_replies, "queued", True),
        (outbox.uncertain_replies, "uncertain", False),
    ],
)
def test_a_look_reads_no_more_of_a_channel_than_its_share(
    ask: Callable[..., list[object]], state: str, paused: bool
) -> None:
    """The others of the installation sent much that is read by nobody here."""
    for channel in ChannelFactory.create_batch(
        2, sends_resume_at=NOW + timedelta(hours=1) if paused else None
    ):
        waiting(channel, EACH, state=state)
        waiting(channel, 1, state=state, in_public=True)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE inbox_channel, inbox_conversation, inbox_message")

    with CaptureQueriesContext(connection) as statements:
        found = ask(now=NOW, limit=LIMIT)

    assert len(found) == (2 if paused else LIMIT)
    for sql in [each["sql"] for each in statements.captured_queries]:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + sql)
            [plan] = cursor.fetchone()[0]
        looks = [node for node in walked(plan["Plan"]) if node.get("Relation Name") == "inbox_message"]
        read = [
            (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            for node in looks
        ]
        assert sum(read) <= 4 * LIMIT, sql
