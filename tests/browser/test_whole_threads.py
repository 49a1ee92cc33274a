"""An open thread has all that it is told of, whatever is lost on the way, and what it lacks counts as seen by nobody."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from inbox.actions import assigning, replying, sending
from inbox.models import BrandSequence, Conversation, Direction, Message, Person
from tests.browser.conftest import Outside
from tests.browser.test_catching_up import ahead, live
from tests.browser.test_workspace import deaf, lose_the_next_answer, until_missed

Enter = Callable[..., Page]
FIELD = "#composer-text"


def at(conversation: Conversation) -> str:
    return f"/b/lumen/conversations/{conversation.public_id}/"


def lose_pushes_to_the_thread(page: Page, words: str) -> None:
    """Those that tell of these words. Answers to the page's own questions, which bring the head along, come."""
    page.evaluate(
        """(words) => {
          const { socket } = document.querySelector("state-line")
          const hear = socket.onmessage
          socket.onmessage = (message) => {
            const { type, html } = JSON.parse(message.data)
            const isLost = type === "thread" && html.includes(words) && !html.includes("conversation-head")
            if (!isLost) hear(message)
          }
        }""",
        words,
    )


def hold_patience(page: Page) -> None:
    """Patience ends when `lose_patience` says so, not when a busy machine has taken long; what is asked for is noted."""
    page.evaluate(
        """() => {
          const later = window.setTimeout
          const line = document.querySelector("state-line")
          const { catchUp } = line
          const patient = [500, 1000] // as elements/state-line.js has them
          window.held = []
          window.setTimeout = (run, wait, ...told) => (patient.includes(wait) ? window.held.push(run) : later(run, wait, ...told))
          line.catchUp = () => { line.dataset.asked = ""; catchUp.call(line) }
        }"""
    )


def lose_patience(page: Page) -> int:
    """Gives how often something was waited for."""
    return int(page.evaluate("window.held.map((run) => run()).length"))


def send(page: Page, words: str, *, note: bool = False) -> None:
    page.click("#tab-note" if note else "#tab-reply")
    page.fill(FIELD, words)
    page.keyboard.press("Control+Enter")


def test_a_message_that_was_lost_on_its_way_to_the_thread_comes_though_something_later_is_shown(
    enter: Enter, anna: Conversation, outside: Outside, mara: Person
) -> None:
    page = enter(at(anna))
    lose_pushes_to_the_thread(page, "Cancel it!")
    assigning.assign(conversation=anna, to=mara, by=mara, now=timezone.now())
    line = page.locator(".event")
    expect(line).to_contain_text("Mara took it")
    # As if it had been done after the message that follows, and been shown before a second was over.
    line.evaluate("(line) => { line.dataset.seq = Number(line.dataset.seq) + 10 }")

    outside.write("Cancel it!")

    expect(page.locator(".message").last).to_contain_text("Cancel it!")
    live(page)


def test_what_becomes_of_a_reply_is_shown_though_the_push_was_lost(
    enter: Enter, anna: Conversation, mara: Person
) -> None:
    now = timezone.now()
    [reply] = replying.queue_reply(
        conversation=anna, by=mara, client_id=uuid.uuid4(), text="It left today", attachments=[],
        written_against=anna.public_seq, now=now,
    )  # fmt: skip
    page = enter(at(anna))
    lose_pushes_to_the_thread(page, "It left today")

    sending.claim_reply(message_id=reply.pk, now=now)
    sending.mark_reply_sent(message_id=reply.pk, external_id="p1", at=None, now=now)

    expect(page.locator(".message[data-side=brand]")).to_have_attribute("data-state", "sent")
    live(page)


def test_what_the_thread_lacks_stops_a_reply_and_is_not_read_though_something_later_is_shown(
    enter: Enter, anna: Conversation, outside: Outside, mara: Person
) -> None:
    page = enter(at(anna))
    expect(page.locator(".row .badge")).to_have_count(0)
    lose_pushes_to_the_thread(page, "Cancel it!")
    page.evaluate("document.querySelector('state-line').catchUp = () => {}")  # the answer takes its time
    outside.write("Cancel it!")
    assigning.assign(conversation=anna, to=mara, by=mara, now=timezone.now())
    expect(page.locator(".event")).to_contain_text("Mara took it")
    page.wait_for_timeout(1500)  # more than a glance

    expect(page.locator(".row .badge")).to_have_text(re.compile("^1"))
    send(page, "It left today")

    expect(page.locator(".stale")).to_contain_text("Cancel it!")
    assert not Message.objects.filter(direction=Direction.OUT).exists()


