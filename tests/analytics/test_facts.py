"""What counts, as docs/metrics.md says it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from analytics import metrics
from analytics.models import Fact
from inbox.actions import (
    bulk,
    closing,
    joining,
    merging,
    prioritising,
    promising,
    receiving,
    replying,
    running_macros,
    snoozing,
    tagging,
    undoing,
)
from inbox.actions.receiving import Arrival
from inbox.models import (
    BulkAct,
    BulkRun,
    BulkState,
    BusinessHours,
    Clock,
    Contact,
    ContactMerge,
    Conversation,
    Event,
    EventKind,
    Macro,
    Message,
    SlaPolicy,
    Tag,
)
from tests.analytics.conftest import Story
from tests.factories import exchange

pytestmark = pytest.mark.django_db


def open_again(story: Story, who: str, minutes: float, how: str) -> None:
    conversation, by, now = story.conversation(who), story.person("Ada"), story.at(minutes)
    match how:
        case "by hand":
            closing.reopen(conversation=conversation, by=by, now=now)
        case "with an answer":
            replying.queue_reply(
                conversation=conversation, by=by, client_id=uuid4(), text="Did it arrive?", written_against=story.seen, now=now
            )  # fmt: skip
        case "with many":
            run = bulk.begin(
                brand=story.brand, act=BulkAct.REOPEN, words="Opened", value={}, seen_seq=story.seen,
                seen={conversation.public_id: conversation.seq}, by=by, now=now,
            )  # fmt: skip
            assert bulk.work(run_id=run.pk, now=now).state == BulkState.DONE


def answer_from_elsewhere(story: Story, who: str, minutes: float) -> None:
    """A colleague writes to somebody in the platform's own app."""
    told = exchange.echoed("Your parcel is late", to=who, seconds=minutes * 60)
    receiving.receive(arrivals=[Arrival(story.channel.pk, told)], now=story.at(minutes + 0.01))


def test_the_first_answer_is_the_first_response_and_goes_to_whoever_wrote_it(story: Story) -> None:
    story.write("mara", 0)
    story.assign("mara", 1, "Bo")
    story.answer("mara", 4, by="Ada")
    story.answer("mara", 5, by="Bo")
    story.write("mara", 10)
    story.write("mara", 12)
    story.answer("mara", 17, by="Bo")

    story.count()

    assert (story.minutes(metrics.FIRST), story.names(metrics.FIRST)) == ([4.0], ["Ada"])
    assert (story.minutes(metrics.NEXT), story.names(metrics.NEXT)) == ([7.0], ["Bo"])
    assert story.facts(metrics.FIRST)[0].at == story.at(4)


def test_bots_and_notes_are_no_answer(story: Story) -> None:
    story.write("mara", 0)
    story.answer("mara", 1, by="", origin="automation")
    story.answer("mara", 2, direction="note", state="noted", external_id=None)
    story.answer("mara", 3, state="failed", external_id=None)
    story.answer("mara", 9, by="", origin="other_client")

    story.count()

    assert (story.minutes(metrics.FIRST), story.names(metrics.FIRST)) == ([9.0], [""])
    assert len(story.facts(metrics.BOT)) == 1
    assert len(story.facts(metrics.OUT)) == 1


def test_what_a_backfill_found_counts_nowhere(story: Story) -> None:
    story.write("mara", 0, historical=True)

    story.count()

    assert not Fact.objects.exists()


@pytest.mark.parametrize("how", ["by hand", "with many", "with an answer"])
def test_a_thread_that_a_backfill_found_begins_when_a_colleague_opens_it(story: Story, how: str) -> None:
    SlaPolicy.objects.create(brand=story.brand, name="Standard", resolution=3600)
    story.write("mara", 0, historical=True)
    story.count(1)

    open_again(story, "mara", 60, how)
    story.count(61)
    mara = story.conversation("mara")
    assert (mara.opened_at, mara.due_at) == (story.at(60), story.at(120))
    assert [(fact.at, fact.until) for fact in story.facts(metrics.OPENED)] == [(story.at(60), None)]
    story.resolve("mara", 90)
    story.count(91)

    assert story.minutes(metrics.RESOLUTION) == [30.0]
    assert [fact.until for fact in story.facts(metrics.OPENED)] == [story.at(90)]
    assert [fact.hit for fact in story.facts(metrics.TARGET_RESOLUTION)] == [True]
    assert story.facts(metrics.FIRST) == story.facts(metrics.NEXT) == []


