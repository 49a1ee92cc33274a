"""One table of commands: what the keys do, what the help and the tooltips say, what the palette offers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from inbox.actions import indexing, receiving, saving
from inbox.actions.receiving import Arrival
from inbox.exchange import ThreadKind
from inbox.models import Brand, CannedReply, Channel, Conversation, ConversationState, Macro, Person, Tag
from inbox.queries import view_names
from inbox.rules import view_reading
from tests.browser.conftest import Outside
from tests.browser.test_accessibility import faults
from tests.factories import conversations as make
from tests.factories import exchange, teams
from tests.factories.people import agent_of

Enter = Callable[..., Page]
OPEN = "/b/lumen/inbox/open/?sort=newest"
# The product's promise, key by key.
PROMISED = {
    "j": "next", "k": "previous", "Enter": "open", "Escape": "back", "e": "resolve", "h": "snooze", "a": "assign", "m": "mine",
    "l": "tag", "p": "priority", "r": "reply", "n": "note", "u": "unread", "Mod+k": "palette", "?": "help",
    "x": "select", "Shift+J": "select-next", "Shift+K": "select-previous", "z": "undo", "/": "search",
    "g i": "go-open", "g m": "go-mine", "g u": "go-unassigned", "g r": "go-resolved",
}  # fmt: skip
TABLE = """async () => {
  const { commands } = await import("/static/js/lib/commands.js")
  return commands(document.querySelector("workspace-shell")).map(({ id, keys, name, group }) => ({ id, keys, name, group }))
}"""


@pytest.fixture
def three(channel: Channel) -> list[Conversation]:
    return make.conversations(channel, 3)


def test_every_promised_key_stands_in_the_table_once(enter: Enter, three: list[Conversation]) -> None:
    page = enter(OPEN)

    table = page.evaluate(TABLE)

    keys = [(key, command["id"]) for command in table for key in command["keys"]]
    assert PROMISED.items() <= dict(keys).items()
    assert len(keys) == len(dict(keys))
    assert all(command["name"] and command["group"] for command in table)
    assert not [key for key, _ in keys if "Alt" in key]


def test_the_help_says_what_the_table_says(enter: Enter, three: list[Conversation]) -> None:
    page = enter(OPEN)
    table = page.evaluate(TABLE)

    page.keyboard.press("?")

    assert page.eval_on_selector_all(
        "#help .keys > div", "lines => lines.map((line) => line.dataset.id).sort()"
    ) == sorted(command["id"] for command in table if command["keys"])
    expect(page.locator("#help [data-id=snooze]")).to_contain_text("Snooze")
    expect(page.locator("#help [data-id=snooze] kbd")).to_have_text("h")


def test_buttons_say_their_keys(enter: Enter, three: list[Conversation]) -> None:
    page = enter(f"/b/lumen/conversations/{three[0].public_id}/")
    table = {command["id"]: command for command in page.evaluate(TABLE)}

    named = page.locator("[data-command]").all()
    for button in named:
        command = table[button.get_attribute("data-command") or ""]
        button.dispatch_event("pointerover")
        if command["keys"]:
            shown = command["keys"][0].replace("Mod+", "Ctrl ").replace("Enter", "↵").replace("Escape", "Esc")
            assert (button.get_attribute("title") or "").endswith(f"({shown})")
        kbds = button.locator("kbd").all_inner_texts()
        assert not kbds or " ".join(kbds) == shown

    assert len(named) > 12


def test_in_the_list_keys_are_about_the_row_in_hand(
    enter: Enter, three: list[Conversation], mara: Person
) -> None:
    page = enter(OPEN)
    page.keyboard.press("j")
    first = three[0]
    row = page.locator(f"#row-{first.public_id}")

    page.keyboard.press("m")
    expect(row.locator(".row__assignee")).to_have_text("Mara")
    page.keyboard.press("u")
    expect(row.locator(".badge")).to_be_visible()
    page.keyboard.press("e")
    expect(page.locator(".view[data-count=resolved] .view__count")).to_have_text("1")

    expect(page.locator("conversation-pane")).to_have_count(0)
    first.refresh_from_db()
    assert (first.state, first.assignee) == (ConversationState.RESOLVED, mara)


def test_the_next_in_the_list_is_there_before_its_key_and_never_shown_as_it_was(
    enter: Enter, outside: Outside
) -> None:
    outside.write("First words", who="anna")
    outside.write("Where is it?", who="zoe")
    anna = Conversation.objects.get(thread_key="anna")
    page = enter(OPEN)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("workspace-shell")).to_have_attribute("data-ahead", str(anna.public_id))

    outside.write("Second words", who="anna")
    expect(page.locator(f"#row-{anna.public_id}")).to_contain_text("Second words")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.keyboard.press("j")

    expect(page.locator("conversation-pane")).to_have_attribute("data-id", str(anna.public_id))
    expect(page.locator(".message").last).to_contain_text("Second words")
    assert not [url for url in asked if url.endswith(f"/conversations/{anna.public_id}/")]


def test_b_leaves_it_to_a_bot_or_the_customer_and_brings_it_back(
    enter: Enter, three: list[Conversation]
) -> None:
    page = enter(f"/b/lumen/conversations/{three[0].public_id}/?view=open&sort=newest")

    page.keyboard.press("b")
    expect(page.locator(".head__state")).to_have_text("pending")
    page.keyboard.press("b")

    expect(page.locator("conversation-head[data-state=open]")).to_be_visible()


def test_a_reply_is_written_to_the_row_in_hand_though_nothing_is_open(
    enter: Enter, three: list[Conversation]
) -> None:
    page = enter(OPEN)
    page.keyboard.press("j")

    page.keyboard.type("rHello there")

    expect(page.locator("conversation-pane")).to_have_attribute("data-id", str(three[0].public_id))
    expect(page.locator("#composer-text")).to_have_value("Hello there")
    expect(page.locator("#composer-text")).to_be_focused()


def test_what_is_typed_while_the_next_one_opens_is_for_it_and_no_command(
    enter: Enter, three: list[Conversation]
) -> None:
    page = enter(OPEN)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("conversation-pane")).to_have_attribute("data-id", str(three[0].public_id))
    slow = f"**/conversations/{three[1].public_id}/"
    page.route(slow, lambda route: (page.wait_for_timeout(600), route.continue_()))

    page.keyboard.press("j")
    page.keyboard.type("nee z!")

    expect(page.locator("conversation-pane")).to_have_attribute("data-id", str(three[1].public_id))
    expect(page.locator("#composer-text")).to_have_value("ee z!")
    expect(page.locator("reply-composer")).to_have_attribute("data-mode", "note")
    assert not Conversation.objects.exclude(state=ConversationState.OPEN).exists()


def test_what_the_row_in_hand_did_not_show_is_shown_before_it_is_resolved(
    enter: Enter, outside: Outside
) -> None:
    outside.write("Wait, one more thing")
    page = enter(OPEN)
    page.keyboard.press("j")
    page.evaluate("document.activeElement.dataset.said = '0'")  # as it was before that message

    page.keyboard.press("e")

    expect(page.locator(".stale")).to_contain_text("The conversation is still open")
    assert Conversation.objects.get().state == ConversationState.OPEN


def test_keys_are_off_in_fields_and_dialogs_and_never_with_alt(
    enter: Enter, three: list[Conversation]
) -> None:
    page = enter(f"/b/lumen/conversations/{three[0].public_id}/")

    page.keyboard.press("n")
    page.keyboard.type("remember me")
    expect(page.locator("#composer-text")).to_have_value("remember me")
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+e")
    page.keyboard.press("Control+e")
    page.keyboard.press("?")
    page.keyboard.press("e")
    page.keyboard.press("Escape")

    expect(page.locator("#help")).to_be_hidden()
    expect(page.locator("conversation-head[data-state=open]")).to_be_visible()


def test_keys_hold_with_caps_lock_and_on_other_alphabets(enter: Enter, three: list[Conversation]) -> None:
    page = enter(OPEN)
    press = """([key, code]) => document.activeElement.dispatchEvent(
      new KeyboardEvent("keydown", { key, code, bubbles: true, cancelable: true }))"""

    page.evaluate(press, ["J", "KeyJ"])
    expect(page.locator(f"#row-{three[0].public_id}")).to_be_focused()
    page.evaluate(press, ["о", "KeyJ"])

    expect(page.locator(f"#row-{three[1].public_id}")).to_be_focused()


PRESS = """([key, code, shiftKey]) => document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", { key, code, shiftKey: Boolean(shiftKey), bubbles: true, cancelable: true }))"""