def test_what_was_lost_and_came_after_all_is_read_like_any_other(
    enter: Enter, anna: Conversation, outside: Outside, mara: Person
) -> None:
    page = enter(at(anna))
    lose_pushes_to_the_thread(page, "Cancel it!")

    outside.write("Cancel it!")

    expect(page.locator(".message").last).to_contain_text("Cancel it!")
    expect(page.locator(".row .badge")).to_have_count(0)
    send(page, "It is cancelled")
    expect(page.locator(".message[data-side=brand]:not([data-pending])")).to_have_count(1)
    expect(page.locator(".stale")).to_have_count(0)


def test_a_thread_that_hears_everything_asks_for_nothing(
    enter: Enter, anna: Conversation, outside: Outside, mara: Person
) -> None:
    page = enter(at(anna))
    live(page)
    hold_patience(page)

    outside.write("Cancel it!")
    assigning.assign(conversation=anna, to=mara, by=mara, now=timezone.now())
    expect(page.locator(".row .badge")).to_have_count(0)
    send(page, "It is cancelled")
    expect(page.locator(".message[data-side=brand]:not([data-pending])")).to_have_count(1)
    send(page, "She is in a hurry", note=True)

    expect(page.locator(".message:not([data-pending])")).to_have_count(4)
    expect(page.locator("message-thread .event")).to_contain_text("Mara took it")
    lose_patience(page)
    expect(page.locator("state-line[data-asked]")).to_have_count(0)


def test_what_was_told_between_a_question_and_its_answer_is_not_asked_for_again(
    enter: Enter, outside: Outside, anna: Conversation, zoe: Conversation
) -> None:
    page = enter("/b/lumen/inbox/open/?sort=newest")
    live(page)
    hold_patience(page)
    page.evaluate(
        """() => {
          const { socket } = document.querySelector("state-line")
          const send = socket.send.bind(socket)
          socket.send = (text) => (JSON.parse(text).open ? (window.question = text) : send(text))
          window.letGo = () => send(window.question)
        }"""
    )
    page.click(f"#row-{anna.public_id}")
    expect(page.locator("conversation-pane")).to_be_visible()
    expect(page.locator(".message")).to_have_count(1)
    page.wait_for_function("() => window.question !== undefined")
    outside.write("Is anybody there?")
    outside.write("And the lamp?", who="zoe")
    expect(page.locator(f"#row-{anna.public_id}")).to_contain_text("Is anybody there?")
    expect(page.locator(f"#row-{zoe.public_id}")).to_contain_text("And the lamp?")

    page.evaluate("window.letGo()")

    expect(page.locator(".message")).to_have_count(2)
    page.wait_for_function("document.querySelector('state-line').numbers.lacks.length === 0")
    assert lose_patience(page) > 0
    expect(page.locator("state-line[data-asked]")).to_have_count(0)


def test_what_was_lost_after_a_restore_comes_though_its_number_was_passed_before(
    enter: Enter, anna: Conversation, outside: Outside
) -> None:
    brand = BrandSequence.objects.filter(brand=anna.brand)
    brand.update(last=50)
    page = enter(at(anna))
    outside.write("Hello again")
    expect(page.locator(".message")).to_have_count(2)
    Conversation.objects.update(seq=10)
    brand.update(last=10)
    page.evaluate("document.querySelector('state-line').socket.close()")
    page.wait_for_function("() => document.querySelector('state-line').seen === 10")
    live(page)
    lose_pushes_to_the_thread(page, "Cancel it!")

    outside.write("Cancel it!")

    expect(page.locator(".message").last).to_contain_text("Cancel it!")
    live(page)