@pytest.mark.parametrize("began", ["by a colleague", "by a backfill"])
def test_what_its_customer_writes_first_after_it_was_resolved_waits_for_the_first_response(
    story: Story, began: str
) -> None:
    SlaPolicy.objects.create(brand=story.brand, name="Standard", first_response=600, next_response=1200)
    if began == "by a colleague":
        answer_from_elsewhere(story, "mara", 0)
    else:
        story.write("mara", 0, historical=True)
        open_again(story, "mara", 60, "with an answer")
    story.resolve("mara", 70)
    story.count(71)

    for minutes in (100, 200):
        story.write("mara", minutes)
        story.count(minutes + 1)
        story.answer("mara", minutes + 5)
        story.resolve("mara", minutes + 10)
        story.count(minutes + 11)

    assert (story.minutes(metrics.FIRST), story.minutes(metrics.NEXT)) == ([5.0], [5.0])
    kinds = Clock.objects.order_by("started_at").values_list("kind", "started_at", "target")
    assert list(kinds) == [("first", story.at(100), 600), ("next", story.at(200), 1200)]


def test_what_a_colleague_opened_and_had_ended_before_an_upgrade_keeps_its_start(story: Story) -> None:
    """Its clock began with what the customer wrote next, once."""
    SlaPolicy.objects.create(brand=story.brand, name="Standard", resolution=7200)
    story.write("mara", 0, historical=True)
    open_again(story, "mara", 60, "by hand")
    story.write("mara", 130)
    story.resolve("mara", 140)
    story.count(141)
    kept = Clock.objects.filter(kind="resolution", ended_at=story.at(140))
    kept.update(started_at=story.at(130), due_at=story.at(250), counted=600)
    story.brand.conversations.update(opened_at=story.at(130))
    before = list(kept.values())

    story.write("mara", 2000)
    story.count(2001)

    assert list(kept.values()) == before
    assert Clock.objects.filter(kind="resolution").latest("started_at").started_at == story.at(2000)


def test_what_was_only_put_aside_before_its_customer_wrote_does_not_begin_when_it_is_back(
    story: Story,
) -> None:
    answer_from_elsewhere(story, "mara", 0)
    snoozing.snooze(
        conversation=story.conversation("mara"), until=None, by=story.person("Ada"), now=story.at(5)
    )
    story.reopen("mara", 10)
    story.count(11)

    assert story.facts(metrics.OPENED) == []


def test_spam_counts_nowhere_also_afterwards(story: Story) -> None:
    story.write("mara", 0)
    story.answer("mara", 2)
    story.count()
    assert Fact.objects.exists()

    closing.mark_spam(conversation=story.conversation("mara"), by=story.person("Ada"), now=story.at(5))
    story.count()

    assert not Fact.objects.exists()


def test_what_spam_took_away_comes_back_when_it_is_said_to_be_none(story: Story) -> None:
    said = (metrics.FIRST, metrics.IN, metrics.OUT, metrics.HANDLE)
    story.write("mara", 0)
    story.answer("mara", 2)
    story.count()
    before = [(each.kind, each.source, each.value) for kind in said for each in story.facts(kind)]
    closing.mark_spam(conversation=story.conversation("mara"), by=story.person("Lea"), now=story.at(60))
    story.count()
    assert not Fact.objects.exists()

    story.reopen("mara", 90, by="Lea")
    story.count()

    found = [(each.kind, each.source, each.value) for kind in said for each in story.facts(kind)]
    assert {*before} <= {*found}


def test_what_was_marked_as_spam_by_mistake_began_once_and_is_resolved_once(story: Story) -> None:
    story.write("mara", 0)
    closing.mark_spam(conversation=story.conversation("mara"), by=story.person("Ada"), now=story.at(1))
    story.reopen("mara", 5)
    story.answer("mara", 10, by="Ada")
    story.resolve("mara", 20, by="Bo")

    story.count()

    [opened] = story.facts(metrics.OPENED)
    assert (opened.at, opened.until) == (story.at(0), story.at(20))
    assert story.minutes(metrics.RESOLUTION) == [15.0]
    assert [fact.hit for fact in story.facts(metrics.RESOLUTION)] == [False]
    assert [fact.value for fact in story.facts(metrics.EFFORT)] == [2.0]


