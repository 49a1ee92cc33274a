"""Routing as somebody at the keyboard meets it."""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone
from playwright.sync_api import Page, expect

from inbox.actions import routing, triaging
from inbox.models import Brand, Conversation, Person, Presence, PresenceState
from tests.browser.conftest import Outside
from tests.factories import teams
from tests.factories.people import agent_of

Enter = Callable[..., Page]


def arrive(outside: Outside, brand: Brand, text: str, *, who: str) -> Conversation:
    """A customer writes, triage looks, and routing hands it out."""
    outside.write(text, who=who)
    while not (batch := triaging.next_batch(brand.pk)).is_empty:
        triaging.triage(batch, None, now=timezone.now())
    found = routing.worth_a_look(brand_id=brand.pk, now=timezone.now())
    routing.route(brand_id=brand.pk, conversation_ids=found, now=timezone.now())
    return Conversation.objects.get(brand=brand, thread_key=who)


def test_an_open_page_is_there_goes_away_with_a_key_and_comes_back(
    enter: Enter, brand: Brand, mara: Person
) -> None:
    page = enter("/b/lumen/inbox/open/")
    switch = page.locator("#presence")
    expect(switch).to_have_attribute("data-state", "online")
    assert Presence.objects.get().state == PresenceState.ONLINE

    page.keyboard.press("w")
    expect(switch).to_have_attribute("data-state", "away")
    assert Presence.objects.get().state == PresenceState.AWAY
    page.reload()
    expect(switch).to_have_attribute("data-state", "away")
    page.keyboard.press("w")
    expect(switch).to_have_attribute("data-state", "online")
    assert Presence.objects.get().state == PresenceState.ONLINE


def test_a_colleague_who_goes_away_changes_on_open_pages_and_so_does_ones_own_other_page(
    enter: Enter, brand: Brand, mara: Person, outside: Outside
) -> None:
    bea = agent_of(brand, email="bea@example.test", name="Bea")
    outside.write("Where is my parcel?")
    Conversation.objects.update(assignee=bea, assignee_name="Bea")
    page = enter("/b/lumen/inbox/open/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    head = page.locator(".head__presence")
    expect(page.locator(".head__assignee")).to_have_text("Bea")
    there, other = enter("/b/lumen/inbox/open/", person=bea), enter("/b/lumen/inbox/open/", person=bea)
    expect(head).to_have_attribute("data-state", "online")
    page.keyboard.press("a")
    option = page.locator(".picker__option", has_text="Bea")
    expect(option).to_contain_text("online")

    there.keyboard.press("w")
    expect(head).to_have_attribute("data-state", "away")
    expect(option.locator(".presence")).to_have_attribute("data-state", "away")
    expect(option).to_contain_text("away")
    expect(other.locator("#presence")).to_have_attribute("data-state", "away")

    page.evaluate("document.querySelector('state-line').socket.onmessage = () => {}")
    there.keyboard.press("w")
    expect(other.locator("#presence")).to_have_attribute("data-state", "online")
    page.evaluate("document.querySelector('state-line').socket.close()")
    expect(head).to_have_attribute("data-state", "online")


def test_what_routing_gives_comes_to_the_list_with_its_reasons_and_a_team_can_be_chosen(
    enter: Enter, brand: Brand, mara: Person, outside: Outside
) -> None:
    teams.routed(brand)
    away = teams.person(brand, "Sam", seen=timezone.now(), state=PresenceState.AWAY)
    teams.team(brand, mara, away, name="Support")
    teams.team(brand, away, name="Returns", position=1, is_active=False)
    page = enter("/b/lumen/inbox/mine/")
    expect(page.locator("#presence")).to_have_attribute("data-state", "online")

    conversation = arrive(outside, brand, "Where is my parcel?", who="anna")

    row = page.locator(f'.row[data-id="{conversation.public_id}"]')
    row.click()
    expect(page.locator(".event")).to_contain_text("Assigned to Mara by routing")
    expect(page.locator(".routing__said")).to_contain_text("Routing chose Mara")
    page.locator("details.routing summary").click()
    expect(page.locator(".routing__candidates li", has_text="Sam")).to_contain_text("away")

    page.keyboard.press("a")
    expect(page.locator(".picker__option", has_text="Mara")).to_contain_text("online · 1 of 8")
    expect(page.locator(".picker__option", has_text="Sam")).to_contain_text("away")
    page.keyboard.type("team ret")
    page.keyboard.press("Enter")
    expect(page.locator(".event").last).to_contain_text("Mara gave it to the team Returns")
    expect(page.locator(".head__assignee")).to_contain_text("nobody assigned")
    conversation.refresh_from_db()
    assert conversation.team and conversation.team.name == "Returns"
