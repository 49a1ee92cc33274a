"""What one must know or reach is in sight on a desk and on a phone: who has it, what the line is, how to sign out, a report's first figure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from inbox.models import Brand, CannedReply, Channel, Conversation, Person
from tests.browser.test_figures import managed as managed_figures
from tests.browser.test_late_answers import at
from tests.browser.test_settings import managed as managed_settings
from tests.factories import conversations as make

Enter = Callable[..., Page]
PHONE = {"viewport": {"width": 390, "height": 844}}
DESK = {"viewport": {"width": 1440, "height": 900}}
figures, settings = managed_figures, managed_settings

# Where a word ends that may be cut, and where its line does.
ENDS = """word => {
  const line = document.querySelector(".head__where")
  const texts = document.createTreeWalker(line, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const from = texts.currentNode.data.indexOf(word)
    if (from < 0) continue
    const range = document.createRange()
    range.setStart(texts.currentNode, from)
    range.setEnd(texts.currentNode, from + word.length)
    return Math.ceil(range.getBoundingClientRect().right) <= Math.ceil(line.getBoundingClientRect().right)
  }
  return null
}"""
CUT = "each => each.scrollWidth > each.clientWidth"


@pytest.mark.parametrize("screen", [DESK, PHONE])
@pytest.mark.parametrize("who", ["nobody", "Mara"])
def test_the_head_of_a_thread_says_who_has_it_and_the_network(
    enter: Enter, anna: Conversation, mara: Person, screen: dict[str, Any], who: str
) -> None:
    Conversation.objects.update(
        contact_name="Annabelle Featherstonehaugh",
        contact_username="annabelle.featherstonehaugh",
        assignee=mara if who == "Mara" else None,
        assignee_name="Mara" if who == "Mara" else "",
    )
    page = enter(at(anna), **screen)

    assert [page.evaluate(ENDS, word) for word in (who, "Instagram")] == [True, True]


@pytest.mark.parametrize("state", ["live", "catching", "offline"])
def test_every_tool_of_the_rail_stays_in_it_whatever_the_line_says(
    enter: Enter, channel: Channel, state: str
) -> None:
    page = enter("/b/lumen/inbox/open/")
    page.evaluate("state => document.querySelector('state-line').say(state)", state)
    rail = page.locator(".views").bounding_box() or {}

    for tool in page.locator(".views__tools .button").all():
        place = tool.bounding_box() or {}
        assert rail["x"] <= place["x"] and place["x"] + place["width"] <= rail["x"] + rail["width"]


@pytest.mark.parametrize("head", [".list__head", ".head"])
def test_what_the_line_says_on_a_phone_covers_neither_head_nor_a_tap(
    enter: Enter, anna: Conversation, head: str
) -> None:
    page = enter(at(anna) if head == ".head" else "/b/lumen/inbox/open/", **PHONE)
    page.context.set_offline(True)
    page.evaluate("document.querySelector('state-line').say('offline')")
    top, taps = page.evaluate(
        "() => { const said = getComputedStyle(document.querySelector('.shell'), '::after'); return [parseFloat(said.top), said.pointerEvents] }"
    )
    place = page.locator(head).bounding_box() or {}

    assert (top >= place["y"] + place["height"], taps) == (True, "none")


def test_what_is_new_leaves_a_view_its_name_on_a_phone(enter: Enter, channel: Channel) -> None:
    make.conversations(channel, 3)
    page = enter("/b/lumen/inbox/unassigned/", **PHONE)
    pill = page.locator("[data-pill]")
    pill.evaluate("pill => { pill.hidden = false; pill.textContent = '12 new' }")
    row = page.locator(".row >> nth=0").bounding_box() or {}
    place = pill.bounding_box() or {}

    assert not page.locator(".list__title").evaluate(CUT)
    assert place["y"] + place["height"] <= row["y"]


@pytest.mark.parametrize("words", ["2 new", "300 new", "New"])
def test_what_is_new_stands_beside_the_filter_on_a_phone(enter: Enter, channel: Channel, words: str) -> None:
    make.conversations(channel, 3)
    page = enter("/b/lumen/inbox/open/", **PHONE)
    pill, field = page.locator("[data-pill]"), page.locator("#query")
    starts = (field.bounding_box() or {})["x"]
    pill.evaluate("(pill, words) => { pill.hidden = false; pill.textContent = words }", words)
    place, room = pill.bounding_box() or {}, field.bounding_box() or {}

    assert not pill.evaluate(CUT)
    assert room["x"] == starts
    assert room["x"] + room["width"] < place["x"]


def test_what_is_new_covers_no_row_of_what_was_asked_on_a_phone(enter: Enter, anna: Conversation) -> None:
    page = enter("/b/lumen/inbox/query/?q=is:unread", **PHONE)
    pill = page.locator("[data-pill]")
    pill.evaluate("pill => { pill.hidden = false; pill.textContent = '2 new' }")
    picture, place = page.locator(".row .avatar").first.bounding_box() or {}, pill.bounding_box() or {}

    assert (
        place["y"] + place["height"] <= picture["y"] - 8
    )  # the row's own edge; its first line has the word of its group above


def test_a_rows_colleague_is_more_than_a_letter_beside_its_tags(
    enter: Enter, channel: Channel, mara: Person
) -> None:
    now = timezone.now()
    make.conversation(
        channel, tags=["order status", "complaint", "refund", "influencer"], due_at=now, due_reason="x",
        waiting_since=now, assignee=mara, assignee_name="Mara Lindqvist-Adeyemi",
    )  # fmt: skip
    page = enter("/b/lumen/inbox/open/")
    place = page.locator(".row__assignee").bounding_box() or {}

    assert place["width"] >= 40


# What is in sight of a row's tags, the number that stands for the others, and how far behind the last of them it stands.
IN_SIGHT = """row => {
  const box = row.querySelector(".row__tags").getBoundingClientRect()
  const place = (each) => each.getBoundingClientRect()
  const seen = (each) => each.textContent && Math.abs(place(each).top - box.top) < 2 && place(each).right < box.right + 1
  const [tags, numbers] = [".tag", ".row__number"].map((what) => [...row.querySelectorAll(`.row__tags ${what}`)].filter(seen))
  const ends = tags.length ? place(tags.at(-1)).right : box.left
  return [tags.map((each) => each.textContent), numbers.map((each) => each.textContent), numbers.map((each) => place(each).left - ends)]
}"""


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_a_rows_tags_give_way_to_its_colleague_and_a_number_stands_for_them(
    enter: Enter, channel: Channel, mara: Person, screen: dict[str, Any]
) -> None:
    now = timezone.now()
    opened, late = {"window_opened_at": now}, {"due_at": now, "due_reason": "x", "waiting_since": now}
    rows = [
        make.conversation(channel, tags=tags, assignee=mara, assignee_name=name, **more)
        for tags, name, more in (
            (["order status", "complaint", "refund", "influencer"], "Mara Lindqvist", late),
            (["vip", "refund", "order status", "complaint"], "Mara", opened),
            (["vip", "refund"], "Mara", opened),
            (["order status", "complaint"], "Mara Lindqvist", late),
            (["complaint about a courier"], "Mara Lindqvist", late),
            (["vip"], "Mara", opened | late),
            ([f"order {number}" for number in range(12)], "Mara Lindqvist", late),
        )
    ]
    page = enter("/b/lumen/inbox/open/", **screen)
    found = []
    for row in rows:
        shown = page.locator(f"#row-{row.public_id}")
        assert not shown.locator(".row__assignee").evaluate(CUT)
        facts, colleague = (
            shown.locator(each).bounding_box() or {} for each in (".row__facts", ".row__assignee")
        )
        assert colleague["x"] + colleague["width"] <= facts["x"] + facts["width"] + 1
        tags, numbers, apart = shown.evaluate(IN_SIGHT)
        assert len(numbers) <= 1
        assert all(0 <= each <= 4 for each in apart)
        assert len(tags) + int(numbers[0] if numbers else 0) == len(row.tags)
        found.append(len(tags))

    assert found == [0, 2, 2, 0, 0, 1, 0]


def test_a_canned_replys_name_is_read_whole_beside_its_preview(
    enter: Enter, brand: Brand, anna: Conversation
) -> None:
    CannedReply.objects.create(brand=brand, name="Refund an order", shortcut="refund-an-order", text="Done!")
    page = enter(at(anna))
    page.keyboard.press("r")
    expect(page.locator("#composer-text")).to_be_focused()
    page.keyboard.type("/")

    expect(page.locator(".offer__name")).to_have_text("Refund an order")
    assert not page.locator(".offer__name").evaluate(CUT)


def test_a_report_begins_in_the_first_screen_of_a_phone(enter: Enter, figures: Channel) -> None:
    page = enter("/b/lumen/inbox/open/", **PHONE)
    page.goto("/b/lumen/reports/responses/?channel=" + str(figures.public_id))
    first = page.locator(".tiles, .chart").first.bounding_box() or {}
    field = page.get_by_label("From", exact=True)

    assert first["y"] < 844 / 2
    expect(field).to_be_hidden()
    expect(page.get_by_text("Days and filters")).to_contain_text("Channel")
    page.get_by_text("Days and filters").click()
    expect(field).to_be_visible()
    page.set_viewport_size({"width": 1440, "height": 900})
    page.reload()
    expect(field).to_be_visible()
    expect(page.get_by_text("Days and filters")).to_be_hidden()


@pytest.mark.parametrize("place", ["reports/definitions/", "settings/teams/"])
def test_the_page_that_is_open_is_in_sight_among_its_neighbours(
    enter: Enter, settings: Channel, place: str
) -> None:
    page = enter("/b/lumen/inbox/open/", **PHONE)
    page.goto(f"/b/lumen/{place}")
    current = page.locator("nav [aria-current=page]")

    expect(current).to_be_in_viewport(ratio=1)
    menu = page.locator("nav").first.bounding_box() or {}
    assert menu["height"] < 100


def test_what_a_weight_would_do_is_said_beside_save_where_the_preview_is_far_below(
    enter: Enter, settings: Channel
) -> None:
    page = enter("/b/lumen/inbox/open/", **PHONE)
    page.goto("/b/lumen/settings/priority/")
    said = page.locator(".settings__in-short")
    expect(said).to_have_text("As it is now: nobody moves.")

    page.get_by_label("Negative mood").fill("-60")
    page.get_by_label("Each unread message, up to five").fill("20")

    expect(said).to_contain_text("would move.")
    expect(said).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(said).to_be_hidden()


def test_a_drawer_goes_when_the_hand_goes_on_from_it(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna), **PHONE)
    page.click("[data-context]")
    page.locator(".context :is(a, button, summary)").first.focus()
    page.locator("#composer-text").focus()

    expect(page.locator(".context")).to_be_hidden()
    expect(page.locator("#composer-text")).to_be_focused()

    page.goto("/b/lumen/inbox/open/")
    page.wait_for_selector("state-line[data-state=live]", state="attached")
    page.click("[data-menu]")
    page.get_by_role("link", name="Sign out").focus()
    expect(page.locator(".views")).to_be_visible()
    page.keyboard.press("Tab")

    expect(page.locator(".views")).to_be_hidden()
    expect(page.locator("[data-menu]")).to_be_focused()