@pytest.mark.parametrize("who_opens", ["the customer", "a colleague"])
def test_spam_that_was_resolved_begins_anew_when_it_comes_back(story: Story, who_opens: str) -> None:
    story.write("mara", 0)
    closing.mark_spam(conversation=story.conversation("mara"), by=story.person("Ada"), now=story.at(1))
    story.resolve("mara", 30)
    if who_opens == "the customer":
        story.write("mara", 500)
    else:
        story.reopen("mara", 500)
    story.answer("mara", 510, by="Ada")
    story.resolve("mara", 520)

    story.count()

    assert [(fact.at, fact.until) for fact in story.facts(metrics.OPENED)] == [(story.at(500), story.at(520))]
    assert story.minutes(metrics.RESOLUTION) == [20.0]
    messages = 2.0 if who_opens == "the customer" else 1.0
    assert [fact.value for fact in story.facts(metrics.EFFORT)] == [messages]


def test_what_needs_no_answer_is_no_response_time(story: Story) -> None:
    story.write("mara", 0)
    promising.no_reply_needed(
        conversation=story.conversation("mara"), by=story.person("Ada"), now=story.at(3)
    )

    story.count()

    assert story.facts(metrics.FIRST) == []


def test_the_first_answer_after_what_needed_none_is_the_first_response(story: Story) -> None:
    story.write("mara", 0, "Hi")
    promising.no_reply_needed(
        conversation=story.conversation("mara"), by=story.person("Ada"), now=story.at(1)
    )
    story.write("mara", 10)
    story.answer("mara", 25, by="Ada")

    story.count()

    assert (story.minutes(metrics.FIRST), story.names(metrics.FIRST)) == ([15.0], ["Ada"])
    assert story.facts(metrics.NEXT) == []


def test_a_conversation_that_comes_back_is_resolved_twice_and_was_reopened(story: Story) -> None:
    story.write("mara", 0)
    story.answer("mara", 5, by="Ada")
    story.resolve("mara", 10, by="Bo")
    story.write("mara", 60)
    story.resolve("mara", 75, by="Bo")

    story.count()

    assert story.minutes(metrics.RESOLUTION) == [10.0, 15.0]
    assert [fact.hit for fact in story.facts(metrics.RESOLUTION)] == [True, False]
    assert story.names(metrics.RESOLUTION) == ["Ada", "Bo"]  # nobody wrote the second time
    assert [fact.value for fact in story.facts(metrics.EFFORT)] == [2.0, 1.0]
    assert [fact.until for fact in story.facts(metrics.OPENED)] == [story.at(10), story.at(75)]


def test_spam_that_came_after_a_resolution_opened_nothing(story: Story) -> None:
    story.write("mara", 0)
    story.answer("mara", 5, by="Ada")
    story.resolve("mara", 10, by="Ada")
    story.write("mara", 60)
    closing.mark_spam(conversation=story.conversation("mara"), by=story.person("Ada"), now=story.at(61))
    story.resolve("mara", 90)

    story.count()

    assert len(story.facts(metrics.OPENED)) == 1
    assert [fact.hit for fact in story.facts(metrics.RESOLUTION)] == [False]


def test_a_resolution_is_nobodys_where_the_last_answer_was_written_outside(story: Story) -> None:
    for who in ("mara", "noor", "kim"):
        story.write(who, 0)
    story.answer("mara", 5, by="Ada")
    story.answer("mara", 6, by="", origin="other_client")
    story.answer("noor", 7, by="", origin="other_client")
    for number, who in enumerate(("mara", "noor", "kim")):
        story.resolve(who, 10 + number, by="Bo")

    story.count()

    assert story.names(metrics.RESOLUTION) == ["", "", "Bo"]  # nobody wrote to Kim


def test_resolving_that_was_undone_never_was(story: Story) -> None:
    story.write("mara", 0)
    story.resolve("mara", 10)
    undoing.undo(brand=story.brand, by=story.person("Ada"), now=story.at(11))

    story.count()

    assert story.facts(metrics.RESOLUTION) == []


