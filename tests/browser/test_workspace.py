"""A shift in the workspace: what comes, what is answered, and what must never be lost."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, Route, expect

from inbox.models import Brand, Channel, Conversation, ConversationState, Direction, Message, Person
from inbox.platforms import Unit
from inbox.rules import lengths
from tests.browser.conftest import Outside
from tests.factories import conversations as make
from tests.factories.emoji import PIECES
from tests.factories.people import agent_of
from tests.pace import a_second

Enter = Callable[..., Page]
OPEN = "/b/lumen/inbox/open/"


def thread_of(conversation: Conversation) -> str:
    return f"/b/lumen/conversations/{conversation.public_id}/"


def deaf(page: Page) -> None:
    """Let the page miss all further news, as after a lost push."""
    page.evaluate(
        """() => {
          const line = document.querySelector("state-line")
          line.socket.onmessage = () => { line.dataset.missed = "" }
        }"""
    )


def until_missed(page: Page) -> None:
    expect(page.locator("state-line[data-missed]")).to_be_attached()


@pytest.fixture
def conversation(outside: Outside) -> Conversation:
    outside.write("Where is my parcel?")
    return Conversation.objects.get()


def test_a_customers_message_appears_without_a_reload(enter: Enter, outside: Outside) -> None:
    page = enter(OPEN)
    page.evaluate(
        """() => {
          const note = () => { if (document.querySelector(".row")) window.shownAt ??= Date.now() }
          new MutationObserver(note).observe(document.querySelector("inbox-list"), { childList: true, subtree: true })
        }"""
    )

    outside.write("Is anybody there?")
    written = time.time()

    expect(page.locator(".row")).to_contain_text("Is anybody there?")
    # The page itself notes the moment, so that the test's own looking costs nothing.
    assert page.evaluate("window.shownAt") / 1000 - written < a_second(page)
    expect(page.locator(".view[data-count=open] .view__count")).to_have_text("1")


def test_the_open_thread_hears_the_customer_and_colleagues(
    enter: Enter, outside: Outside, conversation: Conversation, brand: Brand
) -> None:
    page = enter(thread_of(conversation))
    jo = enter(thread_of(conversation), person=agent_of(brand, email="jo@example.test", name="Jo"))

    outside.write("Number 4711")
    jo.locator(".head__mine").click()

    expect(page.locator(".message").last).to_contain_text("Number 4711")
    expect(page.locator(".event")).to_contain_text("Jo took it")
    expect(page.locator(".head__assignee")).to_contain_text("Jo")
    expect(jo.locator(".head__mine")).to_be_hidden()
    expect(page.locator(".head__mine")).to_be_visible()


def test_a_reply_is_sent_once_and_shown_once(enter: Enter, conversation: Conversation) -> None:
    page = enter(thread_of(conversation))

    page.fill("#composer-text", "On its way ✈️")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")

    expect(page.locator(".message[data-side=brand]")).to_have_count(1)
    expect(page.locator(".message[data-side=brand]")).to_contain_text("On its way ✈️")
    expect(page.locator("[data-pending]")).to_have_count(0)
    expect(page.locator("#composer-text")).to_have_value("")
    assert Message.objects.filter(direction=Direction.OUT).count() == 1


def test_two_replies_in_a_row_need_no_second_look(enter: Enter, conversation: Conversation) -> None:
    page = enter(thread_of(conversation))

    for text in ("One", "Two"):
        page.fill("#composer-text", text)
        page.keyboard.press("Control+Enter")
        expect(page.locator(".message[data-side=brand]").last).to_contain_text(text)

    expect(page.locator(".stale")).to_have_count(0)


def lose_the_next_answer(page: Page) -> None:
    """The server does what it is asked; its answer never arrives."""

    def lose(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    page.route("**/replies/", lose, times=1)


def test_after_a_lost_answer_other_words_are_another_message(
    enter: Enter, conversation: Conversation
) -> None:
    page = enter(thread_of(conversation))
    field = page.locator("#composer-text")

    for mode, words in (("reply", "It costs 10, sorry"), ("note", "The customer is angry")):
        page.click("#tab-reply")
        lose_the_next_answer(page)
        page.fill("#composer-text", f"It costs 100, before the {mode}")
        page.keyboard.press("Control+Enter")
        expect(field).to_have_value(f"It costs 100, before the {mode}")
        page.click(f"#tab-{mode}")
        page.fill("#composer-text", words)
        page.keyboard.press("Control+Enter")
        expect(page.locator(".message").get_by_text(words)).to_have_count(1)
        expect(field).to_have_value("")

    assert Message.objects.filter(direction=Direction.OUT).count() == 3
    assert Message.objects.filter(direction=Direction.NOTE).count() == 1


def test_the_same_words_again_after_a_lost_answer_are_one_reply(
    enter: Enter, conversation: Conversation
) -> None:
    page = enter(thread_of(conversation))
    lose_the_next_answer(page)
    page.fill("#composer-text", "It costs 100")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#composer-text")).to_have_value("It costs 100")

    page.keyboard.press("Control+Enter")

    expect(page.locator("#composer-text")).to_have_value("")
    assert Message.objects.filter(direction=Direction.OUT).count() == 1


def test_the_same_words_again_after_a_lost_page_are_one_reply(
    enter: Enter, conversation: Conversation
) -> None:
    page = enter(thread_of(conversation))
    lose_the_next_answer(page)
    page.fill("#composer-text", "It costs 100")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#composer-text")).to_have_value("It costs 100")

    page.reload()
    expect(page.locator("#composer-text")).to_have_value("It costs 100")
    page.focus("#composer-text")
    page.keyboard.press("Control+Enter")

    expect(page.locator("#composer-text")).to_have_value("")
    assert Message.objects.filter(direction=Direction.OUT).count() == 1

    page.fill("#composer-text", "It costs 100")
    page.keyboard.press("Control+Enter")

    expect(page.locator(".message[data-side=brand]")).to_have_count(2)
    assert Message.objects.filter(direction=Direction.OUT).count() == 2


def test_a_note_stays_inside(enter: Enter, conversation: Conversation) -> None:
    page = enter(thread_of(conversation))

    page.locator("#messages").focus()
    page.keyboard.press("n")
    page.keyboard.type("Ask the warehouse")
    page.keyboard.press("Control+Enter")

    expect(page.locator(".message[data-side=note]")).to_contain_text("Ask the warehouse")
    assert Message.objects.get(direction=Direction.NOTE).text == "Ask the warehouse"


def test_a_reply_to_an_older_state_is_stopped_with_a_choice(
    enter: Enter, outside: Outside, conversation: Conversation
) -> None:
    page = enter(thread_of(conversation))
    expect(page.locator(".row[data-unread='0']")).to_be_visible()  # the first message was looked at
    deaf(page)
    outside.write("Forget it, I cancelled the order.")
    until_missed(page)

    page.fill("#composer-text", "It left today!")
    page.keyboard.press("Control+Enter")

    expect(page.locator(".stale")).to_contain_text("I cancelled the order")
    expect(page.locator("#composer-text")).to_have_value("It left today!")
    assert not Message.objects.filter(direction=Direction.OUT).exists()

    page.click("[data-send-anyway]")
    expect(page.locator(".message[data-side=brand]")).to_contain_text("It left today!")
    expect(page.locator(".stale")).to_have_count(0)


def test_what_was_typed_survives_a_reload_and_a_sign_out(enter: Enter, conversation: Conversation) -> None:
    page = enter(thread_of(conversation))
    page.fill("#composer-text", "A long and careful ans")
    page.reload()
    expect(page.locator("#composer-text")).to_have_value("A long and careful ans")

    Session.objects.all().delete()
    page.keyboard.press("Control+Enter") if page.locator("#composer-text:focus").count() else page.click(
        ".composer__send"
    )

    expect(page.locator(".notice")).to_contain_text("signed out")
    expect(page.locator("#composer-text")).to_have_value("A long and careful ans")
    assert not Message.objects.filter(direction=Direction.OUT).exists()


def test_keys_alone_resolve_reopen_and_assign(enter: Enter, channel: Channel, mara: Person) -> None:
    first, second, *_ = make.conversations(channel, 3)
    page = enter(f"{OPEN}?sort=newest")

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".head__name")).to_have_text(second.contact_name)
    page.keyboard.press("e")
    expect(page.locator("conversation-head[data-state=resolved]")).to_be_visible()
    expect(page.locator(f"#row-{second.public_id}[data-left]")).to_be_visible()
    page.keyboard.press("e")
    expect(page.locator("conversation-head[data-state=open]")).to_be_visible()
    page.keyboard.press("m")
    expect(page.locator("conversation-head[data-mine]")).to_be_visible()
    page.keyboard.press("k")
    expect(page.locator(".head__name")).to_have_text(first.contact_name)
    page.keyboard.press("Escape")
    expect(page.locator("conversation-pane")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_url("**/inbox/mine/")

    expect(page.locator(".row")).to_have_count(1)
    second.refresh_from_db()
    assert (second.state, second.assignee) == (ConversationState.OPEN, mara)


PRESSED = """() => new Promise((done) => {
  const head = document.querySelector("conversation-head")
  new MutationObserver(() => done(performance.now() - start)).observe(head, { attributes: true })
  setTimeout(() => done(Infinity), 10000)
  const start = performance.now()
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "e", bubbles: true }))
})"""


def test_a_key_changes_what_is_seen_within_fifty_milliseconds(enter: Enter, outside: Outside) -> None:
    """At its best of five: once the machine may have been busy with something else."""
    for number in range(5):
        outside.write("Where is my parcel?", who=f"anna{number}")
    first, *others = Conversation.objects.all()
    page = enter(thread_of(first))

    took = [page.evaluate(PRESSED)]
    for each in others:
        page.goto(thread_of(each))
        expect(page.locator("conversation-head[data-state=open]")).to_be_visible()
        took.append(page.evaluate(PRESSED))

    assert min(took) < 50, took


def test_a_colleague_is_found_by_a_part_of_the_name(
    enter: Enter, conversation: Conversation, brand: Brand
) -> None:
    agent_of(brand, name="Jo Adeyemi")
    agent_of(brand, name="Priya Raghunathan")
    page = enter(thread_of(conversation))

    page.keyboard.press("a")
    page.locator("#picker-filter").press_sequentially("raghu")
    page.keyboard.press("Enter")

    expect(page.locator(".head__assignee")).to_contain_text("Priya Raghunathan")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_news_waits_while_a_hand_is_on_the_list(enter: Enter, channel: Channel, outside: Outside) -> None:
    make.conversations(channel, 5)
    page = enter(OPEN + "?sort=newest")
    page.hover(".row >> nth=1")
    before = page.locator(".row >> nth=0").get_attribute("id")

    outside.write("Me first!")

    expect(page.locator("[data-pill]")).to_have_text("1 new")
    assert page.locator(".row >> nth=0").get_attribute("id") == before
    page.click("[data-pill]")
    expect(page.locator(".row >> nth=0")).to_contain_text("Me first!")


def test_a_page_that_missed_everything_catches_up(
    enter: Enter, outside: Outside, conversation: Conversation
) -> None:
    page = enter(thread_of(conversation))
    deaf(page)
    outside.write("Are you there?")
    until_missed(page)

    page.evaluate("document.querySelector('state-line').socket.close()")

    expect(page.locator(".message").last).to_contain_text("Are you there?")
    expect(page.locator("state-line[data-state=live]")).to_be_visible()
    expect(page.locator(".row")).to_contain_text("Are you there?")


def test_on_a_phone_the_list_leads_to_the_thread_and_back(enter: Enter, conversation: Conversation) -> None:
    page = enter(OPEN, viewport={"width": 390, "height": 844}, has_touch=True)

    page.tap(".row")
    expect(page.locator(".message")).to_contain_text("Where is my parcel?")
    expect(page.locator(".list")).to_be_hidden()
    page.go_back()
    expect(page.locator(".list")).to_be_visible()
    page.tap(".row")
    page.tap("[data-back]")
    expect(page.locator(".list")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_tab_is_named_after_what_is_open_and_after_the_view_when_nothing_is(
    enter: Enter, conversation: Conversation
) -> None:
    page = enter(thread_of(conversation))
    expect(page).to_have_title("Anna · All open · Lumen & Oak · Parley")

    page.keyboard.press("Escape")
    expect(page).to_have_title("All open · Lumen & Oak · Parley")
    page.click(".row")
    expect(page).to_have_title("Anna · All open · Lumen & Oak · Parley")
    page.go_back()
    expect(page).to_have_title("All open · Lumen & Oak · Parley")


def test_hostile_text_runs_nothing_and_stays_in_its_box(enter: Enter, outside: Outside) -> None:
    marks = "".join(chr(0x300 + n % 0x50) for n in range(400))
    outside.write(
        f"<img src=x onerror=alert(1)><script>alert(2)</script> \u202egnp.exe\u202c Z{marks} {'W' * 4000}"
    )
    page = enter(OPEN)
    page.on("dialog", lambda dialog: pytest.fail("hostile text opened a dialog"))

    page.click(".row")

    text = page.locator(".message__text")
    expect(text).to_contain_text("<script>alert(2)</script>")
    box, pane = text.bounding_box(), page.locator("message-thread").bounding_box()
    assert box and pane and box["x"] >= pane["x"] and box["x"] + box["width"] <= pane["x"] + pane["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440


def test_a_closed_window_says_why_and_a_note_is_still_possible(enter: Enter, channel: Channel) -> None:
    old = make.conversation(channel, age=timedelta(days=30))
    page = enter(thread_of(old))

    page.locator("#composer-text").press_sequentially("hello")

    expect(page.locator(".composer__problem")).to_contain_text("has closed")
    expect(page.locator(".composer__send")).to_be_disabled()
    page.click("#tab-note")
    page.fill("#composer-text", "Write by e-mail instead")
    expect(page.locator(".composer__send")).to_be_enabled()


def test_one_message_is_quoted_and_answered(
    enter: Enter, outside: Outside, conversation: Conversation
) -> None:
    outside.write("And the lamp?")
    page = enter(thread_of(conversation))
    page.hover(".message >> nth=0")

    page.click(".message >> nth=0 >> text=Quote")
    page.keyboard.type("Here it is")
    page.keyboard.press("Control+Enter")

    expect(page.locator(".message[data-side=brand] .message__quote")).to_contain_text("Where is my parcel?")
    expect(page.locator("[data-quote]")).to_be_hidden()


def test_the_composer_counts_as_the_rules_do(enter: Enter, conversation: Conversation) -> None:
    page, chance = enter(thread_of(conversation)), random.Random(36)
    texts = [
        "",
        "abc",
        "é",
        "e\u0301",
        "👨\u200d👩\u200d👧\u200d👦",
        "🇫🇷",
        "مرحبا",
        "田中さくら",
        "a\u202eb",
        "\u200b" * 5,
        *(text for text, _ in json.loads((Path(__file__).parents[1] / "weights.json").read_text())),
        *("".join(chance.choices(PIECES, k=chance.randint(1, 12))) for _ in range(2000)),
    ]

    counted = page.evaluate(
        """async ([texts, units]) => {
          const { measure } = await import("/static/js/lib/measure.js")
          return texts.map((text) => units.map((unit) => measure(text, unit)))
        }""",
        [texts, [unit.value for unit in Unit]],
    )

    assert counted == [[lengths.measure(text, unit) for unit in Unit] for text in texts]


def test_a_key_puts_a_conversation_back_among_the_unread(enter: Enter, conversation: Conversation) -> None:
    page = enter(thread_of(conversation))
    expect(page.locator(".row .badge")).to_have_count(0)

    page.locator("#messages").focus()
    page.keyboard.press("u")

    expect(page.locator(".row .badge")).to_have_count(1)


def test_a_file_added_while_a_reply_leaves_is_of_the_next(enter: Enter, conversation: Conversation) -> None:
    page = enter(thread_of(conversation))
    files = page.locator("[data-file-input]")
    picture = (Path(__file__).parents[2] / "docs/images/console-run.png").read_bytes()
    files.set_input_files({"name": "first.png", "mimeType": "image/png", "buffer": picture})
    expect(page.locator(".upload[data-attachment]")).to_have_count(1)
    page.route("**/replies/", lambda route: (page.wait_for_timeout(1500), route.continue_()))
    page.fill("#composer-text", "See the first")
    page.keyboard.press("Control+Enter")

    files.set_input_files({"name": "second.png", "mimeType": "image/png", "buffer": picture})
    # Instagram takes a file and words one after the other.
    expect(page.locator(".message[data-side=brand]:not([data-pending])")).to_have_count(2)

    expect(page.locator(".upload[data-attachment]")).to_have_count(1)
    expect(page.locator(".upload[data-attachment]")).to_contain_text("second.png")
    page.wait_for_timeout(1500)  # until the draft is kept
    page.reload()
    expect(page.locator(".upload[data-attachment]")).to_contain_text("second.png")


def test_a_reply_written_while_another_leaves_follows_it(enter: Enter, conversation: Conversation) -> None:
    page = enter(thread_of(conversation))
    page.route("**/replies/", lambda route: (page.wait_for_timeout(400), route.continue_()))

    for text in ("One", "Two"):
        page.fill("#composer-text", text)
        page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")

    expect(page.locator(".message[data-side=brand]:not([data-pending])")).to_have_count(2)
    expect(page.locator(".message[data-side=brand]").last).to_contain_text("Two")


def test_a_bell_that_nobody_sees_shows_at_the_button_that_leads_to_it(
    enter: Enter, anna: Conversation
) -> None:
    page = enter("/b/lumen/inbox/open/", viewport={"width": 1000, "height": 800})
    dot = "getComputedStyle(document.querySelector('.list__menu'), '::after').content"
    expect(page.locator("notice-bell")).to_be_hidden()
    assert page.evaluate(dot) == "none"

    page.evaluate("document.querySelector('notice-bell').ring()")

    assert page.evaluate(dot) == '""'
