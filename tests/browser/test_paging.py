"""What is told while a page of the list or of the thread is on its way, and what is told late."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from inbox import realtime
from inbox.actions import closing
from inbox.models import Channel, Conversation, Message, Person
from tests.browser.conftest import Outside
from tests.browser.test_late_answers import hold
from tests.browser.test_many import SCROLL
from tests.browser.test_places import DONE, row_of, tell
from tests.browser.test_shift import a_shift, last_of
from tests.factories import conversations as make

Enter = Callable[..., Page]
NEWEST = "/b/lumen/inbox/open/?sort=newest"


@pytest.mark.parametrize("it_is", ["new", "moved"])
def test_a_row_whose_place_is_in_the_page_that_is_on_its_way_comes_with_it(
    enter: Enter, channel: Channel, it_is: str
) -> None:
    rows = make.conversations(channel, 300)
    make.advance(channel, 10)
    page = enter(NEWEST)
    page.wait_for_timeout(500)
    held = hold(page, re.compile("older_than="))
    page.evaluate("document.querySelector('inbox-list').scrollTop = 1e9")
    held.until_given()
    here = page.locator(".row").count()
    fields = {"last_message_at": make.NEWEST - timedelta(minutes=here + 3, seconds=30), "seq": 11}
    told = make.conversation(channel, **fields) if it_is == "new" else rows[here + 10]
    Conversation.objects.filter(pk=told.pk).update(**fields)
    make.advance(channel, 11)

    realtime.push_rows(channel.brand_id, [told.pk], 11, 11)
    page.wait_for_function("document.querySelector('state-line').seen === 11")
    held.let_go()

    expect(page.locator(f"#row-{rows[here + 3].public_id} + #row-{told.public_id}")).to_have_count(1)
    expect(page.locator(f"#row-{told.public_id} + #row-{rows[here + 4].public_id}")).to_have_count(1)
    expect(page.locator("[data-pill]")).to_be_hidden()


def test_a_message_that_comes_while_the_end_of_the_thread_is_on_its_way_stands_there(
    enter: Enter, anna: Conversation, outside: Outside
) -> None:
    for number in range(30):
        outside.write(f"Line {number}" + " and on" * 200)
    page = enter(f"/b/lumen/conversations/{anna.public_id}/?at={anna.messages.earliest('sent_at').public_id}")
    page.evaluate(
        "document.querySelector('state-line').catchUp = () => {}"
    )  # it was told, and is not asked for
    held = hold(page, re.compile("newer_than="))
    page.mouse.move(700, 400)
    page.mouse.wheel(0, 100_000)
    held.until_given()

    outside.write("Cancel it!")
    expect(page.locator("[data-below]")).to_be_visible()
    held.let_go()

    expect(page.locator(".message")).to_have_count(32)
    expect(page.locator(".message").last).to_contain_text("Cancel it!")


def test_a_row_that_has_left_is_not_put_back_by_what_was_read_before_it_left(
    enter: Enter, anna: Conversation, zoe: Conversation, mara: Person
) -> None:
    page = enter(NEWEST)
    expect(page.locator(".row")).to_have_count(2)
    page.evaluate(
        "(id) => { window.late = document.getElementById(`row-${id}`).outerHTML }", str(zoe.public_id)
    )
    closing.resolve(conversation=zoe, by=mara, now=timezone.now())
    expect(page.locator(".row")).to_have_count(1)

    page.evaluate(
        """() => {
          const { socket, seen } = document.querySelector("state-line")
          socket.onmessage({ data: JSON.stringify({ type: "rows", first: seen, last: seen, html: window.late }) })
        }"""
    )

    expect(page.locator(".row")).to_have_count(1)
    expect(page.locator(f"#row-{anna.public_id}")).to_be_visible()


def test_rows_of_before_a_restore_are_no_newer_than_those_of_after_it(enter: Enter, channel: Channel) -> None:
    [one, _] = make.conversations(channel, 2)
    make.advance(channel, 50)
    page = enter(NEWEST)
    tell(channel, [one], last_message_text="Before")
    expect(page.locator(row_of(one))).to_contain_text("Before")
    Conversation.objects.filter(pk=one.pk).update(seq=5, last_message_text="Restored")
    make.advance(channel, 5)
    page.evaluate("document.querySelector('state-line').socket.close()")
    expect(page.locator(row_of(one))).to_contain_text("Restored")
    expect(page.locator("state-line[data-state=live]")).to_be_attached()

    tell(channel, [one], last_message_text="And after")

    expect(page.locator(row_of(one))).to_contain_text("And after")


def test_a_row_that_has_left_is_not_put_back_with_a_page_that_was_on_its_way(
    enter: Enter, channel: Channel
) -> None:
    made = make.conversations(channel, 300)
    make.advance(channel, 10)
    page = enter(NEWEST)
    page.mouse.move(900, 400)
    late = page.evaluate("selector => document.querySelector(selector).outerHTML", row_of(made[5]))
    tell(channel, [made[5]], **DONE)
    expect(page.locator(row_of(made[5]))).to_have_count(0)
    held = hold(page, re.compile("older_than="))
    page.evaluate("document.querySelector('inbox-list').scrollTop = 1e9")
    held.until_given()

    page.evaluate(
        """(html) => {
          const { socket, seen } = document.querySelector("state-line")
          socket.onmessage({ data: JSON.stringify({ type: "rows", first: seen, last: seen, html }) })
        }""",
        late,
    )
    before = page.locator(".row").count()
    held.let_go()
    page.wait_for_function("many => document.querySelectorAll('.row').length > many", arg=before)

    expect(page.locator(row_of(made[5]))).to_have_count(0)


def test_what_is_looked_at_again_is_counted_once(enter: Enter, channel: Channel) -> None:
    made = make.conversations(channel, 120)
    ending = str(made[74].public_id)

    def end(route: Route) -> None:
        """As if the look had seen as many as it may with this row."""
        answer = route.fetch()
        head, *rows = answer.text().split('<a class="row"')
        at = next((at for at, row in enumerate(rows) if f'id="row-{ending}"' in row), None)
        if at is None:
            return route.fulfill(response=answer)
        [place] = re.findall('data-sort-newest="([^"]*)"', rows[at])
        head = head.replace("data-items", f'data-items data-resumes="{place}" data-looked="20000"')
        kept = '<a class="row"'.join([head, *rows[: at + 1]])
        return route.fulfill(response=answer, body=kept + ("" if at + 1 == len(rows) else "</div>"))

    page = enter(f"{NEWEST}&q=is:open")
    page.route(re.compile("older_than="), end)
    page.evaluate(SCROLL, ["inbox-list", ".row", 400, row_of(made[74]), 600])
    further = page.locator("[data-further]")
    expect(further).to_contain_text("Looked at 20,000 conversations.")
    page.evaluate("document.querySelector('inbox-list').scrollTop = 0")
    page.mouse.move(900, 400)
    last_of(page, a_shift(channel, 330))
    expect(further).to_be_hidden()

    assert page.evaluate(SCROLL, ["inbox-list", ".row", 400, row_of(made[74]), 3000])["found"]

    expect(further).to_contain_text("Looked at 20,000 conversations.")


def test_what_a_message_quotes_is_shown_though_it_is_not_on_this_page_of_the_thread(
    enter: Enter, channel: Channel
) -> None:
    conversation = make.conversation(channel, window_opened_at=timezone.now())
    first, *_, last = make.messages(conversation, 300)
    Message.objects.filter(pk=last.pk).update(reply_to=first.external_id)
    page = enter(f"/b/lumen/conversations/{conversation.public_id}/")
    expect(page.locator(f"#message-{first.public_id}")).to_have_count(0)
    page.locator("#composer-text").fill("Half an answer")

    page.locator(".message__quote").click()

    expect(page.locator(f"#message-{first.public_id}[data-found]")).to_be_in_viewport()
    expect(page.locator("#composer-text")).to_have_value("Half an answer")


def test_what_is_quoted_of_an_earlier_conversation_is_shown_there(enter: Enter, channel: Channel) -> None:
    earlier = make.conversation(channel, state="resolved", resolved_at=timezone.now())
    asked, *_ = make.messages(earlier, 100)
    conversation = make.conversation(channel)
    [answer] = make.messages(conversation, 1, reply_to=asked.external_id)
    page = enter(f"/b/lumen/conversations/{conversation.public_id}/")

    page.locator(f"#message-{answer.public_id} .message__quote").click()

    expect(page.locator(f"#message-{asked.public_id}[data-found]")).to_be_in_viewport()
    expect(page).to_have_url(re.compile(str(earlier.public_id)))
