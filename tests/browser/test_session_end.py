"""When a session ends under an open page: it says so for as long as it is so, and nothing that was typed is lost on the way back."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from inbox.models import Channel, Conversation, Macro, Membership, Person, Role
from tests.browser.test_late_answers import at
from tests.browser.test_settings import managed
from tests.factories.people import agent_of

__all__ = ["managed"]
Enter = Callable[..., Page]
FIELD = "#composer-text"
NEW_MACRO = "/b/lumen/settings/macros/new/"


def sign_in(page: Page, email: str = "mara@example.test") -> None:
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", "correct horse")
    page.keyboard.press("Enter")


def test_that_one_has_been_signed_out_is_said_until_one_signs_in_in_the_same_tab(
    enter: Enter, anna: Conversation
) -> None:
    page = enter(at(anna), new=True)
    page.clock.install()
    page.fill(FIELD, "It left today")
    expect(page.locator("[data-kept]")).to_have_text("Draft saved")
    Session.objects.all().delete()
    page.focus(FIELD)
    page.keyboard.press("Control+Enter")
    notice = page.locator("#notices")
    expect(notice).to_contain_text("You have been signed out")
    page.clock.fast_forward("10:00")
    expect(notice).to_contain_text("You have been signed out")

    notice.get_by_role("link", name="Sign in").last.click()
    sign_in(page)

    expect(page.locator("conversation-pane")).to_have_attribute("data-id", str(anna.public_id))
    expect(page.locator(FIELD)).to_have_value("It left today")
    assert len(page.context.pages) == 1
    page.focus(FIELD)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message[data-side=brand]")).to_contain_text("It left today")


def test_a_brand_one_has_left_is_not_called_a_sign_out(
    enter: Enter, anna: Conversation, mara: Person
) -> None:
    page = enter(at(anna))
    Membership.objects.filter(person=mara).delete()
    page.evaluate("document.querySelector('state-line').socket.close()")

    line = page.locator("state-line")
    expect(line).to_have_attribute("data-state", "gone")
    expect(line).to_have_text("no longer yours")
    expect(page.locator("#notices")).to_contain_text("You no longer work for this brand.")


def type_a_macro(page: Page) -> None:
    page.fill("input[name=name]", "Apologize")
    page.fill("textarea[name=note]", "A long note,\nin two lines")
    page.check("input[name=resolves]")


def test_a_form_that_was_sent_after_the_session_stands_there_again_after_the_sign_in(
    enter: Enter, managed: Channel
) -> None:
    page = enter("/b/lumen/inbox/open/")
    page.goto(NEW_MACRO)
    type_a_macro(page)
    Session.objects.all().delete()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile("/accounts/login/"))
    sign_in(page)

    expect(page.get_by_text("It is not saved yet.")).to_be_visible()
    expect(page.locator("input[name=name]")).to_have_value("Apologize")
    expect(page.locator("textarea[name=note]")).to_have_value("A long note,\nin two lines")
    expect(page.locator("input[name=resolves]")).to_be_checked()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Apologize")).to_be_visible()
    assert Macro.objects.get().note.splitlines() == ["A long note,", "in two lines"]

    page.go_back()
    expect(page.locator("input[name=name]")).to_be_visible()
    expect(page.get_by_text("It is not saved yet.")).to_have_count(0)  # it has been taken


def test_what_somebody_typed_is_not_shown_to_whoever_signs_in_after_them(
    enter: Enter, managed: Channel
) -> None:
    agent_of(managed.brand, email="bea@example.test", name="Bea")
    Membership.objects.update(role=Role.MANAGER)
    page = enter("/b/lumen/inbox/open/")
    page.goto(NEW_MACRO)
    type_a_macro(page)
    Session.objects.all().delete()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile("/accounts/login/"))
    sign_in(page, "bea@example.test")

    expect(page.locator("input[name=name]")).to_have_value("")
    expect(page.get_by_text("It is not saved yet.")).to_have_count(0)


def test_a_form_whose_token_was_too_old_stands_there_again_with_back(enter: Enter, managed: Channel) -> None:
    page = enter("/b/lumen/inbox/open/")
    page.goto(NEW_MACRO)
    type_a_macro(page)
    page.evaluate("document.querySelector('main [name=csrfmiddlewaretoken]').value = 'x'")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="That is not allowed")).to_be_visible()
    expect(page.locator("main")).to_contain_text("what you typed in the settings stands there again")
    page.go_back()

    expect(page.locator("input[name=name]")).to_have_value("Apologize")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Apologize")).to_be_visible()
