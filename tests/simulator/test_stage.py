"""The page on which a person is the customer."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from simulator import pictures
from tests.simulator.outside import Outside, simulated
from tests.simulator.process import free_ports, healthy, start

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@simulated
async def test_the_page_needs_nothing_from_elsewhere_and_nothing_inline(outside: Outside) -> None:
    page = await outside.control.get("/")

    policy = page.headers["content-security-policy"]
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert "unsafe-inline" not in policy and "default-src 'none'" in policy
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", page.text)
    assert addresses and all(one.startswith("/") for one in addresses)
    for one in addresses:
        assert (await outside.control.get(one)).status_code == 200, one


@simulated
async def test_only_the_stages_own_files_are_served(outside: Outside) -> None:
    for name in ("__init__.py", "..%2Ffaults.py", "nothing.css"):
        assert (await outside.control.get(f"/stage/files/{name}")).status_code == 404


@simulated
async def test_the_platform_port_knows_no_control_and_no_stage(outside: Outside) -> None:
    for path in ("/control/ledger", "/stage/accounts", "/"):
        assert (await outside.api.get(path)).status_code >= 400


@simulated
async def test_what_is_uploaded_must_be_a_picture(outside: Outside) -> None:
    query = {"platform": "instagram", "account": "acme"}

    good = await outside.control.post("/stage/uploads", params=query, content=pictures.photo("mug"))
    page = await outside.control.post("/stage/uploads", params=query, content=b"<script>alert(1)</script>")

    shown = await outside.control.get(f"/stage/media/{good.json()['media_id']}")
    assert (
        shown.headers["content-type"] == "image/png" and shown.headers["x-content-type-options"] == "nosniff"
    )
    assert page.status_code == 400


@simulated
async def test_the_thread_is_what_its_customer_sees(outside: Outside) -> None:
    headers = await outside.instagram()
    written = await outside.says("instagram", "Hello")
    to = {"recipient": {"id": written["person"]["id"]}}
    await outside.api.post("/v25.0/me/messages", json={**to, "message": {"text": "Hi Mara"}}, headers=headers)
    await outside.api.post("/v25.0/me/messages", json={**to, "sender_action": "typing_on"}, headers=headers)

    query = {"platform": "instagram", "account": "acme", "thread": written["thread"]}
    seen = (await outside.control.get("/stage/thread", params=query)).json()

    assert [(one["mine"], one["text"]) for one in seen["messages"]] == [(True, "Hello"), (False, "Hi Mara")]
    assert seen["typing"] is True and seen["seen"] == written["id"]


@simulated
async def test_only_where_a_platform_tells_it_a_message_was_seen(outside: Outside) -> None:
    seen = {}
    for platform in ("instagram", "x", "linkedin"):
        written = await outside.says(platform, "Hello")
        await outside.does(platform, "native_reply", **{"from": "Mara Klein", "text": "Hi"})
        query = {"platform": platform, "account": "acme", "thread": written["thread"]}
        shown = (await outside.control.get("/stage/thread", params=query)).json()
        seen[platform] = shown["seen"] == written["id"]

    assert seen == {"instagram": True, "x": False, "linkedin": False}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[str]:
    ports = free_ports()
    process = start(tmp_path, ports)
    try:
        assert healthy(ports[0])
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        process.kill()
        process.communicate()


@pytest.mark.browser
def test_a_person_writes_and_sees_the_answer_come_in(stage: str, browser: "Browser") -> None:
    page = browser.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda one: troubles.append(one.text) if one.type == "error" else None)
    page.goto(stage)

    page.get_by_label("Name of a new person").fill("Jana Testova")
    page.get_by_role("button", name="Add").click()
    page.get_by_label("Message", exact=True).fill("Does it run <b>small</b>?")
    page.get_by_label("Message", exact=True).press("Enter")
    page.get_by_text("Does it run <b>small</b>?").first.wait_for()
    answer = {
        "platform": "instagram",
        "account": "acme",
        "kind": "native_reply",
        "from": "Jana Testova",
        "text": "No.",
    }
    httpx.post(f"{stage}/control/events", json=answer, trust_env=False).raise_for_status()
    page.locator(".message:not(.mine)", has_text="No.").wait_for()
    mine = page.locator(".message.mine").first
    mine.hover()
    mine.get_by_role("button", name="Unsend").click()
    page.locator(".message.deleted").wait_for()

    page.close()
    rows = httpx.get(f"{stage}/control/ledger", trust_env=False).text
    assert troubles == []
    assert rows.count('"deleted":true') == 1


@pytest.mark.browser
def test_the_list_of_people_moves_while_traffic_is_fast(stage: str, browser: "Browser") -> None:
    page = browser.new_page()
    page.goto(stage)
    page.get_by_text("Nobody yet.").wait_for()
    play = f"{stage}/control/play"

    httpx.post(play, json={"rate": 100, "platforms": ["instagram"]}, trust_env=False).raise_for_status()
    page.locator("#people .person").first.wait_for()
    for _ in range(3):  # the first of them because somebody is there to be chosen
        page.wait_for_event("response", lambda one: "/stage/people?" in one.url, timeout=10_000)
    playing = httpx.get(play, trust_env=False).json()["playing"]
    httpx.delete(play, trust_env=False)
    page.close()

    assert playing


@pytest.mark.browser
def test_in_a_group_one_is_the_member_one_chooses_and_linkedin_and_x_have_their_own_signs(
    stage: str, browser: "Browser"
) -> None:
    group = {
        "platform": "x",
        "account": "acme",
        "from": "Ida",
        "with": ["Noor"],
        "title": "Flat 12",
        "text": "Hi",
    }
    httpx.post(
        f"{stage}/control/messages", json=group | {"kind": "group"}, trust_env=False
    ).raise_for_status()
    page = browser.new_page()
    page.goto(f"{stage}/?platform=x")
    written, send = (
        page.get_by_label("Message", exact=True),
        page.get_by_role("button", name="Send", exact=True),
    )

    page.locator(".message.mine", has_text="Hi").wait_for()
    page.get_by_label("Which member you are").select_option("as Noor")
    page.locator(".message:not(.mine)", has_text="Hi").wait_for()
    written.fill("Me too")
    page.route("**/stage/messages", lambda route: route.abort(), times=1)
    send.click()
    page.locator("#trouble:not([hidden])").wait_for()
    with page.expect_response("**/stage/thread?*"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.evaluate("new Promise((done) => setTimeout(done, 100))")
    still = page.locator("#trouble:not([hidden])").count()
    kept = written.input_value()
    send.click()
    page.locator(".message.mine", has_text="Me too").wait_for()
    unsendable = page.get_by_text("Unsend").count()

    page.get_by_role("button", name="LinkedIn").click()
    page.get_by_label("Name of a new person").fill("Jana Testova")
    page.get_by_role("button", name="Add").click()
    page.locator("#as", has_text="as Jana Testova").wait_for()
    written.fill("Are you hiring?")
    send.click()
    page.locator(".message.mine", has_text="Are you hiring?").wait_for()
    answer = {
        "platform": "linkedin",
        "account": "acme",
        "kind": "native_reply",
        "from": "Jana Testova",
        "text": "Yes.",
    }
    with page.expect_response("**/stage/events") as read:
        httpx.post(f"{stage}/control/events", json=answer, trust_env=False).raise_for_status()
    page.close()

    assert (still, kept, unsendable) == (1, "Me too", 1)
    assert read.value.ok and read.value.request.post_data_json["kind"] == "read"
    rows = [
        json.loads(line) for line in httpx.get(f"{stage}/control/ledger", trust_env=False).text.splitlines()
    ]
    authors = {row["text"]: row["sender"] for row in rows}
    assert authors["Me too"] != authors["Hi"]
