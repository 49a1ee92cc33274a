"""Teams, routing and presence as people meet them: settings, the picker, the pane beside the thread, the switch."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inbox import realtime, tasks
from inbox.actions import assigning, routing
from inbox.models import (
    Brand,
    Channel,
    Conversation,
    Desk,
    Membership,
    Person,
    Presence,
    PresenceState,
    Role,
    RoutingSettings,
    RoutingTicket,
    Tag,
    Team,
)
from tests.factories import teams
from tests.factories.people import ChannelFactory, agent_of
from tests.fakes.pages import told_to_pages

FIGURES = {
    "sticky_hours": "24", "offline_minutes": "2", "requeue_minutes": "3", "weight-direct": "1", "weight-group": "2", "weight-comment": "1",
    "weight-urgent": "1", "weight-high": "0", "weight-normal": "0", "weight-low": "0",
}  # fmt: skip


@pytest.fixture
def brand(channel: Channel) -> Brand:
    return channel.brand


@pytest.fixture
def manager(page: Client, jo: Person, brand: Brand) -> Client:
    Membership.objects.filter(person=jo).update(role=Role.MANAGER)
    Tag.objects.create(brand=brand, name="refund")
    return page


def at(name: str, *more: Any) -> str:
    return reverse(f"inbox:settings-{name}", args=["lumen", *more])


def addresses(brand: Brand, person: Person) -> list[str]:
    team = teams.team(brand, person, name="Returns")
    return [
        at("teams"), at("team-new"), at("team", team.public_id), at("team-removal", team.public_id), at("desk", person.public_id),
        at("routing"),
    ]  # fmt: skip


@pytest.mark.parametrize("role", [Role.AGENT, Role.OPERATIONS])
def test_teams_and_routing_are_not_there_for_those_who_set_nothing_up(
    role: Role, page: Client, jo: Person, brand: Brand
) -> None:
    Membership.objects.filter(person=jo).update(role=role)

    for address in addresses(brand, jo):
        assert page.get(address).status_code in (404, 405)
        assert page.post(address, {"name": "Mine", "is_on": "on", **FIGURES}).status_code in (404, 405)
    assert [team.name for team in Team.objects.all()] == ["Returns"]
    assert not RoutingSettings.objects.exists() and not Desk.objects.exists()


def test_for_an_outsider_nothing_exists(client: Client, jo: Person, brand: Brand) -> None:
    outsider = agent_of(ChannelFactory().brand)
    Membership.objects.filter(person=outsider).update(role=Role.ADMINISTRATOR)
    client.force_login(outsider)

    for address in [*addresses(brand, jo), reverse("inbox:presence", args=["lumen"])]:
        assert client.get(address).status_code in (404, 405)
        assert client.post(address, {"name": "Mine", "away": "yes", **FIGURES}).status_code in (404, 405)
    assert not Presence.objects.exists()


def test_what_belongs_to_another_brand_cannot_be_reached_through_ones_own(
    manager: Client, jo: Person, brand: Brand
) -> None:
    elsewhere = ChannelFactory().brand
    foreign, stranger = teams.team(elsewhere, name="Theirs"), agent_of(elsewhere)

    assert manager.get(at("team", foreign.public_id)).status_code == 404
    assert manager.post(at("team-removal", foreign.public_id)).status_code == 404
    assert manager.post(at("desk", stranger.public_id), {"capacity": "3"}).status_code == 404
    answer = manager.post(
        at("team-new"), {"name": "X", "position": "0", "members": [str(stranger.public_id)]}
    )
    assert answer.status_code == 422
    assert list(Team.objects.values_list("name", flat=True)) == ["Theirs"]


def test_a_team_keeps_its_language_though_the_brand_has_it_no_more(manager: Client, brand: Brand) -> None:
    """Without one it would take everything."""
    team = teams.team(brand, name="French", languages=["fr"])
    Brand.objects.filter(pk=brand.pk).update(languages=["en"])

    html = manager.get(at("team", team.public_id)).content.decode()
    assert re.search(r'value="fr"[^>]*> *(<[^>]*>)? *French', html) and " on Instagram" in html
    told = {"name": "French", "position": "0", "is_active": "on", "languages": ["fr"]}
    assert manager.post(at("team", team.public_id), told).status_code == 302

    team.refresh_from_db()
    assert team.languages == ["fr"]


def test_pages_ask_which_views_there_are_when_a_team_is_saved(
    manager: Client, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = told_to_pages(monkeypatch)

    assert manager.post(at("team-new"), {"name": "Returns", "position": "0"}).status_code == 302

    assert (realtime.brand_group(brand.pk), "counts", True) in sent


def test_a_team_is_made_changed_and_removed(
    manager: Client, jo: Person, brand: Brand, channel: Channel
) -> None:
    told = {
        "name": "Returns", "position": "1", "is_active": "on", "members": [str(jo.public_id)], "tags": ["refund"],
        "channels": [str(channel.pk)], "languages": ["de"], "kinds": ["direct"],
    }  # fmt: skip
    assert manager.post(at("team-new"), told).status_code == 302

    team = Team.objects.get()
    assert (team.tags, team.channels, team.languages, team.kinds) == (
        ["refund"],
        [channel.pk],
        ["de"],
        ["direct"],
    )
    assert list(team.members.all()) == [jo]
    listed = manager.get(at("teams")).content.decode()
    assert (
        f"Takes what is from {channel.name} on Instagram" in listed
        and "tagged refund, in German, direct messages." in listed
    )

    assert manager.get(at("team", team.public_id)).status_code == 200
    assert manager.post(at("team", team.public_id), {"name": "Refunds", "position": "1"}).status_code == 302
    team.refresh_from_db()
    assert (team.name, team.is_active, team.tags, list(team.members.all())) == ("Refunds", False, [], [])

    assert manager.post(at("team-removal", team.public_id)).status_code == 302
    assert not Team.objects.exists()


@pytest.mark.parametrize(
    ("name", "told", "said"),
    [
        ("team-new", {"name": "", "position": "0"}, "This field is required"),
        ("team-new", {"name": "Support", "position": "0"}, "There is a team called “Support” already."),
        ("team-new", {"name": "New", "position": "x"}, "Place in the order: type a whole number from 0 to 999."),
        ("team-new", {"name": "New", "position": "0", "tags": ["gone"]}, "gone is not one of the available choices"),
        ("routing", {**FIGURES, "sticky_hours": "-1"}, "type a whole number from 0 to 720."),
        ("routing", {**FIGURES, "offline_minutes": "0"}, "type a whole number from 1 to 240."),
        ("routing", {**FIGURES, "weight-direct": "0"}, "A direct conversation: type a whole number from 1 to 200."),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_what_to_write(
    name: str, told: dict[str, str], said: str, manager: Client, brand: Brand
) -> None:
    teams.team(brand)

    answer = manager.post(at(name), told)

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Team.objects.count() == 1 and not RoutingSettings.objects.exists()


def test_a_desk_keeps_what_somebody_can_take_and_knows(manager: Client, jo: Person, brand: Brand) -> None:
    assert manager.get(at("desk", jo.public_id)).status_code == 200

    told = {"capacity": "5", "languages": ["de"], "skills": ["refund"]}
    assert manager.post(at("desk", jo.public_id), told).status_code == 302
    desk = Desk.objects.get()
    assert (desk.capacity, desk.languages, desk.skills) == (5, ["de"], ["refund"])

    refused = manager.post(at("desk", jo.public_id), {"capacity": "many"})
    assert refused.status_code == 422 and "type a whole number from 0 to 200" in refused.content.decode()


def test_routing_is_switched_on_with_its_figures_and_off_again(
    manager: Client, brand: Brand, conversation: Conversation
) -> None:
    teams.team(brand)
    assert "There is no team yet" not in manager.get(at("routing")).content.decode()

    assert manager.post(at("routing"), {**FIGURES, "is_on": "on", "sticky_hours": "4"}).status_code == 302
    saved = RoutingSettings.objects.get()
    assert (saved.is_on, saved.sticky_seconds, saved.offline_after, saved.requeue_after) == (
        True,
        14400,
        120,
        180,
    )
    tasks.rescore_brand(brand_id=brand.pk)
    assert RoutingTicket.objects.get().conversation == conversation

    assert manager.post(at("routing"), FIGURES).status_code == 302
    assert not RoutingTicket.objects.exists()


def test_the_pages_list_any_number_of_people_with_the_same_queries(
    manager: Client, brand: Brand, django_assert_max_num_queries: Any
) -> None:
    teams.team(brand, *(agent_of(brand) for _ in range(12)))

    with django_assert_max_num_queries(14):
        assert manager.get(at("teams")).status_code == 200


# In the workspace


def of(conversation: Conversation, name: str = "assignment") -> str:
    return reverse(f"inbox:{name}", args=["lumen", conversation.public_id])


def test_the_picker_says_who_is_there_and_what_they_have(
    page: Client, brand: Brand, jo: Person, conversation: Conversation, django_assert_max_num_queries: Any
) -> None:
    now = timezone.now()
    ada = teams.person(brand, "Ada", seen=now, capacity=3)
    teams.person(brand, "Sam", seen=now, state=PresenceState.AWAY)
    teams.person(brand, "Gone", seen=now - timedelta(minutes=1))
    teams.team(brand, ada, name="Returns")
    assigning.assign(conversation=conversation, to=ada, by=jo, now=now)

    with django_assert_max_num_queries(12):
        html = " ".join(page.get(of(conversation)).content.decode().split())

    shown = [part.split("</li>")[0] for part in html.split("<li ")[1:]]
    said = {
        name: part
        for part in shown
        for name in ("Ada", "Sam", "Gone", "Returns", "Nobody")
        if f">{name}" in part
    }
    assert ">online</span> · " in said["Ada"] and "1 of 3" in said["Ada"]
    assert ">away</span> · " in said["Sam"] and ">offline</span> · " in said["Gone"]
    assert 'data-name="team"' in said["Returns"]
    assert html.index(">Ada<") < html.index(">Sam<") < html.index(">Gone<") < html.index(">Nobody<")


def test_a_conversation_can_be_given_to_a_team(
    page: Client, brand: Brand, conversation: Conversation
) -> None:
    team = teams.team(brand, name="Returns")

    answer = page.post(of(conversation), {"person": "", "team": str(team.public_id)})

    conversation.refresh_from_db()
    assert answer.status_code == 200
    assert (conversation.team, conversation.team_by_hand, conversation.assignee) == (team, True, None)


@pytest.mark.parametrize("team", ["foreign", "unknown", "nonsense"])
def test_only_a_team_of_the_brand_can_be_given_anything(
    team: str, page: Client, conversation: Conversation
) -> None:
    foreign = teams.team(ChannelFactory().brand)
    named = {"foreign": str(foreign.public_id), "unknown": str(uuid.uuid4()), "nonsense": "x"}[team]

    assert page.post(of(conversation), {"team": named}).status_code in (404, 422)
    conversation.refresh_from_db()
    assert conversation.team is None


def test_beside_the_thread_stands_who_was_passed_over_and_why(
    page: Client, brand: Brand, conversation: Conversation
) -> None:
    now = timezone.now()
    teams.routed(brand)
    ada = teams.person(brand, "Ada", seen=now)
    sam = teams.person(brand, "Sam", seen=now, state=PresenceState.AWAY)
    team = teams.team(brand, ada, sam, name="Returns")
    RoutingTicket.objects.create(brand=brand, conversation=conversation, team=team, since=now)
    routing.route(brand_id=brand.pk, conversation_ids=[conversation.pk], now=now)

    html = page.get(of(conversation, "conversation")).content.decode()

    assert "Routing chose Ada: the only one who can take it now, with 0 of 8." in html
    assert "Assigned to Ada by routing · the only one who can take it now, with 0 of 8" in html
    assert 'class="routing__why">away<' in html


def test_beside_the_thread_stands_why_nobody_has_it(
    page: Client, brand: Brand, jo: Person, conversation: Conversation
) -> None:
    now = timezone.now()
    assert "Nobody has it." in page.get(of(conversation, "conversation")).content.decode()
    teams.routed(brand)
    assert "No team takes such a conversation" in page.get(of(conversation, "conversation")).content.decode()

    team = teams.team(brand, jo, name="Returns")
    RoutingTicket.objects.create(brand=brand, conversation=conversation, team=team, since=now)
    routing.route(brand_id=brand.pk, conversation_ids=[conversation.pk], now=now)
    assert (
        "It waits for somebody in Returns: nobody in the team is there."
        in page.get(of(conversation, "conversation")).content.decode()
    )

    assigning.assign(conversation=conversation, to=None, by=jo, now=now)
    assert (
        "It was left to nobody by hand, and routing leaves it so until it is resolved."
        in page.get(of(conversation, "conversation")).content.decode()
    )


def test_the_switch_says_that_somebody_is_away_and_back(page: Client, jo: Person, brand: Brand) -> None:
    address = reverse("inbox:presence", args=["lumen"])

    away = page.post(address, {"away": "yes"}).content.decode()
    assert Presence.objects.get().state == PresenceState.AWAY
    assert 'data-state="away"' in away and 'aria-pressed="true"' in away
    assert 'data-state="away"' in page.get(reverse("inbox:list", args=["lumen", "open"])).content.decode()

    back = page.post(address).content.decode()
    assert Presence.objects.get().state == PresenceState.ONLINE
    assert 'name="away"' in back