def test_each_stretch_with_nobody_counts_until_somebody_has_it(story: Story) -> None:
    story.write("mara", 0)
    story.assign("mara", 3, "Ada")
    story.assign("mara", 10, "")
    story.assign("mara", 30, "Bo")
    story.resolve("mara", 40)

    story.count()

    assert (story.minutes(metrics.ASSIGNMENT), story.names(metrics.ASSIGNMENT)) == (
        [3.0, 20.0],
        ["Ada", "Bo"],
    )


def test_work_is_what_somebody_did_without_a_long_pause(story: Story) -> None:
    story.write("mara", 0)
    story.answer("mara", 4, by="Ada")
    story.answer("mara", 7, by="Ada")
    story.answer("mara", 30, by="Ada")

    story.count()

    assert story.minutes(metrics.HANDLE) == [3.5, 0.5]


def test_what_is_done_to_many_and_taken_back_is_no_work_and_what_a_macro_does_is(story: Story) -> None:
    ada = story.person("Ada")
    for who in ("mara", "noor"):
        story.write(who, 0)
    run = bulk.begin(
        brand=story.brand, by=ada, act=BulkAct.RESOLVE, words="Resolve", value={}, seen_seq=story.seen, now=story.at(5),
        seen=dict(Conversation.objects.values_list("public_id", "public_seq")),
    )  # fmt: skip
    work_through(run, story.at(5))
    undone = undoing.undo(brand=story.brand, by=ada, now=story.at(6))
    assert undone.run is not None
    work_through(undone.run, story.at(6))
    assert set(Conversation.objects.values_list("state", flat=True)) == {"open"}
    story.count(7)
    assert story.facts(metrics.HANDLE) == []

    macro = Macro.objects.create(brand=story.brand, name="Done", resolves=True)
    mara = story.conversation("mara")
    asked: Any = {
        "macro": macro,
        "conversation": mara,
        "by": ada,
        "seen_seq": story.seen,
        "now": story.at(60),
    }
    seen = running_macros.mark(running_macros.preview(**asked))
    running_macros.run(**asked, client_id=uuid4(), expected=seen)
    story.count(61)
    [work] = story.facts(metrics.HANDLE)
    assert (work.conversation_id, work.at, work.value) == (mara.pk, story.at(60), 30)


def work_through(run: BulkRun, now: datetime) -> None:
    while bulk.work(run_id=run.pk, now=now).state == BulkState.RUNNING:
        pass


def test_what_is_done_to_a_person_is_work_in_none_of_their_conversations(story: Story) -> None:
    for number, who in enumerate(("kim", "kim too", "mara", "mara too")):
        story.write(who, number)
        story.resolve(who, 10, by="Bo")
    story.write("mara now", 20)
    kim, mara = (Contact.objects.create(brand=story.brand, name=name) for name in ("Kim", "Mara"))
    Conversation.objects.filter(thread_key__startswith="kim").update(contact=kim)
    Conversation.objects.filter(thread_key__startswith="mara").update(contact=mara)
    ada = story.person("Ada")

    prioritising.mark_vip(contact=mara, vip=True, by=ada, now=story.at(1000))
    merging.merge(kept=kim, absorbed=mara, by=ada, now=story.at(2000))
    merging.part(merge=ContactMerge.objects.get(), by=ada, now=story.at(3000))
    story.count()

    assert not Fact.objects.filter(kind=metrics.HANDLE, person_id=ada.pk).exists()
    told = Event.objects.filter(kind=EventKind.CONTACT_UPDATED, conversation__thread_key="kim")
    assert told.count() == 2  # marked by the merge, and no longer


def test_business_hours_stand_beside_calendar_time(story: Story) -> None:
    # Noon in UTC is two in the afternoon in Berlin; the brand opens at 14:30.
    week = {str(day): [[14 * 60 + 30, 18 * 60]] for day in range(7)}
    BusinessHours.objects.create(brand=story.brand, name="Late", time_zone="Europe/Berlin", week=week)
    story.write("mara", 0)
    story.answer("mara", 45)

    story.count()

    [fact] = story.facts(metrics.FIRST)
    assert (fact.value, fact.business) == (45 * 60, 15 * 60)


