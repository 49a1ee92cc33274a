"""Clocks, against an implementation that looks at the conversation second by second and knows no cleverness."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise, zip_longest
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.rules.business_hours import Hours
from inbox.rules.course import Kind, Said, Turn, What, course
from inbox.rules.sla import ClockNow, Policy, State, clocks, counted_of

NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LENGTH = 60  # seconds that a story of the tests lasts


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def customer(seconds: float, *, learned: float | None = None, unsent: float | None = None) -> Said:
    return Said(
        at(seconds),
        at(learned if learned is not None else seconds),
        True,
        at(unsent) if unsent is not None else None,
    )


def answer(seconds: float, *, learned: float | None = None) -> Said:
    return Said(at(seconds), at(learned if learned is not None else seconds), False)


def turn(seconds: float, what: What, order: int = 0) -> Turn:
    return Turn(at(seconds), order or int(seconds * 10), what)


def policy(**fields: object) -> Policy:
    targets = {Kind.FIRST: 10 * SECOND, Kind.NEXT: 20 * SECOND, Kind.RESOLUTION: 30 * SECOND}
    return Policy(**{"targets": targets, "warnings": (50, 80), **fields})  # type: ignore[arg-type]


def look(said: list[Said], turns: list[Turn], now: float, rules: Policy | None = None) -> list[ClockNow]:
    return clocks(course(said, turns), rules or policy(), at(now))


def told(found: list[ClockNow]) -> list[tuple[str, str, float, float | None, float]]:
    return [
        (
            clock.kind, clock.state, (clock.started_at - NOON) / SECOND,
            (clock.ended_at - NOON) / SECOND if clock.ended_at else None, clock.counted / SECOND,
        )
        for clock in found
    ]  # fmt: skip


# The slow one. Each fact happens in a second of its own, so that nothing needs settling. It lives through the story second by
# second, writes down who had the word and what stood still, and counts the seconds afterwards, one by one.


@dataclass
class Lived:
    kind: Kind
    started: int
    ended: int | None = None
    cancelled: bool = False


@dataclass
class Asking:
    """A customer's message as the brand met with it: when it began to ask, and what was done before anybody knew of it."""

    said: Said
    since: datetime
    late: bool = False  # somebody was done with the conversation meanwhile: it asks right after that
    rouses: datetime | None = None


def asking(said: Said, turns: list[Turn]) -> Asking:
    meanwhile = sorted(
        (each for each in turns if said.at <= each.at < said.learned_at), key=lambda each: each.at
    )
    done = [each.at for each in meanwhile if each.what in (What.RESOLVED, What.NO_REPLY_NEEDED)]
    found = Asking(said, done[-1], late=True) if done else Asking(said, said.at)
    if meanwhile and meanwhile[-1].at > found.since:
        found.rouses = meanwhile[-1].at
    return found


