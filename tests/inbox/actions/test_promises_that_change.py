"""A policy that changes while clocks run: those under way follow, those that have ended keep what was promised then."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox.actions import policies, prioritising, receiving, tagging_work, timing, triaging
from inbox.actions.receiving import Arrival
from inbox.models import Channel, Clock, Conversation, Event, EventKind, Priority, SlaPolicy
from inbox.queries import clocks
from tests.factories import exchange, people

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_target_that_gets_more_time_after_its_breach_warns_and_is_told_once_more() -> None:
    channel = people.ChannelFactory()
    row = SlaPolicy.objects.create(brand=channel.brand, name="Standard", first_response=600, warnings=[50])
    hear(channel, exchange.wrote(seconds=0), 1)
    look(channel, 300)
    look(channel, 600)

    promise(channel, row, 3600, 700)
    look(channel, 701)
    conversation = Conversation.objects.get()
    assert conversation.priority != Priority.URGENT  # it is not late any more
    [clock] = clocks.of(conversation, now=exchange.at(702))
    assert (clock.late_by, clock.marks[-1].text) == (0, "the target of then was used up: late")
    for seconds in (1799, 1800, 1801, 3599, 3600, 3601, 4000):
        look(channel, seconds)

    assert when_told(EventKind.SLA_WARNED) == [300, 1800]
    assert when_told(EventKind.SLA_BREACHED) == [600, 3600]
    assert Conversation.objects.get().priority == Priority.URGENT


def test_a_target_that_gets_more_time_after_a_warning_warns_once_more() -> None:
    channel = people.ChannelFactory()
    row = SlaPolicy.objects.create(
        brand=channel.brand, name="Standard", first_response=600, warnings=[50, 80]
    )
    hear(channel, exchange.wrote(seconds=0), 1)
    look(channel, 300)
    look(channel, 480)

    promise(channel, row, 3600, 500)
    for seconds in (501, 1799, 1800, 1799.9, 1801, 2879, 2880, 2881, 3599, 3600, 3601):
        look(channel, seconds)

    assert when_told(EventKind.SLA_WARNED) == [300, 480, 1800, 2880]
    assert when_told(EventKind.SLA_BREACHED) == [3600]


def test_a_warning_that_is_used_up_all_the_same_is_given_no_more() -> None:
    channel = people.ChannelFactory()
    row = SlaPolicy.objects.create(
        brand=channel.brand, name="Standard", first_response=600, warnings=[50, 80]
    )
    hear(channel, exchange.wrote(seconds=0), 1)
    look(channel, 300)

    promise(channel, row, 700, 400)  # half of it is gone, too, by then
    promise(channel, row, 600, 401)
    for seconds in (402, 479, 480, 481):
        look(channel, seconds)

    assert when_told(EventKind.SLA_WARNED) == [300, 480]


def test_a_target_that_is_late_all_the_same_is_told_no_more() -> None:
    channel = people.ChannelFactory()
    row = SlaPolicy.objects.create(brand=channel.brand, name="Standard", first_response=600)
    hear(channel, exchange.wrote(seconds=0), 1)
    look(channel, 600)

    promise(channel, row, 900, 1000)  # used up, too, by then
    promise(channel, row, 3600, 1001)
    promise(channel, row, 600, 1002)  # what was told of it is true again
    look(channel, 1003)

    assert when_told(EventKind.SLA_BREACHED) == [600]
    assert Conversation.objects.get().priority == Priority.URGENT


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wrote"), st.integers(1, 400)),
        st.tuples(st.just("answered"), st.integers(1, 400)),
        st.tuples(st.sampled_from(["60", "300", "600", "3600"]), st.integers(1, 400)),
    ),
    min_size=2, max_size=9,
)  # fmt: skip


@dataclass
class Kept:
    """A clock as somebody with pen and paper keeps it."""

    started: float
    target: int
    ended: float | None = None
    told: list[int] = field(default_factory=list)  # the targets under which it was told as late
    tells: bool = True  # not late yet, as far as anybody was told


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_clocks_under_way_follow_and_ended_ones_keep_what_was_promised(steps: list[tuple[str, int]]) -> None:
    channel = people.ChannelFactory()
    row = SlaPolicy.objects.create(
        brand=channel.brand, name="Standard", first_response=600, next_response=600
    )
    paper: list[Kept] = []
    seconds, target = 0.0, 600
    for number, (what, pause) in enumerate(steps):
        seconds += pause
        look(channel, seconds - 0.5)  # what became due in the pause is told before anything else happens
        note_late(paper, seconds - 0.5)
        under_way = next((each for each in paper if each.ended is None), None)
        if what == "wrote":
            hear(channel, exchange.wrote(f"more {number}", seconds=seconds), seconds)
            if under_way is None:
                paper.append(Kept(seconds, target))
        elif what == "answered":
            hear(channel, exchange.echoed(f"so {number}", seconds=seconds), seconds)
            if under_way:
                under_way.ended = seconds
        else:
            target = int(what)
            row = promise(channel, row, target, seconds)
            if under_way:
                under_way.target = target
                under_way.tells |= seconds - under_way.started < target  # there is time again
        look(channel, seconds)
        note_late(paper, seconds)

    found = [
        Kept(since(each.started_at), each.target, each.ended_at and since(each.ended_at))
        for each in Clock.objects.filter(conversation__channel=channel).order_by("started_at")
    ]
    assert [(each.started, each.target, each.ended) for each in found] == [
        (each.started, each.target, each.ended) for each in paper
    ]
    told = Event.objects.filter(brand=channel.brand, kind=EventKind.SLA_BREACHED).order_by("seq")
    assert sorted(each.data["target"] for each in told) == sorted(
        target for each in paper for target in each.told
    )


def note_late(paper: list[Kept], now: float) -> None:
    """What has lasted for as long as was promised is told under the promise of that moment; once, and once more where it got more time."""
    for each in paper:
        if each.ended is None and each.tells and now - each.started >= each.target:
            each.tells = False
            if each.target > max(each.told, default=0):
                each.told.append(each.target)


def promise(channel: Channel, row: SlaPolicy, target: int, seconds: float) -> SlaPolicy:
    """An administrator changes how much time there is for each answer, and everything under way is looked at anew."""
    now, lea = exchange.at(seconds), people.agent_of(channel.brand)
    columns = {"name": "Standard", "first_response": target, "next_response": target}
    row = policies.save(brand=channel.brand, policy=row, columns=columns, by=lea, now=now)
    while not prioritising.rescore_batch(brand_id=channel.brand_id, now=now).finished:
        pass
    return row


def when_told(kind: EventKind) -> list[float]:
    return [since(event.at) for event in Event.objects.filter(kind=kind).order_by("seq")]


def hear(channel: Channel, said: object, seconds: float) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, said)], now=exchange.at(seconds))  # type: ignore[arg-type]


def look(channel: Channel, seconds: float) -> None:
    now = exchange.at(seconds)
    while not (batch := triaging.next_batch(channel.brand_id)).is_empty:
        triaging.triage(batch, tagging_work.read(channel.brand, triaging.messages_of(batch)), now=now)
    timing.sweep(now=now)


def since(at: datetime) -> float:
    return (at - exchange.NOON).total_seconds()
