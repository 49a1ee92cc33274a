"""Focus when something goes wrong: a page that sleeps or closes, a message in between, a thread that cannot be shown."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import APIResponse, Page, Request, Route, expect

from inbox.actions import snoozing
from inbox.models import Brand, CannedReply, Channel, Conversation, Focus, FocusStanding, Macro
from tests.browser.conftest import Outside
from tests.browser.test_search import follow
from tests.factories import conversations as make
from tests.factories.people import agent_of

Enter = Callable[..., Page]
NEWEST = "/b/lumen/inbox/open/?sort=newest"
ASKS = re.compile("/b/lumen/focus/$")


@pytest.fixture
def queue(channel: Channel) -> list[Conversation]:
    found = make.conversations(channel, 4, window_opened_at=timezone.now())
    for conversation in found:
        make.messages(conversation, 2)
    return found


def shows(page: Page, conversation: Conversation) -> None:
    expect(page.locator("conversation-pane")).to_have_attribute("data-id", str(conversation.public_id))


def until(holds: Callable[[], bool], *, within: float = 10) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_page_whose_timers_sleep_keeps_what_it_has_in_focus(
    enter: Enter, queue: list[Conversation]
) -> None:
    page = enter(NEWEST)
    page.keyboard.press("f")
    page.wait_for_selector("focus-bar[data-ready]")
    page.route(ASKS, lambda route: route.abort())
    soon = timezone.now() + timedelta(seconds=3)
    Focus.objects.update(until=soon)

    until(lambda: Focus.objects.filter(until__gt=soon + timedelta(seconds=20)).count() == 2, within=20)


@pytest.mark.parametrize("does", ["answers", "resolves", "snoozes"])
def test_a_macro_that_is_done_with_it_goes_on(
    does: str, enter: Enter, brand: Brand, queue: list[Conversation]
) -> None:
    thanks = CannedReply.objects.create(brand=brand, name="Thanks", text="Thank you!")
    Macro.objects.create(
        brand=brand, name="Enough", reply=thanks if does == "answers" else None, resolves=does == "resolves",
        snoozes="2 days" if does == "snoozes" else "",
    )  # fmt: skip
    page = enter(NEWEST)
    page.keyboard.press("f")
    page.wait_for_selector("focus-bar[data-ready]")
    shows(page, queue[0])

    run_macro(page, "/enough")

    shows(page, queue[1])
    page.wait_for_selector("focus-bar[data-ready]")
    page.keyboard.press("s")
    shows(page, queue[2])  # the one that was answered does not come again


@pytest.mark.parametrize("left", ["words behind an answer", "nothing but a note"])
def test_a_macro_that_is_not_done_with_it_stays(
    left: str, enter: Enter, brand: Brand, queue: list[Conversation]
) -> None:
    thanks = CannedReply.objects.create(brand=brand, name="Thanks", text="Thank you!")
    words = left == "words behind an answer"
    Macro.objects.create(
        brand=brand, name="Enough", reply=thanks if words else None, note="" if words else "Looked at"
    )
    page = enter(NEWEST)
    page.keyboard.press("f")
    page.wait_for_selector("focus-bar[data-ready]")
    shows(page, queue[0])

    run_macro(page, "One more thing: /enough" if words else "/enough")

    expect(page.locator("#composer-text")).to_have_value("One more thing: " if words else "")
    expect(page.locator(".message", has_text="Thank you!" if words else "Looked at")).to_be_visible()
    shows(page, queue[0])


def test_what_is_spam_is_done_with(enter: Enter, queue: list[Conversation]) -> None:
    page = enter(NEWEST)
    page.keyboard.press("f")
    page.wait_for_selector("focus-bar[data-ready]")
    shows(page, queue[0])

    page.keyboard.press("!")

    shows(page, queue[1])
    queue[0].refresh_from_db()
    assert queue[0].state == "spam"


@pytest.mark.parametrize("by", ["its key", "the choices of when"])
def test_what_is_left_pending_is_done_with(by: str, enter: Enter, queue: list[Conversation]) -> None:
    page = enter(NEWEST)
    page.keyboard.press("f")
    page.wait_for_selector("focus-bar[data-ready]")
    shows(page, queue[0])

    if by == "its key":
        page.keyboard.press("b")
    else:
        page.keyboard.press("h")
        page.locator("#picker-filter").fill("pend")
        page.keyboard.press("Enter")

    shows(page, queue[1])
    page.wait_for_selector("focus-bar[data-ready]")
    shows(page, queue[1])  # one further, and not two
    queue[0].refresh_from_db()
    assert queue[0].state == "pending"


def run_macro(page: Page, typed: str) -> None:
    page.locator("#composer-text").press_sequentially(typed)
    expect(page.locator("[data-plan-place] [data-does]")).to_be_visible()
    page.keyboard.press("Enter")


def test_what_a_colleague_has_seen_to_since_it_was_fetched_is_not_shown(
    enter: Enter, queue: list[Conversation]
) -> None:
    page = enter(NEWEST)
    page.keyboard.press("f")
    page.wait_for_selector(f"focus-bar[data-ready='{queue[1].public_id}']")
    bea = agent_of(queue[1].brand, name="Bea")
    snoozing.snooze(conversation=queue[1], until=None, by=bea, now=timezone.now())
    page.wait_for_selector(
        f"focus-bar[data-ready='{queue[2].public_id}']", timeout=5000
    )  # sooner than by the next round

    page.keyboard.press("s")

    shows(page, queue[2])


def test_what_is_written_in_before_the_server_refuses_it_stays_with_its_words(
    enter: Enter, queue: list[Conversation]
) -> None:
    page = enter(NEWEST)
    held: list[Route] = []
    page.keyboard.press("f")
    page.wait_for_selector(f"focus-bar[data-ready='{queue[1].public_id}']")
    page.route(ASKS, lambda route: route.fallback() if held else held.append(route))
    page.keyboard.press("s")
    shows(page, queue[1])
    bea = agent_of(queue[1].brand, name="Bea")
    snoozing.snooze(conversation=queue[1], until=None, by=bea, now=timezone.now())
    page.keyboard.press("r")
    page.keyboard.type("Hello")
    held[0].continue_()

    expect(page.locator("[data-focus-words]")).to_contain_text("no longer in your focus. Skip goes on.")
    page.keyboard.type(" there, e")
    expect(page.locator("#composer-text")).to_have_value("Hello there, e")
    shows(page, queue[1])
    until(lambda: not Focus.objects.exists())  # nor is kept what was given in its place
    page.get_by_role("button", name="Skip").click()
    shows(page, queue[2])


def test_a_request_that_is_under_way_when_its_page_closes_takes_nothing_after(
    enter: Enter, queue: list[Conversation]
) -> None:
    page = enter(NEWEST)
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if ASKS.search(request.url) else None)
    page.keyboard.press("f")
    page.wait_for_selector("focus-bar[data-ready]")
    [late, *_] = asked
    body, headers = late.post_data_buffer, late.all_headers()
    again = {name: headers[name] for name in ("content-type", "x-csrftoken")} | {"referer": page.url}
    context = page.context
    page.close()
    until(lambda: not Focus.objects.exists())

    answer = context.request.post(late.url, data=body or b"", headers=again)

    assert answer.status == 200 and "data-current" not in answer.text()
    assert not Focus.objects.exists()


@pytest.mark.parametrize("act", ["resolution", "snooze"])
def test_what_comes_between_an_act_and_its_answer_is_not_passed_over(
    act: str, enter: Enter, anna: Conversation, zoe: Conversation, outside: Outside
) -> None:
    page = enter(NEWEST)
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        if route.request.method == "POST":
            held.append((route, route.fetch()))
        else:
            route.continue_()

    page.route(re.compile(f"/{act}/$"), hold)
    page.keyboard.press("f")
    page.wait_for_selector("focus-bar[data-ready]")
    shows(page, zoe)
    page.wait_for_timeout(1000)  # it has been looked at
    if act == "resolution":
        page.keyboard.press("e")
    else:
        page.keyboard.press("h")
        page.locator("#picker-filter").fill("2h")
        page.keyboard.press("Enter")
    for _ in range(100):
        page.wait_for_timeout(50)
        if held:
            break
    [(route, answer)] = held
    assert answer.status == 200
    outside.write("One more thing", who="zoe")
    expect(page.locator(".message").last).to_contain_text("One more thing")
    route.fulfill(response=answer)
    shows(page, anna)

    page.keyboard.press("s")

    shows(page, zoe)


@pytest.mark.parametrize("thread", ["answers with an error", "never answers"])
@pytest.mark.parametrize("row", ["in the list", "not in the list"])
def test_what_cannot_be_shown_is_skipped_and_does_not_come_again(
    thread: str, row: str, enter: Enter, anna: Conversation, zoe: Conversation
) -> None:
    page = enter(NEWEST)
    broken = re.compile(f"/conversations/{zoe.public_id}/$")
    if thread == "never answers":
        page.route(broken, lambda route: None)
    else:
        page.route(broken, lambda route: route.fulfill(status=500, body="<h1>Server Error</h1>"))
    if row == "not in the list":  # as one that lies far below, or has come while somebody reads further down
        page.locator(f"#row-{zoe.public_id}").evaluate("row => row.remove()")
    with page.expect_request(broken):
        page.keyboard.press("f")
    if thread == "answers with an error":
        expect(page.locator("#notices")).to_contain_text("That did not work")

    page.keyboard.press("s")
    shows(page, anna)
    page.keyboard.press("s")

    expect(page.locator("[data-focus-words]")).to_contain_text("you passed it over")
    expect(page.locator("conversation-pane")).to_have_count(0)


def test_what_is_left_of_a_view_without_a_counter_is_with_colleagues(
    enter: Enter, anna: Conversation
) -> None:
    bea = agent_of(anna.brand, name="Bea")
    until = timezone.now() + timedelta(minutes=1)
    lease = {"brand": anna.brand, "conversation": anna, "standing": FocusStanding.CURRENT, "until": until}
    held = Focus.objects.create(person=bea, **lease)
    page = enter("/b/lumen/inbox/query/?q=is:open")
    words = page.locator("[data-focus-words]")

    page.keyboard.press("f")
    expect(words).to_contain_text("What is left is with colleagues")
    page.keyboard.press("f")
    held.delete()
    Conversation.objects.update(state="pending")
    page.keyboard.press("f")
    expect(words).to_contain_text("Nothing is left here")


@pytest.mark.parametrize("where", ["a thread", "focus", "a result of a search"])
def test_on_a_phone_the_filter_opens_its_field_over_what_covers_it(
    where: str, enter: Enter, anna: Conversation
) -> None:
    follow(anna.brand)
    page = enter(NEWEST, viewport={"width": 390, "height": 800})
    if where == "focus":
        page.keyboard.press("f")
    elif where == "a thread":
        page.click(f"#row-{anna.public_id}")
    else:
        page.keyboard.press("/")
        page.keyboard.type("anna")
        page.locator("[data-hit]").first.click()
    shows(page, anna)

    page.keyboard.press("v")
    page.keyboard.type("is:unread")

    expect(page.locator("#query")).to_be_visible()
    expect(page.locator("#query")).to_be_focused()
    expect(page.locator("#query")).to_have_value(re.compile("is:unread$"))
    expect(page.locator("conversation-pane")).to_have_count(0)
    expect(page).to_have_url(re.compile("/inbox/open/"))


def test_on_a_phone_focus_says_where_one_is_and_its_buttons_go_on(
    enter: Enter, queue: list[Conversation]
) -> None:
    page = enter(NEWEST, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.locator(".list__head [data-command=focus]").tap()
    shows(page, queue[0])

    expect(page.locator(".focus__view")).to_be_in_viewport()
    composer = page.locator("reply-composer").bounding_box()
    assert composer and composer["y"] + composer["height"] == 844

    page.get_by_role("button", name="Skip").tap()
    shows(page, queue[1])
    page.get_by_role("button", name="Stop").tap()
    expect(page.locator("workspace-shell[data-focus]")).to_have_count(0)


def test_focus_in_which_nothing_is_left_asks_nobody_to_choose(enter: Enter, brand: Brand) -> None:
    page = enter("/b/lumen/inbox/open/")
    expect(page.get_by_text("Choose a conversation")).to_be_visible()
    page.keyboard.press("f")

    expect(page.locator("[data-focus-words]")).to_contain_text("Nothing is left here")
    expect(page.get_by_text("Choose a conversation")).to_be_hidden()