def test_a_view_with_a_digit_is_reached_where_digits_need_shift_and_on_other_alphabets(
    enter: Enter, three: list[Conversation], brand: Brand, mara: Person
) -> None:
    query = view_reading.parse("is:unread", view_names.of(mara, brand))
    saved = saving.save(brand=brand, owner=mara, name="Unread", query=query, by=mara, now=timezone.now())
    address = f"**/inbox/view-{saved.public_id}/"
    page = enter(OPEN)
    for digit in (
        [["Shift", "ShiftLeft"], ["1", "Digit1", True]],  # AZERTY
        [["\u06f1", "Digit1"]],  # Persian
    ):
        page.goto(OPEN)
        page.wait_for_selector("state-line[data-state=live]", state="attached")
        for key in [["g", "KeyG"], *digit]:
            page.evaluate(PRESS, key)
        page.wait_for_url(address)


def test_keys_hold_where_one_key_writes_two_letters_and_signs_stand_elsewhere(
    enter: Enter, three: list[Conversation]
) -> None:
    page = enter(f"/b/lumen/conversations/{three[0].public_id}/")
    page.evaluate(PRESS, ["\u0644\u0627", "KeyB"])  # Arabic: lam and alef
    expect(page.locator("conversation-head[data-state=pending]")).to_be_visible()

    page.evaluate(PRESS, ["\u061f", "Slash", True])
    expect(page.locator("#help")).to_be_visible()


