"""Sums are made anew by period, and all of them made anew are the same as those that followed step by step."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction

from analytics import metrics, packing, rollups
from analytics.actions import following, recounting, watching
from analytics.histogram import PAIR, bucket
from analytics.models import AgentHour, Fact, Follower, Level, Period, Rollup, Stretch
from analytics.queries import asked as asked_for
from analytics.queries import behind, series
from analytics.queries import names as all_names
from analytics.queries.asked import Asked
from inbox.actions import closing_teams
from inbox.models import (
    Brand,
    BusinessHours,
    Holiday,
    Message,
    Presence,
    PresenceState,
    SlaPolicy,
    Tag,
    Team,
)
from inbox.queries.routing_facts import HEARD_EVERY
from tests.analytics.conftest import Story
from tests.analytics.counting import be_there, shown, the_whole
from tests.factories.people import BrandFactory, ChannelFactory
from tests.threads import in_threads

pytestmark = pytest.mark.django_db


def test_a_missed_target_that_is_promised_no_more_is_counted_no_more(story: Story) -> None:
    standard = SlaPolicy.objects.create(
        brand=story.brand, name="Standard", first_response=600, resolution=1200
    )
    story.write("mara", 0)
    story.count(1)
    story.sweep(30)
    story.count(31)
    assert [fact.hit for fact in story.facts(metrics.TARGET_RESOLUTION)] == [False]

    story.promise(standard, 40, resolution=None)
    story.count(41)

    assert story.facts(metrics.TARGET_RESOLUTION) == []
    followed = shown(story)
    the_whole(story)
    assert shown(story) == followed


def test_a_target_that_is_promised_after_it_was_kept_is_counted(story: Story) -> None:
    standard = SlaPolicy.objects.create(brand=story.brand, name="Standard", resolution=86400)
    story.write("mara", 0)
    story.answer("mara", 5)
    story.count(6)

    story.promise(standard, 10, first_response=600)
    story.count(11)

    assert [fact.hit for fact in story.facts(metrics.TARGET_FIRST)] == [True]


def test_a_period_holds_what_its_facts_say_split_by_one_thing(story: Story) -> None:
    other = ChannelFactory(brand=story.brand, platform="x")
    tag = Tag.objects.create(brand=story.brand, name="refund")
    for number, minutes in enumerate((2, 3, 50)):
        story.write(f"c{number}", 0, channel=other if number == 2 else story.channel)
        story.answer(f"c{number}", minutes, by="Bo" if number else "Ada")
    story.brand.conversations.filter(thread_key="c2").update(tags=[tag.name])
    story.count()

    day = Rollup.objects.filter(kind=metrics.FIRST, basis=0)

    whole = day.get(dim="")
    assert numbers(whole) == {"": 3}
    assert np.frombuffer(whole.pairs, PAIR).tolist() == [
        (bucket(120), 1),
        (bucket(180), 1),
        (bucket(3000), 1),
    ]
    assert whole.at == datetime(2026, 8, 5, 22, tzinfo=UTC)  # midnight in Berlin
    assert numbers(day.get(dim="channel_id")) == {str(story.channel.pk): 2, str(other.pk): 1}
    assert numbers(day.get(dim="tag")) == {"": 2, "refund": 1}
    ada, bo = (str(story.person(name).pk) for name in ("Ada", "Bo"))
    assert series.counts(asks_of(story, "2026-08-06"), metrics.FIRST, "channel_id", "person_id") == {
        (str(story.channel.pk), ada): (1, 0), (str(story.channel.pk), bo): (1, 0), (str(other.pk), bo): (1, 0),
    }  # fmt: skip


def numbers(row: Rollup) -> dict[str, int]:
    """Value → how many."""
    return dict(zip(row.values, np.frombuffer(row.counts, packing.COUNT).tolist(), strict=True))


def asks_of(story: Story, day: str) -> Asked:
    return asked_for.read({"from": day}, brand=story.brand, names=all_names.of(story.brand), now=story.at(0))


def test_summing_again_changes_nothing(story: Story) -> None:
    story.write("mara", 0)
    story.answer("mara", 5)
    story.count()
    before = shown(story)

    for level, model in ((Level.DAY, Rollup), (Level.HOUR, AgentHour)):
        for at in model.objects.values_list("at", flat=True).distinct():
            rollups.rebuild(story.brand.pk, level, at, story.brand.time_zone)

    assert shown(story) == before
    assert not Period.objects.exists()


def test_a_late_message_corrects_its_own_period_alone(story: Story) -> None:
    story.write("mara", 0)
    story.write("noor", 24 * 60)
    story.count()
    yesterday = Rollup.objects.filter(kind=metrics.IN, dim="").earliest("at")
    today = Rollup.objects.filter(kind=metrics.IN, dim="").latest("at")

    story.write("mara", 1, learned=25 * 60)
    story.count()

    assert Rollup.objects.filter(pk=today.pk).exists()  # untouched
    corrected = Rollup.objects.get(kind=metrics.IN, dim="", at=yesterday.at)
    assert (numbers(yesterday), numbers(corrected)) == ({"": 1}, {"": 2})


def test_hours_begin_with_those_of_the_brands_clock(story: Story) -> None:
    Brand.objects.filter(pk=story.brand.pk).update(time_zone="Asia/Kolkata")
    story.channel.brand.refresh_from_db()
    story.write("mara", 40)  # 12:40 in UTC, 18:10 in Kolkata
    story.count()

    thursday = 3 * 24
    assert series.counts(asks_of(story, "2026-08-06"), metrics.IN, series.SLOT) == {
        (str(thursday + 18),): (1, 0)
    }


def test_the_night_that_gains_an_hour_has_twenty_five(story: Story) -> None:
    night = datetime(2026, 10, 24, 22, tzinfo=UTC)  # midnight in Berlin; clocks go back at three
    Fact.objects.all().delete()
    story.write("mara", 0)
    story.count()
    conversation = story.conversation("mara")
    template = {
        "brand": story.brand,
        "kind": metrics.IN,
        "conversation": conversation,
        "channel_id": story.channel.pk,
        "priority": 3,
    }
    Fact.objects.bulk_create(
        [
            Fact(**template, source=-number, at=night + timedelta(minutes=30, hours=number))
            for number in range(26)
        ]
    )
    rollups.rebuild(story.brand.pk, Level.DAY, night, "Europe/Berlin")

    assert numbers(Rollup.objects.get(kind=metrics.IN, dim="", at=night)) == {"": 25}
    by_hour = series.counts(asks_of(story, "2026-10-25"), metrics.IN, series.SLOT)
    sunday = 6 * 24
    assert by_hour == {(str(sunday + hour),): (2 if hour == 2 else 1, 0) for hour in range(24)}


def test_a_day_begins_with_the_first_of_its_two_midnights(story: Story) -> None:
    """Havana, 1 November 2026: one o'clock is midnight again. What is counted is what is listed, in either of both hours."""
    Brand.objects.filter(pk=story.brand.pk).update(time_zone="America/Havana")
    story.channel.brand.refresh_from_db()
    first = datetime(2026, 11, 1, 4, tzinfo=UTC)
    for number, hours in enumerate((-0.5, 0.5, 1.5, 24.5, 25.5)):
        story.write(f"c{number}", ((first - story.at(0)) / timedelta(minutes=1)) + hours * 60)
    story.count(200_000)

    day = Rollup.objects.filter(kind=metrics.IN, dim="").order_by("at")
    assert [(row.at, numbers(row)[""]) for row in day] == [
        (first - timedelta(days=1), 1), (first, 3), (first + timedelta(hours=25), 1),
    ]  # fmt: skip
    names = all_names.of(story.brand)
    asks = asked_for.read({"from": "2026-11-01"}, brand=story.brand, names=names, now=story.at(0))
    narrow = behind.read({"metric": metrics.IN})
    assert behind.count(asks, narrow) == len(behind.page(asks, narrow).rows) == 3