def test_what_a_thread_lacks_since_it_was_fetched_is_not_forgotten_for_other_news_of_it(
    enter: Enter, outside: Outside, anna: Conversation, zoe: Conversation
) -> None:
    page = enter("/b/lumen/inbox/open/?sort=newest")
    page.locator(f"#row-{zoe.public_id}").click()
    ahead(page, anna)
    page.route(re.compile("/readings/"), lambda route: route.abort())  # no news of the row afterwards
    outside.write("Is anybody there?")
    expect(page.locator(f"#row-{anna.public_id}")).to_contain_text("Is anybody there?")
    last = BrandSequence.objects.get(brand=anna.brand).last

    page.evaluate(
        """async ([id, last]) => {
          const line = document.querySelector("state-line")
          line.socket.send = () => {} // the line is lost before the question is answered
          await document.querySelector("workspace-shell").open(id)
          line.socket.onmessage({ data: JSON.stringify({ type: "thread", conversation: id, html: "", last }) })
          line.socket.close()
        }""",
        [str(anna.public_id), last],
    )

    expect(page.locator(".message")).to_have_count(2)
    expect(page.locator(".message").last).to_contain_text("Is anybody there?")


def test_a_note_of_ones_own_does_not_say_that_what_came_before_it_was_seen(
    enter: Enter, anna: Conversation, outside: Outside
) -> None:
    page = enter(at(anna))
    expect(page.locator(".row .badge")).to_have_count(0)
    deaf(page)
    outside.write("Cancel it!")
    until_missed(page)

    send(page, "She is in a hurry", note=True)
    expect(page.locator(".message[data-side=note]:not([data-pending])")).to_have_count(1)
    send(page, "It left today")

    expect(page.locator(".stale")).to_contain_text("Cancel it!")
    assert not Message.objects.filter(direction=Direction.OUT).exists()


def test_send_anyway_is_for_what_the_choice_has_shown_and_what_came_after_it_is_one_more(
    enter: Enter, anna: Conversation, outside: Outside
) -> None:
    page = enter(at(anna))
    expect(page.locator(".row .badge")).to_have_count(0)
    deaf(page)
    outside.write("Cancel it!")
    until_missed(page)
    send(page, "It left today")
    expect(page.locator(".stale")).to_contain_text("Cancel it!")
    outside.write("And the lamp, too!")

    page.click("[data-send-anyway]")
    expect(page.locator(".stale")).to_contain_text("And the lamp, too!")
    expect(page.locator(".stale")).not_to_contain_text("Cancel it!")
    expect(page.locator(FIELD)).to_have_value("It left today")
    assert not Message.objects.filter(direction=Direction.OUT).exists()

    page.click("[data-send-anyway]")
    sent = page.locator(".message[data-side=brand]:not([data-pending])")
    expect(sent).to_have_count(1)
    send(page, "Have a nice day")
    expect(sent).to_have_count(2)
    expect(page.locator(".stale")).to_have_count(0)


def test_a_reply_whose_first_answer_was_lost_does_not_say_that_what_came_since_was_seen(
    enter: Enter, anna: Conversation, outside: Outside
) -> None:
    page = enter(at(anna))
    expect(page.locator(".row .badge")).to_have_count(0)
    lose_the_next_answer(page)
    send(page, "It left today")
    expect(page.locator(FIELD)).to_have_value("It left today")
    deaf(page)
    outside.write("Cancel it!")
    until_missed(page)
    reply = Message.objects.get(direction=Direction.OUT)
    sending.claim_reply(message_id=reply.pk, now=timezone.now() + timedelta(minutes=1))
    page.keyboard.press("Control+Enter")
    expect(page.locator(FIELD)).to_have_value("")
    expect(page.locator("reply-composer[data-sending]")).to_have_count(0)
    send(page, "Have a nice day")

    expect(page.locator(".stale")).to_contain_text("Cancel it!")


@pytest.mark.parametrize("newest_are_loaded", [False, True])
def test_a_thread_that_is_opened_at_an_old_message_has_seen_no_more_than_it_shows(
    enter: Enter, anna: Conversation, outside: Outside, newest_are_loaded: bool
) -> None:
    old = anna.messages.get()
    for number in range(10 if newest_are_loaded else 30):
        outside.write(f"Line {number}" + " and on" * 200)
    # Somebody has put a heart to it since.
    Message.objects.filter(pk=old.pk).update(seq=BrandSequence.objects.get(brand=anna.brand).last)
    page = enter(f"{at(anna)}?at={old.public_id}")

    send(page, "It left today")

    if newest_are_loaded:
        expect(page.locator(".message[data-side=brand]:not([data-pending])")).to_have_count(1)
        return
    expect(page.locator(".stale")).to_contain_text("5 messages arrived")
    expect(page.locator(".stale li")).to_contain_text(["Line 27", "Line 28", "Line 29"])
    assert not Message.objects.filter(direction=Direction.OUT).exists()
