"""An answer that will not leave by itself is not left to whoever happens to open its thread."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from inbox.actions import assigning, closing, receiving, replying, sending, snoozing, undoing
from inbox.actions.receiving import Arrival
from inbox.models import (
    Brand,
    Channel,
    Conversation,
    ConversationState,
    Ended,
    Event,
    EventKind,
    Membership,
    Message,
    MessageState,
    Notification,
    Person,
)
from inbox.queries import inbox_list
from tests.factories import exchange as say
from tests.factories.people import agent_of

pytestmark = pytest.mark.django_db


def it() -> Conversation:
    return Conversation.objects.get()


def answer(by: Person, text: str = "On its way", *, seconds: float = 60) -> Message:
    conversation = it()
    return replying.queue_reply(
        conversation=conversation, by=by, client_id=uuid.uuid4(), text=text, written_against=conversation.public_seq, now=say.at(seconds)
    )[0]  # fmt: skip


def fails(reply: Message, *, seconds: float = 90, reason: str = "Mara cannot be written to.") -> None:
    claimed = sending.claim_reply(message_id=reply.pk, now=say.at(seconds))
    assert claimed
    sending.mark_reply_failed(
        message_id=reply.pk, attempt=claimed.attempts, reason=reason, now=say.at(seconds + 1)
    )


def resolve(by: Person) -> None:
    closing.resolve(conversation=it(), by=by, now=say.at(61))


def snooze(by: Person) -> None:
    snoozing.snooze(conversation=it(), until=say.at(9999), by=by, now=say.at(61))


def leave(by: Person) -> None:
    snoozing.leave(conversation=it(), by=by, now=say.at(61))


def row() -> inbox_list.Row:
    [only] = inbox_list.rows_by_id(Brand.objects.get(slug="lumen"), [it().pk], now=say.at(200))
    return only


def told() -> list[tuple[Person, str, str]]:
    return [(each.person, each.kind, each.text) for each in Notification.objects.order_by("pk")]


@pytest.mark.parametrize("put_aside", [resolve, snooze, leave])
def test_an_answer_that_fails_brings_its_conversation_back_to_who_wrote_it(
    conversation: Conversation, jo: Person, put_aside: Callable[[Person], None]
) -> None:
    reply = answer(jo)
    put_aside(jo)

    fails(reply)

    back = it()
    assert (back.state, back.assignee, back.assignee_name) == (ConversationState.OPEN, jo, jo.short_name)
    assert back.waiting_since == Message.objects.get(direction="in").sent_at
    assert (back.resolved_at, back.snoozed_until) == (None, None)
    [notice] = Notification.objects.all()
    assert (notice.person, notice.kind, notice.message) == (jo, "reply", reply)
    assert notice.text == "Not sent: Mara cannot be written to."
    assert back.seq == Event.objects.get(kind=EventKind.ASSIGNED).seq


def test_it_stays_with_the_colleague_who_has_it(conversation: Conversation, jo: Person) -> None:
    kim = agent_of(conversation.brand, name="Kim")
    assigning.assign(conversation=it(), to=kim, by=kim, now=say.at(50))
    reply = answer(jo)
    resolve(kim)

    fails(reply)

    assert (it().state, it().assignee) == (ConversationState.OPEN, kim)
    assert [person for person, *_ in told()] == [jo]


def test_of_an_answer_whose_writer_has_left_its_assignee_is_told(
    conversation: Conversation, jo: Person
) -> None:
    kim = agent_of(conversation.brand, name="Kim")
    reply = answer(jo)
    assigning.assign(conversation=it(), to=kim, by=kim, now=say.at(61))
    Membership.objects.filter(person=jo).delete()

    fails(reply)

    assert [person for person, *_ in told()] == [kim]


def test_an_open_conversation_stays_as_it_is_and_its_writer_is_told(
    conversation: Conversation, jo: Person
) -> None:
    reply = answer(jo)

    fails(reply)

    assert (it().state, it().assignee) == (ConversationState.OPEN, None)
    assert told() == [(jo, "reply", "Not sent: Mara cannot be written to.")]


def test_what_came_to_light_before_it_was_sent_is_told_as_well(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    conversation = it()
    reply = replying.queue_reply(
        conversation=conversation, by=jo, client_id=uuid.uuid4(), text="Yes", written_against=conversation.public_seq,
        now=say.at(60), hold=say.at(70) - say.at(60),
    )[0]  # fmt: skip
    receiving.receive(arrivals=[Arrival(channel.pk, say.wrote("Forget it", seconds=65))], now=say.at(65))

    assert sending.claim_reply(message_id=reply.pk, now=say.at(71)) is None

    assert told() == [(jo, "reply", f"Not sent: {sending.OVERTAKEN}")]


def test_spam_stays_spam(conversation: Conversation, jo: Person) -> None:
    reply = answer(jo)
    closing.mark_spam(conversation=it(), by=jo, now=say.at(61))

    fails(reply)

    assert it().state == ConversationState.SPAM
    assert len(told()) == 1


def test_what_its_writer_discards_comes_back_and_is_told_to_nobody(
    conversation: Conversation, jo: Person
) -> None:
    reply = answer(jo)
    resolve(jo)

    replying.discard(message=reply, by=jo, now=say.at(62))

    assert it().state == ConversationState.OPEN
    assert told() == []
    assert not row().not_sent


def test_its_row_says_so_until_it_is_sent_again_or_given_up(conversation: Conversation, jo: Person) -> None:
    reply = answer(jo)
    assert not row().not_sent

    fails(reply)
    assert row().not_sent

    replying.retry(message=reply, by=jo, now=say.at(100))
    assert not row().not_sent

    fails(reply, seconds=101)
    assert row().not_sent
    reply.refresh_from_db()
    replying.discard(message=reply, by=jo, now=say.at(110))
    assert not row().not_sent

    replying.retry(message=reply, by=jo, now=say.at(120))
    fails(reply, seconds=121)
    assert row().not_sent


def test_a_platform_that_says_discarded_has_not_given_it_up(
    page: Client, conversation: Conversation, jo: Person
) -> None:
    fails(answer(jo), reason="Discarded")

    assert row().not_sent
    thread = page.get(reverse("inbox:conversation", args=["lumen", conversation.public_id])).content.decode()
    assert "Retry</button>" in thread


def test_of_what_the_customer_has_nothing_is_to_be_done(
    page: Client, conversation: Conversation, jo: Person, channel: Channel
) -> None:
    """Its echo was taken for the one before it, with the same words."""
    first, second = answer(jo), answer(jo, seconds=70)
    sending.claim_reply(message_id=first.pk, now=say.at(90))
    receiving.receive(
        arrivals=[Arrival(channel.pk, say.echoed("On its way", seconds=91, external_id="p9"))], now=say.at(91)
    )
    sending.claim_reply(message_id=second.pk, now=say.at(92))

    sending.mark_reply_sent(message_id=second.pk, external_id="p9", at=None, now=say.at(93))

    second.refresh_from_db()
    assert (second.state, second.ended) == (MessageState.FAILED, Ended.ELSEWHERE)
    thread = page.get(reverse("inbox:conversation", args=["lumen", conversation.public_id])).content.decode()
    assert "The customer has it" in thread and "Retry</button>" not in thread


def test_its_row_says_so_until_another_answer_has_left(conversation: Conversation, jo: Person) -> None:
    fails(answer(jo))
    other = answer(jo, "Shall I call you?", seconds=100)
    assert row().not_sent

    sending.claim_reply(message_id=other.pk, now=say.at(101))
    sending.mark_reply_sent(message_id=other.pk, external_id="p1", at=say.at(102), now=say.at(102))

    assert not row().not_sent


def test_the_rest_of_the_same_answer_does_not_stand_for_the_part_that_failed(
    conversation: Conversation, jo: Person
) -> None:
    picture, words = answer(jo, "(a picture)"), answer(jo, "Here it is")
    fails(picture)

    sending.claim_reply(message_id=words.pk, now=say.at(101))
    sending.mark_reply_sent(message_id=words.pk, external_id="p1", at=say.at(102), now=say.at(102))

    assert row().not_sent


def test_whoever_looks_at_the_list_or_the_thread_sees_it(
    page: Client, conversation: Conversation, jo: Person
) -> None:
    reply = answer(jo)
    resolve(jo)
    fails(reply)

    shown = page.get("/b/lumen/inbox/open/").content.decode()
    thread = page.get(reverse("inbox:conversation", args=["lumen", conversation.public_id])).content.decode()

    assert "chip--not-sent" in shown and "data-rings" in shown
    assert "Reopened, because an answer was not sent" in thread
    assert f"Back with {jo.short_name}, whose answer was not sent" in thread
    assert "Not sent: Mara cannot be written to." in page.get("/b/lumen/notices/").content.decode()


def test_a_row_asks_for_nothing_when_it_is_shown(
    conversation: Conversation, jo: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    fails(answer(jo))
    brand, now = conversation.brand, say.at(200)
    view = inbox_list.view_named("open", jo, brand)
    assert view
    rows = [
        inbox_list.row_for(jo, conversation, now=now),
        *inbox_list.rows_by_id(brand, [conversation.pk], now=now),
        *inbox_list.rows_changed_since(brand, 0, limit=9, now=now),
        *inbox_list.page(view, person=jo, brand=brand, now=now).rows,
    ]

    with django_assert_num_queries(0):
        shown = render_to_string("inbox/live/rows.html", {"rows": rows})

    assert shown.count("chip--not-sent") == len(rows) == 4


@pytest.mark.parametrize("door", ["resolution", "undo"])
def test_what_a_door_answers_with_was_read_at_once(
    page: Client, conversation: Conversation, jo: Person, door: str
) -> None:
    fails(answer(jo))
    there = reverse("inbox:resolution", args=["lumen", conversation.public_id])
    if door == "undo":
        page.post(there)
        there = reverse("inbox:undo", args=["lumen"])

    with CaptureQueriesContext(connection) as statements:
        assert "chip--not-sent" in page.post(there).content.decode()

    [asking] = [each["sql"] for each in statements.captured_queries if "not_sent" in each["sql"]]
    assert '"inbox_conversation"."snoozed_until"' in asking


def test_taking_the_resolving_back_says_why_nothing_is_left_to_take_back(
    conversation: Conversation, jo: Person
) -> None:
    reply = answer(jo)
    resolve(jo)
    fails(reply)

    done = undoing.undo(brand=conversation.brand, by=jo, now=say.at(120))

    assert "An answer was not sent since" in done.sentence