def test_other_hours_or_another_zone_count_all_anew(story: Story) -> None:
    story.write("mara", 0)
    story.answer("mara", 45)
    story.count()
    assert story.facts(metrics.FIRST)[0].business == 45 * 60

    BusinessHours.objects.create(
        brand=story.brand, name="Mornings", time_zone="UTC", week={str(day): [[480, 750]] for day in range(7)}
    )
    Brand.objects.filter(pk=story.brand.pk).update(time_zone="UTC")
    story.channel.brand.refresh_from_db()
    story.count()

    assert story.facts(metrics.FIRST)[0].business == 30 * 60
    assert Rollup.objects.get(kind=metrics.FIRST, dim="", basis=0).at.hour == 0
    assert Follower.objects.get(brand=story.brand).again_after is None
    followed = shown(story)
    the_whole(story)
    assert shown(story) == followed


def test_who_is_there_is_looked_at_each_minute(story: Story) -> None:
    ada = story.person("Ada")
    Presence.objects.create(
        brand=story.brand,
        person=ada,
        state=PresenceState.ONLINE,
        since=story.at(-1),
        last_seen_at=story.at(0),
    )
    for minute in range(90):
        if minute == 70:
            Presence.objects.update(state=PresenceState.AWAY)
        Presence.objects.update(last_seen_at=story.at(minute))
        watching.look(now=story.at(minute))
    story.sum(story.at(200))

    [stretch] = Stretch.objects.all()
    assert (stretch.started_at, stretch.ended_at) == (story.at(-1), story.at(69))
    assert list(AgentHour.objects.order_by("at").values_list("online", flat=True)) == [60, 3600, 9 * 60]


