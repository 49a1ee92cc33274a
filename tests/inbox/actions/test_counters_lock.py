"""Two locks of a brand: the counters' first, then its own. Whoever waits for those who count holds up nobody who writes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction

from inbox import events
from inbox.actions import closing_teams, hours, saving, undoing
from inbox.models import BrandSequence, BusinessHours, Channel, SavedView, Team
from inbox.rules.view_query import Query
from tests.factories.people import ChannelFactory, agent_of
from tests.factories.teams import team
from tests.inbox.actions.holding import counters_held
from tests.threads import in_another_connection, wait_for_a_lock_to_be_waited_for

NOW = datetime.fromisoformat("2026-03-02T09:30:00+00:00")


def a_team_is_removed(channel: Channel) -> Callable[[], object]:
    returns, jo = team(channel.brand, name="Returns"), agent_of(channel.brand)
    return lambda: closing_teams.remove(team=returns, by=jo, now=NOW)


def days_begin_at_another_hour(channel: Channel) -> Callable[[], object]:
    jo = agent_of(channel.brand)
    return lambda: hours.save(
        brand=channel.brand, hours=None, name="Shop", time_zone="Asia/Tokyo", week={}, holidays=[], by=jo, now=NOW
    )  # fmt: skip


def the_first_hours_go(channel: Channel) -> Callable[[], object]:
    jo, tokyo = agent_of(channel.brand), days_begin_at_another_hour(channel)()
    assert isinstance(tokyo, BusinessHours)
    return lambda: hours.remove(hours=tokyo, by=jo, now=NOW)


def a_view_is_taken_back(channel: Channel) -> Callable[[], object]:
    jo = agent_of(channel.brand)
    saving.save(brand=channel.brand, owner=jo, name="All", query=Query(), by=jo, now=NOW)
    return lambda: undoing.undo(brand=channel.brand, by=jo, now=NOW + timedelta(minutes=1))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "change", [a_team_is_removed, days_begin_at_another_hour, the_first_hours_go, a_view_is_taken_back]
)
def test_whoever_waits_for_those_who_count_holds_up_nobody_who_writes(
    change: Callable[[Channel], Callable[[], object]],
) -> None:
    channel = ChannelFactory()
    BrandSequence.objects.get_or_create(brand=channel.brand)
    do = change(channel)

    with ThreadPoolExecutor(1) as pool:
        with counters_held(channel.brand_id):
            doing = pool.submit(in_another_connection, do)
            wait_for_a_lock_to_be_waited_for()
            write_at_once(channel)
        doing.result(timeout=20)

    zone = BusinessHours.objects.values_list("time_zone", flat=True).first()
    assert not SavedView.objects.exists() and not Team.objects.exists()
    assert zone == ("Asia/Tokyo" if change is days_begin_at_another_hour else None)


def write_at_once(channel: Channel) -> None:
    """As a customer's message: it waits for nothing but the brand's lock."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '500ms'")
        with events.ledger(channel.brand_id):
            pass