def test_a_missed_target_counts_from_the_moment_it_was_missed(story: Story) -> None:
    SlaPolicy.objects.create(brand=story.brand, name="Standard", first_response=600)
    story.write("mara", 0)
    story.write("noor", 0)
    story.answer("noor", 6, by="Ada")
    story.count(7)
    story.sweep(11)
    story.count(12)

    kept, missed = story.facts(metrics.TARGET_FIRST)
    assert (kept.hit, kept.at, story.names(metrics.TARGET_FIRST)[0]) == (True, story.at(6), "Ada")
    assert (missed.hit, missed.at, missed.value) == (False, story.at(10), None)

    story.answer("mara", 25, by="Bo")
    story.count(26)

    late = story.facts(metrics.TARGET_FIRST)[-1]
    assert (late.hit, late.at, late.value) == (False, story.at(10), 25 * 60)


def test_a_missed_target_that_gets_more_time_is_missed_when_that_is_used_up(story: Story) -> None:
    everybody = SlaPolicy.objects.create(brand=story.brand, name="Everybody", first_response=600)
    for who in ("mara", "noor", "kim"):
        story.write(who, 0)
    story.count(1)
    story.sweep(11)
    story.answer("kim", 11)
    story.count(12)
    assert [fact.hit for fact in story.facts(metrics.TARGET_FIRST)] == [False] * 3

    story.promise(everybody, 12, first_response=3600)
    story.count(13)
    [late] = story.facts(metrics.TARGET_FIRST)  # it ended as late before

    assert late.at == story.at(10)
    story.answer("noor", 30)
    story.answer("mara", 70)
    story.count(71)
    late, kept, missed = story.facts(metrics.TARGET_FIRST)
    assert [(fact.hit, fact.at) for fact in (kept, missed)] == [(True, story.at(30)), (False, story.at(60))]
    story.sweep(72)
    story.count(73)
    assert [fact.at for fact in story.facts(metrics.TARGET_FIRST)] == [late.at, kept.at, missed.at]


def test_a_message_that_comes_late_corrects_what_was_counted(story: Story) -> None:
    story.write("mara", 10)
    story.answer("mara", 20)
    story.count()
    assert story.minutes(metrics.FIRST) == [10.0]

    story.write("mara", 4, learned=30)
    story.count()

    assert story.minutes(metrics.FIRST) == [16.0]


def test_an_answer_where_it_was_merged_from_goes_to_whoever_wrote_it(story: Story) -> None:
    story.write("mara", 0)
    story.write("mara-on-the-side", 1)
    Conversation.objects.update(contact=story.conversation("mara").contact)
    joining.join(
        kept=story.conversation("mara"), merged=story.conversation("mara-on-the-side"), by=story.person("Lea"), now=story.at(2)
    )  # fmt: skip
    story.count(3)
    story.answer("mara-on-the-side", 6, by="Bo")
    story.count(7)

    assert (story.minutes(metrics.FIRST), story.names(metrics.FIRST)) == ([6.0], ["Bo"])


def test_an_answer_there_counts_also_where_nothing_was_waiting_when_it_was_merged(story: Story) -> None:
    story.write("mara-on-the-side", 0)
    story.answer("mara-on-the-side", 1, by="Ada")
    story.write("mara", 2)
    story.count(3)
    Conversation.objects.update(contact=story.conversation("mara").contact)
    joining.join(
        kept=story.conversation("mara"), merged=story.conversation("mara-on-the-side"), by=story.person("Lea"), now=story.at(4)
    )  # fmt: skip
    story.answer("mara-on-the-side", 8, by="Bo")
    story.count(9)

    responses = Fact.objects.filter(kind=metrics.FIRST, conversation=story.conversation("mara"))
    assert [(fact.at, fact.person_id) for fact in responses] == [(story.at(8), story.person("Bo").pk)]


