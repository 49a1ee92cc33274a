"""A brand whose own data are at fault holds up none of those that come after it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from inbox import tasks
from inbox.actions import counting, recounting, saving
from inbox.models import Brand, Channel, SavedView, ViewCount, ViewCursor
from inbox.queries import view_counting, view_names
from inbox.rules.view_reading import parse
from tests.factories import conversations as make
from tests.factories.people import ChannelFactory, agent_of

NOW = datetime.fromisoformat("2026-03-02T09:30:00+00:00")
MINUTE = timedelta(minutes=1)


def counted(text: str, *, due_in: int) -> Channel:
    """A brand with one view of one conversation. `due_in`: minutes."""
    channel: Channel = ChannelFactory()
    jo = agent_of(channel.brand)
    make.conversations(channel, 1, due_at=NOW + due_in * MINUTE)
    saving.save(
        brand=channel.brand, owner=None, name="Soon", query=parse(text, view_names.of(jo, channel.brand)), by=jo, now=NOW
    )  # fmt: skip
    for step in (counting.follow, counting.fill):
        while step(brand_id=channel.brand_id, now=NOW).more:
            pass
    return channel


@pytest.fixture
def brands(db: None) -> list[Channel]:
    """The first is at fault: nobody can read what its view asks any more."""
    made = [counted("due<1h", due_in=61), counted("due<1h", due_in=62)]
    SavedView.objects.filter(brand=made[0].brand).update(query={"terms": 7})
    return made


def total(brand: Brand) -> int:
    found = ViewCount.objects.filter(brand=brand, view__startswith="saved:", total__gt=0)
    return sum(found.values_list("total", flat=True))


def test_what_time_has_moved_is_counted_in_the_brands_after_it(brands: list[Channel]) -> None:
    spoilt, whole = brands
    assert list(view_counting.turned(NOW + 5 * MINUTE, limit=9)) == [spoilt.brand_id, whole.brand_id]

    tasks.count_views()

    assert view_counting.turned(NOW + 5 * MINUTE, limit=9).keys() == {spoilt.brand_id}
    assert total(whole.brand) == 1


def test_the_brands_after_it_have_a_turn_though_it_fills_a_whole_look(brands: list[Channel]) -> None:
    spoilt, whole = brands

    assert view_counting.turned(NOW + 5 * MINUTE, limit=1).keys() == {spoilt.brand_id}
    assert view_counting.turned(NOW + 5 * MINUTE, limit=1, without={spoilt.brand_id}).keys() == {
        whole.brand_id
    }


def test_the_brands_after_it_have_their_nightly_count(brands: list[Channel]) -> None:
    spoilt, whole = brands
    ViewCount.objects.filter(brand=whole.brand).update(total=99)

    done = dict(recounting.recount_due(clock=lambda: NOW, is_over=lambda: False))

    assert done.keys() == {whole.brand_id}
    assert {each.total for each in done[whole.brand_id]} == {98}
    assert ViewCursor.objects.get(pk=whole.brand_id).reconciled_on == NOW.date()
    assert ViewCursor.objects.get(pk=spoilt.brand_id).reconciled_on is None