def test_nobody_is_there_after_the_page_was_closed_or_while_away(story: Story) -> None:
    there = Presence.objects.create(
        brand=story.brand, person=story.person("Ada"), state=PresenceState.ONLINE, since=story.at(0), last_seen_at=story.at(0),
    )  # fmt: skip
    mine = Presence.objects.filter(pk=there.pk)

    def looks(*minutes: float, heard: bool = True) -> None:
        for minute in minutes:
            if heard:
                mine.update(last_seen_at=story.at(minute))
            watching.look(now=story.at(minute))

    looks(0, 1, 2)
    mine.update(state=PresenceState.AWAY, since=story.at(2.5))
    looks(3)
    mine.update(state=PresenceState.ONLINE, since=story.at(3.5))
    looks(4, 5)
    looks(6, 7, heard=False)

    found = Stretch.objects.order_by("started_at").values_list("started_at", "ended_at")
    closed = story.at(5) + HEARD_EVERY
    assert list(found) == [(story.at(0), story.at(2)), (story.at(3.5), closed)]


def test_work_on_two_conversations_at_once_is_time_once(story: Story) -> None:
    for who in ("mara", "noor"):
        story.write(who, 0)
        story.answer(who, 1)
        story.answer(who, 4)
    story.count()

    [hour] = AgentHour.objects.filter(person_id=story.person("Ada").pk)
    assert hour.occupied == 3 * 60 + 30
    assert sum(fact.value or 0 for fact in story.facts(metrics.HANDLE)) == 2 * hour.occupied
    assert Message.objects.filter(direction="out").count() == 4


def test_a_day_at_the_desk_is_kept_when_all_is_made_anew(story: Story) -> None:
    be_there(story, "Ada", -180, 300, every=2.9)  # one stretch, looked at as seldom as may be
    story.count()
    hours = AgentHour.objects.order_by("at")
    assert list(hours.values_list("online", flat=True)) == [*[3600] * 7, 3510]
    followed = shown(story)

    for again in (recounting.forget, recounting.ask):
        again(brand=story.brand, now=story.at(10_000))
        story.count()
        assert shown(story) == followed

    Brand.objects.filter(pk=story.brand.pk).update(time_zone="Asia/Kolkata")
    story.channel.brand.refresh_from_db()
    story.count()
    assert sum(hours.values_list("online", flat=True)) == sum(row[2] for row in followed[2])
    assert hours[0].at.minute == 30


