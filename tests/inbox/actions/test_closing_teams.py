"""A team goes, with whatever it has had for years, and nobody waits for all of it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox import access
from inbox.actions import (
    assigning,
    bulk,
    closing_teams,
    prioritising,
    receiving,
    running_macros,
    saving,
    teaming,
    undoing,
)
from inbox.actions.receiving import Arrival
from inbox.models import (
    BrandSequence,
    BulkAct,
    Channel,
    Conversation,
    Macro,
    Outcome,
    Person,
    RoutingDecision,
    RoutingTicket,
    Team,
)
from inbox.rules.view_query import Query
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


def test_nothing_is_given_to_a_team_while_it_lets_go_of_what_it_has(
    channel: Channel, jo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    returns, billing = (teams.team(channel.brand, jo, name=name) for name in ("Returns", "Billing"))
    macro = Macro.objects.create(brand=channel.brand, name="Hand on", assigns=f"team:{returns.pk}")
    mara, tom, kim, elsewhere, had = make.conversations(channel, 5)
    Conversation.objects.filter(pk__in=[elsewhere.pk, had.pk]).update(team=returns, team_by_hand=True)
    assigning.give_to_team(conversation=elsewhere, team=billing, by=jo, now=say.at(1))
    let_go, tried = closing_teams._let_go, []

    def meanwhile(team: Team, ids: list[int]) -> None:
        let_go(team, ids)
        with pytest.raises(assigning.NoSuchTeam):
            assigning.give_to_team(conversation=mara, team=returns, by=jo, now=say.at(11))
        run = bulk.begin(
            brand=channel.brand, by=jo, act=BulkAct.ASSIGN, words="Given", value={"team": returns.pk, "name": "Returns"},
            seen_seq=0, now=say.at(12), seen={tom.public_id: 0},
        )  # fmt: skip
        assert bulk.work(run_id=run.pk, now=say.at(12)).reasons == {"the team is no more": 1}
        [line] = running_macros.preview(macro=macro, conversation=kim, by=jo, seen_seq=0, now=say.at(13))
        assert line.why == "there is no such team any more"
        assert undoing.undo(brand=channel.brand, by=jo, now=say.at(14)).done == 0
        with pytest.raises(saving.Refused):
            saving.save(
                brand=channel.brand,
                owner=None,
                team=returns,
                name="Late",
                query=Query(),
                by=jo,
                now=say.at(15),
            )
        assert list(access.teams_of(jo, channel.brand)) == [billing]
        tried.append(ids)

    monkeypatch.setattr(closing_teams, "_let_go", meanwhile)
    closing_teams.remove(team=returns, by=jo, now=say.at(10))

    assert tried == [[had.pk]]
    assert list(Conversation.objects.filter(team_by_hand=True)) == [elsewhere]


def test_whoever_looked_before_it_went_is_told_that_it_is_no_more(channel: Channel, jo: Person) -> None:
    returns = teams.team(channel.brand, jo, name="Returns")
    [mara] = make.conversations(channel, 1)
    was = Team.objects.get(pk=returns.pk)
    closing_teams.remove(team=returns, by=jo, now=say.at(10))

    with pytest.raises(assigning.NoSuchTeam, match="Returns is no more"):
        assigning.give_to_team(conversation=mara, team=was, by=jo, now=say.at(11))
    with pytest.raises(teaming.Refused):
        teaming.save_team(
            brand=channel.brand, team=was, columns={"name": "Returns"}, members=[jo], by=jo, now=say.at(12)
        )