def test_an_answer_there_counts_also_after_it_was_opened_again(story: Story) -> None:
    story.write("mara", 0)
    story.answer("mara", 1, by="Ada")
    story.write("mara-on-the-side", 2)
    Conversation.objects.update(contact=story.conversation("mara").contact)
    joining.join(
        kept=story.conversation("mara"), merged=story.conversation("mara-on-the-side"), by=story.person("Lea"), now=story.at(3)
    )  # fmt: skip
    story.count(4)
    story.write("mara-on-the-side", 5)
    story.answer("mara-on-the-side", 8, by="Bo")
    story.count(9)

    responses = Fact.objects.filter(kind=metrics.NEXT, conversation=story.conversation("mara"))
    assert [(fact.at, fact.value, fact.person_id) for fact in responses] == [
        (story.at(8), 360, story.person("Bo").pk)
    ]


@pytest.mark.parametrize("long", [1, 6000])  # within a minute, and over more than a week
def test_what_a_merge_brings_leaves_what_the_kept_one_has_been_as_it_was(story: Story, long: int) -> None:
    SlaPolicy.objects.create(
        brand=story.brand, name="Standard", first_response=600, next_response=600, resolution=3600
    )
    story.write("mara-on-the-side", 3 * long)
    story.write("mara", 4 * long)
    story.answer("mara", 4.5 * long)
    story.resolve("mara", 5 * long)
    story.write("mara", 8 * long)
    story.count(8.5 * long)
    mara = story.conversation("mara")

    def been() -> list[tuple[Any, ...]]:
        kinds = [metrics.OPENED, metrics.RESOLUTION, metrics.FIRST, metrics.EFFORT]
        found = Fact.objects.filter(conversation=mara, kind__in=kinds).order_by("kind", "at")
        return list(found.values_list("kind", "at", "until", "value", "hit"))

    before = been()
    Conversation.objects.update(contact=mara.contact)
    joining.join(
        kept=mara,
        merged=story.conversation("mara-on-the-side"),
        by=story.person("Lea"),
        now=story.at(9 * long),
    )
    story.count(9.5 * long)

    mara.refresh_from_db()
    assert been() == before
    assert (mara.waiting_since, mara.opened_at) == (story.at(3 * long), story.at(8 * long))
    [waits] = Clock.objects.filter(conversation=mara, kind="next")
    assert (waits.started_at, waits.ended_at) == (story.at(3 * long), None)
    story.answer("mara", 10 * long, by="Bo")
    story.count(11 * long)
    assert (story.minutes(metrics.NEXT), story.names(metrics.NEXT)) == ([7.0 * long], ["Bo"])
    waits.refresh_from_db()
    assert (waits.ended_at, waits.counted) == (story.at(10 * long), 7 * long * 60)
    assert sum(each.counted for each in waits.segments.all()) == waits.counted


def test_a_tag_moves_the_past_too(story: Story) -> None:
    tag = Tag.objects.create(brand=story.brand, name="refund")
    story.write("mara", 0)
    story.answer("mara", 2)
    story.count()
    tagging.set_tag(
        conversation=story.conversation("mara"), tag=tag, by=story.person("Ada"), now=story.at(500)
    )
    story.count()

    assert story.facts(metrics.FIRST)[0].tags == ["refund"]


def test_it_takes_the_same_few_questions_for_many_conversations(
    story: Story, django_assert_max_num_queries: object
) -> None:
    from analytics import facts

    for number in range(12):
        story.write(f"customer-{number}", number)
        story.answer(f"customer-{number}", number + 3)
    ids = list(Message.objects.values_list("conversation_id", flat=True).distinct())

    with django_assert_max_num_queries(8):  # type: ignore[operator]
        found = facts.of(story.brand.pk, ids, None)

    assert sum(each.kind == metrics.FIRST for each in found) == 12
    assert exchange.at() == story.at(0)


def test_where_the_platforms_clock_is_ahead_each_wait_and_each_answer_is_counted_as_they_followed(
    story: Story,
) -> None:
    """By a minute and a half: what follows an answer is learned here before the answer was made by that clock."""
    story.write("mara", 2.0, learned=0.5)
    story.answer("mara", 3.5, client_id=uuid4(), attempted_at=story.at(2))
    story.write("mara", 4.5, learned=3.0)
    story.answer("mara", 11.5, by="Bea", client_id=uuid4(), attempted_at=story.at(10))
    story.count()

    assert (story.names(metrics.FIRST), story.names(metrics.NEXT)) == (["Ada"], ["Bea"])
