"""What one chooses from: colleagues by their names, replies by their words, and a tag's "undo" for as long as there is something to undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect

from inbox import events
from inbox.actions import tagging
from inbox.models import (
    Brand,
    CannedReply,
    Conversation,
    ConversationTag,
    EventKind,
    Person,
    SetBy,
    Tag,
    TagRule,
)
from tests.browser.test_accessibility import faults
from tests.browser.test_late_answers import at
from tests.factories.people import agent_of

Enter = Callable[..., Page]
OPEN = "/b/lumen/inbox/open/"
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
SHOWN = "#picker-options [role=option]:visible .picker__name"


@pytest.fixture
def colleagues(brand: Brand) -> None:
    for name, address in (("Ada Agent", "ada"), ("Bo", "b.lind"), ("Rosa Rey", "rosa")):
        agent_of(brand, email=f"{address}@parley.test", name=name)


@pytest.mark.parametrize("keys", ["a", "xa"], ids=["one", "selected"])
def test_a_colleague_is_found_by_name_and_by_what_is_theirs_of_their_address(
    enter: Enter, anna: Conversation, colleagues: None, keys: str
) -> None:
    page = enter(OPEN)
    page.keyboard.press("j")
    for key in keys:
        page.keyboard.press(key)
    shown = page.locator(SHOWN)
    expect(shown.filter(has_text="Rosa Rey")).to_be_visible()

    for typed, found in (
        ("r", ["Rosa Rey"]), ("age", ["Ada Agent"]), ("lind", ["Bo"]), ("rosa@parley.test", ["Rosa Rey"]), ("parley", []), ("test", []),
    ):  # fmt: skip
        page.fill("#picker-filter", typed)
        expect(shown).to_have_text(found)


def test_the_palette_finds_no_colleague_by_what_all_addresses_share(
    enter: Enter, anna: Conversation, colleagues: None
) -> None:
    page = enter(OPEN)
    page.keyboard.press("j")
    page.keyboard.press("Control+k")
    options = page.locator("#palette-options")
    page.keyboard.type("lind")
    expect(options).to_contain_text("Assign to Bo")

    page.fill("#palette-field", "parley")

    expect(options).not_to_contain_text("Assign to")


def writing(enter: Enter, conversation: Conversation, **more: Any) -> Page:
    page = enter(at(conversation), **more)
    page.locator("#composer-text").focus()
    page.keyboard.type("/")
    return page


def test_a_replys_words_are_read_out_with_the_arrows(enter: Enter, brand: Brand, anna: Conversation) -> None:
    CannedReply.objects.create(brand=brand, name="Thanks", text="Thank you!", used=9)
    CannedReply.objects.create(brand=brand, name="Where it is", text="It is on its way.")
    page = writing(enter, anna)
    said = page.locator("composer-picker [role=status]")
    expect(said).to_contain_text("2 canned replies")

    page.keyboard.press("ArrowDown")
    expect(said).to_have_text("It is on its way. · 17 / 1,000 bytes")
    page.keyboard.press("ArrowUp")
    expect(said).to_have_text("Thank you! · 10 / 1,000 bytes")


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_what_is_longer_than_its_place_is_read_to_its_end_by_keys(
    enter: Enter, brand: Brand, anna: Conversation, screen: dict[str, int]
) -> None:
    lines = "\n".join(f"Line {number}" for number in range(60))
    CannedReply.objects.create(brand=brand, name="Long", text=lines, used=9)
    CannedReply.objects.create(brand=brand, name="Short", text="Thank you!")
    page = writing(enter, anna, viewport=screen)
    words, further = page.locator(".offers__words"), page.locator(".offers__further")
    expect(words).to_contain_text("Line 59")
    expect(further).to_be_visible(visible=screen is DESK)
    assert faults(page) == []

    for _ in range(40):
        page.keyboard.press("PageDown")
    assert words.evaluate("each => each.scrollTop + each.clientHeight >= each.scrollHeight - 1")
    expect(page.locator("#composer-text")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(words).to_be_focused()
    expect(page.locator("composer-picker")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#composer-text")).to_be_focused()
    page.keyboard.press("PageUp")
    assert not words.evaluate("each => each.scrollTop + each.clientHeight >= each.scrollHeight - 1")

    page.keyboard.press("ArrowDown")
    expect(words).to_have_text("Thank you!")
    expect(further).to_be_hidden()
    page.keyboard.press("ArrowUp")
    assert words.evaluate("each => each.scrollTop") == 0


@pytest.fixture
def refund(anna: Conversation) -> Tag:
    """Put on by a rule, of which the thread tells."""
    now = timezone.now()
    tag = Tag.objects.create(brand=anna.brand, name="refund")
    rule = TagRule.objects.create(brand=anna.brand, tag=tag, name="Money")
    ConversationTag.objects.create(conversation=anna, tag=tag, set_by=SetBy.RULE, rule=rule, set_at=now)
    with transaction.atomic(), events.ledger(anna.brand_id) as ledger:
        seq = ledger.record(
            EventKind.TAGGED, at=now, conversation_id=anna.pk, tag=tag.name, tag_id=tag.pk, by=SetBy.RULE.value, rule="Money",
        )  # fmt: skip
        Conversation.objects.filter(pk=anna.pk).update(tags=["refund"], seq=seq)
    return tag


def test_a_tags_undo_stands_in_the_thread_for_as_long_as_there_is_something_to_undo(
    enter: Enter, anna: Conversation, refund: Tag
) -> None:
    page = enter(at(anna))
    undo = page.locator(".event__undo[data-undo-tag]")
    beside = page.locator(".triage__tags [data-undo-tag]")
    expect(undo).to_be_visible()

    beside.click()
    expect(undo).to_be_hidden()
    page.keyboard.press("z")
    expect(undo).to_be_visible()

    undo.focus()
    page.keyboard.press("Enter")
    expect(undo).to_be_hidden()
    expect(page.locator(".event:focus")).to_contain_text("Tagged refund by the rule Money")
    expect(page.locator(".event").last).to_contain_text("Mara took the tag refund off")

    page.reload()
    expect(beside).to_have_count(0)
    expect(page.locator(".event").first).to_be_visible()
    expect(undo).to_be_hidden()


def test_a_tags_undo_goes_when_a_colleague_takes_it_off_or_puts_it_on_themselves(
    enter: Enter, anna: Conversation, refund: Tag, brand: Brand, mara: Person
) -> None:
    bea = agent_of(brand, name="Bea")
    page = enter(at(anna))
    undo = page.locator(".event__undo[data-undo-tag]")
    expect(undo).to_be_visible()

    tagging.undo_tag(conversation=anna, tag=refund, by=bea, now=timezone.now())
    expect(page.locator(".event").last).to_contain_text("Bea took the tag refund off")
    expect(undo).to_be_hidden()
    tagging.set_tag(conversation=anna, tag=refund, by=bea, now=timezone.now())
    expect(page.locator(".event").last).to_contain_text("Bea tagged it refund")

    expect(undo).to_be_hidden()
