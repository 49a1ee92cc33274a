"""What is resolved while an answer is on its way was answered when that left; where it never leaves, it is as if it had not been written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from analytics import metrics
from inbox.actions import replying, running_macros, sending, snoozing, undoing
from inbox.models import CannedReply, Clock, Event, Macro, Message, SlaPolicy
from inbox.queries import clock_facts
from tests.analytics.conftest import Story

pytestmark = pytest.mark.django_db

SECONDS = 1 / 60


@pytest.fixture
def promised(story: Story) -> Story:
    SlaPolicy.objects.create(
        brand=story.brand, name="Standard", first_response=600, next_response=600, resolution=86400
    )
    return story


def queue(story: Story, who: str, minutes: float, by: str = "Ada", *, seconds: float = 5) -> Message:
    """From the composer; it waits out its hold."""
    [row] = replying.queue_reply(
        conversation=story.conversation(who), by=story.person(by), client_id=uuid4(), text="It left today", written_against=story.seen,
        now=story.at(minutes), hold=timedelta(seconds=seconds),
    )  # fmt: skip
    return row


def leave(story: Story, row: Message, minutes: float) -> None:
    assert sending.claim_reply(message_id=row.pk, now=story.at(minutes))
    sending.mark_reply_sent(
        message_id=row.pk, external_id=f"reply-{row.pk}", at=None, now=story.at(minutes + SECONDS)
    )


def clocks(story: Story, who: str = "mara") -> list[tuple[Any, ...]]:
    columns = ("kind", "state", "started_at", "ended_at", "due_at")
    found = Clock.objects.filter(conversation=story.conversation(who))
    return list(found.order_by("started_at", "kind").values_list(*columns))


def test_sending_and_resolving_at_once_is_a_first_response_when_it_leaves(promised: Story) -> None:
    story = promised
    story.write("mara", 0)
    row = queue(story, "mara", 4, by="Ada")
    story.resolve("mara", 4 + SECONDS, by="Bo")
    story.count(4 + 2 * SECONDS)
    assert clocks(story)[0][:2] == ("first", "running")
    assert story.facts(metrics.FIRST) == []

    leave(story, row, 4.1)
    story.count(5)

    assert (story.minutes(metrics.FIRST), story.names(metrics.FIRST)) == ([4.1], ["Ada"])
    assert [(fact.hit, fact.at) for fact in story.facts(metrics.TARGET_FIRST)] == [(True, story.at(4.1))]
    assert story.names(metrics.RESOLUTION) == story.names(metrics.TARGET_RESOLUTION) == ["Ada"]
    assert [fact.value for fact in story.facts(metrics.EFFORT)] == [2.0]
    assert [fact.until for fact in story.facts(metrics.OPENED)] == [story.at(4 + SECONDS)]


def test_the_second_answer_is_a_next_response(promised: Story) -> None:
    story = promised
    story.write("mara", 0)
    story.answer("mara", 1)
    story.write("mara", 10)
    row = queue(story, "mara", 12)
    story.resolve("mara", 12)
    leave(story, row, 12.1)
    story.write("mara", 60)  # and what comes after it belongs to another stretch
    story.count(61)

    assert (story.minutes(metrics.FIRST), story.minutes(metrics.NEXT)) == ([1.0], [2.1])
    assert [fact.hit for fact in story.facts(metrics.TARGET_NEXT)] == [True]
    assert [fact.value for fact in story.facts(metrics.EFFORT)] == [4.0]


def test_a_macro_that_answers_and_resolves_is_a_response(promised: Story) -> None:
    story = promised
    reply = CannedReply.objects.create(brand=story.brand, name="Left", text="It left today")
    macro = Macro.objects.create(brand=story.brand, name="Done", reply=reply, resolves=True)
    story.write("mara", 0)
    asked: dict[str, Any] = {
        "macro": macro, "conversation": story.conversation("mara"), "by": story.person("Ada"), "seen_seq": story.seen, "now": story.at(3),
    }  # fmt: skip
    seen = running_macros.mark(running_macros.preview(**asked))
    running_macros.run(**asked, client_id=uuid4(), expected=seen, hold=timedelta(seconds=5))
    story.count(3.05)
    assert story.conversation("mara").state == "resolved"

    leave(story, Message.objects.get(direction="out"), 3.1)
    story.count(4)

    assert (story.minutes(metrics.FIRST), story.names(metrics.FIRST)) == ([3.1], ["Ada"])
    assert [fact.hit for fact in story.facts(metrics.TARGET_FIRST)] == [True]


def test_what_leaves_too_late_was_missed_and_is_told_while_it_waits(promised: Story) -> None:
    story = promised
    story.write("mara", 0)
    row = queue(story, "mara", 9, seconds=180)
    story.resolve("mara", 9.5)
    story.count(9.6)
    story.sweep(11)
    story.count(11)
    assert [(fact.hit, fact.at) for fact in story.facts(metrics.TARGET_FIRST)] == [(False, story.at(10))]

    leave(story, row, 12)
    story.count(13)

    [missed] = story.facts(metrics.TARGET_FIRST)
    assert (missed.hit, missed.at, missed.value) == (False, story.at(10), 12 * 60)


@pytest.mark.parametrize("how", ["taken back", "discarded", "overtaken"])
@pytest.mark.parametrize("counted", [True, False])
def test_what_never_leaves_is_as_if_it_had_not_been_written(promised: Story, how: str, counted: bool) -> None:
    """Nor resolved, where it was given up."""
    story = promised
    for who in ("mara", "noor"):
        story.write(who, 0)
    row = queue(story, "mara", 4)
    for who in ("mara", "noor") if how == "overtaken" else ["mara"]:
        story.resolve(who, 4 + SECONDS, by="Bo")
    if counted:
        story.count(4 + 2 * SECONDS)
        assert clocks(story, "mara") != clocks(story, "noor")

    match how:
        case "taken back":
            undoing.undo(brand=story.brand, by=story.person("Ada"), now=story.at(4 + 3 * SECONDS))
        case "discarded":
            replying.discard(message=row, by=story.person("Ada"), now=story.at(4 + 3 * SECONDS))
        case "overtaken":
            for who in ("mara", "noor"):
                story.write(who, 4 + 3 * SECONDS, learned=4 + 3 * SECONDS)
            if counted:
                story.count(4 + 4 * SECONDS)
            assert sending.claim_reply(message_id=row.pk, now=story.at(4.2)) is None
    story.count(5)

    assert clocks(story, "mara") == clocks(story, "noor")
    assert story.facts(metrics.FIRST) == story.facts(metrics.TARGET_FIRST) == []
    assert bool(story.facts(metrics.RESOLUTION)) == (how == "overtaken")


def test_who_writes_while_it_is_being_sent_has_waited_since_their_first_message(promised: Story) -> None:
    story = promised
    story.write("mara", 0)
    row = queue(story, "mara", 4)
    story.resolve("mara", 4 + SECONDS)
    assert sending.claim_reply(message_id=row.pk, now=story.at(4.1))
    story.write("mara", 4.1 + SECONDS, learned=4.1 + SECONDS)
    story.count(4.2)
    assert [each[:2] for each in clocks(story) if each[0] != "resolution"] == [("first", "running")]

    told = {"at": story.at(4.1 + 2 * SECONDS), "now": story.at(4.3)}
    sending.mark_reply_sent(message_id=row.pk, external_id="reply", **told)
    story.count(5)

    assert [each[:4] for each in clocks(story) if each[0] != "resolution"] == [
        ("first", "met", story.at(0), story.at(4.1 + 2 * SECONDS))
    ]
    assert story.facts(metrics.NEXT) == []
    story.write("mara", 8)  # a look at the stretch under way leaves the one before as it was
    story.count(9)
    assert [each[:2] for each in clocks(story) if each[0] != "resolution"] == [("first", "met"), ("next", "running")]  # fmt: skip


def fail(story: Story, row: Message, minutes: float) -> None:
    claimed = sending.claim_reply(message_id=row.pk, now=story.at(minutes))
    assert claimed
    sending.mark_reply_failed(
        message_id=row.pk, attempt=claimed.attempts, reason="Refused", now=story.at(minutes)
    )


@pytest.mark.parametrize("aside", [False, True])
@pytest.mark.parametrize("counted", [True, False])
def test_what_comes_back_because_its_answer_failed_was_never_resolved(
    promised: Story, aside: bool, counted: bool
) -> None:
    story = promised
    for who in ("mara", "noor"):
        story.write(who, 0)
    if aside:
        for who in ("mara", "noor"):
            snoozing.snooze(
                conversation=story.conversation(who), until=None, by=story.person("Bo"), now=story.at(2)
            )
    row = queue(story, "mara", 4)
    story.resolve("mara", 4 + SECONDS)
    if counted:
        story.count(4 + 2 * SECONDS)

    fail(story, row, 4.1)
    if aside:
        snoozing.wake(conversation=story.conversation("noor"), by=story.person("Bo"), now=story.at(4.1))
    story.count(5)

    mara = story.conversation("mara")
    assert (mara.state, mara.waiting_since) == ("open", story.at(0))
    assert clocks(story, "mara") == clocks(story, "noor")
    assert story.facts(metrics.RESOLUTION) == []
    assert [(fact.at, fact.until) for fact in story.facts(metrics.OPENED)] == [(story.at(0), None)] * 2
    leave(story, queue(story, "mara", 8), 8.1)
    story.resolve("mara", 9)
    story.count(10)
    assert story.minutes(metrics.FIRST) == [8.1]
    assert [fact.hit for fact in story.facts(metrics.RESOLUTION)] == [False]


def test_what_was_resolved_before_an_answer_is_tried_once_more_has_been_resolved(promised: Story) -> None:
    story = promised
    story.write("mara", 0)
    row = queue(story, "mara", 4)
    fail(story, row, 4.1)
    story.resolve("mara", 6)
    replying.retry(message=row, by=story.person("Ada"), now=story.at(100))

    fail(story, row, 100.1)
    story.count(101)

    assert story.minutes(metrics.RESOLUTION) == [6.0]
    assert [fact.hit for fact in story.facts(metrics.RESOLUTION)] == [True]


@contextmanager
def at_most(queries: int) -> Iterator[None]:
    left = queries

    def count(execute: Callable[..., Any], *asked: Any) -> Any:
        nonlocal left
        left -= 1
        assert left >= 0, "it asks too often"
        return execute(*asked)

    with connection.execute_wrapper(count):
        yield


def look_at(story: Story, who: str) -> clock_facts.Facts:
    known = story.conversation(who)
    with at_most(4):  # what was done, what was merged into it, what was said, and whether anything was before
        return clock_facts.read([(known.pk, known.opened_at)])[known.pk]


@pytest.mark.parametrize("spells", [1, 20])
def test_what_left_before_the_customer_came_back_is_not_looked_at_again(promised: Story, spells: int) -> None:
    story = promised
    for number in range(spells):
        story.write("mara", number * 60)
        row = queue(story, "mara", number * 60 + 4)
        story.resolve("mara", number * 60 + 4 + SECONDS)
        leave(story, row, number * 60 + 4.1)
        story.count(number * 60 + 5)
    story.write("mara", spells * 60)
    story.count(spells * 60 + 1)
    story.answer("mara", spells * 60 + 2)  # a look at a spell that has been looked at
    story.count(spells * 60 + 3)

    facts = look_at(story, "mara")

    assert facts.since == story.at(spells * 60 - 60 + 4 + SECONDS)
    assert len(facts.said) <= 3
    responses = [each for each in clocks(story) if each[0] != "resolution"]
    assert [each[:2] for each in responses] == [("first", "met"), *[("next", "met")] * spells]


def test_a_reply_whose_time_depends_on_what_is_looked_at_is_looked_at_once(promised: Story) -> None:
    story = promised
    story.write("mara", 0)
    row = queue(story, "mara", 4)
    story.resolve("mara", 4 + SECONDS)
    leave(story, row, 4.1)
    story.write("mara", 60)
    row = queue(story, "mara", 62)
    assert sending.claim_reply(message_id=row.pk, now=story.at(62.1))
    # The platform's clock runs ahead: what is known before it is resolved was written after the reply there.
    story.write("mara", 62.6, learned=62.2)
    story.resolve("mara", 62.3)
    told = {"at": story.at(62.5), "now": story.at(62.5)}
    sending.mark_reply_sent(message_id=row.pk, external_id="reply", **told)
    story.count(63)
    story.write("mara", 120)
    story.count(121)

    assert look_at(story, "mara").since == story.at(62.3)


def test_a_wait_that_goes_on_over_several_spells_is_looked_at_whole(promised: Story) -> None:
    story = promised
    story.write("mara", 0)
    row = queue(story, "mara", 4)
    assert sending.claim_reply(message_id=row.pk, now=story.at(4.1))
    for number in range(1, 6):
        story.resolve("mara", number * 10)
        story.write("mara", number * 10 + 5)
        story.count(number * 10 + 6)
    known = story.conversation("mara")

    with at_most(6):  # and once more what was merged and said
        facts = clock_facts.read([(known.pk, known.opened_at)])[known.pk]

    assert facts.since is None
    assert [run.started_at for run in facts.course().runs if run.kind != "resolution"] == [story.at(0)]


def test_a_message_that_comes_late_may_have_been_written_before_it_left(promised: Story) -> None:
    story = promised
    story.write("mara", 0)
    row = queue(story, "mara", 4)
    assert sending.claim_reply(message_id=row.pk, now=story.at(4.1))
    story.resolve("mara", 4.2)
    sending.mark_reply_sent(message_id=row.pk, external_id="reply", at=story.at(5), now=story.at(5))
    story.write("mara", 8)
    story.count(8.5)

    story.write("mara", 4.5, learned=9)
    story.count(10)

    assert [each[:3] for each in clocks(story) if each[0] != "resolution"] == [
        ("first", "met", story.at(0)), ("next", "running", story.at(8)),
    ]  # fmt: skip


@pytest.mark.parametrize("left", [4.1, 12])
def test_clocks_that_ended_under_an_earlier_version_stay_as_they_are(promised: Story, left: float) -> None:
    story = promised
    story.write("mara", 0)
    row = queue(story, "mara", 4)
    story.resolve("mara", 4 + SECONDS)
    leave(story, row, left)
    story.count(13)
    # Resolving cancelled it whatever was on its way, once.
    Clock.objects.filter(kind="first").update(
        state="cancelled", ended_at=story.at(4 + SECONDS), counted=241, breached_at=None, breach_seq=None
    )
    Event.objects.filter(kind="sla.breached").delete()
    before = clocks(story)

    for day in (3, 6):
        story.write("mara", day * 1440)
        story.count(day * 1440 + 1)
        story.sweep(day * 1440 + 2)
        leave(story, queue(story, "mara", day * 1440 + 3), day * 1440 + 4)
        story.resolve("mara", day * 1440 + 5)
        story.count(day * 1440 + 6)

    found = clocks(story)
    assert found[: len(before)] == before
    assert [each[:2] for each in found[len(before) :]] == [("next", "met"), ("resolution", "met")] * 2
    assert not Event.objects.filter(kind="sla.breached").exists()
    assert [fact.hit for fact in story.facts(metrics.TARGET_NEXT)] == [True, True]
    assert story.facts(metrics.TARGET_FIRST) == []