@pytest.mark.parametrize("what", ["a holiday of next year", "a holiday of that day", "the hours' zone"])
def test_hours_that_change_leave_the_sums_in_place_until_they_are_counted_by_them(
    story: Story, what: str
) -> None:
    week = {str(day): [[0, 1440]] for day in range(7)}
    hours = BusinessHours.objects.create(brand=story.brand, name="Shop", time_zone="Europe/Berlin", week=week)
    promised = SlaPolicy.objects.create(brand=story.brand, name="Kept", first_response=600, hours=hours)
    be_there(story, "Ada", -30, 100)
    story.write("mara", 0)
    story.answer("mara", 5)
    story.count()
    [before] = story.facts(metrics.FIRST)
    assert (before.business, promised.hours) == (300, hours)
    sums, desk = Rollup.objects.count(), AgentHour.objects.count()
    assert sums and desk

    match what:
        case "a holiday of next year":
            Holiday.objects.create(hours=hours, day=date(2027, 12, 25), name="Christmas", intervals=[])
        case "a holiday of that day":
            Holiday.objects.create(hours=hours, day=story.at(0).date(), name="Fair", intervals=[])
        case _:
            BusinessHours.objects.update(time_zone="Asia/Tokyo", week={"6": [[0, 60]]})
    assert recounting.mark_settings(brand=story.brand, now=story.at(200))

    assert (Rollup.objects.count(), AgentHour.objects.count()) == (sums, desk)
    assert not Period.objects.exists() and Follower.objects.get().again_after == 0
    assert not recounting.mark_settings(brand=story.brand, now=story.at(200))
    story.count()
    [after] = story.facts(metrics.FIRST)
    assert after.business == (300 if what == "a holiday of next year" else 0)
    followed = shown(story)
    the_whole(story)
    assert shown(story) == followed


def test_an_upgrade_that_keeps_the_zone_apart_empties_no_report(story: Story) -> None:
    story.write("mara", 0)
    story.count()
    sums = Rollup.objects.count()
    Follower.objects.update(zone="")  # as by the version before
    fresh = Follower.objects.create(brand=BrandFactory(), zone="")

    steps = import_module("analytics.migrations.0014_the_zone_that_was_counted_by")
    with connection.cursor() as cursor:
        cursor.execute(steps.KNOWN)

    fresh.refresh_from_db()
    assert fresh.zone == ""  # whoever has no mark is summed anew
    assert not recounting.mark_settings(brand=story.brand, now=story.at(6))
    assert Rollup.objects.count() == sums > 0


def test_another_zone_leaves_no_sum_of_days_that_began_elsewhere(story: Story) -> None:
    story.write("mara", 0)
    story.count()
    assert Rollup.objects.exists()

    Brand.objects.filter(pk=story.brand.pk).update(time_zone="Asia/Kolkata")
    story.brand.refresh_from_db()
    assert recounting.mark_settings(brand=story.brand, now=story.at(200))

    assert not Rollup.objects.exists() and Period.objects.exists()
    assert not recounting.mark_settings(brand=story.brand, now=story.at(200))


def test_a_team_that_is_removed_leaves_the_figures_too(story: Story) -> None:
    team = Team.objects.create(brand=story.brand, name="Refunds")
    for who in ("mara", "noor"):
        story.write(who, 0)
    story.brand.conversations.filter(thread_key="mara").update(team=team)
    story.count()
    assert set(Fact.objects.values_list("team_id", flat=True)) == {team.pk, None}

    closing_teams.remove(team=team, by=story.person("Lea"), now=story.at(5))
    story.count()

    assert set(Fact.objects.values_list("team_id", flat=True)) == {None}
    followed = shown(story)
    the_whole(story)
    assert shown(story) == followed
    assert not recounting.leave_gone_teams(brand=story.brand)  # it is done once


def test_after_an_upgrade_that_counts_otherwise_the_past_is_counted_anew(story: Story) -> None:
    story.write("mara", 0)
    story.count()
    counted = shown(story)
    Fact.objects.all().update(tags=["wrong"])
    Follower.objects.update(definitions="those of the version before")
    read = Follower.objects.get().seq

    # Whoever does not count wakes whoever does, and leaves it the decision: that one may be of the version before still.
    assert recounting.mark_settings(brand=story.brand, now=story.at(6), counts=False)
    assert Follower.objects.filter(again_after=None).exists()
    assert recounting.mark_settings(brand=story.brand, now=story.at(6))
    assert not Period.objects.exists()  # today is not made to wait behind all of the past
    assert not recounting.mark_settings(brand=story.brand, now=story.at(6))
    story.count()

    assert shown(story) == counted
    assert Follower.objects.get().seq >= read  # the events are not read again


@pytest.mark.parametrize("what", ["another zone", "asked for", "from nothing"])
def test_by_what_definitions_is_said_by_whoever_counts_alone(story: Story, what: str) -> None:
    story.write("mara", 0)
    story.count()
    Follower.objects.update(definitions="those of the version before")

    match what:
        case "another zone":
            Brand.objects.filter(pk=story.brand.pk).update(time_zone="Asia/Kolkata")
            story.brand.refresh_from_db()
            assert recounting.mark_settings(brand=story.brand, now=story.at(6), counts=False)
        case "asked for":
            recounting.ask(brand=story.brand, now=story.at(6))
        case _:
            recounting.forget(brand=story.brand, now=story.at(6))

    assert Follower.objects.get().definitions == "those of the version before"
    assert recounting.mark_settings(brand=story.brand, now=story.at(6))
    assert not recounting.mark_settings(brand=story.brand, now=story.at(6))


