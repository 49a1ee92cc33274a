"""Somebody leaves a brand, or is locked out of all: what they had under way comes back, and nothing of it waits with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from inbox.actions import (
    assigning,
    attending,
    closing,
    employing,
    focusing,
    locking,
    receiving,
    snoozing,
    teaming,
    triaging,
)
from inbox.actions.receiving import Arrival
from inbox.models import (
    Brand,
    BrandSequence,
    Channel,
    Conversation,
    ConversationState,
    Desk,
    Event,
    EventKind,
    Focus,
    Membership,
    Person,
    Presence,
    Role,
    RoutingTicket,
    TeamMember,
)
from inbox.queries import sentences
from tests.factories import exchange, people, teams
from tests.inbox.actions.spoiling import spoil

pytestmark = pytest.mark.django_db
at = exchange.at


@pytest.fixture
def channel() -> Channel:
    made = people.ChannelFactory()
    BrandSequence.objects.get_or_create(brand=made.brand)
    return made


@pytest.fixture
def brand(channel: Channel) -> Brand:
    return channel.brand


@pytest.fixture
def boss(brand: Brand) -> Person:
    return people.MembershipFactory(brand=brand, role=Role.ADMINISTRATOR).person


@pytest.fixture
def ada(brand: Brand) -> Person:
    return teams.person(brand, "Ada", seen=at(0))


def wrote(channel: Channel, who: str, seconds: float = 1) -> Conversation:
    said = exchange.wrote("Where is it?", who=who, seconds=seconds)
    receiving.receive(arrivals=[Arrival(channel.pk, said)], now=at(seconds))
    return Conversation.objects.get(channel=channel, contact_name=said.author.name)


def swept(seconds: float) -> None:
    """As the sweep of presence does it."""
    attending.take_back_from_gone(now=at(seconds))


def triaged(brand: Brand, seconds: float) -> None:
    while not (batch := triaging.next_batch(brand.pk)).is_empty:
        triaging.triage(batch, None, now=at(seconds))


Leave = Callable[[Brand, Person, Person], Any]
LEAVINGS: dict[str, Leave] = {
    "removed": lambda brand, person, boss: employing.remove(brand=brand, person=person, by=boss, now=at(60)),
    "locked": lambda brand, person, boss: locking.lock(person=person, now=at(60)),
}


@pytest.mark.parametrize("how", LEAVINGS)
@pytest.mark.parametrize("routed", [True, False])
def test_all_that_is_under_way_with_them_is_given_back(
    how: str, routed: bool, brand: Brand, channel: Channel, boss: Person, ada: Person
) -> None:
    if routed:
        teams.routed(brand)
        teams.team(brand, ada, name="Support")
    waiting, snoozed, other, done = (wrote(channel, who) for who in ("w", "s", "o", "d"))
    triaged(brand, 2)
    for each, to in ((waiting, ada), (snoozed, ada), (other, boss), (done, ada)):
        assigning.assign(conversation=each, to=to, by=boss, now=at(10))
    snoozing.snooze(conversation=snoozed, until=at(9000), by=ada, now=at(11))
    closing.resolve(conversation=done, by=ada, now=at(12))

    LEAVINGS[how](brand, ada, boss)
    swept(61)

    for each in (waiting, snoozed, other, done):
        each.refresh_from_db()
    assert (waiting.assignee, waiting.assignee_name) == (None, "")
    assert (snoozed.assignee, snoozed.state) == (None, ConversationState.SNOOZED)
    assert other.assignee == boss
    assert done.assignee == ada  # who resolved it is history
    assert RoutingTicket.objects.filter(conversation=waiting).exists() is routed
    event = Event.objects.filter(conversation=waiting, kind=EventKind.UNASSIGNED).latest("seq")
    assert sentences.of(event) == "Taken from Ada, who does not work here any more"
    assert not attending.gone(now=at(9000))


@pytest.mark.parametrize("how", ["removed", "silent"])
def test_one_that_cannot_be_looked_at_does_not_stop_the_others(
    how: str, brand: Brand, channel: Channel, boss: Person, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    teams.routed(brand)
    teams.team(brand, ada, name="Support")
    held = [wrote(channel, who) for who in ("a", "b", "c", "d", "e")]
    triaged(brand, 2)
    for each in held:
        assigning.assign(conversation=each, to=ada, by=boss, now=at(10))
    monkeypatch.setattr(attending, "AT_ONCE", 1)
    if how == "removed":
        employing.remove(brand=brand, person=ada, by=boss, now=at(60))
    else:
        attending.note_silence(now=at(121))
    later = 61 if how == "removed" else 400
    with monkeypatch.context() as spoilt:
        spoil(spoilt, held[1].pk)
        swept(later)

    assert list(Conversation.objects.filter(assignee=ada)) == [held[1]]
    assert not attending.gone(now=at(later + 59))
    swept(later + 60)
    assert not Conversation.objects.filter(assignee=ada).exists()


def test_what_a_customer_opens_again_is_nobodys_where_its_assignee_has_left(
    brand: Brand, channel: Channel, boss: Person, ada: Person
) -> None:
    conversation = wrote(channel, "w")
    assigning.assign(conversation=conversation, to=ada, by=boss, now=at(10))
    closing.resolve(conversation=conversation, by=ada, now=at(12))
    triaged(brand, 13)
    employing.remove(brand=brand, person=ada, by=boss, now=at(60))
    swept(61)

    wrote(channel, "w", seconds=100)
    triaged(brand, 101)

    conversation.refresh_from_db()
    assert (conversation.state, conversation.assignee) == (ConversationState.OPEN, None)


def test_more_than_one_batch_is_given_back(
    brand: Brand, channel: Channel, boss: Person, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attending, "AT_ONCE", 2)
    for number in range(5):
        conversation = wrote(channel, f"p{number}")
        assigning.assign(conversation=conversation, to=ada, by=boss, now=at(10))

    employing.remove(brand=brand, person=ada, by=boss, now=at(60))
    swept(61)

    assert not Conversation.objects.filter(assignee=ada).exists()


def test_other_figures_of_routing_meanwhile_do_not_keep_it_with_them(
    brand: Brand, channel: Channel, boss: Person, ada: Person
) -> None:
    conversation = wrote(channel, "w")
    assigning.assign(conversation=conversation, to=ada, by=boss, now=at(10))
    employing.remove(brand=brand, person=ada, by=boss, now=at(60))
    teaming.save_routing(brand=brand, figures={"is_on": False}, by=boss, now=at(61))

    swept(62)

    conversation.refresh_from_db()
    assert conversation.assignee is None


def test_a_page_that_is_still_open_does_not_bring_them_back(brand: Brand, boss: Person, ada: Person) -> None:
    locking.lock(person=ada, now=at(60))

    assert not attending.arrive(brand_id=brand.pk, person_id=ada.pk, now=at(61))
    assert attending.hear(present=[(brand.pk, ada.pk)], now=at(61)) == []
    assert Presence.objects.get(person=ada).requeue_at == at(60)


@pytest.mark.parametrize("how", LEAVINGS)
@pytest.mark.parametrize("state", ["online", "away"])
def test_a_page_that_was_heard_while_they_left_keeps_nothing_with_them(
    how: str, state: str, brand: Brand, channel: Channel, boss: Person, ada: Person
) -> None:
    conversation = wrote(channel, "w")
    assigning.assign(conversation=conversation, to=ada, by=boss, now=at(10))
    LEAVINGS[how](brand, ada, boss)
    # Begun before the leaving was committed, written after it.
    Presence.objects.filter(person=ada).update(
        state=state, since=at(60), last_seen_at=at(60), requeue_at=None
    )
    swept(61)

    attending.note_silence(now=at(300))
    swept(300)

    conversation.refresh_from_db()
    assert conversation.assignee is None


def test_they_leave_teams_desk_and_focus_of_this_brand_alone(
    brand: Brand, channel: Channel, boss: Person, ada: Person
) -> None:
    elsewhere = people.MembershipFactory(person=ada).brand
    teams.team(brand, ada)
    teams.team(elsewhere, ada)
    focusing.take_over(conversation=wrote(channel, "w"), by=ada, now=at(10))

    employing.remove(brand=brand, person=ada, by=boss, now=at(60))

    assert [each.team.brand for each in TeamMember.objects.filter(person=ada)] == [elsewhere]
    assert not Desk.objects.filter(brand=brand, person=ada).exists()
    assert not Focus.objects.filter(person=ada).exists()
    assert [each.brand for each in Membership.objects.filter(person=ada)] == [elsewhere]
    ada.refresh_from_db()
    assert ada.is_active and ada.check_password("correct horse")


def test_what_is_done_twice_at_once_is_refused_the_second_time(
    brand: Brand, boss: Person, ada: Person
) -> None:
    employing.remove(brand=brand, person=ada, by=boss, now=at(60))

    with pytest.raises(employing.Refused, match="does not work for this brand any more"):
        employing.remove(brand=brand, person=ada, by=boss, now=at(61))
    with pytest.raises(employing.Refused, match="does not work for this brand any more"):
        employing.give_role(brand=brand, person=ada, role=Role.MANAGER, by=boss, now=at(61))


def test_who_comes_back_is_as_somebody_new(brand: Brand, channel: Channel, boss: Person, ada: Person) -> None:
    employing.remove(brand=brand, person=ada, by=boss, now=at(60))
    swept(61)

    employing.invite(brand=brand, email=ada.email, name="Another", role=Role.AGENT, by=boss, now=at(70))

    attending.arrive(brand_id=brand.pk, person_id=ada.pk, now=at(71))
    conversation = assigning.assign(conversation=wrote(channel, "w"), to=ada, by=boss, now=at(72))
    swept(73)
    conversation.refresh_from_db()
    ada.refresh_from_db()
    assert (conversation.assignee, ada.name) == (ada, "Ada")
