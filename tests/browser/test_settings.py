"""The settings in a real browser: read by everybody, at every width, and answering while one types."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from inbox.actions import defaults
from inbox.models import BusinessHours, Channel, Membership, Person, PriorityWeights, Role, SlaPolicy
from tests.browser.test_accessibility import faults, out_of_sight
from tests.factories import conversations as make
from tests.factories import teams
from tests.factories.people import agent_of

Enter = Callable[..., Page]
PAGES = ("priority", "policies", "policies/new", "hours", "hours/new")

UNDER_THE_BAR = """() => {
  const field = document.activeElement
  const bar = document.querySelector(".settings__actions").getBoundingClientRect()
  return field.matches(".settings__form input") && { id: field.id, under: field.getBoundingClientRect().bottom > bar.top }
}"""


@pytest.fixture
def managed(channel: Channel, mara: Person) -> Channel:
    """A brand with its defaults and a queue; whoever enters manages it."""
    defaults.give_defaults(channel.brand)
    Membership.objects.filter(person=mara).update(role=Role.MANAGER)
    old = timezone.now() - timedelta(days=2)
    for name, more in (
        ("Ann", {"sentiment": "negative", "unread_count": 3}),
        ("Ben", {"tags": ["refund"]}),
        ("Cleo", {"unread_count": 1}),
    ):
        make.conversation(channel, contact_name=name, waiting_since=old, window_opened_at=None, **more)
    return channel


def wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_can_be_read_by_everybody(enter: Enter, managed: Channel, scheme: str, width: int) -> None:
    page = enter("/b/lumen/inbox/open/", color_scheme=scheme, viewport={"width": width, "height": 900})
    for name in PAGES:
        page.goto(f"/b/lumen/settings/{name}/")
        if folder := os.environ.get("PARLEY_PICTURES"):
            page.screenshot(
                path=Path(folder) / f"{name.replace('/', '-')}-{scheme}-{width}.png", full_page=True
            )
        expect(page.locator("h1")).to_be_visible()
        assert faults(page) == []
        assert not wide(page)
        assert out_of_sight(page) == []


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_a_field_that_is_reached_by_tab_does_not_stand_under_the_save_bar(
    enter: Enter, managed: Channel, width: int, height: int
) -> None:
    page = enter("/b/lumen/inbox/open/", viewport={"width": width, "height": height})
    page.goto("/b/lumen/settings/priority/")
    page.locator(".settings__form input:not([type=hidden])").first.focus()
    hidden: list[str] = []
    reached = 0
    while field := page.evaluate(UNDER_THE_BAR):
        reached += 1
        hidden += [field["id"]] if field["under"] else []
        page.keyboard.press("Tab")

    assert reached > 20
    assert hidden == []


def test_the_queue_reorders_while_a_weight_is_typed(enter: Enter, managed: Channel) -> None:
    page = enter("/b/lumen/inbox/open/")
    page.goto("/b/lumen/settings/priority/")
    names = page.locator("#preview ol .preview__name")
    expect(names).to_have_text(["Ann", "Ben", "Cleo"])

    page.get_by_label("Negative mood").fill("-60")
    page.get_by_label("Each unread message, up to five").fill("20")

    expect(page.locator("#preview")).to_contain_text("would move")
    expect(names).to_have_text(["Cleo", "Ben", "Ann"])
    assert PriorityWeights.objects.get().version == 1
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("scored anew")
    assert PriorityWeights.objects.get().weights["negative"] == -60

    make.conversations(managed, 25, unread_count=1)
    page.reload()
    page.get_by_label("Each unread message, up to five").fill("1")
    expect(page.locator("#preview")).to_contain_text("would move")
    assert faults(page) == []


def test_the_effect_of_a_promise_is_told_in_place_and_nothing_is_saved(
    enter: Enter, managed: Channel
) -> None:
    page = enter("/b/lumen/inbox/open/")
    page.goto("/b/lumen/settings/policies/new/")
    page.get_by_label("Name").fill("Fast")
    page.get_by_label("First response within").fill("soon")
    page.get_by_role("button", name="What would it change?").click()
    expect(page.locator("#effect")).to_contain_text("Type it like “10m”")

    page.get_by_label("First response within").fill("5m")
    page.get_by_role("button", name="What would it change?").click()

    expect(page.locator("#effect")).to_contain_text("conversations under way")
    assert page.get_by_label("Name").input_value() == "Fast"
    assert not SlaPolicy.objects.filter(name="Fast").exists()


def test_hours_are_typed_as_one_says_them(enter: Enter, managed: Channel) -> None:
    page = enter("/b/lumen/inbox/open/")
    page.goto("/b/lumen/settings/hours/new/")
    page.get_by_label("Name").fill("Nights")
    page.get_by_label("Friday").fill("9–12:30, 22–2")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("status")).to_contain_text("“Nights” are saved")
    assert BusinessHours.objects.get(name="Nights").week["4"] == [[540, 750], [1320, 1560]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_people_of_a_brand_can_be_read_by_everybody_who_administers_it(
    enter: Enter, managed: Channel, mara: Person, scheme: str, width: int
) -> None:
    Membership.objects.filter(person=mara).update(role=Role.ADMINISTRATOR)
    brand = managed.brand
    ada = agent_of(brand, name="Ada", email="ada.with.a.rather.long.address@lumen-and-oak.example")
    teams.team(brand, ada, mara, name="Returns")
    teams.team(brand, ada, name="Wholesale")
    agent_of(brand, name="Locked", is_active=False)
    new = agent_of(brand, name="", email="new@lumen.example")
    Person.objects.filter(pk=new.pk).update(password="!")
    Person.objects.filter(pk=ada.pk).update(last_login=timezone.now())
    page = enter("/b/lumen/inbox/open/", color_scheme=scheme, viewport={"width": width, "height": 900})
    for name in ("people", "teams", "people/new", f"people/{new.public_id}", f"people/{mara.public_id}"):
        page.goto(f"/b/lumen/settings/{name}/")
        if folder := os.environ.get("PARLEY_PICTURES"):
            picture = f"{name.replace('/', '-')[:16]}-{'mara' if str(mara.public_id) in name else ''}-{scheme}-{width}.png"
            page.screenshot(path=Path(folder) / picture, full_page=True)
        expect(page.locator("h1")).to_be_visible()
        assert faults(page) == []
        assert not wide(page)
        assert out_of_sight(page) == []


def test_somebody_is_invited_given_a_role_and_removed(enter: Enter, managed: Channel, mara: Person) -> None:
    Membership.objects.filter(person=mara).update(role=Role.ADMINISTRATOR)
    page = enter("/b/lumen/inbox/open/")
    page.goto("/b/lumen/settings/people/")
    page.get_by_role("link", name="Invite somebody").click()
    page.get_by_label("E-mail address").fill("mara@example.test")
    page.get_by_role("button", name="Invite").click()
    expect(page.locator(".errorlist")).to_contain_text("works here already, as Administrator")

    page.get_by_label("E-mail address").fill("nia@lumen.example")
    page.get_by_label("Name").fill("Nia")
    page.get_by_label("Role").select_option("Manager")
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_role("status")).to_contain_text("Nia works here now.")
    row = page.get_by_role("row").filter(has_text="Nia")
    expect(row).to_contain_text("Manager")
    expect(row).to_contain_text("no password yet")

    page.get_by_role("link", name="Nia").click()
    page.get_by_label("Role").select_option("Agent")
    page.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("Agent")

    page.get_by_role("link", name="Nia").click()
    page.get_by_role("button", name="Remove Nia").click()
    expect(page.get_by_role("status")).to_contain_text("Nia does not work for Lumen & Oak any more")
    expect(row).to_have_count(0)


def test_whoever_is_removed_loses_the_open_page_at_once(enter: Enter, managed: Channel, mara: Person) -> None:
    Membership.objects.filter(person=mara).update(role=Role.ADMINISTRATOR)
    ada = agent_of(managed.brand, name="Ada", email="ada@lumen.example")
    theirs = enter("/b/lumen/inbox/open/", person=ada)
    page = enter("/b/lumen/inbox/open/")

    page.goto(f"/b/lumen/settings/people/{ada.public_id}/")
    page.get_by_role("button", name="Remove Ada").click()
    expect(page.get_by_role("status")).to_contain_text("Ada does not work")

    expect(theirs.locator("state-line")).not_to_have_attribute("data-state", "live")
