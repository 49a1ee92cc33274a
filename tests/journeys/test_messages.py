"""What customers do besides writing, and pictures in both directions."""

import base64
from pathlib import Path

from playwright.sync_api import expect

from tests.journeys.browsing import Agent
from tests.journeys.outside import Outside
from tests.journeys.waiting import eventually

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAEElEQVR4nGP4z8AARwzEcQCukw/x0F8jngAAAABJRU5ErkJggg=="
)


def test_an_edit_an_unsend_and_a_reaction_change_the_message_on_the_screen(
    agent: Agent, outside: Outside, name: str
) -> None:
    written = outside.dm("instagram", "I ordered the bleu jacket", who=name)
    slip = outside.dm("instagram", "My card number is 4111", who=name)
    agent.open(name).await_message("I ordered the bleu jacket")
    agent.await_message("My card number is 4111")

    outside.event("instagram", "edit", target=written["id"], text="I ordered the blue jacket")
    agent.await_message("I ordered the blue jacket")
    expect(agent.message("I ordered the blue jacket").locator(".message__foot")).to_contain_text("edited")
    outside.event("instagram", "unsend", target=slip["id"])
    expect(agent.page.locator(f'.message[data-external="{slip["id"]}"] .message__gone')).to_contain_text(
        "Unsent by"
    )
    expect(agent.page.locator("message-thread")).not_to_contain_text("4111")
    outside.event("instagram", "react", target=written["id"], emoji="🎉")
    expect(agent.message("I ordered the blue jacket").locator(".message__reactions")).to_contain_text("🎉")
    outside.event("instagram", "unreact", target=written["id"])
    expect(agent.message("I ordered the blue jacket").locator(".message__reactions")).to_have_count(0)


def test_what_the_customer_reads_and_types_is_shown(agent: Agent, outside: Outside, name: str) -> None:
    outside.dm("x", "Anybody there?", who=name)
    agent.open(name).reply(f"Here I am, {name}").await_sent(f"Here I am, {name}")
    outside.event("x", "typing", **{"from": name})
    expect(agent.page.locator("#typing")).to_contain_text("is typing")
    outside.event("x", "read", **{"from": name})
    agent.await_message(f"Here I am, {name}", state="read")


def test_a_picture_comes_in_and_a_picture_goes_out(
    agent: Agent, outside: Outside, name: str, tmp_path: Path
) -> None:
    outside.dm("instagram", "", who=name, kind="image")
    agent.open(name)
    picture = agent.page.locator("message-thread .message[data-side=customer] img.file__image")
    expect(picture).to_be_visible(timeout=20_000)
    eventually(
        lambda: picture.evaluate("image => image.complete && image.naturalWidth > 0"),
        told="the picture itself",
    )

    file = tmp_path / "label.png"
    file.write_bytes(PNG)
    agent.page.locator("[data-file-input]").set_input_files(file)
    expect(agent.page.locator(".upload[data-attachment]")).to_have_count(1)
    agent.field.press("Control+Enter")
    own = agent.page.locator("message-thread .message[data-side=brand]")
    expect(own.locator("img.file__image")).to_be_visible(timeout=15_000)
    eventually(
        lambda: [
            row
            for row in outside.ledger(platform="instagram")
            if row["direction"] == "out" and row["attachments"]
        ],
        told="the picture on the platform",
    )
    eventually(lambda: own.get_attribute("data-external"), told="the platform's id")


def test_an_answer_given_in_the_platforms_own_app_is_shown_as_such(
    agent: Agent, outside: Outside, name: str
) -> None:
    written = outside.dm("instagram", "Who answers here?", who=name)
    agent.open(name).await_message("Who answers here?")
    outside.event(
        "instagram", "native_reply", target=written["id"], text="I do, on my phone", **{"from": name}
    )
    shown = agent.await_message("I do, on my phone")
    expect(shown.locator(".message__via")).to_contain_text("outside Parley")


def test_hostile_words_stay_words(agent: Agent, outside: Outside, name: str) -> None:
    text = "<img src=x onerror=document.title='owned'><script>document.title='owned'</script>"
    outside.dm("instagram", text, who=name)
    agent.open(name).await_message(text)
    assert "owned" not in agent.page.title()
    agent.assert_no_faults()
