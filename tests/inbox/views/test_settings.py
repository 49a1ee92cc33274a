"""The settings' pages: what is typed, what is refused, and who may."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from inbox.actions import defaults
from inbox.models import (
    Brand,
    BusinessHours,
    Channel,
    Conversation,
    Membership,
    Person,
    PriorityWeights,
    Role,
    SlaPolicy,
    Tag,
)
from inbox.rules import priority
from tests.factories import conversations as make
from tests.factories import people


@pytest.fixture
def brand(channel: Channel) -> Brand:
    defaults.give_defaults(channel.brand)
    return channel.brand


@pytest.fixture
def manager(page: Client, jo: Person, brand: Brand) -> Client:
    Membership.objects.filter(person=jo).update(role=Role.MANAGER)
    return page


def at(name: str, *more: Any) -> str:
    return reverse(f"inbox:settings-{name}", args=["lumen", *more])


def weights(**changed: Any) -> dict[str, Any]:
    tags = {f"tag-{tag.pk}": tag.weight for tag in Tag.objects.all()}
    return {**priority.DEFAULTS, **tags, **changed}


POLICY = {"name": "Night", "first_response": "1h 30m", "position": "3", "warnings": "80, 50"}
HOURS = {
    "name": "Shop",
    "time_zone": "Europe/Berlin",
    "day-0": "9–12:30, 13:30–18",
    "day-5": "22–2",
    "holidays": "2026-12-25 Christmas",
}


@pytest.mark.parametrize("role", [Role.AGENT, Role.OPERATIONS])
@pytest.mark.parametrize("name", ["priority", "policies", "policy-new", "hours", "hours-new"])
def test_settings_are_not_there_for_those_who_set_nothing_up(
    role: Role, name: str, page: Client, jo: Person, brand: Brand
) -> None:
    Membership.objects.filter(person=jo).update(role=role)

    assert page.get(at(name)).status_code == 404
    assert page.post(at(name), weights()).status_code in (404, 405)
    assert PriorityWeights.objects.get().version == 1


@pytest.mark.parametrize("name", ["priority", "policies", "policy-new", "hours", "hours-new"])
def test_a_manager_sees_every_page_without_inline_scripts(name: str, manager: Client) -> None:
    answer = manager.get(at(name))

    assert answer.status_code == 200
    assert 'aria-current="page"' in answer.content.decode()
    assert " style=" not in answer.content.decode()


def test_weights_are_saved_for_facts_and_tags(manager: Client, brand: Brand) -> None:
    refund = Tag.objects.get(key="refund")

    answer = manager.post(at("priority"), weights(late="77", **{f"tag-{refund.pk}": "33"}))

    refund.refresh_from_db()
    saved = PriorityWeights.objects.get()
    assert answer.status_code == 302
    assert (saved.weights["late"], saved.version, refund.weight) == (77, 2, 33)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"late": ""}, "type a number"),
        ({"late": "lots"}, "type a whole number"),
        ({"late": "101"}, "not above 100"),
        ({"high_from": "90"}, "high below urgent"),
    ],
)
def test_weights_that_make_no_sense_are_refused_in_words(
    changed: dict[str, str], words: str, manager: Client
) -> None:
    answer = manager.post(at("priority"), weights(**changed))
    tried = manager.post(at("priority-preview"), weights(**changed))

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert words in tried.content.decode()
    assert PriorityWeights.objects.get().version == 1


def test_the_preview_shows_who_would_move_and_saves_nothing(manager: Client, channel: Channel) -> None:
    make.conversation(channel, contact_name="Quiet Quinn", waiting_since=None, window_opened_at=None)
    make.conversation(
        channel,
        contact_name="Angry <b>Ann</b>",
        waiting_since=None,
        window_opened_at=None,
        sentiment="negative",
    )

    before = manager.post(at("priority-preview"), weights()).content.decode()
    after = manager.post(at("priority-preview"), weights(negative="-50")).content.decode()

    assert "nobody moves" in before
    assert before.index("Angry") < before.index("Quiet")
    assert after.index("Quiet") < after.index("Angry")
    assert "▼ from 1 · -60 negative mood" in after
    assert "Angry &lt;b&gt;Ann" in after
    assert PriorityWeights.objects.get().version == 1


def test_the_preview_asks_as_few_questions_for_many(
    manager: Client, channel: Channel, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    make.conversations(channel, 2)
    with django_assert_max_num_queries(16) as few:
        manager.post(at("priority-preview"), weights(late="1"))
    make.conversations(channel, 60)
    with django_assert_max_num_queries(16) as many:
        manager.post(at("priority-preview"), weights(late="1"))

    assert len(few) == len(many)


def test_a_policy_is_made_changed_and_retired(manager: Client, brand: Brand) -> None:
    hours = BusinessHours.objects.get()
    made = manager.post(
        at("policy-new"), {**POLICY, "hours": hours.public_id, "tags": "refund", "priorities": "1"}
    )
    assert made.status_code == 302
    policy = SlaPolicy.objects.get(name="Night")
    assert (policy.first_response, policy.next_response, policy.hours, policy.warnings) == (
        5400,
        None,
        hours,
        [50, 80],
    )
    assert (policy.tags, policy.priorities, policy.pauses_snoozed) == (["refund"], [1], False)

    there = at("policy", policy.public_id)
    assert 'value="1h 30m"' in manager.get(there).content.decode()
    manager.post(there, {**POLICY, "first_response": "20m"})
    policy.refresh_from_db()
    assert (policy.first_response, policy.version, policy.hours) == (1200, 2, None)

    manager.post(at("policy-retirement", policy.public_id), {"active": "no"})
    policy.refresh_from_db()
    assert not policy.is_active
    assert "retired" in manager.get(at("policies")).content.decode()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"first_response": "soon"}, "Type it like “10m”"),
        ({"first_response": ""}, "Promise something"),
        ({"warnings": "150"}, "between 1 and 99"),
        ({"warnings": "9" * 5000}, "between 1 and 99"),
        ({"name": "Everybody"}, "“Everybody” already"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_in_words(
    changed: dict[str, str], words: str, manager: Client
) -> None:
    answer = manager.post(at("policy-new"), {**POLICY, **changed})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert SlaPolicy.objects.count() == 1


def test_what_a_policy_would_change_is_told_before_it_is_saved(
    manager: Client, conversation: Conversation
) -> None:
    check = {**POLICY, "check": "1"}

    told = manager.post(at("policy-new"), check, headers={"X-Parley-Fragment": "1"})
    whole = manager.post(at("policy-new"), check)

    assert "1 conversation under way" in told.content.decode()
    assert "<html" not in told.content.decode()
    assert "<html" in whole.content.decode()
    assert SlaPolicy.objects.count() == 1


def test_hours_are_made_and_shown_as_they_were_typed(manager: Client) -> None:
    assert manager.post(at("hours-new"), HOURS).status_code == 302

    hours = BusinessHours.objects.get(name="Shop")
    assert hours.week == {"0": [[540, 750], [810, 1080]], "5": [[1320, 1560]]}
    [holiday] = hours.holidays.all()
    assert (holiday.day, holiday.name, holiday.intervals) == (date(2026, 12, 25), "Christmas", [])
    shown = manager.get(at("hours-edit", hours.public_id)).content.decode()
    assert 'value="9–12:30, 13:30–18"' in shown
    assert 'value="22–2"' in shown
    assert "2026-12-25 Christmas" in shown


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"day-0": "nine"}, "is not understood"),
        ({"day-0": "9–12, 11–13"}, "overlap"),
        ({"time_zone": "Mars/Olympus"}, "no time zone"),
        ({"holidays": "Christmas"}, "does not begin with a day"),
        ({"holidays": "2026-12-25 A\n2026-12-25 B"}, "there twice"),
        ({"name": "Office hours"}, "already"),
    ],
)
def test_hours_that_make_no_sense_are_refused_in_words(
    changed: dict[str, str], words: str, manager: Client
) -> None:
    answer = manager.post(at("hours-new"), {**HOURS, **changed})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert BusinessHours.objects.count() == 1


def test_what_hours_called_as_others_would_change_is_refused_in_words(manager: Client) -> None:
    answer = manager.post(at("hours-new"), {**HOURS, "name": "Office hours", "check": "1"})

    assert answer.status_code == 422
    assert "There are hours called" in answer.content.decode()


def test_hours_in_use_are_not_removed_and_free_ones_are(manager: Client) -> None:
    hours = BusinessHours.objects.get()
    SlaPolicy.objects.update(hours=hours)
    refused = manager.post(at("hours-removal", hours.public_id), follow=True)
    assert "still counts by these hours" in refused.content.decode()

    SlaPolicy.objects.update(hours=None)
    manager.post(at("hours-removal", hours.public_id))
    assert not BusinessHours.objects.exists()


def test_another_brands_hours_cannot_be_chosen(manager: Client) -> None:
    from tests.factories.people import BrandFactory

    foreign = BusinessHours.objects.create(brand=BrandFactory(), name="Theirs")

    answer = manager.post(at("policy-new"), {**POLICY, "hours": foreign.public_id})

    assert answer.status_code == 422
    assert "Theirs" not in answer.content.decode()


def test_a_policy_says_who_is_told_and_who_gets_it(manager: Client, brand: Brand, jo: Person) -> None:
    told = {"reassigns_to": jo.public_id, "notifies": jo.pk, "notifies_managers": "on"}
    manager.post(at("policy-new"), {**POLICY, **told})

    policy = SlaPolicy.objects.get(name="Night")
    assert (policy.reassigns_to, policy.notifies) == (jo, [jo.pk])
    assert (policy.notifies_assignee, policy.notifies_managers) == (False, True)
    shown = manager.get(at("policy", policy.public_id)).content.decode()
    assert f'value="{jo.public_id}" selected' in shown

    both = manager.post(at("policy-new"), {**POLICY, **told, "name": "Other", "unassigns_late": "on"})
    assert both.status_code == 422
    assert "choose one of the two" in both.content.decode()


def test_who_has_left_is_still_whom_a_policy_names_when_something_else_of_it_is_saved(
    manager: Client, brand: Brand
) -> None:
    bea = people.agent_of(brand, name="Bea")
    kim = people.agent_of(brand, name="Kim")
    manager.post(at("policy-new"), {**POLICY, "reassigns_to": bea.public_id})
    policy = SlaPolicy.objects.get(name="Night")
    Membership.objects.filter(person__in=[bea, kim]).delete()

    shown = manager.get(at("policy", policy.public_id)).content.decode()
    assert f'value="{bea.public_id}" selected>Bea (has left)' in shown
    manager.post(
        at("policy", policy.public_id), {**POLICY, "first_response": "2h", "reassigns_to": bea.public_id}
    )

    policy.refresh_from_db()
    assert (policy.first_response, policy.reassigns_to) == (7200, bea)
    told = {**POLICY, "reassigns_to": kim.public_id}
    assert manager.post(at("policy", policy.public_id), told).status_code == 422


def test_nobody_of_another_brand_is_told_or_given_anything(manager: Client) -> None:
    stranger = people.agent_of(people.BrandFactory(), name="Stranger")

    for told in ({"reassigns_to": stranger.public_id}, {"notifies": stranger.pk}):
        assert manager.post(at("policy-new"), {**POLICY, **told}).status_code == 422
    assert not SlaPolicy.objects.filter(name="Night").exists()
