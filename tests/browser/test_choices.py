"""What one chooses from: colleagues by their names, and a tag's "undo" for as long as there is something to undo."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect

from inbox import events
from inbox.actions import tagging
from inbox.models import Brand, Conversation, ConversationTag, EventKind, Person, SetBy, Tag, TagRule
from tests.browser.test_late_answers import at
from tests.factories.people import agent_of

Enter = Callable[..., Page]
OPEN = "/b/lumen/inbox/open/"
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
