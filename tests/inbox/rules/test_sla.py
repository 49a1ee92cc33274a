"""Clocks, against an implementation that lives through the conversation beat by beat and knows no cleverness."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from inbox.rules.business_hours import DayOff, Hours
from inbox.rules.course import Course, Kind, course
from inbox.rules.happened import Held, Said, Turn, What, with_ends
from inbox.rules.sla import ClockNow, Policy, State, clocks, counted_of
from tests.inbox.rules import wall
from tests.inbox.rules.lived import NOON, SECOND, Place, at, lived_through

LENGTH = 60  # beats that a story of the tests lasts
AS_WRITTEN = Place()


def customer(
    seconds: float, *, learned: float | None = None, unsent: float | None = None, brought: bool = False
) -> Said:
    return Said(
        at(seconds),
        at(learned if learned is not None else seconds),
        True,
        at(unsent) if unsent is not None else None,
        brought,
    )


def answer(seconds: float, *, learned: float | None = None) -> Said:
    return Said(at(seconds), at(learned if learned is not None else seconds), False)


def turn(seconds: float, what: What, order: int = 0, *, until: float | None = None) -> Turn:
    return Turn(at(seconds), order or int(seconds * 10), what, at(until) if until is not None else None)


def queued(seconds: float, *, left: float | None = None) -> Held:
    return Held(int(seconds * 10), at(left) if left is not None else None)


def policy(**fields: object) -> Policy:
    targets = {Kind.FIRST: 10 * SECOND, Kind.NEXT: 20 * SECOND, Kind.RESOLUTION: 30 * SECOND}
    return Policy(**{"targets": targets, "warnings": (50, 80), **fields})  # type: ignore[arg-type]


def look(
    said: list[Said], turns: list[Turn], now: float, rules: Policy | None = None, *, held: list[Held] | None = None
) -> list[ClockNow]:  # fmt: skip
    return clocks(course(said, with_ends(turns, at(now)), held or []), rules or policy(), at(now))


def told(
    found: list[ClockNow], place: Place = AS_WRITTEN
) -> list[tuple[str, str, float, float | None, float]]:
    return [
        (
            clock.kind, clock.state, place.beats(clock.started_at),
            place.beats(clock.ended_at) if clock.ended_at else None, clock.counted / place.beat,
        )
        for clock in found
    ]  # fmt: skip


@dataclass(frozen=True)
class Story:
    """What happens, as it is written down, and where that is. Facts have beats of their own: the obvious implementation needs no rules for ties."""

    said: list[Said]
    turns: list[Turn]
    held: list[Held]
    place: Place
    rules: Policy
    facts: list[Said] = field(init=False)
    done: list[Turn] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", [self.place.said(each) for each in self.said])
        object.__setattr__(self, "done", [self.place.turn(each) for each in self.turns])

    def course(self, beats: float) -> Course:
        turns = with_ends(self.done, self.place.at(beats))
        return course(self.facts, turns, [self.place.held(each) for each in self.held])

    def clocks(self, beats: float) -> list[ClockNow]:
        return clocks(self.course(beats), self.rules, self.place.at(beats))

    def known_by(self, beats: float) -> Story:
        """What had happened and was known by then."""
        known = [each for each in self.said if each.learned_at < at(beats)]
        said = [
            replace(
                each,
                unsent_at=each.unsent_at if each.unsent_at and each.unsent_at < at(beats) else None,
                answered_at=each.answered_at if each.answered_at and each.answered_at < at(beats) else None,
            )
            for each in known
        ]
        left = {each.at for each in said if not each.by_customer}
        held = [
            replace(each, left_at=each.left_at if each.left_at in left else None)
            for each in self.held
            if each.order < 10 * beats
        ]
        return replace(self, said=said, turns=[each for each in self.turns if each.at < at(beats)], held=held)


@st.composite
def happenings(draw: st.DrawFn) -> tuple[list[Said], list[Turn], list[Held]]:
    beats = draw(st.lists(st.integers(0, LENGTH - 1), unique=True, max_size=14))
    said, turns, held, spare = [], [], [], list(beats)
    while spare:
        beat = spare.pop()
        what = draw(
            st.sampled_from(
                ["customer", "customer", "merged", "answer", "reply", *What, What.RESOLVED, What.SNOOZED]
            )
        )
        if what in ("customer", "merged"):
            later = [each for each in spare if each > beat]
            gone = draw(st.sampled_from([None, *later]))
            if gone is not None:
                spare.remove(gone)
            asked = customer(beat, unsent=gone, brought=what == "merged")
            if asked.brought and draw(st.booleans()):  # not unsent but answered where it was said
                asked = replace(asked, unsent_at=None, answered_at=asked.unsent_at)
            said.append(asked)
        elif what == "answer":
            said.append(answer(beat))
        elif what == "reply":  # of ours, which leaves later or is on its way for ever
            left = draw(st.sampled_from([None, *(each for each in spare if each > beat)]))
            held.append(queued(beat, left=left))
            if left is not None:
                spare.remove(left)
                said.append(answer(left))
        else:
            free = [each for each in range(beat + 1, beat + 12) if each not in beats]
            until = draw(st.sampled_from([*free, None])) if what is What.SNOOZED else None
            turns.append(turn(beat, What(what), until=until))
    return said, turns, held


# Seconds about the minute at noon: alone in it a brand works, or at all times but in it.
MINUTE_OF_WORK, MINUTE_OFF = (
    Hours(ZoneInfo("UTC"), (week,) * 7) for week in (((720, 721),), ((0, 720), (721, 1440)))
)
about_noon = st.tuples(
    st.sampled_from([None, MINUTE_OF_WORK, MINUTE_OFF]),
    st.integers(-LENGTH, LENGTH).map(lambda seconds: Place(NOON + seconds * SECOND)),
)


@st.composite
def anywhere(draw: st.DrawFn) -> tuple[Hours, Place]:
    """An hour to six days about a night in which clocks are changed, with weekends, days off, and work that goes on past midnight."""
    hours, begins = draw(wall.situations())
    return hours, Place(begins, draw(st.sampled_from([1, 7, 19, 43, 61, 137])) * wall.MINUTE)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    hours, place = draw(st.one_of(about_noon, anywhere(), anywhere()))
    targets = {Kind.FIRST: 10 * place.beat, Kind.NEXT: 20 * place.beat, Kind.RESOLUTION: 30 * place.beat}
    rules = policy(
        targets=targets, hours=hours, pauses_for_customer=draw(st.booleans()), pauses_snoozed=draw(st.booleans()),
        pauses_pending=draw(st.booleans()),
    )  # fmt: skip
    return Story(*draw(happenings()), place, rules)


@settings(max_examples=350, deadline=None)
@given(
    stories(),
    st.integers(1, LENGTH + 20),
    st.lists(st.sampled_from([0, 3, 8, 15, 25]), min_size=14, max_size=14),
)
def test_the_clocks_are_those_of_somebody_who_lived_through_it(
    story: Story, now: int, delays: list[int]
) -> None:
    """Whenever it happens, whatever is learned late, up to half a story later, and whatever was done meanwhile."""
    late = [
        replace(each, learned_at=each.at + delay * SECOND)
        for each, delay in zip(story.said, delays, strict=False)
    ]
    known = replace(story, said=late).known_by(now)

    assert told(known.clocks(now), story.place) == lived_through(
        known.said, known.turns, known.held, story.rules, now, story.place
    )


@pytest.mark.parametrize("state", [State.MET, State.RUNNING])
def test_stories_are_told_in_which_an_answer_leaves_after_resolving(state: State) -> None:
    def is_told_of_it(told: tuple[list[Said], list[Turn], list[Held]]) -> bool:
        said, turns, held = told
        ends = {each.at for each in turns if each.what is What.RESOLVED}
        return any(
            clock.kind is not Kind.RESOLUTION and clock.state is state
            and any(clock.started_at < end < (clock.ended_at or at(LENGTH)) for end in ends)
            for clock in look(said, turns, LENGTH, held=held)
        )  # fmt: skip

    find(happenings(), is_told_of_it, settings=settings(max_examples=2000, phases=[Phase.generate]))


def test_stories_are_told_in_which_a_snooze_ends_at_its_time() -> None:
    def is_told_of_it(told: tuple[list[Said], list[Turn], list[Held]]) -> bool:
        said, turns, held = told
        ends = {each.until for each in turns} - {None}
        return any(
            segment.reason == "snoozed" and segment.ended_at in ends
            for clock in look(said, turns, LENGTH, held=held)
            for segment in clock.segments
        )

    find(happenings(), is_told_of_it, settings=settings(max_examples=300, phases=[Phase.generate]))


def is_at_night(hours: Hours, fact: datetime) -> bool:
    return not wall.is_open(hours, fact) and fact.astimezone(hours.zone).hour < 6


def is_at_a_weekend(hours: Hours, fact: datetime) -> bool:
    return not wall.is_open(hours, fact) and fact.astimezone(hours.zone).weekday() > 4


def is_on_a_day_off(hours: Hours, fact: datetime) -> bool:
    return fact.astimezone(hours.zone).date() in hours.holidays


def is_in_an_evening_past_midnight(hours: Hours, fact: datetime) -> bool:
    days = replace(
        hours, week=tuple(tuple((opens, min(closes, 1440)) for opens, closes in day) for day in hours.week)
    )
    return wall.is_open(hours, fact) and not wall.is_open(days, fact)


def is_in_an_hour_that_comes_twice(hours: Hours, fact: datetime) -> bool:
    return fact.astimezone(hours.zone).fold == 1


@pytest.mark.parametrize(
    "sees",
    [
        is_at_night,
        is_at_a_weekend,
        is_on_a_day_off,
        is_in_an_evening_past_midnight,
        is_in_an_hour_that_comes_twice,
    ],
    ids=lambda sees: sees.__name__.removeprefix("is_"),
)
def test_stories_are_told_of_every_hour(sees: Callable[[Hours, datetime], bool]) -> None:
    def is_told_of_it(story: Story) -> bool:
        hours = story.rules.hours
        return hours is not None and any(sees(hours, each.at) for each in story.facts)

    find(stories(), is_told_of_it, settings=settings(max_examples=1000, phases=[Phase.generate]))


@settings(max_examples=300, deadline=None)
@given(stories(), st.randoms(use_true_random=False))
def test_the_order_in_which_facts_are_handed_in_decides_nothing(story: Story, chance: random.Random) -> None:
    said, turns, held = list(story.said), list(story.turns), list(story.held)
    for each in (said, turns, held):
        chance.shuffle(each)  # type: ignore[arg-type]

    assert replace(story, said=said, turns=turns, held=held).clocks(LENGTH) == story.clocks(LENGTH)


@settings(max_examples=300, deadline=None)
@given(stories(), st.integers(0, LENGTH))
def test_a_message_that_comes_late_changes_nothing_but_when_it_is_known(story: Story, delay: int) -> None:
    """As long as nobody did anything with the conversation in between."""
    late = []
    for each in story.said:
        turned = [turn.at for turn in story.turns if turn.at > each.at]
        # What a merge brings opens nothing before it.
        learned = each.learned_at if each.brought else min([each.at + delay * SECOND, *turned])
        late.append(replace(each, learned_at=learned))

    assert replace(story, said=late).clocks(LENGTH) == story.clocks(LENGTH)


@settings(max_examples=300, deadline=None)
@given(stories(), st.integers(1, LENGTH + 20), st.floats(0, 0.999))
def test_segments_follow_one_another_without_a_gap_and_add_up(
    story: Story, now: int, fraction: float
) -> None:
    moment = story.place.at(now + fraction)
    for clock in story.clocks(now + fraction):
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
@given(stories())
def test_what_an_ended_clock_used_is_told_by_the_part_of_the_story_in_which_it_ran(story: Story) -> None:
    whole = story.course(LENGTH)
    runs = sorted(whole.runs, key=lambda run: (run.started_at, run.kind))

    for run, clock in zip(runs, story.clocks(LENGTH), strict=True):
        if run.ended_at is not None:
            assert counted_of(run, whole.stretches, story.rules) == clock.counted


@settings(max_examples=300, deadline=None)
@given(stories(), st.integers(1, LENGTH))
def test_a_running_clock_is_due_when_it_says_and_not_a_moment_before(story: Story, now: int) -> None:
    known = story.known_by(now)
    for clock in known.clocks(now):
        if clock.due_at is None or clock.ended_at is not None:
            continue
        [then] = [
            each
            for each in clocks(known.course(now), story.rules, clock.due_at)
            if (each.kind, each.started_at) == (clock.kind, clock.started_at)
        ]

        assert then.due_at == clock.due_at
        if clock.due_at >= story.place.at(now):
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


@pytest.mark.parametrize("what", [What.RESOLVED, What.SPAM])
def test_what_was_closed_before_its_customer_ever_wrote_has_its_first_response_before_it(what: What) -> None:
    closed = [turn(4, what), *([turn(6, What.REOPENED)] if what is What.SPAM else [])]
    found = look([answer(1), customer(8), answer(9), customer(20)], [*closed, turn(15, What.RESOLVED)], 22)

    assert [each[:3] for each in told(found) if each[0] != "resolution"] == [("first", "met", 8), ("next", "running", 20)]  # fmt: skip


@pytest.mark.parametrize("unsent", [None, 8, 12])
def test_what_a_merge_brought_into_spam_was_written_before_that_was_resolved(unsent: float | None) -> None:
    brought = customer(5, learned=10, unsent=unsent, brought=True)
    found = look([brought, customer(30)], [turn(3, What.SPAM), turn(20, What.RESOLVED)], 32)

    assert [each[0] for each in told(found)] == ["next", "resolution"]


def test_an_answer_that_was_on_its_way_when_it_was_resolved_ends_the_wait_when_it_leaves() -> None:
    found = look([customer(0), answer(6)], [turn(3, What.RESOLVED)], 9, held=[queued(2, left=6)])

    assert told(found) == [("first", "met", 0, 6, 6), ("resolution", "met", 0, 3, 3)]
    assert [each.reason for each in found[0].segments] == ["the customer waits", "resolved, and the answer is on its way"]  # fmt: skip


def test_while_it_is_on_its_way_the_clock_runs_on_and_is_late_like_any_other() -> None:
    on_its_way = look([customer(0)], [turn(3, What.RESOLVED)], 9, held=[queued(2)])
    late = look([customer(0), answer(16)], [turn(3, What.RESOLVED)], 20, held=[queued(2, left=16)])

    assert (on_its_way[0].state, on_its_way[0].due_at) == (State.RUNNING, at(10))
    assert told(late)[0] == ("first", "missed", 0, 16, 16)


def test_what_was_queued_after_resolving_or_had_left_before_it_keeps_no_clock_running() -> None:
    after = look([customer(0)], [turn(3, What.RESOLVED)], 9, held=[queued(4)])
    before = look([customer(0), answer(2), customer(2.5)], [turn(3, What.RESOLVED)], 9, held=[queued(1, left=2)])  # fmt: skip

    assert told(after)[0] == ("first", "cancelled", 0, 3, 3)
    assert ("next", "cancelled", 2.5, 3, 0.5) in told(before)


def test_who_writes_before_it_leaves_waits_since_their_first_message() -> None:
    found = look([customer(0), customer(5), answer(6)], [turn(3, What.RESOLVED)], 9, held=[queued(2, left=6)])

    assert told(found) == [
        ("first", "met", 0, 6, 6),
        ("resolution", "met", 0, 3, 3),
        ("resolution", "paused", 5, None, 1),
    ]


def test_what_is_merged_into_another_waits_there_whatever_is_on_its_way() -> None:
    found = look([customer(0), answer(6)], [turn(3, What.MERGED)], 9, held=[queued(2, left=6)])

    assert told(found)[0] == ("first", "cancelled", 0, 3, 3)


def test_what_a_merge_brings_waits_since_it_was_written_and_leaves_the_past_as_it_was() -> None:
    kept = [customer(4), answer(5), customer(16)]
    resolved = [turn(8, What.RESOLVED)]
    found = course([*kept, customer(2, learned=20, brought=True)], resolved)

    assert (found.opened_at, found.waiting_since) == (at(16), at(2))
    before = look(kept, resolved, 25)
    after = clocks(found, policy(), at(25))
    assert [each for each in told(after) if each[0] != "next"] == [each for each in told(before) if each[0] != "next"]  # fmt: skip
    assert ("next", "running", 2, None, 23) in told(after)


def test_what_a_merge_brings_to_a_conversation_that_never_began_begins_it_with_the_merge() -> None:
    found = look([customer(2, learned=20, brought=True)], [], 25)

    assert told(found) == [("first", "running", 2, None, 23), ("resolution", "running", 20, None, 5)]


def test_what_was_spam_by_mistake_begins_anew_when_it_is_opened() -> None:
    found = look([customer(1), customer(6)], [turn(4, What.SPAM), turn(9, What.REOPENED)], 12)

    assert told(found) == [
        ("first", "cancelled", 1, 4, 3),
        ("resolution", "cancelled", 1, 4, 3),
        ("next", "running", 9, None, 3),
        ("resolution", "running", 9, None, 3),
    ]


def test_what_was_closed_before_anything_is_known_of_it_begins_when_it_is_opened() -> None:
    found = look([customer(7), answer(8)], [turn(2, What.REOPENED)], 12)

    assert told(found) == [("resolution", "paused", 2, None, 6), ("first", "met", 7, 8, 1)]


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


@pytest.mark.parametrize("what", [None, "customer", *What])
def test_a_snooze_that_is_over_has_ended_at_its_time_whatever_comes_then(what: What | str | None) -> None:
    said = [customer(0), *([customer(15)] if what == "customer" else [])]
    comes = [turn(15, what)] if isinstance(what, What) else []
    seen_to_late = look(said, [turn(2, What.SNOOZED, until=6), *comes], 20)

    assert seen_to_late == look(said, [turn(2, What.SNOOZED), turn(6, What.WOKEN), *comes], 20)
    assert ("snoozed", at(2), at(6)) in [(each.reason, each.started_at, each.ended_at) for each in seen_to_late[0].segments]  # fmt: skip


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


def test_a_clock_on_a_holiday_says_so_though_the_pause_began_before_it() -> None:
    holidays = {date(2026, 3, 9): DayOff("Women's Day")}
    week = Hours(ZoneInfo("Europe/Berlin"), (((540, 1080),),) * 5 + ((), ()), holidays)
    friday = datetime(2026, 3, 6, 16, 59, tzinfo=UTC)
    found = clocks(
        course([Said(friday, friday, True)], []),
        policy(hours=week, targets={Kind.FIRST: timedelta(minutes=10)}),
        datetime(2026, 3, 10, 8, 4, tzinfo=UTC),
    )[0]

    assert [(each.counts, each.reason) for each in found.segments] == [
        (True, "the customer waits"),
        (False, "outside business hours (Fri 18:00–Mon 0:00)"),
        (False, "holiday (Women's Day)"),
        (False, "outside business hours (Tue 0:00–Tue 9:00)"),
        (True, "the customer waits"),
    ]
