"""What one hand does: take back what was done, and what was written before it leaves."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from inbox.actions import bulk, sending
from inbox.models import Brand, BulkRun, Channel, Conversation, Draft, Message, Person, Tag
from tests.browser.conftest import Outside
from tests.factories import conversations as make

Enter = Callable[..., Page]
OPEN = "/b/lumen/inbox/open/?sort=newest"
BACK = (
    "state",
    "assignee_id",
    "assignee_name",
    "unread_count",
    "waiting_since",
    "resolved_at",
    "promised_at",
    "opened_at",
)


def at(conversation: Conversation) -> str:
    return f"/b/lumen/conversations/{conversation.public_id}/?sort=newest"


@pytest.fixture
def anna(channel: Channel) -> Conversation:
    # Just now: a reply may leave only while the platform's window is open.
    conversation = make.conversation(channel, contact_name="Anna", age=make.NEWEST - timezone.now())
    make.messages(conversation, 3)
    return conversation


def toast(page: Page) -> Any:
    return page.locator("#notices")


def test_z_takes_back_the_newest_thing_and_then_the_one_before(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna))
    page.keyboard.press("m")
    expect(toast(page)).to_contain_text("Assigned to Mara · Anna")
    page.keyboard.press("e")
    expect(toast(page)).to_contain_text("Resolved · Anna")
    expect(page.locator("conversation-head")).to_have_attribute("data-state", "resolved")

    page.keyboard.press("z")
    expect(toast(page)).to_contain_text("Undone: resolved.")
    expect(page.locator("conversation-head")).to_have_attribute("data-state", "open")
    expect(page.locator(".row")).to_have_attribute("data-state", "open")

    page.keyboard.press("z")
    expect(toast(page)).to_contain_text("Undone: assigned to Mara.")
    expect(page.locator("conversation-head")).to_have_attribute("data-assignee", "")
    expect(page.locator(".event").last).to_contain_text("Mara took back: assigned to Mara")

    page.keyboard.press("z")
    expect(toast(page)).to_contain_text("nothing left to undo")


def test_the_line_that_says_what_was_done_takes_it_back(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna))
    page.keyboard.press("e")
    page.get_by_role("button", name="Undo z").click()

    expect(page.locator("conversation-head")).to_have_attribute("data-state", "open")
    assert Conversation.objects.get().state == "open"


def test_a_reply_that_waits_comes_back_into_the_composer(
    enter: Enter, anna: Conversation, brand: Brand
) -> None:
    Brand.objects.filter(pk=brand.pk).update(reply_hold=30)
    page = enter(at(anna))
    beside = enter(at(anna))
    page.keyboard.press("r")
    page.keyboard.type("On its way tomorrow")
    page.keyboard.press("Control+Enter")
    expect(page.locator("hold-line")).to_contain_text("sending in")
    expect(beside.locator("hold-line")).to_contain_text("sending in")
    page.keyboard.type("More")
    page.keyboard.press("Escape")

    page.keyboard.press("z")

    expect(page.locator("#composer-text")).to_have_value("On its way tomorrow\nMore")
    expect(page.locator("hold-line")).to_have_count(0)
    expect(beside.locator("hold-line")).to_have_count(0)
    expect(page.locator(".event").last).to_contain_text("Mara took a reply back before it left")
    assert not Message.objects.filter(direction="out", state="queued").exists()


def test_in_the_empty_composer_the_reply_is_taken_back_whatever_was_done_since(
    enter: Enter, anna: Conversation, brand: Brand
) -> None:
    Brand.objects.filter(pk=brand.pk).update(reply_hold=30)
    Tag.objects.create(brand=brand, name="refund")
    page = enter(at(anna))
    page.keyboard.press("r")
    page.keyboard.type("On its way tomorrow")
    page.keyboard.press("Control+Enter")
    expect(page.locator("hold-line")).to_contain_text("sending in")
    page.keyboard.press("Control+k")
    page.keyboard.type("Tag: refund")
    expect(page.locator("#palette-options [aria-selected=true]")).to_contain_text("Tag: refund")
    page.keyboard.press("Enter")
    expect(toast(page)).to_contain_text("refund")
    expect(page.locator("#composer-text")).to_be_focused()

    page.keyboard.press("Control+z")

    expect(page.locator("#composer-text")).to_have_value("On its way tomorrow")
    expect(page.locator("hold-line")).to_have_count(0)
    assert not Message.objects.filter(direction="out", state="queued").exists()


def test_a_reply_that_is_taken_back_after_its_writer_has_gone_on_waits_whole_where_it_was_written(
    enter: Enter, anna: Conversation, brand: Brand
) -> None:
    Brand.objects.filter(pk=brand.pk).update(reply_hold=30)
    Conversation.objects.update(window_opened_at=timezone.now())
    page = enter(at(anna))
    picture = (Path(__file__).parents[2] / "docs/images/console-run.png").read_bytes()
    page.locator("[data-file-input]").set_input_files(
        {"name": "label.png", "mimeType": "image/png", "buffer": picture}
    )
    expect(page.locator(".upload[data-attachment]")).to_have_count(1)
    page.fill("#composer-text", "On its way tomorrow")
    page.keyboard.press("Control+Enter")
    expect(page.locator("hold-line").first).to_contain_text("sending in")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("conversation-pane")).to_have_count(0)

    page.keyboard.press("z")

    expect(toast(page)).to_contain_text("Undone")
    expect(page.locator(".row .row__draft")).to_be_visible()
    page.click(".row")
    expect(page.locator("#composer-text")).to_have_value("On its way tomorrow")
    expect(page.locator(".upload[data-attachment]")).to_contain_text("label.png")
    assert not Message.objects.filter(state="queued").exists()
    page.focus("#composer-text")
    page.keyboard.press("Control+Enter")
    expect(page.locator("hold-line")).to_have_count(2)  # Instagram takes a file and words one after the other
    assert not Draft.objects.exists()


def test_what_the_customer_writes_during_the_hold_stops_the_reply_with_a_choice(
    enter: Enter, outside: Outside, brand: Brand
) -> None:
    outside.write("Where is it?")
    Brand.objects.filter(pk=brand.pk).update(reply_hold=30)
    page = enter(at(Conversation.objects.get()))
    page.keyboard.press("r")
    page.keyboard.type("It comes tomorrow")
    page.keyboard.press("Control+Enter")
    expect(page.locator("hold-line")).to_be_visible()

    outside.write("It is here!")
    expect(page.locator(".message").last).to_contain_text("It is here!")
    reply = Message.objects.get(direction="out")
    assert reply.not_before is not None
    assert sending.claim_reply(message_id=reply.pk, now=reply.not_before) is None

    shown = page.locator(f"#message-{reply.public_id}")
    expect(shown).to_contain_text("not sent: The customer wrote while it waited")
    expect(shown.get_by_role("button", name="Send anyway")).to_be_visible()
    expect(shown.get_by_role("button", name="Discard")).to_be_visible()
    shown.get_by_role("button", name="Back to the composer").click()
    expect(page.locator("#composer-text")).to_have_value("It comes tomorrow")
    expect(shown).to_have_count(0)


def test_a_note_goes_from_all_open_pages(enter: Enter, anna: Conversation) -> None:
    page, beside = enter(at(anna)), enter(at(anna))
    page.keyboard.press("n")
    page.keyboard.type("She is angry")
    page.keyboard.press("Control+Enter")
    expect(beside.locator(".message[data-side=note]")).to_have_count(1)
    page.keyboard.press("Escape")

    page.keyboard.press("z")

    expect(beside.locator(".message[data-side=note]")).to_have_count(0)
    expect(page.locator(".message[data-side=note]")).to_have_count(0)
    expect(page.locator("#composer-text")).to_have_value("She is angry")


def work(*, batches: int = 99) -> BulkRun:
    """As the worker does: batch after batch."""
    run = BulkRun.objects.order_by("pk").last()
    assert run is not None
    for _ in range(batches):
        run = bulk.work(run_id=run.pk, now=timezone.now())
        if run.state != "running":
            break
    return run


def names(page: Page) -> list[str]:
    return page.locator(".row .row__name").all_inner_texts()


def test_selected_by_keys_resolved_and_undone(enter: Enter, channel: Channel) -> None:
    make.conversations(channel, 8)
    page = enter(OPEN)
    before = names(page)
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("Shift+J")
    page.keyboard.press("Shift+J")
    page.keyboard.press("Shift+J")
    page.keyboard.press("Shift+K")
    bar = page.locator("bulk-bar")
    expect(bar).to_contain_text("3 selected")
    expect(page.locator(".row[data-picked]")).to_have_count(3)

    page.keyboard.press("e")
    expect(bar).to_be_hidden()
    run = page.locator("bulk-progress")
    expect(run).to_contain_text("0 of 3")
    assert work().done == 3
    expect(run).to_contain_text("3 of 3")
    page.mouse.move(900, 400)
    expect(page.locator(".row[data-state=open]")).to_have_count(5)
    assert set(before[:3]) == set(
        Conversation.objects.filter(state="resolved").values_list("contact_name", flat=True)
    )

    page.keyboard.press("z")
    expect(page.locator("bulk-progress", has_text="Undo: resolved")).to_be_visible()
    work()
    expect(page.locator(".row[data-state=open]")).to_have_count(8)
    assert names(page) == before


def test_a_whole_view_in_the_background_with_progress_and_all_of_it_back(
    enter: Enter, channel: Channel, mara: Person
) -> None:
    make.conversations(channel, 450, unread_count=1)
    make.conversations(channel, 250, assignee=mara, assignee_name="Mara", due_at=timezone.now())
    before = list(Conversation.objects.order_by("pk").values(*BACK))
    page = enter(OPEN)
    shown = names(page)
    page.keyboard.press("x")
    page.keyboard.press("*")
    expect(page.locator("bulk-bar")).to_contain_text("All 700 in this view")

    page.keyboard.press("e")
    run = page.locator("bulk-progress")
    expect(run).to_contain_text("0 of 700")
    work(batches=1)
    expect(run).to_contain_text("300 of 700")
    expect(run.locator("progress")).to_have_attribute("value", "300")
    page.reload(timeout=30_000)
    expect(run).to_contain_text("300 of 700")
    work()
    expect(run).to_contain_text("700 of 700 · done")
    expect(page.locator(".list__count .view__count")).to_have_text("0")
    expect(page.locator("inbox-list .row")).to_have_count(0)
    assert not Conversation.objects.exclude(state="resolved").exists()

    page.keyboard.press("z")
    expect(page.locator("bulk-progress", has_text="Undo: resolved")).to_contain_text("0 of 700")
    work()
    expect(page.locator(".list__count .view__count")).to_have_text("700")
    page.mouse.click(900, 400)  # no hand is on the list any more, so it may be read anew
    for _ in range(120):  # the first of them may be shown before the list is read anew
        if names(page)[:20] == shown[:20]:
            break
        page.wait_for_timeout(250)
    assert list(Conversation.objects.order_by("pk").values(*BACK)) == before
    assert names(page)[:20] == shown[:20]


def test_a_whole_view_that_nobody_has_counted_is_offered_without_a_figure(
    enter: Enter, channel: Channel
) -> None:
    make.conversations(channel, 5)
    page = enter("/b/lumen/inbox/query/?q=is:any")
    bar = page.locator("bulk-bar")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(bar.locator("[data-selected]")).to_have_text("1 selected")

    bar.get_by_role("button", name="All in this view").click()
    expect(bar.locator("[data-selected]")).to_have_text("All in this view")
    page.keyboard.press("u")

    expect(page.locator("bulk-progress")).to_contain_text("0 of 5")


def test_one_that_is_stopped_says_how_far_it_came(enter: Enter, channel: Channel) -> None:
    make.conversations(channel, 400)
    page = enter(OPEN)
    page.keyboard.press("x")
    page.get_by_role("button", name="All 400 in this view").click()
    page.keyboard.press("u")
    expect(page.locator("bulk-progress")).to_contain_text("0 of 400")
    work(batches=1)

    page.get_by_role("button", name="Stop").click()

    expect(page.locator("bulk-progress")).to_contain_text("300 of 400 · stopped")
    assert Conversation.objects.filter(unread_count=1).count() == 300


def lie_over_each_other(page: Page, *selectors: str) -> bool:
    one, two = (page.locator(each).bounding_box() for each in selectors)
    assert one and two
    return (
        one["x"] < two["x"] + two["width"] and two["x"] < one["x"] + one["width"]
        and one["y"] < two["y"] + two["height"] and two["y"] < one["y"] + one["height"]
    )  # fmt: skip


def test_while_many_are_done_one_goes_on_answering_and_nothing_is_covered(
    enter: Enter, channel: Channel, anna: Conversation
) -> None:
    make.conversations(channel, 30)
    page = enter(at(anna))
    page.keyboard.press("x")
    page.keyboard.press("*")
    page.keyboard.press("u")
    run = page.locator("bulk-progress")
    expect(run).to_contain_text("0 of 31")
    page.keyboard.press("m")
    expect(toast(page)).to_contain_text("Assigned to Mara")

    for beside in ("inbox-list", "reply-composer", "#notices > .notice", ".views"):
        assert not lie_over_each_other(page, "bulk-progress", beside)
    expect(page.locator("kbd:visible", has_text=re.compile("^z$"))).to_have_count(1)
    page.keyboard.press("/")
    assert not lie_over_each_other(page, "bulk-progress", ".search")
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    expect(page.locator("focus-bar")).to_be_visible()
    expect(run.get_by_role("button", name="Stop")).to_be_in_viewport(ratio=1)


def test_what_is_taken_back_by_the_pointer_comes_back_under_it(enter: Enter, channel: Channel) -> None:
    make.conversations(channel, 4)
    page = enter(OPEN)
    page.locator(".row .avatar").nth(2).click()
    page.get_by_role("button", name="Resolve").click()
    expect(page.locator("bulk-progress")).to_contain_text("0 of 1")
    work()
    page.locator("main").click()  # no hand is on the list any more
    expect(page.locator("inbox-list .row")).to_have_count(3)

    page.locator("bulk-progress").get_by_role("button", name="Undo").click()
    expect(page.locator("bulk-progress", has_text="Undo: resolved")).to_be_visible()
    work()

    expect(page.locator("inbox-list .row")).to_have_count(4)


def test_on_a_phone_what_became_of_many_waits_behind_the_thread_until_it_is_seen(
    enter: Enter, channel: Channel, anna: Conversation
) -> None:
    make.conversations(channel, 30)
    page = enter(OPEN, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.clock.install()
    page.locator(".row .avatar").first.tap()
    page.get_by_role("button", name="Unread").tap()
    run = page.locator("bulk-progress")
    expect(run).to_contain_text("0 of 1")
    assert not lie_over_each_other(page, "bulk-progress", "inbox-list")
    page.locator(f"#row-{anna.public_id}").tap()
    expect(page.locator("reply-composer")).to_be_visible()
    work()

    expect(run).to_contain_text("1 of 1")
    page.clock.run_for(20_000)
    expect(run).to_have_count(1)
    expect(run).to_be_hidden()

    page.locator(".head__back").tap()
    expect(run).to_be_visible()
    page.clock.run_for(17_000)
    expect(run).to_have_count(0)


def test_more_than_a_form_may_have_fields_are_done_to_at_once(enter: Enter, channel: Channel) -> None:
    made = make.conversations(channel, 600)
    page = enter(OPEN)
    # As if Shift+J had been held for a minute.
    page.evaluate(
        "ids => ids.forEach((id) => document.querySelector('bulk-bar').ids.set(id, 0))",
        [str(each.public_id) for each in made],
    )

    page.keyboard.press("u")

    expect(page.locator("bulk-progress")).to_contain_text("0 of 600")
    assert work().done == 600


def test_as_many_as_may_be_selected_stay_so_and_the_next_is_told_why_not(
    enter: Enter, channel: Channel
) -> None:
    make.conversations(channel, 3)
    page = enter(OPEN)
    page.keyboard.press("x")
    page.evaluate(  # as if Shift+J had been held for a minute and a half
        "() => { for (let at = 1; at < 1000; at++) document.querySelector('bulk-bar').ids.set(`far-${at}`, 0) }"
    )

    page.locator(".row .avatar").nth(2).click(modifiers=["Shift"])

    expect(page.locator("[data-selected]")).to_have_text("1000 selected")
    expect(page.locator(".row").first).to_have_attribute("data-picked", "")
    expect(page.locator(".row[data-picked]")).to_have_count(1)
    expect(toast(page)).to_contain_text("One by one at most 1,000 are selected")


def test_a_choice_for_all_selected_is_typed(enter: Enter, channel: Channel, brand: Brand) -> None:
    Tag.objects.create(brand=brand, name="refund")
    make.conversations(channel, 4)
    page = enter(OPEN)
    page.keyboard.press("x")
    page.keyboard.press("Shift+J")
    page.keyboard.press("l")
    page.keyboard.type("refu")
    page.keyboard.press("Enter")
    expect(page.locator("bulk-progress")).to_contain_text("Tagged refund")
    assert work().done == 2
    expect(page.locator(".row .tag")).to_have_count(2)

    page.keyboard.press("x")
    page.keyboard.press("h")
    page.keyboard.type("3h")
    page.keyboard.press("Enter")
    expect(page.locator("bulk-progress", has_text="Snoozed")).to_be_visible()
    assert work().done == 1


def test_a_line_of_the_palette_is_about_all_that_is_selected(
    enter: Enter, channel: Channel, brand: Brand, mara: Person
) -> None:
    Tag.objects.create(brand=brand, name="refund")
    make.conversations(channel, 4)
    page = enter(OPEN)
    best = page.locator("#palette-options [aria-selected=true]")
    for typed, offered, did in (
        ("refund", "Tag: refund", "Tagged refund"),
        ("nobody", "Assign to nobody", "Assigned to nobody"),
    ):
        page.keyboard.press("x")
        page.keyboard.press("Shift+J")
        page.keyboard.press("Control+k")
        page.keyboard.type("posit")
        expect(best).to_have_count(0)  # a mood is one conversation's
        page.locator("#palette-field").fill(typed)
        expect(best).to_contain_text(offered)
        page.keyboard.press("Enter")

        expect(page.locator("bulk-progress", has_text=did)).to_be_visible()
        expect(page.locator("bulk-bar")).to_be_hidden()
        run = work()
        assert run.done + run.skipped == 2


def test_with_a_finger_the_picture_selects_and_then_the_row(enter: Enter, channel: Channel) -> None:
    make.conversations(channel, 4)
    page = enter(OPEN, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.locator(".row .avatar").first.tap()
    expect(page.locator("bulk-bar")).to_contain_text("1 selected")
    page.locator(".row .row__preview").nth(2).tap()
    expect(page.locator("bulk-bar")).to_contain_text("2 selected")

    page.get_by_role("button", name="Clear the selection").tap()

    expect(page.locator(".row[data-picked]")).to_have_count(0)
    page.locator(".row .row__preview").first.tap()
    expect(page.locator("conversation-pane")).to_be_visible()


def test_escape_clears_the_selection_first(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna))
    page.keyboard.press("x")
    expect(page.locator("bulk-bar")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("bulk-bar")).to_be_hidden()
    expect(page.locator("conversation-pane")).to_be_visible()


def test_a_button_of_the_open_conversation_is_about_that_one_whatever_is_selected(
    enter: Enter, channel: Channel
) -> None:
    first, second, opened = make.conversations(channel, 3)
    for conversation in (first, second, opened):
        make.messages(conversation, 2)

    def states() -> list[str]:
        return [Conversation.objects.get(pk=one.pk).state for one in (first, second, opened)]

    page = enter(OPEN)
    expect(page.locator(".row").first).to_have_id(f"row-{first.public_id}")
    page.keyboard.press("x")
    page.keyboard.press("Shift+J")
    expect(page.locator(".row[data-picked]")).to_have_count(2)
    page.click(f"#row-{opened.public_id} .row__name")
    page.locator(f"conversation-pane[data-id='{opened.public_id}']").get_by_role(
        "button", name="Resolve"
    ).click()
    expect(page.locator("#notices")).to_contain_text("Resolved")
    expect(page.locator("conversation-head")).to_have_attribute("data-state", "resolved")
    assert states() == ["open", "open", "resolved"]

    expect(page.locator("workspace-shell[data-selecting]")).to_have_count(1)
    page.keyboard.press("f")
    expect(page.locator("conversation-pane")).to_have_attribute("data-id", str(first.public_id))
    expect(page.locator("workspace-shell[data-selecting]")).to_have_count(0)
    page.keyboard.press("e")
    expect(page.locator("conversation-pane")).to_have_attribute("data-id", str(second.public_id))
    expect(page.locator("#notices")).to_contain_text(f"Resolved · {first.contact_name}")
    assert states() == ["resolved", "open", "resolved"]
