"""An open page is a pulse: whoever has one is there, and silence alone makes them offline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from inbox import attendance, realtime, tasks
from inbox.actions import attending, focusing
from inbox.models import AuditEntry, Channel, Focus, Person, Presence, PresenceState
from inbox.queries import inbox_list, sorting
from inbox.views import _typed_times
from tests.factories import conversations as make
from tests.factories import teams
from tests.factories.people import ChannelFactory, agent_of
from tests.inbox.consumers.test_live import _no_connection_is_left, in_thread, page_of

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)  # a Thursday
__all__ = ["_no_connection_is_left"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def channel() -> Channel:
    return ChannelFactory(brand__slug="lumen")


@pytest.fixture
def jo(channel: Channel) -> Person:
    return agent_of(channel.brand, name="Jo")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attendance, "BEAT", 0.05)


async def eventually(holds: Callable[[], Any]) -> None:
    for _ in range(200):
        if await in_thread(holds):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"It never came true: {holds}")


def state() -> str:
    return Presence.objects.values_list("state", flat=True).get()


def forget_for(minutes: float) -> None:
    """As if the page had not been heard of for so long."""
    seen = timezone.now() - timedelta(minutes=minutes)
    Presence.objects.update(last_seen_at=seen, since=seen)


async def test_whoever_opens_a_page_is_there_and_is_heard_of_again_and_again(quick: None, jo: Person) -> None:
    async with page_of(jo) as page:
        await page.ask(since=0)
        await page.hears(within=30)
        await eventually(lambda: Presence.objects.filter(person=jo, state=PresenceState.ONLINE).exists())
        await in_thread(lambda: forget_for(1))

        await eventually(
            lambda: Presence.objects.filter(last_seen_at__gt=timezone.now() - timedelta(seconds=10)).exists()
        )


async def test_whoever_had_been_taken_for_gone_is_back_and_offered_work(
    quick: None, jo: Person, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[int] = []
    monkeypatch.setattr(tasks, "wake_routing", woken.append)
    monkeypatch.setattr("inbox.attendance.routing.waits", lambda brand_id: True)
    async with page_of(jo) as page:
        await page.ask(since=0)
        await page.hears(within=30)
        await eventually(lambda: woken == [channel.brand_id])
        await in_thread(lambda: Presence.objects.update(state=PresenceState.OFFLINE, since=timezone.now()))

        await eventually(lambda: state() == PresenceState.ONLINE)
        await eventually(lambda: woken == [channel.brand_id] * 2)


async def test_what_a_person_types_is_read_in_the_zone_that_their_browser_shows(
    jo: Person, channel: Channel
) -> None:
    def typed() -> str:
        read = _typed_times.read("tue 9", Person.objects.get(pk=jo.pk), channel.brand, NOON)
        assert read.until
        return f"{read.until.astimezone(UTC):%a %H:%M}"

    assert await in_thread(typed) == "Tue 09:00"  # nobody has said anything yet: as the brand
    async with page_of(jo) as page:
        await page.ask(zone="America/New_York")
        await eventually(lambda: typed() == "Tue 14:00")
        for unknown in ("Nowhere/Land", "../../etc/passwd", "America", "", None, 5):
            await page.ask(zone=unknown)
        await page.ask(presence=True)
        await page.hears("presence", within=30)

    assert await in_thread(typed) == "Tue 14:00"
    assert not await in_thread(AuditEntry.objects.filter(subject="person", act="changed").exists)


async def test_whoever_is_away_stays_away_while_the_page_is_open(
    quick: None, jo: Person, channel: Channel
) -> None:
    async with page_of(jo) as page:
        await page.ask(since=0)
        await page.hears(within=30)
        await in_thread(
            lambda: attending.choose(brand=channel.brand, person=jo, away=True, now=timezone.now())
        )
        await in_thread(lambda: forget_for(1))
        await eventually(
            lambda: Presence.objects.filter(last_seen_at__gt=timezone.now() - timedelta(seconds=10)).exists()
        )

        assert await in_thread(state) == PresenceState.AWAY


async def test_the_last_page_gone_is_followed_by_offline_after_the_grace_and_not_before(
    jo: Person, channel: Channel
) -> None:
    await in_thread(lambda: teams.routed(channel.brand, offline_after=120, requeue_after=180))
    async with page_of(jo) as page:
        await page.ask(since=0)
        await page.hears(within=30)
        await eventually(lambda: Presence.objects.exists())

    now = timezone.now()
    await in_thread(lambda: attending.note_silence(now=now + timedelta(seconds=100)))
    assert await in_thread(state) == PresenceState.ONLINE
    await in_thread(lambda: attending.note_silence(now=now + timedelta(seconds=125)))
    gone = await in_thread(Presence.objects.get)
    assert gone.state == PresenceState.OFFLINE
    assert gone.requeue_at == now + timedelta(seconds=305)


async def test_pages_are_told_who_comes_goes_away_and_falls_silent(
    jo: Person, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    bea = await in_thread(lambda: agent_of(channel.brand, name="Bea"))
    async with page_of(jo) as page:
        await page.hears("presence", within=30)
        now = timezone.now()
        await in_thread(lambda: attendance._arrive(channel.brand_id, bea.pk))
        assert (await page.hears("presence"))["people"][str(bea.pk)] == "online"

        await in_thread(lambda: tasks.mind_presence())
        await in_thread(lambda: Presence.objects.filter(person=bea).update(last_seen_at=now - timedelta(minutes=9)))  # fmt: skip
        await in_thread(lambda: tasks.mind_presence())
        gone = await page.hears("presence")
        assert gone["people"] == {str(jo.pk): "online", str(bea.pk): "offline"}

        await in_thread(lambda: Presence.objects.filter(person=bea).update(state="away", since=timezone.now()))  # fmt: skip
        pulse = (await in_thread(lambda: realtime.pulses([channel.brand_id])))[channel.brand_id]
        assert pulse["there"] > gone["there"]
        await page.ask(presence=True)
        missed = await page.hears("presence")
        assert (missed["there"], missed["people"][str(bea.pk)]) == (pulse["there"], "away")


async def test_two_pages_of_one_person_are_one_presence(jo: Person) -> None:
    async with page_of(jo) as first, page_of(jo) as second:
        for page in (first, second):
            await page.ask(since=0)
            await page.hears(within=30)
        await eventually(lambda: Presence.objects.count() == 1)


async def test_a_page_gets_its_news_though_its_arrival_could_not_be_noted(
    jo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_: Any) -> bool:
        raise RuntimeError("the table is locked")

    monkeypatch.setattr(attending, "arrive", fails)

    async with page_of(jo) as page:
        await page.ask(since=0)
        assert (await page.hears(within=30))["type"] == "rows"


async def test_an_arrival_that_could_not_be_noted_is_said_again_by_the_next_beat(
    quick: None, jo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_: Any) -> bool:
        raise RuntimeError("the table is locked")

    monkeypatch.setattr(attending, "arrive", fails)

    async with page_of(jo) as page:
        await page.ask(since=0)
        await page.hears(within=30)

        await eventually(lambda: Presence.objects.filter(person=jo, state=PresenceState.ONLINE).exists())


async def test_a_page_of_somebody_who_no_longer_works_there_silences_nobody_elses(
    channel: Channel, jo: Person
) -> None:
    def beat() -> list[int]:
        gone = agent_of(channel.brand)
        gone.memberships.all().delete()
        present = [(channel.brand_id, gone.pk), (channel.brand_id, jo.pk), (0, jo.pk)]
        return attending.hear(present=present, now=timezone.now())

    assert await in_thread(beat) == [channel.brand_id]
    assert await in_thread(lambda: list(Presence.objects.values_list("person_id", flat=True))) == [jo.pk]


async def test_what_a_page_has_in_focus_stays_its_persons_while_its_socket_lives_and_no_longer(
    quick: None, jo: Person, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hidden page says nothing: its timers run once a minute."""
    monkeypatch.setattr(focusing, "LEASE", timedelta(seconds=2))
    shown, other = await in_thread(lambda: make.conversations(channel, 2))
    view = await in_thread(lambda: inbox_list.view_named("open", jo, channel.brand))
    asks: dict[str, Any] = {
        "person": jo,
        "brand": channel.brand,
        "view": view,
        "sort": sorting.NEWEST,
        "passed": [],
    }
    async with page_of(jo) as page:
        await page.ask(focus=str(shown.public_id), since=0)
        await page.hears("rows", within=30)
        await in_thread(lambda: focusing.go_on(**asks, wanted=None, now=timezone.now()))
        for _ in range(6):
            await asyncio.sleep(0.5)
            assert await in_thread(Focus.objects.filter(until__gt=timezone.now()).count) == 2

        await page.ask(focus=str(other.public_id))
        await eventually(lambda: not Focus.objects.filter(until__gt=timezone.now()).exists())
        await page.ask(focus=str(shown.public_id))
        await eventually(lambda: Focus.objects.filter(until__gt=timezone.now()).exists())

    await eventually(lambda: not Focus.objects.filter(until__gt=timezone.now()).exists())
