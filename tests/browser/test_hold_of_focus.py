"""Who goes through a page by Tab and arrows reaches everything, and keeps their place when something is replaced."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.utils import timezone
from playwright.sync_api import Page, expect

from inbox.actions import assigning
from inbox.models import Brand, Conversation, ConversationTag, Person, SetBy, Tag, TagState
from tests.browser.test_late_answers import at
from tests.factories.people import agent_of

Enter = Callable[..., Page]


def test_the_note_is_reached_by_arrows(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna))
    page.locator("#tab-reply").focus()
    page.keyboard.press("ArrowRight")

    expect(page.locator("#tab-note")).to_be_focused()
    expect(page.locator("#tab-note")).to_have_attribute("aria-selected", "true")
    expect(page.locator("reply-composer")).to_have_attribute("data-mode", "note")
    page.keyboard.press("Home")
    expect(page.locator("#tab-reply")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#tab-note")).to_be_focused()


def suggested(conversation: Conversation, name: str) -> Tag:
    tag = Tag.objects.create(brand=conversation.brand, name=name)
    ConversationTag.objects.create(
        conversation=conversation, tag=tag, state=TagState.SUGGESTED, confidence=0.6, set_by=SetBy.MODEL,
        model_version=1, set_at=timezone.now(),
    )  # fmt: skip
    return tag


def test_yes_to_a_suggested_tag_leaves_the_hand_at_that_tag(enter: Enter, anna: Conversation) -> None:
    suggested(anna, "alteration")
    refund = suggested(anna, "refund")
    page = enter(at(anna))
    page.locator(f"[data-set-tag='{refund.pk}']").focus()
    page.keyboard.press("Enter")

    expect(page.locator(f"[data-undo-tag='{refund.pk}']:focus")).to_have_text("undo the tag refund")


def test_news_of_the_head_leaves_the_hand_on_its_button(
    enter: Enter, anna: Conversation, brand: Brand, mara: Person
) -> None:
    bea = agent_of(brand, email="bea@example.test", name="Bea")
    page = enter(at(anna))
    button = page.locator("conversation-head [data-pick=assign]")
    button.focus()
    assigning.assign(conversation=anna, to=bea, by=bea, now=timezone.now())
    expect(page.locator(".head__assignee")).to_have_text("Bea")

    expect(button).to_be_focused()


def test_a_button_that_is_gone_with_its_own_press_leaves_the_hand_before_the_next(
    enter: Enter, anna: Conversation
) -> None:
    page = enter(at(anna))
    page.locator("conversation-head [data-act=mine]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("conversation-head[data-mine]")).to_be_visible()
    expect(page.locator("conversation-head :focus")).not_to_have_attribute("data-pick", "assign")
    page.keyboard.press("Tab")

    expect(page.locator("conversation-head [data-pick=assign]")).to_be_focused()


def test_a_second_enter_does_not_do_what_has_come_in_the_place_of_the_button(
    enter: Enter, anna: Conversation
) -> None:
    suggested(anna, "alteration")
    suggested(anna, "refund")
    page = enter(at(anna))
    page.locator("[data-undo-tag]").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-set-tag]")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)

    expect(page.locator("[data-set-tag]")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.locator("triage-facts :focus")).to_have_attribute("data-set-tag", re.compile(".+"))


def test_enter_that_is_held_presses_once(enter: Enter, anna: Conversation) -> None:
    tag = suggested(anna, "refund")
    page = enter(at(anna))
    page.locator(f"[data-set-tag='{tag.pk}']").focus()
    page.keyboard.down("Enter")
    undo = page.locator(f"[data-undo-tag='{tag.pk}']:focus")
    expect(undo).to_have_text("undo the tag refund")
    page.keyboard.down("Enter")  # a repeat, as long as it is not let go
    page.wait_for_timeout(300)

    expect(undo).to_be_focused()


def test_the_hand_is_given_back_to_the_row_by_a_choice_that_the_palette_opened(
    enter: Enter, anna: Conversation, zoe: Conversation
) -> None:
    Tag.objects.create(brand=anna.brand, name="refund")
    page = enter("/b/lumen/inbox/open/")
    row = page.locator(f"#row-{anna.public_id}")
    row.focus()
    page.keyboard.press("Control+k")
    page.keyboard.type("set tags")
    page.keyboard.press("Enter")
    expect(page.locator("triage-picker")).to_have_attribute("data-id", str(anna.public_id))
    page.keyboard.type("ref")
    page.keyboard.press("Enter")
    expect(row.locator(".tag")).to_have_text("refund")
    page.keyboard.press("Escape")

    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(row).to_be_focused()
