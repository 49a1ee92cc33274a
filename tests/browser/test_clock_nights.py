"""The two nights of the year that are no twenty-four hours long, at a desk that is open past midnight.

What happened then is told through the same actions as on any night, with their clock handed in; the page shows it today.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from inbox.actions import receiving, tagging_work, timing, triaging
from inbox.actions.receiving import Arrival
from inbox.exchange import InboundMessage, Origin, Party
from inbox.models import BusinessHours, Channel, Clock, Conversation, Event, EventKind, SlaPolicy

Enter = Callable[..., Page]
BERLIN = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True, slots=True)
class Night:
    """A Saturday evening, what the clocks do after midnight, and what the customer must be told."""

    saturday: datetime  # 19:30 on the wall
    lasts: timedelta  # from 20:00 to 4:00 on the wall
    due: str  # on the wall: seven and a half working hours after 20:00
    shown: list[tuple[str, str]]  # when a segment begins, and what it counts


LONG = Night(
    saturday=datetime(2026, 10, 24, 19, 30, tzinfo=BERLIN), lasts=timedelta(hours=9), due="02:30",
    shown=[("24 Oct 2026, 19:30", "stands still"), ("24 Oct 2026, 20:00", "9 h 00 m 00 s"),
           ("25 Oct 2026, 04:00", "stands still"), ("25 Oct 2026, 20:00", "1 h 00 m 00 s")],
)  # fmt: skip
SHORT = Night(
    saturday=datetime(2026, 3, 28, 19, 30, tzinfo=BERLIN), lasts=timedelta(hours=7), due="20:30",
    shown=[("28 Mar 2026, 19:30", "stands still"), ("28 Mar 2026, 20:00", "7 h 00 m 00 s"),
           ("29 Mar 2026, 04:00", "stands still"), ("29 Mar 2026, 20:00", "1 h 00 m 00 s")],
)  # fmt: skip


@pytest.fixture
def promise(channel: Channel) -> SlaPolicy:
    """Open each weekend night from eight to four; seven and a half hours of that are promised."""
    night = [[20 * 60, 28 * 60]]
    hours = BusinessHours.objects.create(
        brand=channel.brand, name="Nights", time_zone="Europe/Berlin", week={"5": night, "6": night}
    )
    return SlaPolicy.objects.create(
        brand=channel.brand, name="Night desk", first_response=7 * 3600 + 1800, hours=hours, warnings=[80]
    )


def live_through(channel: Channel, night: Night) -> list[datetime]:
    """The customer writes before the desk opens and is answered on Sunday at nine; the sweep looks every half hour. When it told."""
    told = []
    write(channel, "Are you open tonight?", night.saturday)
    sunday = (night.saturday + timedelta(days=1)).replace(hour=21, minute=0)
    at = night.saturday.astimezone(ZoneInfo("UTC"))
    while at < sunday:
        at += timedelta(minutes=30)
        before = breaches()
        timing.sweep(now=at)
        if breaches() > before:
            told.append(at)
    write(channel, "We are now.", sunday, by_brand=True)
    return told


def breaches() -> int:
    return Event.objects.filter(kind=EventKind.SLA_BREACHED).count()


def write(channel: Channel, text: str, at: datetime, *, by_brand: bool = False) -> None:
    anna = Party("anna", name="Anna")
    message = InboundMessage(
        external_id=text, thread_id="anna", sent_at=at, text=text, outbound=by_brand,
        author=Party(channel.external_id) if by_brand else anna, counterpart=anna if by_brand else None,
        origin=Origin.OTHER_CLIENT if by_brand else Origin.CUSTOMER,
    )  # fmt: skip
    receiving.receive(arrivals=[Arrival(channel.pk, message)], now=at)
    while not (batch := triaging.next_batch(channel.brand_id)).is_empty:
        triaging.triage(batch, tagging_work.read(channel.brand, triaging.messages_of(batch)), now=at)


@pytest.mark.parametrize(
    "night", [LONG, SHORT], ids=["the hour that comes twice", "the hour that is skipped"]
)
def test_a_night_is_counted_as_long_as_it_was(
    enter: Enter, channel: Channel, promise: SlaPolicy, night: Night
) -> None:
    told = live_through(channel, night)

    clock = Clock.objects.get()
    assert clock.breached_at is not None
    broken = clock.breached_at.astimezone(BERLIN)
    assert f"{broken:%H:%M}" == night.due
    assert [each - clock.breached_at for each in told] == [timedelta(0)]
    assert clock.counted == (night.lasts + timedelta(hours=1)).total_seconds()

    page = enter(
        f"/b/lumen/conversations/{Conversation.objects.get().public_id}/", timezone_id="Europe/Berlin", locale="en-GB"
    )  # fmt: skip
    shown = page.locator(".clock", has_text="First response")
    expect(shown.locator(".clock__state")).to_have_text("Ended late")
    shown.locator("summary").click()
    segments = shown.locator(".clock__segments li:not(.clock__mark)")
    expect(segments).to_have_count(len(night.shown))
    found = [
        (each.locator("local-time").inner_text(), each.locator(".clock__seconds").inner_text())
        for each in segments.all()
    ]
    assert found == night.shown
    expect(shown).to_contain_text(f"{night.lasts // timedelta(hours=1) + 1} h 00 m 00 s of 7 h 30 m 00 s")
    late = shown.locator(".clock__mark", has_text="the target is used up: late")
    expect(late.locator("local-time")).to_contain_text(f", {night.due}")
    expect(shown).to_contain_text("outside business hours")