def lived_through(said: list[Said], turns: list[Turn], rules: Policy, now: int) -> list[tuple[object, ...]]:
    diary: list[tuple[str, bool]] = []  # of each second: status, and whether the brand has the word
    clocks_: list[Lived] = []
    waits: list[Asking] = []
    asked = sorted((asking(each, turns) for each in said if each.by_customer), key=lambda each: each.said.at)
    status, ours, responded = "open", False, False
    over = ("resolved", "spam")

    def running(*kinds: Kind) -> Lived | None:
        return next((each for each in clocks_ if each.kind in kinds and each.ended is None), None)

    def start(kind: Kind, second: int) -> None:
        clocks_.append(Lived(kind, second))

    def stop(clock: Lived | None, second: int, *, cancelled: bool = False) -> None:
        if clock:
            clock.ended, clock.cancelled = second, cancelled

    def wrote(each: Asking, second: int) -> None:
        nonlocal waits, status, ours
        if status == "spam":
            waits = [*waits, each]
            return
        if not running(Kind.RESOLUTION):
            start(Kind.RESOLUTION, second)
            waits = []
        if not running(Kind.FIRST, Kind.NEXT):
            start(Kind.NEXT if responded else Kind.FIRST, second)
        waits = [*waits, each]
        status, ours = "open", True

    def unsent(each: Asking, second: int) -> None:
        nonlocal waits, ours
        response = running(Kind.FIRST, Kind.NEXT)
        if each not in waits:
            return
        waits = [other for other in waits if other is not each]
        if response and waits:
            response.started = max(response.started, int((min(each.since for each in waits) - NOON) / SECOND))
        elif response:
            stop(response, second, cancelled=True)
            ours = False

    for second in range(now):
        moment = at(second)
        for each in asked:
            if each.since == moment and not each.late:
                wrote(each, second)
        for each in asked:
            if (
                each.said.unsent_at is not None
                and max(each.said.unsent_at, each.since) == moment
                and not each.late
            ):
                unsent(each, second)
        response, spell = running(Kind.FIRST, Kind.NEXT), running(Kind.RESOLUTION)
        if any(each.at == moment and not each.by_customer for each in said):
            waits, ours, responded = [], False, responded or response is not None
            stop(response, second)
        what = next((each.what for each in turns if each.at == moment), None)
        if what is What.RESOLVED:
            stop(response, second, cancelled=True)
            stop(spell, second)
            status, ours, responded = "resolved", False, True
        elif what is What.SPAM:
            stop(response, second, cancelled=True)
            stop(spell, second, cancelled=True)
            status, ours, responded = "spam", False, True
        elif what is What.NO_REPLY_NEEDED:
            stop(response, second, cancelled=True)
            waits, ours = [], False
        elif what is What.REOPENED and status in over:
            start(Kind.RESOLUTION, second)
            if waits:
                start(Kind.NEXT, second)
            status, ours = "open", True
        elif what is What.REOPENED or (what is What.WOKEN and status not in over):
            status = "open"
        elif what in (What.SNOOZED, What.PENDING) and status not in over:
            status = what.value
        if any(each.rouses == moment for each in asked) and status in ("snoozed", "pending"):
            status = "open"
        for each in asked:
            if each.since == moment and each.late:
                wrote(each, second)
        for each in asked:
            if (
                each.said.unsent_at is not None
                and max(each.said.unsent_at, each.since) == moment
                and each.late
            ):
                unsent(each, second)
        diary.append((status, ours))

    found = []
    for clock in clocks_:
        until = now if clock.ended is None else clock.ended
        counted = sum(
            _counts(clock.kind, *diary[second], rules, at(second)) for second in range(clock.started, until)
        )
        target = rules.targets[clock.kind] / SECOND
        if clock.ended is not None:
            state = "cancelled" if clock.cancelled else "met" if counted <= target else "missed"
        else:
            state = "paused" if _stands_still(clock.kind, *diary[-1], rules) else "running"
        found.append((clock.kind.value, state, float(clock.started), clock.ended, float(counted)))
    return sorted(found, key=lambda each: (each[2], each[0]))


def _counts(kind: Kind, status: str, ours: bool, rules: Policy, moment: datetime) -> bool:
    if _stands_still(kind, status, ours, rules):
        return False
    return rules.hours is None or rules.hours.counted(moment, moment + SECOND) == SECOND


def _stands_still(kind: Kind, status: str, ours: bool, rules: Policy) -> bool:
    return (
        (status == "snoozed" and rules.pauses_snoozed)
        or (status == "pending" and rules.pauses_pending)
        or (kind is Kind.RESOLUTION and not ours and rules.pauses_for_customer)
    )


# Hours in which some seconds of a story count and some do not: the minute at noon in one zone, all but it in another.
BROKEN = Hours(ZoneInfo("UTC"), (((720, 721),),) * 7)


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[Said], list[Turn]]:
    """Facts at seconds of their own, so that the obvious implementation needs no rules for ties."""
    seconds = draw(st.lists(st.integers(0, LENGTH - 1), unique=True, max_size=14))
    said, turns, spare = [], [], list(seconds)
    while spare:
        second = spare.pop()
        what = draw(st.sampled_from(["customer", "customer", "answer", *What]))
        if what == "customer":
            later = [each for each in spare if each > second]
            gone = draw(st.sampled_from([None, *later]))
            if gone is not None:
                spare.remove(gone)
            said.append(customer(second, unsent=gone))
        elif what == "answer":
            said.append(answer(second))
        else:
            turns.append(turn(second, What(what)))
    return said, turns


