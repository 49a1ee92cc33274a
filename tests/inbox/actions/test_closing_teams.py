"""A team goes, with whatever it has had for years, and nobody waits for all of it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.actions import assigning, closing_teams, prioritising, receiving
from inbox.actions.receiving import Arrival
from inbox.models import (
    BrandSequence,
    Channel,
    Conversation,
    Outcome,
    Person,
    RoutingDecision,
    RoutingTicket,
    Team,
)
from tests.factories import conversations as make
from tests.factories import exchange as say
from tests.factories import people, teams

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def channel() -> Channel:
    made = people.ChannelFactory()
    BrandSequence.objects.get_or_create(brand=made.brand)
    return made


@pytest.fixture
def jo(channel: Channel) -> Person:
    return people.agent_of(channel.brand, name="Jo")


def look_anew(channel: Channel, seconds: float) -> None:
    while not prioritising.rescore_batch(brand_id=channel.brand_id, now=say.at(seconds)).finished:
        pass


def test_what_it_had_is_let_go_with_the_lock_for_some_at_a_time(
    channel: Channel, jo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing_teams, "AT_ONCE", 2)
    returns, billing = (teams.team(channel.brand, jo, name=name) for name in ("Returns", "Billing"))
    had = make.conversations(channel, 5, team=returns)
    [other] = make.conversations(channel, 1, team=billing)
    for each in had:
        RoutingDecision.objects.create(
            brand=channel.brand, conversation=each, at=say.at(0), outcome=Outcome.NOBODY, team=returns, team_name="Returns", why="…"
        )  # fmt: skip

    with CaptureQueriesContext(connection) as asked:
        closing_teams.remove(team=returns, by=jo, now=say.at(10))

    assert list(Team.objects.all()) == [billing]
    assert list(Conversation.objects.exclude(team=None)) == [other]
    assert set(RoutingDecision.objects.values_list("team", "team_name")) == {(None, "Returns")}
    locked = [each for each in asked if "inbox_brandsequence" in each["sql"] and "FOR UPDATE" in each["sql"]]
    assert len(locked) >= 6


def test_what_was_given_to_it_by_hand_is_the_next_teams_by_a_rule(channel: Channel, jo: Person) -> None:
    teams.routed(channel.brand)
    returns = teams.team(channel.brand, jo, name="Returns", tags=["never"])
    german = teams.team(channel.brand, jo, name="German", languages=["de"], position=2)
    everybody = teams.team(channel.brand, jo, name="Everybody", position=3)
    receiving.receive(arrivals=[Arrival(channel.pk, say.wrote())], now=say.at(1))
    assigning.give_to_team(conversation=Conversation.objects.get(), team=returns, by=jo, now=say.at(2))

    closing_teams.remove(team=returns, by=jo, now=say.at(10))
    look_anew(channel, 11)

    assert Conversation.objects.get().team == RoutingTicket.objects.get().team == everybody
    Conversation.objects.update(language="de")
    receiving.receive(arrivals=[Arrival(channel.pk, say.wrote("Hallo?", seconds=20))], now=say.at(21))
    prioritising.change_weights(brand=channel.brand, facts={"unread": 3}, tags={}, by=jo, now=say.at(22))
    look_anew(channel, 23)
    assert Conversation.objects.get().team == RoutingTicket.objects.get().team == german


def test_what_ended_half_way_is_done_by_removing_it_once_more(
    channel: Channel, jo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    returns = teams.team(channel.brand, jo, name="Returns")
    make.conversations(channel, 3, team=returns)
    with monkeypatch.context() as patched:
        patched.setattr(closing_teams, "_let_go", lambda team, ids: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            closing_teams.remove(team=returns, by=jo, now=say.at(10))
    returns.refresh_from_db()
    assert not returns.is_active

    closing_teams.remove(team=returns, by=jo, now=say.at(20))

    assert not Team.objects.exists() and not Conversation.objects.exclude(team=None).exists()
