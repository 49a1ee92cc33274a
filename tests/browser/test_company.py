"""Two agents in one brand: they see each other, and are never given the same conversation."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from inbox.models import Brand, Channel, Conversation, ConversationState, Direction, Focus, Message, Person
from tests.browser.conftest import Outside
from tests.browser.test_accessibility import faults
from tests.factories import conversations as make
from tests.factories.people import agent_of

Enter = Callable[..., Page]
NEWEST = "/b/lumen/inbox/open/?sort=newest"


@pytest.fixture
def bea(brand: Brand) -> Person:
    return agent_of(brand, email="bea@example.test", name="Bea Lindqvist")


@pytest.fixture
def queue(channel: Channel) -> list[Conversation]:
    found = make.conversations(channel, 5, window_opened_at=timezone.now())
    for conversation in found:
        make.messages(conversation, 2)
    return found


def thread_of(conversation: Conversation) -> str:
    return f"/b/lumen/conversations/{conversation.public_id}/"


def row(page: Page, conversation: Conversation) -> str:
    return f"#row-{conversation.public_id}"


def shown(page: Page) -> str:
    """The conversation on screen, once the pane and the page agree."""
    page.wait_for_selector("conversation-pane")
    found = page.get_attribute("workspace-shell", "data-open") or ""
    expect(page.locator("conversation-pane")).to_have_attribute("data-id", found)
    return found


def until_ready(page: Page) -> str:
    """The next one has been fetched."""
    return page.wait_for_selector("focus-bar[data-ready]").get_attribute("data-ready") or ""


def test_two_agents_see_each_other_look_and_write_until_a_page_dies(
    enter: Enter, queue: list[Conversation], bea: Person
) -> None:
    conversation = queue[0]
    mara = enter(thread_of(conversation))
    beas = enter(thread_of(conversation), person=bea)
    head, line = mara.locator("thread-company"), mara.locator("[data-company]")

    expect(head).to_contain_text("Bea is looking")
    expect(beas.locator("thread-company")).to_contain_text("Mara is looking")
    expect(mara.locator(f"{row(mara, conversation)} company-mark")).to_have_attribute(
        "title", "Bea Lindqvist is looking"
    )
    assert faults(mara) == []

    beas.locator("#composer-text").press_sequentially("It is on")
    expect(head).to_contain_text("Bea is writing a reply…")
    expect(line).to_contain_text("Bea Lindqvist is writing a reply, too.")
    mara.locator("#tab-note").click()
    expect(line).to_be_hidden()
    mara.locator("#tab-reply").click()
    expect(line).to_be_visible()

    beas.locator("#composer-text").fill("")
    expect(head).to_contain_text("Bea is looking")
    beas.close()
    expect(head).to_be_empty()
    expect(mara.locator(f"{row(mara, conversation)} company-mark")).to_be_empty()


def test_a_list_shows_colleagues_and_never_oneself(
    enter: Enter, queue: list[Conversation], bea: Person
) -> None:
    enter(thread_of(queue[1]))
    mara = enter(NEWEST)
    enter(thread_of(queue[0]), person=bea)

    expect(mara.locator(f"{row(mara, queue[0])} company-mark")).to_contain_text("BL")
    expect(mara.locator("company-mark:not(:empty)")).to_have_count(1)


def test_a_page_that_is_hidden_is_not_looking(enter: Enter, queue: list[Conversation], bea: Person) -> None:
    mara = enter(thread_of(queue[0]))
    beas = enter(thread_of(queue[0]), person=bea)
    head = mara.locator("thread-company")
    expect(head).to_contain_text("Bea is looking")
    turn = """(state) => {
      Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state })
      document.dispatchEvent(new Event("visibilitychange"))
    }"""

    beas.evaluate(turn, "hidden")
    expect(head).to_be_empty()
    beas.evaluate(turn, "visible")
    expect(head).to_contain_text("Bea is looking")


def test_two_agents_in_focus_are_never_given_the_same_conversation(
    enter: Enter, queue: list[Conversation], bea: Person, mara: Person
) -> None:
    maras, beas = enter(NEWEST), enter(NEWEST, person=bea)
    maras.keyboard.press("f")
    first = shown(maras)
    until_ready(maras)
    beas.keyboard.press("f")
    others = shown(beas)
    until_ready(beas)
    assert first == str(queue[0].public_id) and others == str(queue[2].public_id)

    seen: dict[str, list[str]] = {"mara": [first], "bea": [others]}
    for who, page in (("mara", maras), ("bea", beas), ("mara", maras)):
        following = until_ready(page)
        page.keyboard.press("e")
        expect(page.locator(f"conversation-pane[data-id='{seen[who][-1]}']")).to_have_count(0)
        seen[who].append(shown(page))
        assert following == seen[who][-1]
    assert not set(seen["mara"]) & set(seen["bea"])

    assert Conversation.objects.filter(state=ConversationState.RESOLVED).count() == 3
    onlooker = enter(NEWEST, person=agent_of(queue[0].brand, email="cy@example.test", name="Cy"))
    held = Conversation.objects.get(public_id=seen["bea"][-1])
    expect(onlooker.locator(f"{row(onlooker, held)} company-mark")).to_contain_text(
        "Bea Lindqvist has it in focus"
    )
    onlooker.click(row(onlooker, held))
    expect(onlooker.locator("thread-company")).to_contain_text("Bea has it in focus")
    onlooker.click("[data-take-over]")
    expect(beas.locator("[data-focus-words]")).to_contain_text("Cy has taken this one over", timeout=20_000)
    beas.keyboard.press("s")
    expect(beas.locator(f"conversation-pane[data-id='{held.public_id}']")).to_have_count(0)

    maras.keyboard.press("Escape")
    expect(maras.locator("workspace-shell[data-focus]")).to_have_count(0)
    beas.close()
    expect(onlooker.locator(".row company-mark[title*=Lindqvist]")).to_have_count(0)
    deadline = time.monotonic() + 8
    while Focus.objects.filter(person=mara).exists():  # given back; the page does not wait for the answer
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_who_was_relieved_does_not_take_it_back_when_the_lease_of_the_other_ends(
    enter: Enter, queue: list[Conversation], bea: Person
) -> None:
    cy = agent_of(queue[0].brand, email="cy@example.test", name="Cy")
    beas = enter(NEWEST, person=bea, new=True)
    beas.clock.install()
    beas.keyboard.press("f")
    held = Conversation.objects.get(public_id=shown(beas))
    until_ready(beas)
    cys = enter(thread_of(held), person=cy)
    cys.click("[data-take-over]")
    expect(beas.locator("[data-focus-words]")).to_contain_text("Cy has taken this one over", timeout=20_000)
    asked: list[str] = []
    beas.on("request", lambda request: asked.append(request.url) if "/focus/" in request.url else None)

    Focus.objects.filter(person=cy).update(until=timezone.now() - timedelta(seconds=1))
    beas.clock.fast_forward(13_000)
    beas.wait_for_timeout(500)

    assert Focus.objects.get(conversation=held).person == cy
    assert asked == []
    beas.keyboard.press("s")
    expect(beas.locator(f"conversation-pane[data-id='{held.public_id}']")).to_have_count(0)
    expect(beas.locator("[data-focus-words]")).to_be_empty()


def test_what_was_taken_over_stays_whoevers_it_is_for_as_long_as_it_is_open(
    enter: Enter, queue: list[Conversation], bea: Person, mara: Person
) -> None:
    beas = enter(NEWEST, person=bea)
    beas.keyboard.press("f")
    held = Conversation.objects.get(public_id=shown(beas))
    page = enter(thread_of(held))
    page.click("[data-take-over]")
    expect(page.locator("#notices")).to_contain_text("You have it now")

    soon = timezone.now() + timedelta(seconds=3)
    Focus.objects.filter(person=mara).update(until=soon)
    deadline = time.monotonic() + 20
    while not Focus.objects.filter(person=mara, until__gt=soon + timedelta(seconds=20)).exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)

    beas.click("[data-take-over]")  # and back
    expect(beas.locator("[data-focus-words]")).to_be_empty()
    assert Focus.objects.get(conversation=held).person == bea


def test_resolve_snooze_reply_and_skip_each_open_the_next(enter: Enter, queue: list[Conversation]) -> None:
    page = enter(NEWEST)
    page.keyboard.press("f")
    left = page.locator(".focus__left .view__count")
    pane = page.locator("conversation-pane")
    expect(left).to_have_text("5")
    ids = [str(conversation.public_id) for conversation in queue]

    expect(pane).to_have_attribute("data-id", ids[0])
    page.keyboard.press("s")
    expect(pane).to_have_attribute("data-id", ids[1])
    page.keyboard.press("e")
    expect(pane).to_have_attribute("data-id", ids[2])
    expect(left).to_have_text("4")
    page.keyboard.press("h")
    page.locator("#picker-filter").fill("2h")
    page.keyboard.press("Enter")
    expect(pane).to_have_attribute("data-id", ids[3])
    page.keyboard.press("r")
    page.keyboard.type("It is on its way")
    page.keyboard.press("Control+Enter")
    expect(pane).to_have_attribute("data-id", ids[4])
    page.keyboard.press("e")

    expect(pane).to_have_count(0)
    expect(page.locator("[data-focus-words]")).to_contain_text("you passed it over")
    assert Message.objects.filter(direction=Direction.OUT, text="It is on its way").count() == 1


def test_what_is_undone_in_focus_comes_again(enter: Enter, queue: list[Conversation]) -> None:
    page = enter(NEWEST)
    pane = page.locator("conversation-pane")
    page.keyboard.press("f")
    expect(pane).to_have_attribute("data-id", str(queue[0].public_id))
    page.keyboard.press("e")
    expect(pane).to_have_attribute("data-id", str(queue[1].public_id))

    page.keyboard.press("z")
    expect(page.locator("#notices")).to_contain_text("Undone: resolved")
    for _ in queue[1:]:
        was = shown(page)
        page.keyboard.press("s")
        expect(page.locator(f"conversation-pane[data-id='{was}']")).to_have_count(0)
        if shown(page) == str(queue[0].public_id):
            break

    assert shown(page) == str(queue[0].public_id)


def test_search_and_the_query_bar_end_focus_so_that_what_is_typed_goes_into_them(
    enter: Enter, queue: list[Conversation]
) -> None:
    page = enter(NEWEST)
    focus = page.locator("workspace-shell[data-focus]")
    page.keyboard.press("f")
    shown(page)
    page.keyboard.press("/")
    page.keyboard.type("emma")
    expect(page.locator("search-pane input")).to_have_value("emma")
    expect(focus).to_have_count(0)

    page.locator(".head__name").click()
    page.keyboard.press("f")
    expect(focus).to_have_count(1)
    expect(page.locator("workspace-shell[data-searching]")).to_have_count(0)
    expect(page.locator("focus-bar")).to_be_visible()
    page.keyboard.press("v")
    page.keyboard.type(" is:unread")
    expect(page.locator("#query")).to_have_value(re.compile("is:unread$"))
    expect(focus).to_have_count(0)
    assert not Conversation.objects.exclude(state=ConversationState.OPEN).exists()


def test_what_is_opened_by_hand_stays_though_focus_is_still_asking(
    enter: Enter, queue: list[Conversation], mara: Person
) -> None:
    page = enter(NEWEST)
    page.keyboard.press("f")
    shown(page)
    following = until_ready(page)
    held: list[Route] = []
    asks = re.compile("/b/lumen/focus/$")
    page.route(
        asks, lambda route: held.append(route) if route.request.method == "POST" else route.continue_()
    )
    with page.expect_request(lambda request: bool(asks.search(request.url))):
        page.keyboard.press("s")
    expect(page.locator("conversation-pane")).to_have_attribute("data-id", following)

    by_hand = str(queue[4].public_id)
    page.evaluate("(id) => document.querySelector('workspace-shell').open(id)", by_hand)
    expect(page.locator("workspace-shell[data-focus]")).to_have_count(0)
    assert held
    with page.expect_request(lambda request: request.method == "DELETE"):
        for route in held:
            route.continue_()

    expect(page.locator("conversation-pane")).to_have_attribute("data-id", by_hand)
    deadline = time.monotonic() + 8
    while Focus.objects.filter(person=mara).exists():  # what the late answer took is given back, too
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_empty_view_says_so_and_what_comes_in_opens_by_itself(enter: Enter, outside: Outside) -> None:
    page = enter("/b/lumen/inbox/open/")
    page.keyboard.press("f")
    expect(page.locator("[data-focus-words]")).to_contain_text("Nothing is left here")
    assert faults(page) == []

    outside.write("Is anybody there?")

    expect(page.locator(".message")).to_contain_text("Is anybody there?")


def test_the_next_one_is_fetched_before_it_is_asked_for_and_never_shown_as_it_was(
    enter: Enter, queue: list[Conversation], outside: Outside, channel: Channel
) -> None:
    outside.write("First words", who="zoe")
    late = Conversation.objects.get(thread_key="zoe")
    Conversation.objects.filter(pk=late.pk).update(
        last_message_at=queue[0].last_message_at - timedelta(seconds=1)
    )
    page = enter(NEWEST)
    page.keyboard.press("f")
    assert shown(page) == str(queue[0].public_id)
    assert until_ready(page) == str(late.public_id)

    outside.write("And second words", who="zoe")
    page.keyboard.press("e")

    expect(page.locator("conversation-pane")).to_have_attribute("data-id", str(late.public_id))
    expect(page.locator(".message").last).to_contain_text("And second words")


MEASURE = """(key) => new Promise((done) => {
  const main = document.querySelector("main")
  const before = document.querySelector("conversation-pane")?.dataset.id
  const watch = new MutationObserver(() => {
    const pane = document.querySelector("conversation-pane")
    if (!pane || pane.dataset.id === before) return
    watch.disconnect()
    requestAnimationFrame(() => done(performance.now() - start))
  })
  watch.observe(main, { childList: true })
  const start = performance.now()
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }))
})"""


SLOWLY = """() => {
  const quick = window.fetch
  window.fetch = async (...what) => {
    await new Promise((done) => setTimeout(done, 1500))
    return quick(...what)
  }
}"""


def test_a_prefetched_conversation_opens_without_waiting_for_the_server(
    enter: Enter, queue: list[Conversation], capsys: pytest.CaptureFixture[str]
) -> None:
    page = enter(NEWEST)
    page.evaluate(SLOWLY)
    fetched = page.evaluate(MEASURE, "f")  # the first one is not there yet
    prefetched = []
    for _ in range(3):
        until_ready(page)
        prefetched.append(page.evaluate(MEASURE, "s"))

    with capsys.disabled():
        print(f"\n  focus: {fetched:.0f} ms fetched; prefetched {[round(took) for took in prefetched]} ms")
    assert min(prefetched) < 1500 <= fetched