policies = st.builds(
    policy, hours=st.sampled_from([None, BROKEN]), pauses_for_customer=st.booleans(), pauses_snoozed=st.booleans(),
    pauses_pending=st.booleans(),
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(
    stories(),
    policies,
    st.integers(1, LENGTH + 20),
    st.lists(st.sampled_from([0, 3, 8, 15, 25]), min_size=14, max_size=14),
)
def test_the_clocks_are_those_of_somebody_who_lived_through_it(
    story: tuple[list[Said], list[Turn]], rules: Policy, now: int, delays: list[int]
) -> None:
    """Whatever is learned late, up to half a story later, and whatever was done meanwhile."""
    late = [
        Said(each.at, each.at + delay * SECOND, each.by_customer, each.unsent_at)
        for each, delay in zip_longest(story[0], delays[: len(story[0])], fillvalue=0)
    ]
    said = [each for each in late if each.learned_at < at(now)]
    said = [
        each if each.unsent_at is None or each.unsent_at < at(now) else Said(each.at, each.learned_at, True)
        for each in said
    ]
    turns = [each for each in story[1] if each.at < at(now)]

    assert told(look(said, turns, now, rules)) == lived_through(said, turns, rules, now)


@settings(max_examples=300, deadline=None)
@given(stories(), policies, st.randoms(use_true_random=False))
def test_the_order_in_which_facts_are_handed_in_decides_nothing(
    story: tuple[list[Said], list[Turn]], rules: Policy, chance: random.Random
) -> None:
    said, turns = list(story[0]), list(story[1])
    chance.shuffle(said)
    chance.shuffle(turns)

    assert look(said, turns, LENGTH, rules) == look(*story, LENGTH, rules)


@settings(max_examples=300, deadline=None)
@given(stories(), policies, st.integers(0, LENGTH))
def test_a_message_that_comes_late_changes_nothing_but_when_it_is_known(
    story: tuple[list[Said], list[Turn]], rules: Policy, delay: int
) -> None:
    """As long as nobody did anything with the conversation in between."""
    late = []
    for each in story[0]:
        turned = [turn.at for turn in story[1] if turn.at > each.at]
        latest = min([each.at + delay * SECOND, *turned])
        late.append(Said(each.at, latest, each.by_customer, each.unsent_at))

    assert look(late, story[1], LENGTH, rules) == look(*story, LENGTH, rules)


@settings(max_examples=300, deadline=None)
@given(stories(), policies, st.integers(1, LENGTH + 20), st.floats(0, 0.999))
def test_segments_follow_one_another_without_a_gap_and_add_up(
    story: tuple[list[Said], list[Turn]], rules: Policy, now: int, fraction: float
) -> None:
    moment = at(now + fraction)
    for clock in clocks(course(*story), rules, moment):
        edges = [clock.started_at, *(each.ended_at for each in clock.segments)]

        assert edges[-1] == (clock.ended_at or max(moment, clock.started_at))
        assert [each.started_at for each in clock.segments] == edges[:-1]
        assert all(first < last for first, last in pairwise(edges))
        assert sum((each.counted for each in clock.segments), timedelta(0)) == clock.counted
        assert sum((each.counted.total_seconds() for each in clock.segments), 0.0) == pytest.approx(
            clock.counted.total_seconds(), abs=1e-6
        )
        assert all(each.reason for each in clock.segments)


@settings(max_examples=300, deadline=None)
@given(stories(), policies)
def test_what_an_ended_clock_used_is_told_by_the_part_of_the_story_in_which_it_ran(
    story: tuple[list[Said], list[Turn]], rules: Policy
) -> None:
    whole = course(*story)
    runs = sorted(whole.runs, key=lambda run: (run.started_at, run.kind))

    for run, clock in zip(runs, clocks(whole, rules, at(LENGTH)), strict=True):
        if run.ended_at is not None:
            assert counted_of(run, whole.stretches, rules) == clock.counted


@settings(max_examples=300, deadline=None)
@given(stories(), policies, st.integers(1, LENGTH))
def test_a_running_clock_is_due_when_it_says_and_not_a_moment_before(
    story: tuple[list[Said], list[Turn]], rules: Policy, now: int
) -> None:
    known = [each for each in story[0] if each.at < at(now)], [each for each in story[1] if each.at < at(now)]
    for clock in clocks(course(*known), rules, at(now)):
        if clock.due_at is None or clock.ended_at is not None:
            continue
        matching = [
            each
            for each in clocks(course(*known), rules, clock.due_at)
            if each.started_at == clock.started_at
        ]
        then = next(each for each in matching if each.kind == clock.kind)

        assert then.due_at == clock.due_at
        if clock.due_at >= at(now):
            assert then.counted == clock.target


# What docs/triage.md says, one by one.


def test_a_first_response_runs_from_the_first_message_to_the_first_answer() -> None:
    found = look([customer(1), customer(3), answer(6), answer(8)], [], 9)

    assert told(found) == [("first", "met", 1, 6, 5), ("resolution", "paused", 1, None, 5)]


def test_an_answer_at_the_last_moment_is_in_time() -> None:
    assert told(look([customer(0), answer(10)], [], 11))[0] == ("first", "met", 0, 10, 10)
    assert told(look([customer(0), answer(10.000001)], [], 11))[0][1] == "missed"


def test_the_only_message_unsent_before_an_answer_asks_for_none() -> None:
    assert told(look([customer(1, unsent=4)], [], 9))[0] == ("first", "cancelled", 1, 4, 3)


def test_the_first_of_two_messages_unsent_is_as_if_it_had_not_been_written() -> None:
    found = told(look([customer(1, unsent=4), customer(3)], [], 9))

    assert ("first", "running", 3, None, 6) in found


def test_unsending_what_was_answered_changes_nothing() -> None:
    assert told(look([customer(1, unsent=8), answer(5)], [], 9))[0] == ("first", "met", 1, 5, 4)


def test_what_needed_no_answer_leaves_the_first_response_to_come() -> None:
    found = look([customer(1), customer(6), answer(8), customer(9)], [turn(3, What.NO_REPLY_NEEDED)], 10)

    assert [each[:4] for each in told(found) if each[0] != "resolution"] == [
        ("first", "cancelled", 1, 3),
        ("first", "met", 6, 8),
        ("next", "running", 9, None),
    ]


def test_after_a_resolution_a_message_begins_a_new_spell() -> None:
    found = look([customer(1), answer(2), customer(8)], [turn(4, What.RESOLVED)], 10)

    assert told(found) == [
        ("first", "met", 1, 2, 1),
        ("resolution", "met", 1, 4, 1),
        ("next", "running", 8, None, 2),
        ("resolution", "running", 8, None, 2),
    ]


def test_what_was_spam_by_mistake_begins_anew_when_it_is_opened() -> None:
    found = look([customer(1), customer(6)], [turn(4, What.SPAM), turn(9, What.REOPENED)], 12)

    assert told(found) == [
        ("first", "cancelled", 1, 4, 3),
        ("resolution", "cancelled", 1, 4, 3),
        ("next", "running", 9, None, 3),
        ("resolution", "running", 9, None, 3),
    ]


def test_nothing_is_promised_to_spam() -> None:
    assert look([customer(6)], [turn(4, What.SPAM)], 12) == []


def test_what_nobody_knew_when_they_resolved_asks_anew_from_then_on() -> None:
    found = look([customer(1), answer(2), customer(3, learned=6)], [turn(4, What.RESOLVED)], 10)

    assert told(found)[-2:] == [("next", "running", 4, None, 6), ("resolution", "running", 4, None, 6)]


def test_news_ends_a_snooze_even_if_it_was_written_before() -> None:
    found = look([customer(1), customer(3, learned=6)], [turn(4, What.SNOOZED)], 10)

    assert told(found)[0] == ("first", "running", 1, None, 9)


def test_a_paused_clock_has_no_due_time_and_one_that_is_late_keeps_it() -> None:
    early = look([customer(0)], [turn(5, What.SNOOZED)], 30)[0]
    late = look([customer(0)], [turn(15, What.SNOOZED)], 30)[0]

    assert (early.state, early.due_at) == (State.PAUSED, None)
    assert (late.state, late.due_at) == (State.PAUSED, at(10))


def test_warnings_come_at_their_share_of_the_target() -> None:
    assert look([customer(0)], [], 3)[0].warnings == ((50, at(5)), (80, at(8)))


def test_a_clock_outside_hours_says_so() -> None:
    week = Hours(ZoneInfo("Europe/Berlin"), (((540, 1080),),) * 5 + ((), ()))
    friday = datetime(2026, 3, 6, 16, 59, tzinfo=UTC)  # 17:59 in Berlin
    found = clocks(
        course([Said(friday, friday, True)], []),
        policy(hours=week, targets={Kind.FIRST: timedelta(minutes=10)}),
        datetime(2026, 3, 9, 8, 4, tzinfo=UTC),
    )[0]

    assert [(each.counts, each.reason, each.counted.total_seconds()) for each in found.segments] == [
        (True, "the customer waits", 60),
        (False, "outside business hours (Fri 18:00–Mon 9:00)", 0),
        (True, "the customer waits", 240),
    ]
    assert found.due_at == datetime(2026, 3, 9, 8, 9, tzinfo=UTC)
