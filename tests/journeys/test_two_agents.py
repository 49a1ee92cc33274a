"""Two people look after the same customers: each sees what the other does, and nobody answers twice unknowingly."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.browsing import Agent
from tests.journeys.outside import Outside
from tests.journeys.waiting import eventually


@pytest.fixture
def ada(new_agent: Callable[..., Agent]) -> Agent:
    return new_agent("agent@parley.test")


@pytest.fixture
def jo(new_agent: Callable[..., Agent]) -> Agent:
    return new_agent("manager@parley.test")


def both_open(ada: Agent, jo: Agent, outside: Outside, name: str, asked: str) -> None:
    outside.dm("instagram", asked, who=name)
    for one in (ada, jo):
        one.open(name)
        one.await_message(asked)


def test_each_sees_the_others_reply_and_note_live(ada: Agent, jo: Agent, outside: Outside, name: str) -> None:
    both_open(ada, jo, outside, name, "Hello?")

    ada.reply(f"Good morning, {name}")
    jo.await_sent(f"Good morning, {name}")
    expect(jo.message(f"Good morning, {name}").locator(".message__author")).to_have_text("Ada Agent")
    jo.note("She is a friend of the house")
    ada.await_message("She is a friend of the house", state="noted")

    assert ada.texts() == jo.texts() == ["Hello?", f"Good morning, {name}", "She is a friend of the house"]
    assert [
        row["text"] for row in outside.ledger(platform="instagram") if "friend of the house" in row["text"]
    ] == []


@pytest.mark.parametrize("choice", [pytest.param("read first", marks=pytest.mark.long), "send anyway"])
def test_a_reply_written_against_an_older_state_is_stopped_with_a_choice(
    ada: Agent, jo: Agent, outside: Outside, name: str, choice: str
) -> None:
    both_open(ada, jo, outside, name, "Can I still change my order?")
    mine, late = f"Yes you can, {name}", f"No you cannot, {name}"

    jo.wire.hold()
    jo.field.fill(late)
    ada.reply(mine)
    ada.await_sent(mine)
    jo.field.press("Control+Enter")

    stale = jo.page.locator(".stale")
    expect(stale).to_contain_text(mine)
    expect(jo.field).to_have_value(late)
    assert outside.from_brand(late) == []

    jo.wire.let_go()
    if choice == "read first":
        jo.page.get_by_role("button", name="Read it first").click()
        jo.await_message(mine)
        expect(jo.field).to_have_value(late)
        jo.reply(f"As Ada says, {name}")
        jo.await_sent(f"As Ada says, {name}")
        assert outside.from_brand(late) == []
    else:
        jo.page.get_by_role("button", name="Send anyway").click()
        jo.await_sent(late)
        eventually(lambda: len(outside.from_brand(late)) == 1, told="one reply on the platform")
        assert jo.texts() == ["Can I still change my order?", mine, late]
    expect(stale).to_have_count(0)


def test_assigning_and_resolving_are_seen_by_both(ada: Agent, jo: Agent, outside: Outside, name: str) -> None:
    both_open(ada, jo, outside, name, "Thank you!")

    ada.page.locator("main").focus()
    ada.press("m")
    expect(jo.page.locator(".head__assignee")).to_contain_text("Ada")
    expect(jo.row(name).locator(".row__assignee")).to_contain_text("Ada")
    expect(jo.page.locator("message-thread .event").last).to_contain_text("Ada")

    jo.page.locator("main").focus()
    jo.press("e")
    expect(ada.page.locator("conversation-head")).to_have_attribute("data-state", "resolved")
    ada.press("Escape")
    expect(ada.row(name)).to_have_count(0)

    ada.go("resolved")
    ada.await_row(name)


def test_a_reply_clicked_twice_is_one_message(ada: Agent, outside: Outside, name: str) -> None:
    outside.dm("instagram", "Twice?", who=name)
    ada.open(name)
    text = f"Only once, {name}"
    ada.field.fill(text)
    ada.page.evaluate(
        """() => { const form = document.querySelector("#composer-form"); form.requestSubmit(); form.requestSubmit() }"""
    )
    ada.await_sent(text)
    assert len(outside.from_brand(text)) == 1
