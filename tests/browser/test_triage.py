"""What matters next stands on top, with the reason, and is dealt with by keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from inbox import realtime
from inbox.models import Brand, Channel, Clock, Contact, Conversation, ConversationTag, SetBy, Tag, TagState
from tests.browser.test_search import follow
from tests.factories import conversations as make
from tests.factories.people import agent_of

Enter = Callable[..., Page]
OPEN = "/b/lumen/inbox/open/"
NAMES = "rows => rows.map((row) => row.querySelector('.row__name').textContent)"


def due(channel: Channel, name: str, minutes: float | None, **fields: Any) -> Conversation:
    now = timezone.now()
    at = None if minutes is None else now + timedelta(minutes=minutes)
    kind = fields.pop("due_kind", "first")
    return make.conversation(
        channel, contact_name=name, due_at=at, due_kind=kind if at else "", due_reason="first response, Default",
        waiting_since=fields.pop("waiting_since", now - timedelta(minutes=5)), **fields,
    )  # fmt: skip


def say_so(conversation: Conversation, **changes: Any) -> None:
    """As triage changes a row, and tells the pages of it."""
    row = Conversation.objects.filter(pk=conversation.pk)
    seq = row.values_list("seq", flat=True).get() + 1
    row.update(seq=seq, **changes)
    realtime.push_rows(conversation.brand_id, [conversation.pk], seq, seq)


@pytest.fixture
def queue(channel: Channel) -> dict[str, Conversation]:
    return {
        "Later": due(channel, "Later", None),
        "Hour": due(channel, "Hour", 40.5, due_kind="window"),
        "Late": due(channel, "Late", -4.5, priority=1),
        "Soon": due(channel, "Soon", 6.5, priority=2),
    }


def names(page: Page) -> list[str]:
    found: list[str] = page.eval_on_selector_all(".row", NAMES)
    return found


def headings(page: Page) -> list[list[str]]:
    found: list[list[str]] = page.eval_on_selector_all(
        ".row[data-heads]",
        "rows => rows.map((row) => [row.dataset.heads, row.querySelector('.row__name').textContent])",
    )
    return found


def test_what_is_due_first_stands_first_under_its_heading(
    enter: Enter, queue: dict[str, Conversation]
) -> None:
    page = enter(OPEN)

    assert names(page) == ["Late", "Soon", "Hour", "Later"]
    assert headings(page) == [["Late", "Late"], ["< 15 min", "Soon"], ["< 1 h", "Hour"], ["Later", "Later"]]
    assert page.locator("due-chip").all_inner_texts() == ["4 m late", "6 m left", "window 40 m"]
    assert page.locator(".pressing").all_inner_texts() == ["Urgent", "High"]


def test_a_row_that_is_due_sooner_now_moves_to_its_place(
    enter: Enter, queue: dict[str, Conversation]
) -> None:
    page = enter(OPEN)
    page.mouse.move(900, 400)

    say_so(queue["Later"], due_at=timezone.now() + timedelta(minutes=3, seconds=30), due_kind="next")

    expect(page.locator(".row").nth(1)).to_contain_text("3 m left")
    assert names(page) == ["Late", "Later", "Soon", "Hour"]
    assert headings(page) == [["Late", "Late"], ["< 15 min", "Later"], ["< 1 h", "Hour"]]


def test_another_order_is_in_the_address_and_stays_while_conversations_are_opened(
    enter: Enter, channel: Channel
) -> None:
    low, high = due(channel, "Low", 5, priority_score=3), due(channel, "High", 500, priority_score=60)
    page = enter(OPEN)
    assert names(page) == ["Low", "High"]

    page.select_option("#list-sort", "score")
    page.wait_for_url("**/inbox/open/?sort=score")
    expect(page.locator(".row").first).to_contain_text("High")
    assert headings(page) == []
    page.mouse.move(900, 400)
    say_so(low, priority_score=90)
    expect(page.locator(".row").first).to_contain_text("Low")

    page.click(f"#row-{high.public_id}")
    page.wait_for_url("**sort=score")
    page.reload()
    assert names(page) == ["Low", "High"]


def test_a_tag_is_put_on_and_taken_off_by_keys_in_the_list(
    enter: Enter, queue: dict[str, Conversation], brand: Brand
) -> None:
    for name in ("refund", "complaint", "praise"):
        Tag.objects.create(brand=brand, name=name)
    page = enter(OPEN)
    page.keyboard.press("j")
    row = page.locator(f"#row-{queue['Late'].public_id}")

    page.keyboard.press("l")
    page.keyboard.type("ref")
    page.keyboard.press("Enter")
    expect(row.locator(".tag")).to_have_text("refund")

    page.keyboard.press("Enter")
    expect(row.locator(".tag")).to_have_count(0)
    assert ConversationTag.objects.get().state == TagState.UNDONE


def test_the_hand_is_where_it_was_when_a_choice_is_closed_though_its_row_was_renewed(
    enter: Enter, channel: Channel, brand: Brand
) -> None:
    rows = [due(channel, name, minutes) for name, minutes in (("One", 5), ("Two", 50), ("Three", 500))]
    Tag.objects.create(brand=brand, name="refund")
    page = enter(OPEN)
    page.mouse.move(900, 400)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("l")
    page.keyboard.type("ref")
    page.keyboard.press("Enter")
    expect(page.locator(f"#row-{rows[1].public_id} .tag")).to_have_text("refund")

    page.keyboard.press("Escape")
    expect(page.locator(f"#row-{rows[1].public_id}")).to_be_focused()
    page.keyboard.press("j")

    expect(page.locator(f"#row-{rows[2].public_id}")).to_be_focused()


def test_a_priority_is_pinned_by_keys_and_said_beside_and_between(
    enter: Enter, queue: dict[str, Conversation]
) -> None:
    page = enter(f"/b/lumen/conversations/{queue['Later'].public_id}/")
    expect(page.locator("#conversation-triage .triage__level")).to_have_text("Normal")

    page.keyboard.press("p")
    page.keyboard.type("urg")
    page.keyboard.press("Enter")

    expect(page.locator("#conversation-triage .triage__level")).to_have_text("Urgent")
    expect(page.locator(f"#row-{queue['Later'].public_id} .pressing")).to_have_text("Urgent")
    expect(page.locator(".event")).to_contain_text("Mara set the priority to urgent")


def test_a_snooze_is_typed_previewed_and_found_among_the_snoozed(
    enter: Enter, queue: dict[str, Conversation]
) -> None:
    page = enter(f"/b/lumen/conversations/{queue['Soon'].public_id}/")

    page.keyboard.press("h")
    page.keyboard.type("in nonsense")
    expect(page.locator("#snooze-said")).to_have_attribute("data-understood", "no")
    page.fill("#picker-filter", "2h")
    expect(page.locator("#snooze-said")).to_have_attribute("data-understood", "yes")
    page.keyboard.press("Enter")

    expect(page.locator(".event")).to_contain_text("Mara snoozed it until")
    expect(page.locator(".view[data-count=snoozed] .view__count")).to_have_text("1")
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url("**/inbox/snoozed/")
    assert names(page) == ["Soon"]


def test_what_is_typed_is_a_time_though_a_choice_has_it_in_the_middle_of_a_word(
    enter: Enter, queue: dict[str, Conversation]
) -> None:
    page = enter(f"/b/lumen/conversations/{queue['Soon'].public_id}/")

    page.keyboard.press("h")
    page.keyboard.type("tom")  # as in customer: the choice "pending" is found by that
    expect(page.locator("#snooze-said")).to_have_attribute("data-understood", "yes")
    page.keyboard.press("Enter")

    expect(page.locator(".event")).to_contain_text("Mara snoozed it until")


def test_who_is_called_so_is_meant_before_whose_name_or_presence_has_it(
    enter: Enter, queue: dict[str, Conversation], brand: Brand
) -> None:
    for name in ("Aaron", "Leon", "Oni"):
        agent_of(brand, name=name)
    page = enter(f"/b/lumen/conversations/{queue['Soon'].public_id}/")

    page.keyboard.press("a")
    page.keyboard.type("on")

    expect(page.locator("#picker-options [aria-selected=true] .picker__name")).to_have_text("Oni")
    expect(page.locator("#picker-options [role=option]:visible", has_text="Leon")).to_have_count(0)
    page.fill("#picker-filter", "eo")
    expect(page.locator("#picker-options [aria-selected=true] .picker__name")).to_have_text("Leon")


def test_an_hour_that_is_typed_is_the_hour_that_is_shown(
    enter: Enter, queue: dict[str, Conversation]
) -> None:
    """Whoever travels types the hours of where they are, and so does their page."""
    page = enter(
        f"/b/lumen/conversations/{queue['Soon'].public_id}/", timezone_id="Asia/Kolkata", locale="en-GB"
    )

    page.keyboard.press("h")
    page.fill("#picker-filter", "tue 9")
    expect(page.locator("#snooze-said")).to_contain_text(", 09:00")
    page.keyboard.press("Enter")

    expect(page.locator(".event local-time[format=full]")).to_have_attribute("title", re.compile(", 09:00$"))


def test_a_tag_by_the_model_says_so_and_is_undone_with_a_press(
    enter: Enter, queue: dict[str, Conversation], brand: Brand
) -> None:
    conversation = queue["Hour"]
    now = timezone.now()
    refund = Tag.objects.create(brand=brand, name="refund")
    cancel = Tag.objects.create(brand=brand, name="cancel")
    model = {"set_by": SetBy.MODEL, "model_version": 3, "set_at": now}
    ConversationTag.objects.create(conversation=conversation, tag=refund, confidence=0.91, **model)
    ConversationTag.objects.create(
        conversation=conversation, tag=cancel, state=TagState.SUGGESTED, confidence=0.6, **model
    )
    Conversation.objects.filter(pk=conversation.pk).update(
        tags=["refund"], priority_score=50, priority_reasons=[[38, "window closes within the hour"], [12, "third contact"]]
    )  # fmt: skip
    page = enter(f"/b/lumen/conversations/{conversation.public_id}/")
    beside = page.locator("#conversation-triage")
    expect(beside.locator(".triage__reasons")).to_contain_text("+38 window closes within the hour")
    expect(beside.locator(".triage__score")).to_have_text("50")
    expect(beside.locator(".triage__tags")).to_contain_text("model v3 0.91")

    beside.locator("[data-set-tag]").click()
    expect(beside.locator(".triage__suggested")).to_have_count(0)
    expect(beside.locator(".triage__tags")).to_contain_text("Mara")
    expect(page.locator(".event")).to_contain_text("Mara said yes to the tag cancel")
    beside.locator("[data-undo-tag]").first.click()

    expect(beside.locator(".triage__tags .tag")).to_have_count(1)
    expect(beside.locator(".triage__tags .tag")).to_have_text("cancel")
    expect(page.locator(f"#row-{conversation.public_id} .tag")).to_have_count(1)
    expect(page.locator(".event").last).to_contain_text("Mara took the tag refund off")


def test_a_mood_is_accepted_beside_corrected_by_typing_and_taken_back(
    enter: Enter, queue: dict[str, Conversation]
) -> None:
    conversation = queue["Hour"]
    Conversation.objects.filter(pk=conversation.pk).update(
        sentiment_suggested="negative", sentiment_confidence=0.62
    )
    page = enter(f"/b/lumen/conversations/{conversation.public_id}/")
    moods = page.locator(".triage__moods")
    expect(moods).to_contain_text("negative?")

    moods.locator("[data-set-mood=negative]").click()
    expect(page.locator(".event").last).to_contain_text("Mara said yes to the mood negative")
    page.keyboard.press("Control+k")
    page.keyboard.type("mood: pos")
    expect(page.locator("#palette-options [aria-selected=true]")).to_contain_text("Mood: positive")
    page.keyboard.press("Enter")
    expect(moods).to_contain_text("positive")
    page.locator("[data-pick=mood]").click()
    page.keyboard.type("neu")
    page.keyboard.press("Enter")
    expect(moods).to_contain_text("neutral")

    page.keyboard.press("z")
    expect(moods).to_contain_text("positive")
    moods.locator("[data-undo-mood=positive]").click()

    expect(moods).to_contain_text("None, a person said so.")
    conversation.refresh_from_db()
    assert (conversation.sentiment, conversation.sentiment_set_by) == ("", SetBy.PERSON)


def test_a_clock_shows_what_it_is_made_of_and_stays_open_with_the_news(
    enter: Enter, queue: dict[str, Conversation]
) -> None:
    conversation = queue["Late"]
    began = timezone.now() - timedelta(minutes=20)
    clock = Clock.objects.create(
        conversation=conversation, kind="first", started_at=began, ended_at=began + timedelta(seconds=781), state="missed",
        policy_name="Everybody", target=600, counted=661,
    )  # fmt: skip
    begins = began
    for seconds, counts, reason in (
        (400, True, "the customer waits"),
        (120, False, "snoozed"),
        (261, True, "the customer waits"),
    ):
        ends = begins + timedelta(seconds=seconds)
        clock.segments.create(
            started_at=begins, ended_at=ends, counts=counts, counted=seconds if counts else 0, reason=reason
        )
        begins = ends
    page = enter(f"/b/lumen/conversations/{conversation.public_id}/")
    shown = page.locator(".clock")

    shown.locator("summary").click()
    expect(shown).to_contain_text("11 m 01 s of 10 m 00 s")
    assert shown.locator(".clock__seconds").all_inner_texts() == ["6 m 40 s", "stands still", "4 m 21 s"]

    page.keyboard.press("p")
    page.keyboard.type("low")
    page.keyboard.press("Enter")
    expect(page.locator(".triage__level")).to_have_text("Low")
    expect(shown.locator(".clock__segments")).to_be_visible()


def test_a_person_is_marked_beside_and_by_name_wherever_they_are_in_hand(
    enter: Enter, channel: Channel, anna: Conversation, zoe: Conversation
) -> None:
    bea = enter(f"/b/lumen/conversations/{anna.public_id}/", person=agent_of(anna.brand, name="Bea"))
    page = enter(f"/b/lumen/conversations/{anna.public_id}/")
    mark = page.get_by_role("button", name="VIP", exact=True)
    expect(mark).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".vip")).to_have_count(0)

    mark.click()
    expect(mark).to_have_attribute("aria-pressed", "true")
    expect(mark).to_be_focused()
    for place in (f"#row-{anna.public_id}", "conversation-head"):
        expect(page.locator(f"{place} .vip")).to_have_text("VIP")
    expect(page.locator(".triage__reasons")).to_contain_text("+20 VIP")
    for place in (".context__mark [aria-pressed=true]", "conversation-head .vip", ".row .vip"):
        expect(bea.locator(place)).to_be_visible()
    mark.evaluate("mark => mark.blur()")
    page.keyboard.press("z")
    for someones in (page, bea):
        expect(someones.locator(".context__mark [aria-pressed=false]")).to_be_visible()
        expect(someones.locator(".vip")).to_have_count(0)

    page.locator(f"#row-{zoe.public_id}").focus()
    for marked in (1, 0):
        page.keyboard.press("Control+k")
        page.keyboard.type("vip")
        page.keyboard.press("Enter")
        expect(page.locator(f"#row-{zoe.public_id} .vip")).to_have_count(marked)
    expect(page.locator(f"#row-{zoe.public_id}")).to_be_focused()


def test_a_result_of_a_search_is_marked_as_its_person_is_by_then(enter: Enter, anna: Conversation) -> None:
    follow(anna.brand)
    page = enter(OPEN)
    page.keyboard.press("/")
    page.keyboard.type("anna")
    page.locator("[data-hit]").first.focus()

    for vip in (True, False):
        page.keyboard.press("Control+k")
        page.keyboard.type("vip")
        page.keyboard.press("Enter")
        expect(page.locator("[data-hit]").first).to_have_attribute("data-vip", "yes" if vip else "no")
        expect(page.locator(".hit--person .vip")).to_be_visible(visible=vip)
        assert Contact.objects.get().vip is vip


def test_nobody_marks_a_group(enter: Enter, channel: Channel) -> None:
    group = make.conversation(channel, kind="group", contact=None)
    page = enter(f"/b/lumen/conversations/{group.public_id}/")

    expect(page.locator("[data-command=vip]")).to_have_count(0)
    page.keyboard.press("Control+k")
    page.keyboard.type("mark")
    expect(page.locator("#palette-options")).to_contain_text("Mark as unread")
    expect(page.locator("#palette-options")).not_to_contain_text("VIP")
