"""Scores of real rows: pinned, marked, weighed anew in batches."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox.actions import _touched, prioritising, receiving
from inbox.actions.prioritising import Refused
from inbox.actions.receiving import Arrival
from inbox.models import (
    Channel,
    Contact,
    Conversation,
    Event,
    EventKind,
    Handle,
    Message,
    MessageState,
    Person,
    Priority,
    PriorityWeights,
    Tag,
    Timer,
    TimerKind,
)
from tests.factories import conversations as make
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of
from tests.inbox.actions.spoiling import spoil

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = 3600.0


@pytest.fixture
def channel() -> Channel:
    return ChannelFactory()


@pytest.fixture
def jo(channel: Channel) -> Person:
    return agent_of(channel.brand, name="Jo")


def writes(
    channel: Channel, text: str = "Where is my parcel?", *, seconds: float = 0, who: str = "mara"
) -> None:
    receiving.receive(
        arrivals=[Arrival(channel.pk, say.wrote(text, who=who, seconds=seconds))], now=say.at(seconds + 1)
    )


def answers(channel: Channel, *, seconds: float) -> None:
    receiving.receive(
        arrivals=[Arrival(channel.pk, say.echoed("Soon", seconds=seconds))], now=say.at(seconds + 1)
    )


def weigh(channel: Channel, jo: Person, tags: dict[str, int] | None = None, **facts: int) -> int:
    return prioritising.change_weights(
        brand=channel.brand, facts=facts, tags=tags or {}, by=jo, now=say.at(60)
    )


def rescore(channel: Channel, *, seconds: float = 60, limit: int = 500) -> list[prioritising.Progress]:
    batches = []
    while not batches or not batches[-1].finished:
        batches.append(
            prioritising.rescore_batch(brand_id=channel.brand_id, now=say.at(seconds), limit=limit)
        )
    return batches


def reasons(conversation: Conversation) -> dict[str, int]:
    conversation.refresh_from_db()
    return {why: points for points, why in conversation.priority_reasons}


def scored(channel: Channel, jo: Person, *, seconds: float = 60) -> dict[str, int]:
    """The reasons of the one conversation, as they are now."""
    version = (
        PriorityWeights.objects.filter(brand=channel.brand).values_list("version", flat=True).first() or 0
    )
    weigh(channel, jo, late=50 + version + 1)
    rescore(channel, seconds=seconds)
    return reasons(Conversation.objects.filter(brand=channel.brand).latest("pk"))


def test_a_row_keeps_its_reasons_and_they_add_up(channel: Channel, jo: Person) -> None:
    writes(channel, "This is a scam, call my lawyer")
    kept = scored(channel, jo, seconds=2 * HOUR)

    conversation = Conversation.objects.get()
    assert kept == {
        "waits for more than an hour": 10,
        "writes “scam”, “lawyer”": 8,
        "window closes within a day": 6,
        "an unread message": 2,
    }
    assert conversation.priority_score == 26
    assert conversation.priority == Priority.NORMAL


def test_one_timer_says_when_time_alone_changes_the_score(channel: Channel, jo: Person) -> None:
    writes(channel)
    scored(channel, jo, seconds=2 * HOUR)

    [timer] = Timer.objects.filter(kind=TimerKind.TURN)
    assert timer.due_at == say.at(4 * HOUR)


def test_whoever_comes_back_after_hours_of_silence_has_come_again(channel: Channel, jo: Person) -> None:
    writes(channel, seconds=0)
    writes(channel, seconds=30)
    answers(channel, seconds=60)
    assert "second contact in seven days" not in scored(channel, jo)
    writes(channel, seconds=60 + 9 * HOUR)
    assert "second contact in seven days" in scored(channel, jo, seconds=10 * HOUR)
    writes(channel, seconds=60 + 20 * HOUR)
    kept = scored(channel, jo, seconds=21 * HOUR)

    assert kept["third contact in seven days"] == 12


def test_however_much_is_said_each_coming_counts_once(channel: Channel, jo: Person) -> None:
    """More than a hundred messages a visit, and only silence makes a new one."""
    for visit in (0, 20, 40):
        chat = [say.wrote(seconds=visit * HOUR + 60 * number) for number in range(120)]
        receiving.receive(
            arrivals=[Arrival(channel.pk, each) for each in chat], now=say.at(visit * HOUR + 7200)
        )

    assert "third contact in seven days" in scored(channel, jo, seconds=50 * HOUR)

    all_night = [say.wrote(seconds=60 * HOUR + 7 * HOUR * number) for number in range(4)]
    receiving.receive(arrivals=[Arrival(channel.pk, each) for each in all_night], now=say.at(82 * HOUR))
    assert "fourth contact in seven days" in scored(channel, jo, seconds=83 * HOUR)


def test_the_seven_days_are_those_up_to_the_newest_message_of_the_person(
    channel: Channel, jo: Person
) -> None:
    other = ChannelFactory(brand=channel.brand)
    writes(channel, seconds=0)
    writes(other, seconds=6 * 24 * HOUR)
    writes(other, seconds=9 * 24 * HOUR)
    Conversation.objects.update(contact=Contact.objects.earliest("pk"))
    older = Conversation.objects.get(channel=channel)

    scored(channel, jo, seconds=10 * 24 * HOUR)

    assert "second contact in seven days" in reasons(older)


@given(
    said=st.lists(
        st.tuples(st.sampled_from(["here", "there"]), st.sampled_from(["in", "out", "note"]), st.integers(0, 200)), min_size=1, max_size=60
    )
)  # fmt: skip
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_comings_are_those_of_whoever_reads_everything(
    said: list[tuple[str, str, int]], channel: Channel
) -> None:
    contact = Contact.objects.create(brand=channel.brand)
    asked = [(place, hour) for place, way, hour in said if way == "in"]
    places = {}
    for name in ("here", "there"):
        newest = max((hour for place, hour in asked if place == name), default=None)
        places[name] = make.conversation(
            channel, contact=contact, last_inbound_at=None if newest is None else say.at(newest * HOUR), last_message_at=say.at(200 * HOUR)
        )  # fmt: skip
    here = places["here"]
    Message.objects.bulk_create(
        Message(
            conversation=places[place], channel=channel, direction=way, state=MessageState.RECEIVED, sent_at=say.at(hour * HOUR),
            created_at=say.at(0),
        )
        for place, way, hour in said
    )  # fmt: skip

    [touched] = _touched.load(channel.brand_id, [here.pk], say.at(201 * HOUR))

    assert touched.contacts_in_7_days == counted_by_reading(said, asked, here_asks="here" in dict(asked))


def counted_by_reading(
    said: list[tuple[str, str, int]], asked: list[tuple[str, int]], *, here_asks: bool
) -> int:
    if not here_asks:
        return 1
    newest = max(hour for _, hour in asked)
    spoken = sorted(
        {hour for _, way, hour in said if way != "note" and hour <= newest and hour > newest - 168}
    )
    by_them = {hour for _, hour in asked}
    silent = [hour for before, hour in pairwise([-100, *spoken]) if hour - before > 8]
    return max(1, len(by_them.intersection(silent)))


def test_a_contact_of_last_week_is_forgotten(channel: Channel, jo: Person) -> None:
    writes(channel, seconds=0)
    writes(channel, seconds=8 * 24 * HOUR)

    assert "second contact in seven days" not in scored(channel, jo, seconds=8 * 24 * HOUR + 60)


def test_the_same_person_elsewhere_counts_as_the_same_person(channel: Channel, jo: Person) -> None:
    other = ChannelFactory(brand=channel.brand)
    writes(channel, seconds=0)
    writes(other, seconds=9 * HOUR)
    contact = Contact.objects.earliest("pk")
    Conversation.objects.update(contact=contact)

    assert "second contact in seven days" in scored(channel, jo, seconds=10 * HOUR)


def test_followers_and_the_platforms_mark_are_read_from_the_handle(channel: Channel, jo: Person) -> None:
    writes(channel)
    Handle.objects.update(followers=250_000, verified=True)

    kept = scored(channel, jo)

    assert (kept["more than 100,000 followers"], kept["verified by the platform"]) == (12, 4)


def test_a_marked_person_presses_in_every_conversation_under_way(channel: Channel, jo: Person) -> None:
    writes(channel)
    contact = Contact.objects.get()

    prioritising.mark_vip(contact=contact, vip=True, by=jo, now=say.at(60))

    assert reasons(Conversation.objects.get())["VIP"] == 20
    prioritising.mark_vip(contact=contact, vip=False, by=jo, now=say.at(70))
    assert "VIP" not in reasons(Conversation.objects.get())


def test_what_a_person_pins_stays_whatever_the_score_says(channel: Channel, jo: Person) -> None:
    writes(channel)
    conversation = Conversation.objects.get()

    pinned = prioritising.pin(conversation=conversation, priority=Priority.URGENT, by=jo, now=say.at(60))

    assert (pinned.priority, pinned.priority_score) == (Priority.URGENT, 70)
    assert reasons(conversation)["a colleague made it urgent"] == 70 - 6 - 2
    scored(channel, jo, seconds=30 * HOUR)
    conversation.refresh_from_db()
    assert conversation.priority == Priority.URGENT
    assert sum(reasons(conversation).values()) == conversation.priority_score


def test_a_pin_taken_back_leaves_it_to_the_score(channel: Channel, jo: Person) -> None:
    writes(channel)
    conversation = Conversation.objects.get()
    prioritising.pin(conversation=conversation, priority=Priority.URGENT, by=jo, now=say.at(60))

    free = prioritising.unpin(conversation=conversation, by=jo, now=say.at(70))

    assert (free.priority, free.priority_pinned, free.priority_score) == (Priority.NORMAL, False, 8)
    told = Event.objects.filter(kind=EventKind.PRIORITISED).order_by("seq")
    assert [event.data["pinned"] for event in told] == [True, False]


def test_new_weights_reach_everything_under_way_batch_by_batch(channel: Channel, jo: Person) -> None:
    open_ones = make.conversations(channel, 7)
    snoozed = make.conversation(channel, state="snoozed")
    done = make.conversation(channel, state="resolved", resolved_at=say.at())
    weigh(channel, jo, waits_1d=33)

    batches = rescore(channel, seconds=0, limit=3)

    assert [batch.scored for batch in batches] == [3, 3, 2]
    for conversation in (*open_ones, snoozed):
        assert reasons(conversation) == {"waits for more than a day": 33, "the reply window has closed": -10}
    assert reasons(done) == {}


def test_a_worker_that_died_is_taken_over_where_it_stood(channel: Channel, jo: Person) -> None:
    make.conversations(channel, 5)
    weigh(channel, jo, waits_1d=33)
    first = prioritising.rescore_batch(brand_id=channel.brand_id, now=say.at(), limit=3)

    rest = rescore(channel, limit=3)

    assert (first.scored, first.finished, [batch.scored for batch in rest]) == (3, False, [2])
    assert prioritising.rescore_batch(brand_id=channel.brand_id, now=say.at(), limit=3).scored == 0


def test_one_that_cannot_be_looked_at_does_not_stop_the_others(
    channel: Channel, jo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = make.conversations(channel, 7)
    weigh(channel, jo, waits_1d=33)
    spoil(monkeypatch, found[1].pk)

    batches = rescore(channel, limit=3)

    assert [batch.scored for batch in batches] == [2, 3, 1]
    assert [each for each in found if "waits for more than a day" not in reasons(each)] == [found[1]]
    assert prioritising.behind() == []


def test_weights_that_change_again_meanwhile_begin_again(channel: Channel, jo: Person) -> None:
    conversations = make.conversations(channel, 4)
    weigh(channel, jo, waits_1d=33)
    prioritising.rescore_batch(brand_id=channel.brand_id, now=say.at(), limit=3)
    weigh(channel, jo, waits_1d=44)

    rescore(channel, limit=3)

    assert {reasons(each)["waits for more than a day"] for each in conversations} == {44}


def test_a_batch_tells_only_of_those_that_changed(channel: Channel, jo: Person) -> None:
    make.conversations(channel, 3)
    weigh(channel, jo, waits_1d=33)
    assert rescore(channel)[0].changed == 3
    weigh(channel, jo, vip=50)

    assert rescore(channel)[0].changed == 0


def test_the_same_questions_for_few_and_for_many(
    channel: Channel, jo: Person, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    counted = []
    for many in (2, 60):
        make.conversations(channel, many)
        weigh(channel, jo, waits_1d=95 - many % 7)
        with django_assert_max_num_queries(24) as asked:
            prioritising.rescore_batch(brand_id=channel.brand_id, now=say.at())
        counted.append(len(asked))

    assert counted[0] == counted[1]


def test_a_tags_weight_is_the_brands(channel: Channel, jo: Person) -> None:
    Tag.objects.create(brand=channel.brand, name="refund", weight=5)
    conversation = make.conversation(channel, tags=["refund", "no such tag"], waiting_since=None)

    weigh(channel, jo, {"refund": 21})
    rescore(channel)

    assert reasons(conversation) == {"tagged refund": 21, "the customer waits for nothing": -15}


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"late": 101}, "between -100 and 100"),
        ({"no_such": 1}, "no such weight: no_such"),
        ({"high_from": 80}, "high below urgent"),
        ({"normal_from": 40}, "Normal must begin below high"),
    ],
)
def test_weights_that_make_no_sense_are_refused(
    facts: dict[str, int], words: str, channel: Channel, jo: Person
) -> None:
    with pytest.raises(Refused, match=words):
        weigh(channel, jo, **facts)

    assert not PriorityWeights.objects.exists()


def test_saving_what_is_so_already_changes_nothing(channel: Channel, jo: Person) -> None:
    first = weigh(channel, jo, late=51)

    assert weigh(channel, jo, late=51) == first
    assert Event.objects.filter(kind=EventKind.WEIGHTS_CHANGED).count() == 1


def test_another_brands_conversations_are_left_alone(channel: Channel, jo: Person) -> None:
    stranger = make.conversation(ChannelFactory(), age=timedelta(days=3))
    weigh(channel, jo, waits_1d=33)

    rescore(channel)

    assert reasons(stranger) == {}