@pytest.mark.parametrize("key", ["online", "occupied"])
def test_what_no_fact_tells_is_summed_anew_where_it_means_something_else_now(
    story: Story, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    be_there(story, "Ada", -30, 100)
    story.write("mara", 0)
    story.answer("mara", 3)
    story.count()
    counted = shown(story)
    AgentHour.objects.update(online=1, occupied=1)
    monkeypatch.setitem(metrics.METRICS, key, replace(metrics.METRICS[key], version=99))

    assert recounting.mark_settings(brand=story.brand, now=story.at(200))
    assert Follower.objects.get().again_after is None  # no fact is another by it
    assert not recounting.mark_settings(brand=story.brand, now=story.at(200))
    story.count()

    assert shown(story) == counted


def test_today_is_summed_before_a_past_that_has_waited_longer_and_then_the_newest(story: Story) -> None:
    for days, due in ((400, 1), (0, 2), (200, 1), (300, 1)):
        Period.objects.create(
            brand=story.brand, level=Level.DAY, at=story.at(0) - timedelta(days=days), due_at=story.at(due)
        )

    left = []
    while rollups.rebuild_due(now=story.at(3), limit=1):
        left.append(
            [(story.at(0) - at).days for at in Period.objects.order_by("at").values_list("at", flat=True)]
        )

    assert left == [[400, 300, 200], [400, 300], [400], []]


@pytest.mark.parametrize("limit", [1, 8])
def test_a_period_that_cannot_be_summed_keeps_none_behind_it_from_being_summed(
    story: Story, limit: int
) -> None:
    story.write("mara", 0)
    story.count()
    counted = shown(story)
    Rollup.objects.all().delete()
    nowhere = BrandFactory(time_zone="Atlantis/Lost_City")  # no clock that the database knows
    day = {"level": Level.DAY, "at": datetime(2026, 8, 5, 22, tzinfo=UTC)}
    Period.objects.create(brand=nowhere, **day, due_at=story.at(1))
    Period.objects.create(brand=story.brand, **day, due_at=story.at(2))

    while rollups.rebuild_due(now=story.at(3), limit=limit):
        pass

    assert shown(story) == counted
    left = Period.objects.get()
    assert (left.brand, left.due_at) == (nowhere, story.at(4))
    Brand.objects.filter(pk=nowhere.pk).update(time_zone="UTC")
    assert rollups.rebuild_due(now=story.at(4))
    assert not Period.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["count", "look"])
def test_a_change_that_is_not_committed_yet_is_never_left_out_of_the_sums(story: Story, what: str) -> None:
    """Whoever sums passes a period by while somebody changes what is in it."""
    story.write("mara", 0)
    story.count()
    Presence.objects.create(
        brand=story.brand, person=story.person("Ada"), state=PresenceState.ONLINE, since=story.at(1), last_seen_at=story.at(2)
    )  # fmt: skip
    story.write("noor", 1)
    story.triage(2)
    for level, at in ((Level.DAY, Rollup.objects.earliest("at").at), (Level.HOUR, story.at(0))):
        Period.objects.create(brand=story.brand, level=level, at=at, due_at=story.at(2))

    def sum_elsewhere() -> None:
        [_] = in_threads(lambda: story.sum(story.at(600)), times=1)

    with transaction.atomic():
        if what == "count":
            heard = following.next_batch(story.brand.pk)
            undurable(following._follow)(heard, None, story.at(3))
        else:
            undurable(watching.look)(now=story.at(2))
        sum_elsewhere()
    sum_elsewhere()

    assert not Period.objects.exists()
    assert numbers(Rollup.objects.get(kind=metrics.IN, dim="")) == {"": 2 if what == "count" else 1}
    assert AgentHour.objects.filter(online=60).exists() == (what == "look")


def undurable(action: Any) -> Any:
    """The action inside a transaction of the test's, which decides when it is committed."""
    return action.__wrapped__
