"""Answers that come late or not at all, while the hand has gone on: nothing is done to another conversation, and nothing stops in silence."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from django.utils import timezone
from playwright.sync_api import APIResponse, Page, Route, expect

from inbox.actions import closing
from inbox.models import Brand, Conversation, ConversationTag, Direction, Message, Person, Tag
from tests.browser.conftest import Outside
from tests.browser.test_catching_up import lose_the_next, pattern_of
from tests.browser.test_workspace import deaf, until_missed

pytestmark = pytest.mark.long  # answers that come late and pages that are lost, for seconds each

Enter = Callable[..., Page]
FIELD = "#composer-text"
OPEN = "/b/lumen/inbox/open/"
REPLIES = re.compile(r"/replies/$")
UNDO = re.compile(r"/undo/$")
RESOLUTION = re.compile(r"/resolution/$")


def at(conversation: Conversation) -> str:
    return f"/b/lumen/conversations/{conversation.public_id}/"


@dataclass
class Held:
    """An answer that the server has given and the page does not get before it is let go."""

    page: Page
    kept: list[tuple[Route, APIResponse]] = field(default_factory=list)
    asked: bool = False

    def keep(self, route: Route) -> None:
        if self.asked:
            route.fallback()
            return
        self.asked = True
        self.kept.append((route, route.fetch()))

    def until_given(self) -> None:
        for _ in range(400):
            if self.kept:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("nothing was asked for")

    def let_go(self) -> None:
        [(route, answer)] = self.kept
        route.fulfill(response=answer)

    def lose(self) -> None:
        [(route, _)] = self.kept
        route.abort()


def hold(page: Page, address: re.Pattern[str]) -> Held:
    """The next one."""
    held = Held(page)
    page.route(address, held.keep)
    return held


def is_shown(page: Page, conversation: Conversation) -> None:
    expect(page.locator("conversation-pane")).to_have_attribute("data-id", str(conversation.public_id))


def states() -> dict[str, str]:
    return dict(Conversation.objects.values_list("thread_key", "state"))


def unseen(page: Page, outside: Outside, text: str, *, who: str = "anna") -> None:
    """The customer writes, and the page does not hear it."""
    deaf(page)
    outside.write(text, who=who)
    until_missed(page)


def resolve_and_go_on(page: Page, outside: Outside, anna: Conversation, zoe: Conversation) -> Held:
    """Past a message that the page does not know of. The answer, which says so, is held."""
    expect(page.locator(f"#row-{anna.public_id} .badge")).to_have_count(0)
    unseen(page, outside, "Wait, one more thing")
    held = hold(page, RESOLUTION)
    page.keyboard.press("e")
    held.until_given()
    page.click(f"#row-{zoe.public_id}")
    return held


# A conversation that is slow, or does not come.


def test_what_is_done_in_a_pane_is_about_it_though_another_one_is_on_its_way(
    enter: Enter, anna: Conversation, zoe: Conversation
) -> None:
    page = enter(at(anna))
    held = hold(page, pattern_of(zoe))
    page.click(f"#row-{zoe.public_id}")
    held.until_given()

    page.keyboard.press("e")  # what stands there is not meant any more, and what comes is not seen
    page.keyboard.press("!")
    page.locator("conversation-head [data-act=mine]").click()
    expect(page.locator("conversation-head[data-mine]")).to_be_visible()
    is_shown(page, anna)
    held.let_go()

    is_shown(page, zoe)
    assert states() == {"anna": "open", "zoe": "open"}
    assert dict(Conversation.objects.values_list("thread_key", "assignee_name")) == {
        "anna": "Mara",
        "zoe": "",
    }
    page.keyboard.press("e")
    expect(page.locator("conversation-head[data-state=resolved]")).to_be_visible()
    assert states() == {"anna": "open", "zoe": "resolved"}


def test_where_one_does_not_come_the_one_that_is_shown_is_open_and_hears_its_news(
    enter: Enter, anna: Conversation, zoe: Conversation, outside: Outside
) -> None:
    page = enter(at(anna))
    lose_the_next(page, pattern_of(zoe))

    page.click(f"#row-{zoe.public_id}")

    expect(page.locator("#notices")).to_contain_text("No connection")
    expect(page.locator(f"#row-{anna.public_id}")).to_have_attribute("aria-current", "true")
    is_shown(page, anna)
    outside.write("Hello?")
    expect(page.locator(".message").last).to_contain_text("Hello?")
    page.wait_for_timeout(900)  # a glance
    page.keyboard.press("e")
    expect(page.locator("conversation-head[data-state=resolved]")).to_be_visible()
    assert states() == {"anna": "resolved", "zoe": "open"}
    page.click(f"#row-{zoe.public_id}")
    is_shown(page, zoe)


def test_on_a_phone_the_list_stays_until_there_is_something_to_show(enter: Enter, anna: Conversation) -> None:
    page = enter(OPEN, viewport={"width": 390, "height": 844}, has_touch=True)
    lose_the_next(page, pattern_of(anna))

    page.tap(".row")
    expect(page.locator("#notices")).to_contain_text("No connection")
    expect(page.locator(".list")).to_be_visible()

    page.tap(".row")
    is_shown(page, anna)
    expect(page.locator(".list")).to_be_hidden()


# What is refused when its writer has gone on.


def test_a_reply_that_is_stopped_after_its_writer_has_gone_on_is_told_with_a_way_back(
    enter: Enter, anna: Conversation, zoe: Conversation, outside: Outside
) -> None:
    page = enter(at(anna))
    expect(page.locator(f"#row-{anna.public_id} .badge")).to_have_count(0)
    unseen(page, outside, "I cancelled the order")
    held = hold(page, REPLIES)
    page.fill(FIELD, "It left today!")
    page.keyboard.press("Control+Enter")
    held.until_given()

    page.click(f"#row-{zoe.public_id}")
    is_shown(page, zoe)
    page.keyboard.press("r")
    held.let_go()

    told = page.locator(f"#notices [data-of='{anna.public_id}']")
    expect(told).to_contain_text("Anna: Something arrived while you were writing. Nothing was sent.")
    page.keyboard.type("Hello Zoe")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message[data-side=brand]")).to_contain_text("Hello Zoe")
    expect(told).to_be_visible()
    told.get_by_role("link", name="Open it").click()
    is_shown(page, anna)
    expect(page.locator(".stale")).to_contain_text("I cancelled the order")
    expect(page.locator(FIELD)).to_have_value("It left today!")
    expect(told).to_have_count(0)
    assert not Message.objects.filter(direction=Direction.OUT, conversation=anna).exists()


def test_send_anyway_is_for_what_its_choice_has_shown_also_over_a_note(
    enter: Enter, anna: Conversation, outside: Outside
) -> None:
    page = enter(at(anna))
    unseen(page, outside, "Cancel it!")
    held = hold(page, REPLIES)
    page.fill(FIELD, "It left today!")
    page.keyboard.press("Control+Enter")
    held.until_given()
    page.click("#tab-note")
    held.let_go()

    page.click("[data-send-anyway]")

    expect(page.locator(".message[data-side=brand]:not([data-pending])")).to_contain_text("It left today!")
    expect(page.locator(".stale")).to_have_count(0)


def test_a_reply_that_is_stopped_while_the_next_one_is_on_its_way_is_told_and_takes_no_hand(
    enter: Enter, anna: Conversation, zoe: Conversation, outside: Outside
) -> None:
    page = enter(at(anna))
    expect(page.locator(f"#row-{anna.public_id} .badge")).to_have_count(0)
    unseen(page, outside, "I cancelled the order")
    stop, coming = hold(page, REPLIES), hold(page, pattern_of(zoe))
    page.fill(FIELD, "It left today!")
    page.keyboard.press("Control+Enter")
    stop.until_given()
    page.click(f"#row-{zoe.public_id}")
    coming.until_given()

    stop.let_go()
    told = page.locator(f"#notices [data-of='{anna.public_id}']")
    expect(told).to_contain_text("Anna: Something arrived while you were writing. Nothing was sent.")
    is_shown(page, anna)
    expect(page.locator("[data-read-first]")).to_have_count(0)
    coming.let_go()

    is_shown(page, zoe)
    expect(told).to_be_visible()
    told.get_by_role("link", name="Open it").click()
    is_shown(page, anna)
    expect(page.locator(".stale")).to_contain_text("I cancelled the order")
    expect(page.locator(FIELD)).to_have_value("It left today!")
    assert not Message.objects.filter(direction=Direction.OUT).exists()


def test_what_is_taken_back_while_the_next_one_is_on_its_way_waits_as_a_draft(
    enter: Enter, anna: Conversation, zoe: Conversation, brand: Brand
) -> None:
    Brand.objects.filter(pk=brand.pk).update(reply_hold=30)
    page = enter(at(anna))
    page.fill(FIELD, "It left today!")
    page.keyboard.press("Control+Enter")
    expect(page.locator("hold-line")).to_be_visible()
    page.keyboard.press("Escape")
    taken_back, coming = hold(page, UNDO), hold(page, pattern_of(zoe))
    page.keyboard.press("z")
    taken_back.until_given()
    page.click(f"#row-{zoe.public_id}")
    coming.until_given()

    taken_back.let_go()
    expect(page.locator(f"#row-{anna.public_id} .row__draft")).to_be_visible()
    expect(page.locator(FIELD)).to_have_value("")
    coming.let_go()

    is_shown(page, zoe)
    page.click(f"#row-{anna.public_id}")
    is_shown(page, anna)
    expect(page.locator(FIELD)).to_have_value("It left today!")


def test_what_is_taken_back_and_found_before_it_is_answered_stands_there_once(
    enter: Enter, anna: Conversation, brand: Brand
) -> None:
    Brand.objects.filter(pk=brand.pk).update(reply_hold=30)
    page = enter(at(anna))
    page.fill(FIELD, "It left today!")
    page.keyboard.press("Control+Enter")
    expect(page.locator("hold-line")).to_be_visible()
    page.keyboard.press("Escape")
    held = hold(page, UNDO)
    page.keyboard.press("z")
    held.until_given()

    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.locator(FIELD)).to_have_value("It left today!")
    held.let_go()

    expect(page.locator("#notices")).to_contain_text("Undone")
    expect(page.locator(FIELD)).to_be_focused()
    expect(page.locator(FIELD)).to_have_value("It left today!")


def test_a_stop_leaves_the_hand_that_writes_on_and_is_not_passed_over(
    enter: Enter, anna: Conversation, outside: Outside
) -> None:
    page = enter(at(anna))
    expect(page.locator(".row .badge")).to_have_count(0)
    unseen(page, outside, "I cancelled the order")
    held = hold(page, REPLIES)
    page.fill(FIELD, "It left today!")
    page.keyboard.press("Control+Enter")
    held.until_given()

    page.keyboard.type("And thanks")
    held.let_go()
    expect(page.locator(".stale")).to_contain_text("I cancelled the order")
    page.keyboard.type(" a lot, m")
    expect(page.locator(FIELD)).to_have_value("It left today!\nAnd thanks a lot, m")
    page.keyboard.press("Control+Enter")

    expect(page.locator("[data-read-first]")).to_be_focused()
    assert not Message.objects.filter(direction=Direction.OUT).exists()
    page.keyboard.press("Enter")
    expect(page.locator(".stale")).to_have_count(0)
    expect(page.locator(FIELD)).to_be_focused()


def test_a_resolution_that_is_stopped_late_opens_nothing_under_a_hand_that_writes(
    enter: Enter, anna: Conversation, zoe: Conversation, outside: Outside
) -> None:
    page = enter(at(anna))
    held = resolve_and_go_on(page, outside, anna, zoe)
    is_shown(page, zoe)

    page.keyboard.press("r")
    page.keyboard.type("Hello ")
    held.let_go()
    told = page.locator(f"#notices [data-of='{anna.public_id}']")
    expect(told).to_contain_text("Anna: Something arrived since you looked")
    page.keyboard.type("Zoe")

    is_shown(page, zoe)
    expect(page.locator(FIELD)).to_have_value("Hello Zoe")
    told.get_by_role("link").click()
    expect(page.locator(".stale [data-resolve-anyway]")).to_be_visible()
    assert states() == {"anna": "open", "zoe": "open"}


def test_a_choice_is_shown_where_the_next_one_did_not_come_after_all(
    enter: Enter, anna: Conversation, zoe: Conversation, outside: Outside
) -> None:
    page = enter(at(anna))
    coming = hold(page, pattern_of(zoe))
    stop = resolve_and_go_on(page, outside, anna, zoe)
    coming.until_given()
    stop.let_go()
    told = page.locator(f"#notices [data-of='{anna.public_id}']")
    expect(told).to_contain_text("Anna: Something arrived since you looked")

    coming.lose()

    expect(page.locator("#notices")).to_contain_text("No connection")
    is_shown(page, anna)
    expect(page.locator(".stale [data-resolve-anyway]")).to_be_visible()
    expect(told).to_have_count(0)


@pytest.mark.parametrize("hears", [True, False])
def test_what_was_resolved_before_its_choice_was_come_to_is_not_opened_again(
    enter: Enter, anna: Conversation, zoe: Conversation, outside: Outside, mara: Person, hears: bool
) -> None:
    page = enter(at(anna))
    held = resolve_and_go_on(page, outside, anna, zoe)
    is_shown(page, zoe)
    page.keyboard.press("r")
    held.let_go()
    told = page.locator(f"#notices [data-of='{anna.public_id}']")
    expect(told).to_contain_text("The conversation is still open")

    if hears:
        page.evaluate("document.querySelector('state-line').socket.close()")
        expect(page.locator(f"#row-{anna.public_id}")).to_contain_text("Wait, one more thing")
        expect(told).to_be_visible()
    closing.resolve(conversation=anna, by=mara, now=timezone.now())
    if hears:
        expect(told).to_have_count(0)
        page.evaluate("(id) => document.querySelector('workspace-shell').open(id)", str(anna.public_id))
    else:
        page.evaluate(
            "(id) => document.querySelector('workspace-shell').ahead.forget(id)", str(anna.public_id)
        )  # as it was before: a page that hears nothing would not be told
        told.get_by_role("link").click()

    is_shown(page, anna)
    expect(page.locator("conversation-head[data-state=resolved]")).to_be_visible()
    expect(page.locator(".stale")).to_have_count(0)


def test_a_choice_that_stands_while_a_colleague_resolves_opens_nothing_again(
    enter: Enter, anna: Conversation, outside: Outside, mara: Person
) -> None:
    page = enter(at(anna))
    expect(page.locator(".row .badge")).to_have_count(0)
    unseen(page, outside, "Wait, one more thing")
    page.keyboard.press("e")
    anyway = page.locator("[data-resolve-anyway]")
    expect(anyway).to_be_visible()
    page.evaluate("document.querySelector('state-line').socket.close()")
    closing.resolve(conversation=anna, by=mara, now=timezone.now())
    expect(page.locator("conversation-head[data-state=resolved]")).to_be_visible()

    anyway.click()
    expect(anyway).to_have_count(0)
    page.wait_for_timeout(500)

    assert states() == {"anna": "resolved"}


# Choices.


def test_choices_that_come_late_do_not_stand_in_the_place_of_others(
    enter: Enter, anna: Conversation, zoe: Conversation, brand: Brand
) -> None:
    Tag.objects.create(brand=brand, name="refund")
    page = enter(at(anna))
    held = hold(page, re.compile(rf"{anna.public_id}/tags/$"))
    page.keyboard.press("l")
    held.until_given()
    page.keyboard.press("Escape")
    page.click(f"#row-{zoe.public_id}")
    is_shown(page, zoe)

    page.keyboard.press("l")
    picker = page.locator("triage-picker")
    expect(picker).to_have_attribute("data-id", str(zoe.public_id))
    held.let_go()
    page.wait_for_timeout(500)

    expect(picker).to_have_attribute("data-id", str(zoe.public_id))
    page.keyboard.type("ref")
    page.keyboard.press("Enter")
    expect(page.locator(f"#row-{zoe.public_id} .tag")).to_have_text("refund")
    assert ConversationTag.objects.get().conversation == zoe


@pytest.mark.parametrize("opened", [True, False])
def test_what_nobody_has_seen_is_not_snoozed_away(
    enter: Enter, anna: Conversation, outside: Outside, opened: bool
) -> None:
    page = enter(at(anna) if opened else OPEN)
    if opened:
        expect(page.locator(".row .badge")).to_have_count(0)
    else:
        page.keyboard.press("j")
    unseen(page, outside, "It has come, but broken")

    page.keyboard.press("h")
    expect(page.locator("[data-picker=snooze]")).to_be_visible()
    page.keyboard.type("after reply")
    page.keyboard.press("Enter")

    expect(page.locator("#notices")).to_contain_text("The customer has just written")
    assert states() == {"anna": "open"}


# What is sent after what is leaving, and what was read.


@pytest.mark.parametrize("goes_on", ["writes on", "turns to the note and back"])
def test_what_was_to_follow_a_reply_and_goes_on_is_not_sent_half(
    enter: Enter, anna: Conversation, goes_on: str
) -> None:
    page = enter(at(anna))
    held = hold(page, REPLIES)
    page.fill(FIELD, "One")
    page.keyboard.press("Control+Enter")
    held.until_given()
    page.keyboard.type("Your refund")
    page.keyboard.press("Control+Enter")

    if goes_on == "writes on":
        page.keyboard.type(" of 20 euro is")
    else:
        page.click("#tab-note")
        page.keyboard.type("She asked")
    held.let_go()
    expect(page.locator(".message[data-side=brand]:not([data-pending])")).to_have_count(1)
    page.wait_for_timeout(600)

    if goes_on == "writes on":
        expect(page.locator(FIELD)).to_have_value("Your refund of 20 euro is")
    else:
        expect(page.locator(FIELD)).to_have_value("She asked")
        page.click("#tab-reply")
        expect(page.locator(FIELD)).to_have_value("Your refund")
    assert Message.objects.filter(direction__in=[Direction.OUT, Direction.NOTE]).count() == 1


def test_what_was_read_while_the_line_was_gone_for_a_moment_is_told_when_it_is_back(
    enter: Enter, anna: Conversation
) -> None:
    page = enter(OPEN)
    asked = lose_the_next(page, re.compile(r"/readings/$"))

    page.click(".row")

    expect(page.locator(".message")).to_have_count(1)
    expect(page.locator(".row .badge")).to_have_count(0)
    assert len(asked) == 2
    assert Conversation.objects.get().unread_count == 0
