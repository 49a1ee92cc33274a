"""Promises, hours and weights while somebody changes them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox import tasks
from inbox.actions import defaults, hours, policies, prioritising, receiving, weighing
from inbox.actions.receiving import Arrival
from inbox.models import (
    BusinessHours,
    Channel,
    Clock,
    Conversation,
    Event,
    Person,
    PriorityWeights,
    SlaPolicy,
    Tag,
    Timer,
)
from inbox.queries import inbox_list, sorting
from tests.factories import conversations as make
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of

pytestmark = pytest.mark.django_db(transaction=True)
NOW = say.at(60)


@pytest.fixture
def channel() -> Channel:
    return ChannelFactory()


@pytest.fixture
def jo(channel: Channel) -> Person:
    return agent_of(channel.brand, name="Jo")


def rescore(channel: Channel, now: datetime = NOW) -> None:
    while not prioritising.rescore_batch(brand_id=channel.brand_id, now=now).finished:
        pass


def promise(channel: Channel, jo: Person, policy: SlaPolicy | None = None, **columns: Any) -> SlaPolicy:
    told = {"name": "Everybody", "first_response": 600, **columns}
    return policies.save(brand=channel.brand, policy=policy, columns=told, by=jo, now=NOW)


def writes(channel: Channel, *, who: str = "mara", seconds: float = 0) -> None:
    receiving.receive(
        arrivals=[Arrival(channel.pk, say.wrote(who=who, seconds=seconds))], now=say.at(seconds + 1)
    )


def due(channel: Channel) -> datetime | None:
    return Conversation.objects.get(channel=channel).due_at


def test_a_new_promise_reaches_what_is_under_way(channel: Channel, jo: Person) -> None:
    writes(channel)

    promise(channel, jo)
    rescore(channel)

    assert due(channel) == say.at(600)
    assert "first response due within 15 minutes" in str(Conversation.objects.get().priority_reasons)


def test_a_changed_promise_moves_running_clocks_and_a_retired_one_ends_them(
    channel: Channel, jo: Person
) -> None:
    writes(channel)
    policy = promise(channel, jo)
    rescore(channel)

    promise(channel, jo, policy, first_response=1200)
    rescore(channel)
    assert (due(channel), policy.version) == (say.at(1200), 2)

    policies.retire(policy=policy, active=False, by=jo, now=NOW)
    rescore(channel)
    conversation = Conversation.objects.get()
    assert conversation.due_kind == "window"

    policies.retire(policy=policy, active=True, by=jo, now=NOW)
    rescore(channel)
    assert due(channel) == say.at(1200)


def test_the_effect_of_a_change_is_known_before_and_nothing_is_changed_by_asking(
    channel: Channel, jo: Person
) -> None:
    for number in range(3):
        writes(channel, who=f"customer{number}", seconds=number)
    policy = promise(channel, jo)
    rescore(channel)
    kept = list(Clock.objects.order_by("pk").values()), list(Timer.objects.order_by("pk").values())
    told = Event.objects.count()

    def effect(**columns: Any) -> policies.Effect:
        change = {"name": "Everybody", "first_response": 600, **columns}
        return policies.effect(
            brand=channel.brand, change=lambda: policies.write(channel.brand, policy, change), now=say.at(60)
        )

    sooner, later, gone = effect(first_response=59), effect(first_response=1200), effect(is_active=False)

    assert (sooner.looked_at, sooner.earlier, sooner.late_at_once) == (3, 3, 2)
    assert (later.later, later.earlier, gone.released) == (3, 0, 3)
    assert effect().none
    assert (list(Clock.objects.order_by("pk").values()), list(Timer.objects.order_by("pk").values())) == kept
    assert Event.objects.count() == told
    policy.refresh_from_db()
    assert (policy.first_response, policy.version) == (600, 1)


def test_the_effect_of_a_change_is_worked_out_with_the_lock_for_some_at_a_time(
    channel: Channel, jo: Person
) -> None:
    policy = promise(channel, jo)
    make.conversations(channel, 40)
    rescore(channel)

    def effect(name: str) -> policies.Effect:
        change = {"name": name, "first_response": 59}
        return policies.effect(
            brand=channel.brand, change=lambda: policies.write(channel.brand, policy, change), now=say.at(60)
        )

    with CaptureQueriesContext(connection) as asked:
        assert effect("Everybody").looked_at == 40
    assert times_locked(asked) >= 2

    promise(channel, jo, name="VIPs")
    Conversation.objects.all().delete()
    with pytest.raises(policies.Refused):  # also where there is nothing to look at
        effect("VIPs")


def test_what_is_under_way_is_looked_at_anew_with_the_lock_for_some_at_a_time(
    channel: Channel, jo: Person
) -> None:
    make.conversations(channel, 40)
    promise(channel, jo)

    with CaptureQueriesContext(connection) as asked:
        tasks.rescore_brand(brand_id=channel.brand_id)

    assert prioritising.behind() == []
    assert times_locked(asked) >= 2


def times_locked(asked: CaptureQueriesContext) -> int:
    return sum("inbox_brandsequence" in each["sql"] and "FOR UPDATE" in each["sql"] for each in asked)


def test_the_effect_of_a_change_counts_what_another_priority_is_promised(
    channel: Channel, jo: Person
) -> None:
    policy = promise_by_priority(channel, jo)
    PriorityWeights.objects.filter(pk=channel.brand_id).update(weights={"due_15m": 99})
    writes(channel)
    rescore(channel)
    change = {"name": "Everybody", "first_response": 600}

    effect = policies.effect(
        brand=channel.brand, change=lambda: policies.write(channel.brand, policy, change), now=say.at(60)
    )

    # What is due soon is urgent here, and urgent was promised sooner.
    assert (effect.earlier, effect.late_at_once) == (1, 1)
    promise(channel, jo, policy)
    rescore(channel)
    assert due(channel) == say.at(50)


def promise_by_priority(channel: Channel, jo: Person) -> SlaPolicy:
    """Fifty seconds to what is urgent, a week to all else."""
    promise(channel, jo, name="Urgent", priorities=[1], first_response=50, position=1)
    return promise(channel, jo, first_response=604_800, position=2)


def test_two_policies_of_one_name_would_be_confused(channel: Channel, jo: Person) -> None:
    promise(channel, jo)

    with pytest.raises(policies.Refused, match="“Everybody” already"):
        promise(channel, jo)


def set_hours(channel: Channel, jo: Person, row: BusinessHours | None = None, **given: Any) -> BusinessHours:
    told = {"name": "Shop", "time_zone": "UTC", "week": {"3": [[540, 1080]]}, "holidays": [], **given}
    return hours.save(brand=channel.brand, hours=row, by=jo, now=NOW, **told)


def test_a_holiday_moves_what_is_due_past_it(channel: Channel, jo: Person) -> None:
    writes(channel)  # a Thursday at noon
    row = set_hours(channel, jo)
    promise(channel, jo, hours=row)
    rescore(channel)
    assert due(channel) == say.at(600)

    set_hours(channel, jo, row, holidays=[(date(2026, 8, 6), "Fair", [])])
    rescore(channel)

    clock = Clock.objects.get()
    assert clock.due_at == datetime(2026, 8, 13, 9, 10, tzinfo=NOW.tzinfo)


def test_hours_that_a_promise_counts_by_are_not_removed(channel: Channel, jo: Person) -> None:
    row = set_hours(channel, jo)
    policy = promise(channel, jo, hours=row)

    with pytest.raises(hours.Refused, match="“Everybody” still counts"):
        hours.remove(hours=row, by=jo, now=NOW)
    promise(channel, jo, policy, hours=None)
    hours.remove(hours=row, by=jo, now=NOW)

    assert not BusinessHours.objects.exists()


def test_a_preview_tells_who_would_move_and_why(channel: Channel, jo: Person) -> None:
    Tag.objects.create(brand=channel.brand, name="refund", weight=1)
    first = make.conversation(channel, waiting_since=say.at(0), unread_count=3, window_opened_at=None)
    second = make.conversation(channel, waiting_since=say.at(0), tags=["refund"], window_opened_at=None)

    shown = weighing.preview(brand=channel.brand, facts={"unread": 1}, tags={"refund": 30}, now=NOW)

    assert [(each.conversation, each.before, each.after, each.up) for each in shown.moves] == [
        (second, 2, 1, 1),
        (first, 1, 2, -1),
    ]
    assert shown.moves[0].whys == [(29, "tagged refund")]
    assert shown.moves[1].whys == [(-3, "3 unread messages")]
    assert (shown.moves[0].score_before, shown.moves[0].score_after) == (1, 30)


def test_a_preview_knows_what_another_priority_is_promised(channel: Channel, jo: Person) -> None:
    promise_by_priority(channel, jo)
    writes(channel)
    rescore(channel)
    kept = (
        list(Clock.objects.values()),
        list(PriorityWeights.objects.values()),
        list(Conversation.objects.values()),
    )

    [shown] = weighing.preview(brand=channel.brand, facts={"unread": 99}, tags={}, now=NOW).moves

    assert (
        list(Clock.objects.values()), list(PriorityWeights.objects.values()), list(Conversation.objects.values())
    ) == kept  # fmt: skip
    prioritising.change_weights(brand=channel.brand, facts={"unread": 99}, tags={}, by=jo, now=NOW)
    rescore(channel)
    conversation = Conversation.objects.get()
    assert due(channel) == say.at(50)
    assert (shown.score_after, shown.priority_after) == (conversation.priority_score, "urgent")


def test_a_preview_has_the_lock_for_some_at_a_time(
    channel: Channel, jo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    promise_by_priority(channel, jo)
    for who in ("mara", "noor", "ines"):
        writes(channel, who=who)
    rescore(channel)
    whole = weighing.preview(brand=channel.brand, facts={"unread": 99}, tags={}, now=NOW).moves
    monkeypatch.setattr(weighing, "AT_ONCE", 2)

    with CaptureQueriesContext(connection) as asked:
        shown = weighing.preview(brand=channel.brand, facts={"unread": 99}, tags={}, now=NOW).moves

    assert shown == whole
    assert times_locked(asked) == 2


def test_a_preview_asks_few_questions_and_writes_nothing(
    channel: Channel, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    make.conversations(channel, 40)
    with django_assert_max_num_queries(6):
        shown = weighing.preview(brand=channel.brand, facts={"waits_1d": 99}, tags={}, now=NOW)

    assert (shown.looked_at, len(shown.moves), shown.moved) == (40, 20, 0)
    assert not Conversation.objects.exclude(priority_score=0).exists()


def test_a_preview_orders_equals_as_the_list_does_and_says_where_it_ends(
    channel: Channel, jo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.conversations(channel, 12)
    open_view = inbox_list.view_named("open", jo, channel.brand)
    assert open_view is not None
    page = inbox_list.page(open_view, person=jo, brand=channel.brand, now=NOW, sort=sorting.SCORE)
    listed = [row.conversation.pk for row in page.rows]

    shown = weighing.preview(brand=channel.brand, facts={}, tags={}, now=NOW)
    assert ([each.conversation.pk for each in shown.moves], shown.more) == (listed, False)
    monkeypatch.setattr(weighing, "LOOKED_AT", 5)
    shown = weighing.preview(brand=channel.brand, facts={}, tags={}, now=NOW)
    assert ([each.conversation.pk for each in shown.moves], shown.more) == (listed[:5], True)


def test_those_who_would_leave_the_top_are_named(channel: Channel) -> None:
    make.conversations(channel, 25, waiting_since=say.at(0), window_opened_at=None)
    loud = Conversation.objects.order_by("pk")[:5]
    Conversation.objects.filter(pk__in=[each.pk for each in loud]).update(unread_count=5)

    shown = weighing.preview(brand=channel.brand, facts={"unread": -5}, tags={}, now=NOW)

    assert [each.before for each in shown.fallen] == [1, 2, 3, 4, 5]


def test_defaults_are_given_once_and_leave_what_the_brand_made(channel: Channel) -> None:
    defaults.give_defaults(channel.brand)
    SlaPolicy.objects.update(first_response=300)
    Tag.objects.filter(key="refund").update(weight=99)

    defaults.give_defaults(channel.brand)

    [policy] = SlaPolicy.objects.all()
    assert (policy.first_response, policy.next_response, policy.resolution, policy.hours) == (
        300,
        3600,
        86400,
        None,
    )
    assert BusinessHours.objects.get().week["0"] == [[540, 1080]]
    assert Tag.objects.get(key="refund").weight == 99
    assert PriorityWeights.objects.filter(brand=channel.brand).count() == 1


def test_a_worker_that_died_between_two_batches_is_found(channel: Channel, jo: Person) -> None:
    assert prioritising.behind() == []
    promise(channel, jo)

    assert prioritising.behind() == [channel.brand_id]
    rescore(channel, NOW + timedelta(hours=1))
    assert prioritising.behind() == []
