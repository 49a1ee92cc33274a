"""The bell: what rings while an older answer is on its way is not put out by it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect

from inbox import events
from inbox.actions import _notifying, noting
from inbox.actions._notifying import Notice
from inbox.models import Brand, Conversation, NotificationKind, Person
from tests.browser.conftest import Outside
from tests.browser.test_late_answers import at, hold
from tests.factories.people import agent_of

Enter = Callable[..., Page]
RINGING = "notice-bell[data-rings]"


@pytest.fixture
def bea(brand: Brand) -> Person:
    return agent_of(brand, email="bea@example.test", name="Bea")


def calls(mara: Person, bea: Person, conversation: Conversation) -> None:
    text = f"@{mara.name} look at this"
    noting.add_note(conversation=conversation, by=bea, client_id=uuid.uuid4(), text=text, now=timezone.now())


def test_what_rings_while_the_list_is_looked_at_is_not_put_out_with_it(
    enter: Enter, anna: Conversation, mara: Person, bea: Person
) -> None:
    page = enter("/b/lumen/inbox/open/")
    calls(mara, bea, anna)
    expect(page.locator(RINGING)).to_have_count(1)
    seen = hold(page, re.compile(r"/notices/$"))
    page.route(
        re.compile(r"/notices/$"),
        lambda route: route.continue_() if route.request.method == "GET" else route.fallback(),
    )
    page.click("notice-bell button")
    seen.until_given()
    calls(mara, bea, anna)
    expect(page.locator(f"#row-{anna.public_id}")).to_be_visible()
    page.wait_for_timeout(700)  # until the page has heard of it
    seen.let_go()
    page.wait_for_timeout(300)

    expect(page.locator(RINGING)).to_have_count(1)


@pytest.mark.parametrize("more", [True, False])
def test_what_nobody_need_know_any_more_puts_the_bell_out_where_it_is_all(
    enter: Enter, anna: Conversation, zoe: Conversation, mara: Person, bea: Person, *, more: bool
) -> None:
    reply = anna.messages.first()
    assert reply
    with transaction.atomic(), events.ledger(anna.brand_id) as ledger:
        notice = Notice(
            mara.pk, NotificationKind.REPLY, anna.pk, "Not sent yet: The limit.", message_id=reply.pk
        )
        _notifying.notify(ledger, [notice], timezone.now())
    page = enter("/b/lumen/inbox/open/")
    if more:
        calls(mara, bea, zoe)
    expect(page.locator(RINGING)).to_have_count(1)

    with transaction.atomic(), events.ledger(anna.brand_id) as ledger:
        _notifying.settled(ledger, [reply.pk], timezone.now())
    page.wait_for_timeout(1000)

    expect(page.locator(RINGING)).to_have_count(1 if more else 0)


def test_whom_a_note_calls_is_found_by_name_and_not_by_what_all_addresses_share(
    enter: Enter, anna: Conversation, brand: Brand, bea: Person
) -> None:
    for name in ("Ada Agent", "Bo Lind", "Rosa Rey"):
        agent_of(brand, email=f"{name.split()[0].lower()}@parley.test", name=name)
    page = enter(at(anna))
    page.keyboard.press("n")

    page.keyboard.type("@r")
    expect(page.locator("composer-picker .offer__name")).to_have_text(["Rosa Rey"])
    page.keyboard.press("Enter")

    expect(page.locator("#composer-text")).to_have_value("@Rosa Rey ")


def test_what_rings_while_a_reading_is_answered_is_not_put_out_by_that_answer(
    enter: Enter, anna: Conversation, zoe: Conversation, mara: Person, bea: Person, outside: Outside
) -> None:
    page = enter(at(anna))
    read = hold(page, re.compile(rf"/{anna.public_id}/readings/$"))
    outside.write("Hello?")
    read.until_given()
    calls(mara, bea, zoe)
    expect(page.locator(RINGING)).to_have_count(1)
    read.let_go()
    page.wait_for_timeout(300)

    expect(page.locator(RINGING)).to_have_count(1)