def test_the_palette_by_keys(enter: Enter, three: list[Conversation], brand: Brand) -> None:
    Tag.objects.create(brand=brand, name="refund")
    agent_of(brand, name="Bea Lindqvist")
    page = enter(OPEN)
    page.keyboard.press("j")
    row = page.locator(f"#row-{three[0].public_id}")
    best = page.locator("#palette-options [aria-selected=true]")

    page.keyboard.press("Control+k")
    expect(page.locator("#palette-field")).to_be_focused()
    assert faults(page) == []
    page.keyboard.type("lindq")
    expect(best).to_contain_text("Assign to Bea Lindqvist")
    page.keyboard.press("Enter")
    expect(row.locator(".row__assignee")).to_have_text("Bea Lindqvist")

    page.keyboard.press("Control+k")
    page.keyboard.type("refund")
    expect(best).to_contain_text("Tag: refund")
    page.keyboard.press("Enter")
    expect(row.locator(".tag")).to_have_text("refund")

    page.keyboard.press("Control+k")
    page.keyboard.type("atm")
    expect(best).to_contain_text("Assign to me")
    expect(best.locator("kbd")).to_have_text("m")
    page.keyboard.press("Enter")
    expect(row.locator(".row__assignee")).to_have_text("Mara")

    page.keyboard.press("Control+k")
    page.keyboard.type("qqqq")
    expect(page.locator("[data-none]")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_hidden()

    page.keyboard.press("Control+k")
    page.keyboard.type("mine")
    expect(best).to_contain_text("Go to Mine")
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox/mine/")


def test_the_palette_finds_nothing_that_is_done_by_the_middle_of_a_word(
    enter: Enter, three: list[Conversation], brand: Brand
) -> None:
    Tag.objects.create(brand=brand, name="custom order")
    page = enter(OPEN)
    page.keyboard.press("j")
    options = page.locator("#palette-options [role=option]")

    page.keyboard.press("Control+k")
    page.keyboard.type("custom")
    expect(options.filter(has_text="Pending")).to_have_count(1)
    expect(options.filter(has_text="Tag: custom order")).to_have_count(1)
    page.fill("#palette-field", "tom")

    expect(options.filter(has_text="Pending")).to_have_count(0)
    expect(options.filter(has_text="Tag:")).to_have_count(0)


def test_the_palette_knows_what_was_open_lately_and_moves_with_arrows(
    enter: Enter, three: list[Conversation]
) -> None:
    page = enter(OPEN)
    for conversation in three[:2]:
        page.click(f"#row-{conversation.public_id}")
        expect(page.locator(".head__name")).to_have_text(conversation.contact_name)

    page.click("[data-command=palette]")
    options = page.locator("#palette-options [role=option]")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.type(three[0].contact_name)
    page.keyboard.press("Enter")

    expect(page.locator(".head__name")).to_have_text(three[0].contact_name)


def test_the_palette_finds_people_and_puts_canned_replies_into_the_composer(
    enter: Enter, channel: Channel
) -> None:
    someone, *_ = make.conversations(channel, 2, window_opened_at=timezone.now())
    CannedReply.objects.create(
        brand=channel.brand, name="Where it is", shortcut="where", text="It left today."
    )
    page = enter(OPEN)
    best = page.locator("#palette-options [aria-selected=true]")

    page.keyboard.press("Control+k")
    page.keyboard.type(someone.contact_name)
    expect(best).to_contain_text(someone.contact_name)
    page.keyboard.press("Enter")
    expect(page.locator(".head__name")).to_have_text(someone.contact_name)

    page.keyboard.press("Control+k")
    page.keyboard.type("where it")
    expect(best).to_contain_text("Insert: Where it is")
    page.keyboard.press("Enter")
    expect(page.locator("#composer-text")).to_have_value("It left today.")


def test_what_arrows_have_come_to_is_what_enter_takes_though_an_answer_comes_late(
    enter: Enter, channel: Channel
) -> None:
    made = make.conversation(channel, window_opened_at=timezone.now())
    make.messages(made, 1)
    for name in ("Where it is", "Where it was"):
        CannedReply.objects.create(brand=channel.brand, name=name, text=f"{name}.")
    Tag.objects.create(brand=channel.brand, name="where it went")
    page = enter(f"/b/lumen/conversations/{made.public_id}/")
    late: list[Route] = []
    page.route("**/palette/", lambda route: late.append(route))
    marked = page.locator("#palette-options [aria-selected=true]")

    page.keyboard.press("Control+k")
    page.keyboard.type("where it")
    expect(page.locator("#palette-options [role=option]")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(marked).to_contain_text("Where it was")
    late.pop().continue_()
    expect(page.locator("#palette-options")).to_contain_text("Tag: where it went")

    expect(marked).to_contain_text("Where it was")


def test_the_palette_tells_people_of_one_group_apart(enter: Enter, channel: Channel) -> None:
    group = {"thread_id": "family", "thread_kind": ThreadKind.GROUP}
    said = [exchange.wrote("Hi", who=who, **group) for who in ("zoe", "marta", "martin")]
    receiving.receive(arrivals=[Arrival(channel.pk, each) for each in said], now=timezone.now())
    while not (batch := indexing.next_batch(channel.brand_id)).is_empty:
        indexing.index(batch)
    page = enter(OPEN)

    page.keyboard.press("Control+k")
    page.keyboard.type("mart")

    options = page.locator("#palette-options [role=option]", has_text="wrote in")
    expect(options.filter(has_text="Marta")).to_have_count(1)
    expect(options.filter(has_text="Martin")).to_have_count(1)


def test_a_macro_from_the_palette_is_shown_before_it_is_done(enter: Enter, channel: Channel) -> None:
    made = make.conversation(channel, window_opened_at=timezone.now())
    make.messages(made, 1)
    for name in ("Close", "Close and thank"):
        Macro.objects.create(brand=channel.brand, name=name, note="Thanked\n" * 9 + "at last", resolves=True)
    page = enter(f"/b/lumen/conversations/{made.public_id}/")

    page.keyboard.press("Control+k")
    page.keyboard.type("and thank")
    expect(page.locator("#palette-options [aria-selected=true]")).to_contain_text("Macro: Close and thank")
    page.keyboard.press("Enter")
    expect(page.locator("#composer-offers [aria-selected=true]")).to_contain_text("Close and thank")
    expect(page.locator("[data-plan-place]")).to_contain_text("Resolve")
    expect(page.locator(".plan__text")).to_have_attribute("tabindex", "0")  # it scrolls, and keys go into it
    assert Conversation.objects.get().state == ConversationState.OPEN
    page.keyboard.press("Enter")

    expect(page.locator("conversation-head[data-state=resolved]")).to_be_visible()
    expect(page.locator("#composer-text")).to_have_value("")


def test_a_macro_that_only_keeps_it_from_routing_is_done_with_enter_and_can_be_undone(
    enter: Enter, channel: Channel
) -> None:
    teams.routed(channel.brand)
    made = make.conversation(channel, window_opened_at=timezone.now())
    make.messages(made, 1)
    Macro.objects.create(brand=channel.brand, name="For later", assigns="nobody")
    page = enter(f"/b/lumen/conversations/{made.public_id}/")

    page.locator("#composer-text").press_sequentially("/for")
    expect(page.locator("[data-plan-place] [data-does]")).to_contain_text("from now on routing leaves it so")
    page.keyboard.press("Enter")

    expect(page.locator("#notices [data-undo]")).to_be_visible()
    expect(page.locator("#composer-text")).to_have_value("")
    made.refresh_from_db()
    assert made.assignee_set_by == "person"


def test_a_macro_whose_answer_was_lost_answers_once(enter: Enter, channel: Channel) -> None:
    made = make.conversation(channel, window_opened_at=timezone.now())
    make.messages(made, 1)
    sorry = CannedReply.objects.create(brand=channel.brand, name="Sorry", text="Sorry.")
    Macro.objects.create(brand=channel.brand, name="Apologize", reply=sorry)
    page = enter(f"/b/lumen/conversations/{made.public_id}/")
    statuses: list[int] = []

    def lose_the_first(route: Route) -> None:
        if route.request.method != "POST":
            return route.continue_()
        answer = route.fetch()
        statuses.append(answer.status)
        return route.abort() if len(statuses) == 1 else route.fulfill(response=answer)

    page.route(re.compile("/macros/"), lose_the_first)
    page.locator("#composer-text").press_sequentially("/apologize")
    expect(page.locator("[data-plan-place] [data-does]")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#notices .notice")).to_contain_text("try again")
    page.keyboard.press("Enter")

    expect(page.locator("#composer-text")).to_have_value("")
    assert statuses == [200, 200]
    assert made.messages.filter(direction="out").count() == 1


@pytest.mark.parametrize(
    "between",
    ["the field was left", "the page was loaded anew", "it was typed anew", "another macro was run"],
)
def test_a_macro_whose_answer_was_lost_is_the_same_run_whatever_happens_before_the_second_enter(
    between: str, enter: Enter, channel: Channel
) -> None:
    made = make.conversation(channel, window_opened_at=timezone.now())
    make.messages(made, 1)
    sorry = CannedReply.objects.create(brand=channel.brand, name="Sorry", text="Sorry.")
    Macro.objects.create(brand=channel.brand, name="Apologize", reply=sorry)
    Macro.objects.create(brand=channel.brand, name="Jot it down", note="Her second parcel.")
    page = enter(f"/b/lumen/conversations/{made.public_id}/")
    field, plan = page.locator("#composer-text"), page.locator("[data-plan-place] [data-does]")
    statuses: list[int] = []

    def lose_the_first(route: Route) -> None:
        if route.request.method != "POST":
            return route.continue_()
        answer = route.fetch()
        statuses.append(answer.status)
        return route.abort() if len(statuses) == 1 else route.fulfill(response=answer)

    page.route(re.compile("/macros/"), lose_the_first)
    field.press_sequentially("/apologize")
    expect(plan).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#notices .notice")).to_contain_text("try again")

    if between == "the page was loaded anew":
        page.reload()
        page.wait_for_selector("state-line[data-state=live]", state="attached")
        field.fill("")
    elif between == "it was typed anew":
        field.fill("")
    elif between == "another macro was run":
        field.fill("")
        field.press_sequentially("/jot")
        expect(plan).to_contain_text("Leave a note")
        page.keyboard.press("Enter")
        expect(field).to_have_value("")
    if between == "the field was left":
        field.blur()
        expect(plan).to_be_hidden()
        field.click()
    else:
        field.press_sequentially("/apologize")
    expect(plan).to_be_visible()
    page.keyboard.press("Enter")

    expect(field).to_have_value("")
    expect(page.locator("#notices")).to_contain_text("It had been done already")
    assert statuses == [200] * (3 if between == "another macro was run" else 2)
    assert made.messages.filter(direction="out").count() == 1

    field.press_sequentially("/apologize")
    expect(plan).to_be_visible()
    page.keyboard.press("Enter")
    expect(field).to_have_value("")
    assert made.messages.filter(direction="out").count() == 2  # its answer came: this is another run


def test_without_a_conversation_nothing_is_offered_that_needs_one(
    enter: Enter, three: list[Conversation]
) -> None:
    page = enter(OPEN)

    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette-options [role=option]")
    told = page.locator("#palette-options .picker__name").all_inner_texts()

    assert "Go to All open" in told
    assert not {"Resolve, or reopen", "Assign", "Reply"} & set(told)


RANKED = """async ([typed, names]) => {
  const { rank } = await import("/static/js/lib/ranking.js")
  return names.map((name) => [name, rank(typed, name)]).filter(([, fit]) => fit).sort((a, b) => b[1] - a[1]).map(([name]) => name)
}"""


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("re", "Reply"), ("rep", "Reply"), ("res", "Resolve, or reopen"), ("to me", "Assign to me"), ("go un", "Go to Unassigned"),
        ("aiden", "Assign to Aiden"), ("zoe", "Assign to Zoë"), ("snooze", "Snooze"),
    ],
)  # fmt: skip
def test_what_fits_best_stands_first(enter: Enter, three: list[Conversation], typed: str, first: str) -> None:
    page = enter(OPEN)
    names = [
        "Resolve, or reopen", "Reply", "Assign", "Assign to me", "Assign to Aiden", "Assign to Zoë", "Go to Unassigned",
        "Go to Resolved", "Go to Snoozed", "Snooze", "Set the priority", "Previous conversation",
    ]  # fmt: skip

    assert page.evaluate(RANKED, [typed, names])[0] == first


FITTING = """async ([typed, texts]) => {
  const { fitting, rank } = await import("/static/js/lib/ranking.js")
  return [fitting(typed, texts, (text) => text), fitting(typed, texts, (text) => text, { inside: false }), rank(typed, "Customer", "tom@example.test") > rank(typed, "Customer")]
}"""


def test_what_begins_so_is_found_before_what_has_it_in_the_middle(enter: Enter) -> None:
    page = enter(OPEN)
    texts = [
        "ann ann@lumen.test",
        "joanne",
        "Zoë Lindqvist",
        "late_delivery",
        "Rücksendung",
        "\u914d\u9001\u9045\u5ef6",
    ]

    def found(typed: str, *, inside: bool = True) -> list[str]:
        both = page.evaluate(FITTING, [typed, texts])
        return list(both[0 if inside else 1])

    assert found("") == texts
    assert found("an") == found("lumen") == found("an lu") == texts[:1]
    assert found("anne") == texts[1:2] and found("anne", inside=False) == []
    assert found("zoe lind") == found("lind") == texts[2:3]
    assert found("late_d") == found("delivery") == texts[3:4]
    assert found("sendung") == texts[4:5]
    assert found("\u9045\u5ef6", inside=False) == texts[5:]
    assert page.evaluate(FITTING, ["tom", texts])[2] is True


def test_what_has_no_key_is_done_to_the_row_in_hand_by_its_name(enter: Enter, channel: Channel) -> None:
    now = timezone.now()
    made = make.conversation(channel, contact_name="Anna", waiting_since=now - timedelta(minutes=5))
    page = enter(OPEN)
    row = page.locator(f"#row-{made.public_id}")
    row.focus()

    page.keyboard.press("Control+k")
    page.keyboard.type("promise")
    page.keyboard.press("Enter")
    page.locator("#picker-filter").fill("2h")
    page.keyboard.press("Enter")
    expect(page.locator("#notices")).to_contain_text("Promised an answer · Anna")
    expect(row.locator("wait-chip")).to_be_visible()

    page.keyboard.press("Control+k")
    page.keyboard.type("no answer")
    page.keyboard.press("Enter")
    expect(page.locator("#notices")).to_contain_text("No answer needed · Anna")
    expect(row.locator("wait-chip")).to_have_count(0)

    made.refresh_from_db()
    assert made.promised_at is not None and made.no_reply_needed_at is not None
