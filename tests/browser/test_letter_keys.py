"""Single-letter keys may be switched off, by each for themselves: whoever speaks to their computer resolves nothing with a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from inbox.models import Conversation, Person
from tests.browser.test_accessibility import faults
from tests.browser.test_late_answers import at, is_shown, states
from tests.factories.people import agent_of

Enter = Callable[..., Page]


def switch(page: Page, *, on: bool) -> None:
    page.goto("/b/lumen/settings/keys/")
    assert faults(page) == []
    page.get_by_label("Single-letter keys").set_checked(on)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()


def live(page: Page, conversation: Conversation) -> None:
    page.goto(at(conversation))
    page.wait_for_selector("state-line[data-state=live]", state="attached")


def test_letters_digits_and_signs_alone_do_nothing_where_they_are_switched_off(
    enter: Enter, anna: Conversation, mara: Person
) -> None:
    bea = agent_of(anna.brand, email="bea@example.test", name="Bea")
    page = enter("/b/lumen/inbox/open/")
    switch(page, on=False)
    assert list(Person.objects.order_by("name").values_list("name", "letter_keys")) == [
        ("Bea", True),
        ("Mara", False),
    ]
    live(page, anna)
    page.keyboard.type("See! The lamp. g u x J / * ? z")
    page.wait_for_timeout(300)

    is_shown(page, anna)
    assert states() == {"anna": "open"}
    expect(page.locator("dialog[open]")).to_have_count(0)
    resolve = page.locator("conversation-head [data-act=resolve]")
    resolve.hover()
    expect(resolve).to_have_attribute("title", "Resolve")
    page.keyboard.press("Control+k")
    page.keyboard.type("resolve")
    page.keyboard.press("Enter")
    expect(page.locator("conversation-head[data-state=resolved]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("conversation-pane")).to_have_count(0)

    beas = enter(at(anna), person=bea)
    beas.keyboard.press("e")
    expect(beas.locator("conversation-head[data-state=open]")).to_be_visible()


def test_letters_are_switched_on_again_from_the_list_of_keys(
    enter: Enter, anna: Conversation, mara: Person
) -> None:
    Person.objects.filter(pk=mara.pk).update(letter_keys=False)
    page = enter(at(anna))
    page.locator("[data-command=help]").click()
    expect(page.locator("#help [data-id=palette]")).to_be_visible()
    expect(page.locator("#help [data-id=resolve]")).to_have_count(0)
    page.get_by_role("link", name="Single-letter keys are off").click()
    switch(page, on=True)
    live(page, anna)
    page.keyboard.press("e")

    expect(page.locator("conversation-head[data-state=resolved]")).to_be_visible()


def test_without_letters_the_page_tells_of_the_keys_that_hold(
    enter: Enter, anna: Conversation, mara: Person
) -> None:
    Person.objects.filter(pk=mara.pk).update(letter_keys=False)
    page = enter("/b/lumen/inbox/open/")
    expect(page.locator(".empty p")).to_have_text(
        "Choose a conversation. In the list ↓ ↑ move, ↵ opens; Ctrl k finds everything.", use_inner_text=True
    )
    live(page, anna)
    page.focus("#composer-text")
    page.keyboard.press("Control+k")
    page.keyboard.type("send")
    palette = page.locator("command-palette [role=option]", has_text="Send")
    expect(palette.locator(".picker__keys").first).to_have_text(re.compile(r"Ctrl\s*↵"), use_inner_text=True)
    page.locator("command-palette input").fill("resolve")
    option = page.locator("command-palette [role=option]", has_text="Resolve").first
    expect(option).to_be_visible()
    expect(option.locator("kbd")).to_have_count(0)
