"""A shift without a mouse, and one on a phone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.browsing import Agent
from tests.journeys.outside import Outside
from tests.journeys.waiting import eventually


def test_a_conversation_is_answered_assigned_and_resolved_by_keys_alone(
    agent: Agent, outside: Outside, name: str
) -> None:
    for each in (f"{name} first", f"{name} second"):
        outside.dm("instagram", f"I am {each}", who=each)
        agent.await_row(each)
    page = agent.page

    agent.press("j")
    expect(page.locator(".row:focus .row__name")).to_have_text(f"{name} second")
    agent.press("j")
    expect(page.locator(".row:focus .row__name")).to_have_text(f"{name} first")
    agent.press("k", "Enter")
    expect(page.locator(".head__name")).to_have_text(f"{name} second")

    agent.press("m")
    expect(page.locator("conversation-head[data-mine]")).to_be_attached()
    agent.press("r")
    expect(agent.field).to_be_focused()
    page.keyboard.type(f"jkema are letters here, {name}")
    agent.press("Control+Enter")
    agent.await_sent(f"jkema are letters here, {name}")
    agent.press("Escape")

    agent.press("n")
    page.keyboard.type("A friend of the house")
    agent.press("Control+Enter", "Escape")
    agent.await_message("A friend of the house", state="noted")

    agent.press("a")
    expect(page.locator("#picker-filter")).to_be_focused()
    page.keyboard.type("jo lind")
    agent.press("Enter")
    expect(page.locator(".head__assignee")).to_contain_text("Jo")

    agent.press("e")
    head = page.locator("conversation-head")
    expect(head).to_have_attribute("data-state", "resolved")
    agent.press("e")
    expect(head).to_have_attribute("data-state", "open")
    agent.press("e")
    expect(head).to_have_attribute("data-state", "resolved")
    agent.press("Escape")
    expect(page.locator("main .empty")).to_be_visible()

    agent.press("g", "r")
    page.wait_for_url(re.compile("/inbox/resolved/"))
    agent.await_live()
    agent.await_row(f"{name} second")
    agent.press("g", "i")
    page.wait_for_url(re.compile("/inbox/open/"))
    agent.await_live()
    agent.go()
    agent.await_row(f"{name} first")
    expect(agent.row(f"{name} second")).to_have_count(0)
    agent.assert_no_faults()


def test_on_a_phone_one_pane_is_shown_at_a_time_and_a_reply_leaves(
    new_agent: Callable[..., Agent], outside: Outside, name: str
) -> None:
    agent = new_agent(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    outside.dm("x", "From my sofa", who=name)
    agent.await_row(name)
    expect(agent.page.locator("main")).not_to_be_in_viewport()
    agent.await_row(name).tap()
    agent.await_message("From my sofa")
    expect(agent.page.locator(".list")).not_to_be_in_viewport()
    agent.field.fill(f"To your sofa, {name}")
    agent.page.locator(".composer__send").tap()
    agent.await_sent(f"To your sofa, {name}")
    assert agent.page.evaluate("document.documentElement.scrollWidth") <= 390
    agent.page.locator("[data-back]").tap()
    expect(agent.page.locator(".list")).to_be_in_viewport()
    eventually(lambda: outside.from_brand(f"To your sofa, {name}"), told="the reply on the platform")


@pytest.mark.parametrize(
    ("width", "scheme"), [(390, "light"), pytest.param(1440, "dark", marks=pytest.mark.long)]
)
def test_axe_finds_no_serious_fault_at_the_door_in_the_list_and_in_the_thread(
    scheme: str, width: int, new_agent: Callable[..., Agent], outside: Outside, name: str
) -> None:
    agent = new_agent(viewport={"width": width, "height": 900}, color_scheme=scheme)
    outside.dm("instagram", "Is this readable?", who=name)
    agent.await_row(name)
    found = {"list": agent.serious_faults_of_access()}
    agent.open(name).await_message("Is this readable?")
    agent.reply(f"It is, {name}").await_sent(f"It is, {name}")
    found["thread"] = agent.serious_faults_of_access()
    agent.page.context.clear_cookies()
    agent.page.goto(f"{agent.url}/accounts/login/")
    found["door"] = agent.serious_faults_of_access()
    assert found == {"list": [], "thread": [], "door": []}
