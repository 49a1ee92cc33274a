"""The query bar and saved views: typed, completed, applied, kept; rows enter and leave by the query and by the clock."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from inbox import realtime
from inbox.actions import channels, counting, saving
from inbox.models import Brand, BrandSequence, Channel, Conversation, Membership, Person, Role, SavedView, Tag
from inbox.queries import view_names
from inbox.rules import view_reading
from tests.browser.conftest import Outside
from tests.browser.test_triage import due, names, say_so
from tests.factories import conversations as make
from tests.inbox.rules.cases import CASES, DAY, NOW

Enter = Callable[..., Page]
OPEN = "/b/lumen/inbox/open/"
JUDGE = """async ([cases, now, days]) => {
  const { judge, moment } = await import("/static/js/lib/view-checks.js")
  return cases.map(({ checks, facts }) => judge(checks, facts, moment(days, now)))
}"""


def millis(at: Any) -> int | None:
    return int(at.timestamp() * 1000) if at else None


def test_the_page_judges_as_the_table_says(enter: Enter, channel: Channel) -> None:
    page = enter(OPEN)
    cases = [
        {"checks": [each.as_json() for each in case.checks], "facts": case.facts.as_json()} for case in CASES
    ]

    judged = page.evaluate(JUDGE, [cases, millis(NOW), [millis(DAY.begins), millis(DAY.ends)]])

    expected = [{"holds": case.holds, "until": millis(case.until)} for case in CASES]
    differing = [(case.query, was) for case, was, right in zip(CASES, judged, expected, strict=True) if was != right]  # fmt: skip
    assert differing == []


def test_a_query_that_cannot_be_read_is_fulfilled_by_nothing_that_comes(
    enter: Enter, anna: Conversation, outside: Outside
) -> None:
    page = enter("/b/lumen/inbox/query/?q=foo:bar")
    expect(page.locator("#query-said")).to_contain_text("There is no field")
    heard = page.evaluate("document.querySelector('state-line').seen")
    outside.write("About the lamp", who="zoe")
    page.wait_for_function("(seq) => document.querySelector('state-line').seen > seq", arg=heard)
    page.wait_for_timeout(300)

    expect(page.locator("inbox-list .row")).to_have_count(0)
    expect(page.locator("[data-pill]")).to_be_hidden()


def count(brand: Brand) -> None:
    """As the worker does it."""
    for step in (counting.follow, counting.fill):
        while True:
            counts = step(brand_id=brand.pk, now=timezone.now())
            if counts.changed:
                realtime.push_counts(brand.pk, counts.told, counts.changed)
            if not counts.more:
                break


def tell(page: Page, text: str) -> None:
    """Type into the bar from the list."""
    page.keyboard.press("v")
    expect(page.locator("#query")).to_be_focused()
    page.fill("#query", "")
    page.keyboard.type(text)


def test_a_query_is_typed_completed_and_applied(enter: Enter, channel: Channel, brand: Brand) -> None:
    Tag.objects.create(brand=brand, name="refund")
    due(channel, "Wanted", 20, tags=["refund"])
    due(channel, "Another", 20)
    page = enter(OPEN)
    tell(page, "ta")
    expect(page.locator(".query__choice")).to_have_text(["tag:"])
    page.keyboard.press("Tab")
    expect(page.locator(".query__choice")).to_have_text(["refund", "none"])

    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#query")).to_have_value("tag:refund ")
    page.keyboard.type("due<1h")
    page.keyboard.press("Enter")

    page.wait_for_url("**/inbox/query/?q=tag%3Arefund+due%3C1h")
    assert names(page) == ["Wanted"]
    expect(page.locator("#query")).to_have_value("tag:refund due<1h")
    page.keyboard.press("v")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_url("**/inbox/open/")


def test_what_follows_a_value_in_quotes_is_completed(enter: Enter, channel: Channel, brand: Brand) -> None:
    Tag.objects.create(brand=brand, name="order status")
    page = enter(OPEN)

    tell(page, 'tag:"order status" cha')
    expect(page.locator(".query__choice")).to_have_text(["channel:"])
    page.keyboard.press("Tab")
    expect(page.locator("#query")).to_have_value('tag:"order status" channel:')

    tell(page, r'"a \" quote" tag:"order st')
    expect(page.locator(".query__choice")).to_have_text(['"order status"'])
    page.keyboard.press("Tab")
    expect(page.locator("#query")).to_have_value(r'"a \" quote" tag:"order status" ')


def test_a_mistake_is_told_below_the_bar_and_nothing_is_lost(enter: Enter, channel: Channel) -> None:
    due(channel, "Anna", 20)
    page = enter(OPEN)

    tell(page, "is:unread tga:refund")
    page.keyboard.press("Enter")

    expect(page.locator(".query__said")).to_contain_text("Did you mean “tag”?")
    expect(page.locator("#query")).to_have_value("is:unread tga:refund")
    assert page.evaluate("getSelection().toString() || document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)") == "tga:refund"  # fmt: skip
    assert names(page) == ["Anna"]


def test_rows_enter_and_leave_by_the_query(enter: Enter, channel: Channel) -> None:
    one, other = due(channel, "One", 20, tags=["refund"]), due(channel, "Other", 25)
    page = enter("/b/lumen/inbox/query/?q=tag%3Arefund")
    page.mouse.move(900, 400)
    assert names(page) == ["One"]

    say_so(other, tags=["refund", "late"])
    expect(page.locator(".row")).to_have_count(2)
    say_so(one, tags=[])
    expect(page.locator(".row")).to_have_count(1)

    assert names(page) == ["Other"]


def test_time_alone_brings_rows_in_and_takes_them_out(enter: Enter, channel: Channel) -> None:
    due(channel, "Coming", 60.1)
    going = due(channel, "Going", None, waiting_since=timezone.now() - timedelta(minutes=9, seconds=57))
    page = enter("/b/lumen/inbox/query/?q=due%3C1h")
    page.mouse.move(900, 400)
    expect(page.locator(".row")).to_have_count(1, timeout=20_000)
    assert names(page) == ["Coming"]

    Conversation.objects.filter(pk=going.pk).update(waiting_since=timezone.now() - timedelta(minutes=9, seconds=54))  # fmt: skip
    page.goto("/b/lumen/inbox/query/?q=waiting%3C10m+due%3Anone")
    page.mouse.move(900, 400)
    assert names(page) == ["Going"]
    expect(page.locator(".row")).to_have_count(0, timeout=20_000)


def test_words_are_asked_of_the_server_for_rows_that_change(enter: Enter, channel: Channel) -> None:
    quiet, loud = due(channel, "Quiet", 20), due(channel, "Loud", 25)
    page = enter("/b/lumen/inbox/query/?q=%22late+parcel%22")
    page.mouse.move(900, 400)
    assert names(page) == []

    make.messages(loud, 1, text="Where is my late parcel?")
    say_so(quiet, unread_count=1)
    say_so(loud, unread_count=1)

    expect(page.locator(".row")).to_have_count(1)
    assert names(page) == ["Loud"]


def test_time_brings_in_only_those_that_say_the_words(enter: Enter, channel: Channel) -> None:
    said, unsaid = due(channel, "Said", 90), due(channel, "Unsaid", 90)
    make.messages(said, 1, text="Where is my late parcel?")
    page = enter("/b/lumen/inbox/query/?q=%22late+parcel%22+due%3C1h")
    page.mouse.move(900, 400)
    soon = timezone.now() + timedelta(hours=1, seconds=6)
    for row in (said, unsaid):
        say_so(row, due_at=soon)

    expect(page.locator(".row")).to_have_count(1, timeout=20_000)

    assert names(page) == ["Said"]


def test_of_however_many_rows_that_changed_those_that_say_the_words_stay(
    enter: Enter, channel: Channel
) -> None:
    rows = make.conversations(channel, 110, each=[{"seq": 110 - number} for number in range(110)])
    for row in rows:
        make.messages(row, 1, text="Where is my late parcel?")
    make.advance(channel, 110)
    page = enter("/b/lumen/inbox/query/?q=%22late+parcel%22&sort=newest")
    page.mouse.move(900, 400)
    before = names(page)

    with page.expect_request_finished(lambda asked: asked.url.count("%2C") == 9):  # the last ten
        page.evaluate("const line = document.querySelector('state-line'); line.seen = 0; line.wake()")
    page.wait_for_timeout(300)

    assert names(page) == before


def test_what_time_brought_in_while_the_machine_slept_is_shown(enter: Enter, channel: Channel) -> None:
    """The clock that nobody sets stands still meanwhile."""
    sleeper = due(channel, "In the night", 90)
    page = enter("/b/lumen/inbox/query/?q=due%3C1h")
    page.mouse.move(900, 400)
    assert names(page) == []

    page.evaluate("() => { const now = Date.now; Date.now = () => now() + 5 * 60_000 }")
    Conversation.objects.filter(pk=sleeper.pk).update(due_at=timezone.now() + timedelta(minutes=58))

    expect(page.locator(".row")).to_have_count(1, timeout=15_000)


def test_a_query_is_saved_and_reached_by_a_digit_and_its_counter_is_live(
    enter: Enter, channel: Channel, brand: Brand, mara: Person
) -> None:
    rows = [due(channel, f"Row {number}", 20 + number) for number in range(3)]
    page = enter("/b/lumen/inbox/query/?q=tag%3Arefund")
    page.click("query-bar [data-save]")
    page.fill("#view-name", "Refunds")
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox/view-*/")
    expect(page.locator("#query")).to_have_value("tag:refund")
    saved = SavedView.objects.get(owner=mara)
    counter = page.locator(".view[aria-current] .view__count")

    page.goto(OPEN)
    page.wait_for_selector("state-line[data-state=live]", state="attached")
    page.keyboard.press("g")
    page.keyboard.press("1")
    page.wait_for_url(f"**/inbox/view-{saved.public_id}/")
    page.wait_for_selector("state-line[data-state=live]", state="attached")
    count(brand)
    expect(counter).to_have_text("0")

    page.mouse.move(900, 400)
    from inbox.actions import tagging

    tag = Tag.objects.create(brand=brand, name="refund")
    for row in rows[:2]:
        tagging.set_tag(conversation=row, tag=tag, by=mara, now=timezone.now())
    count(brand)
    expect(counter).to_have_text("2")
    expect(page.locator(".list__count")).to_contain_text("2")
    # Counters of the house are told with the rows; news of saved views leaves them as they are.
    assert page.locator(".view[data-command=go-open] .view__count").inner_text() == "3"


def burst(channel: Channel, rows: list[Conversation]) -> None:
    """So many changed at once that their rows are not sent along."""
    seq = BrandSequence.objects.get(brand=channel.brand).last + 1
    make.advance(channel, seq)
    Conversation.objects.filter(pk__in=[each.pk for each in rows]).update(seq=seq)
    realtime.push_rows(channel.brand_id, [each.pk for each in rows], seq, seq)


def test_a_burst_is_news_of_a_filtered_list_only_where_something_of_it_matches(
    enter: Enter, channel: Channel
) -> None:
    many = make.conversations(channel, 110, contact_name="Another")
    make.conversation(channel, contact_name="Here already", tags=["refund"])
    page = enter("/b/lumen/inbox/query/?q=tag%3Arefund")
    page.hover(".row")

    with page.expect_request_finished(lambda asked: "changed_since" in asked.url):
        burst(channel, many)
    page.wait_for_timeout(300)
    expect(page.locator("[data-pill]")).to_be_hidden()

    Conversation.objects.filter(pk=many[60].pk).update(tags=["refund"], contact_name="Wanted")
    burst(channel, many)
    expect(page.locator("[data-pill]")).to_have_text("1 new")
    page.click("[data-pill]")
    expect(page.locator(".row")).to_have_count(2)
    assert sorted(names(page)) == ["Here already", "Wanted"]


def test_a_burst_of_which_very_much_matches_is_told_and_read_anew(enter: Enter, channel: Channel) -> None:
    many = make.conversations(channel, 110)
    page = enter("/b/lumen/inbox/query/?q=tag%3Arefund")
    page.hover(".list__rows")
    Conversation.objects.filter(pk__in=[each.pk for each in many]).update(tags=["refund"])

    burst(channel, many)

    expect(page.locator("[data-pill]")).to_have_text("New")
    page.mouse.move(900, 400)
    expect(page.locator(".row").first).to_be_visible()
    expect(page.locator("[data-pill]")).to_be_hidden()


def test_save_answers_a_press_that_leaves_the_focus_in_the_query(enter: Enter, channel: Channel) -> None:
    page = enter(OPEN)
    page.fill("#query", "tag:refund")
    page.eval_on_selector("query-bar [data-save]", "(button) => button.click()")  # as a finger on a phone

    expect(page.locator("#view-name")).to_be_focused()


def refunds(brand: Brand, by: Person) -> SavedView:
    query = view_reading.parse("tag:refund", view_names.of(by, brand))
    return saving.save(brand=brand, owner=None, name="Refunds", query=query, by=by, now=timezone.now())


def delete(page: Page, saved: SavedView, by: Person) -> list[str]:
    """As a colleague does it, and then somebody scrolls on. The list holds what is asked for of the view from now on."""
    asked: list[str] = []
    page.on("request", lambda each: asked.append(each.url) if "/rows/" in each.url and "view-" in each.url else None)  # fmt: skip
    saving.remove(view=saved, by=by, now=timezone.now())
    page.evaluate("document.querySelector('inbox-list').scrollTop = 1e6")
    expect(page.locator("#notices .notice")).to_have_text("The view “Refunds” is no longer there.")
    return asked


def test_a_view_that_a_colleague_has_deleted_is_left_for_one_that_exists_with_a_word(
    enter: Enter, channel: Channel, brand: Brand, mara: Person
) -> None:
    make.conversations(channel, 80, tags=["refund"])
    saved = refunds(brand, mara)
    page = enter(f"/b/lumen/inbox/view-{saved.public_id}/")

    asked = delete(page, saved, mara)

    page.wait_for_url("**/inbox/open/")
    expect(page.locator("#notices .notice")).to_have_text("The view “Refunds” is no longer there. This is all that is open.")  # fmt: skip
    assert len(asked) == 1
    page.reload()
    expect(page.locator("state-line[data-state=live]")).to_be_attached()
    expect(page.locator("#notices .notice")).to_have_count(0)


def test_the_rail_keeps_no_link_to_a_view_that_a_colleague_has_deleted(
    enter: Enter, channel: Channel, brand: Brand, mara: Person
) -> None:
    saved = refunds(brand, mara)
    praise = view_reading.parse("tag:praise", view_names.of(mara, brand))
    other = saving.save(brand=brand, owner=None, name="Praise", query=praise, by=mara, now=timezone.now())
    Membership.objects.filter(person=mara).update(role=Role.MANAGER)
    page = enter(OPEN)
    colleague = Client()
    colleague.force_login(mara)
    heading, link = page.locator(".views__heading", has_text="Everybody’s views"), page.locator(f"[data-command=go-view-{saved.public_id}]")  # fmt: skip
    expect(heading).to_be_visible()

    there = reverse("inbox:saved-view", args=["lumen", saved.public_id])
    colleague.post(there, {"q": "tag:late"}, headers={"X-Parley-Fragment": "1"})
    expect(link).to_have_attribute("data-count", f"saved:{saved.pk}.2")
    # It is called what it is called by now, has the key of its place, and a channel that nobody can answer on says so.
    link.focus()
    colleague.post(reverse("inbox:saved-view-place", args=["lumen", saved.public_id]), {"by": "1"}, headers={"X-Parley-Fragment": "1"})  # fmt: skip
    expect(link).to_have_attribute("data-key", "2")
    expect(link).to_be_focused()
    colleague.post(reverse("inbox:saved-view-name", args=["lumen", saved.public_id]), {"name": "Late ones"}, headers={"X-Parley-Fragment": "1"})  # fmt: skip
    expect(link.locator(".view__label")).to_have_text("Late ones")
    expect(link).to_be_focused()
    expect(page.locator(".view[aria-current]")).to_have_attribute("data-command", "go-open")
    # Nothing of the views tells of this.
    channels.park_sending(channel_id=channel.pk, reason="The token has expired.", now=timezone.now())
    expect(page.locator(f"[data-count='channel:{channel.pk}'] .view__warning")).to_be_visible()
    saving.remove(view=other, by=mara, now=timezone.now())
    colleague.delete(there, headers={"X-Parley-Fragment": "1"})

    expect(link).to_have_count(0)
    expect(heading).to_have_count(0)
    expect(page.locator(".views__heading", has_text="Channels")).to_be_visible()


def test_a_view_that_a_colleague_turns_into_one_that_is_not_counted_keeps_no_old_figure(
    enter: Enter, channel: Channel, brand: Brand, mara: Person
) -> None:
    saved = refunds(brand, mara)
    Membership.objects.filter(person=mara).update(role=Role.MANAGER)
    page = enter(OPEN)
    colleague = Client()
    colleague.force_login(mara)
    figure = page.locator(f"[data-command=go-view-{saved.public_id}] .view__count")
    expect(figure).to_have_text("0")

    there = reverse("inbox:saved-view", args=["lumen", saved.public_id])
    colleague.post(there, {"q": "tag:refund -assignee:me"}, headers={"X-Parley-Fragment": "1"})

    expect(figure).to_have_text("–")


def test_counters_that_were_read_before_a_change_and_come_after_it_are_asked_for_once_more(
    enter: Enter, channel: Channel
) -> None:
    page = enter(OPEN)
    steps = page.evaluate("""() => {
      const line = document.querySelector("state-line")
      let asked = 0
      line.socket = { readyState: WebSocket.OPEN, close() {}, send: (wish) => { asked += JSON.parse(wish).counts ? 1 : 0 } }
      line.told = 6
      return [{ counted: 7 }, { counted: 6, views: {} }, { counted: 7, views: {} }, { counted: 3, views: {} }, { counted: 3, views: {} }, { counted: 9 }].map((news) => {
        line.counted(news)
        return [asked, line.told]
      })
    }""")

    assert steps == [[0, 7], [1, 7], [1, 7], [2, 7], [2, 3], [3, 3]]


def test_a_view_that_is_gone_is_not_left_under_a_hand_that_writes_and_what_is_open_stays_open(
    enter: Enter, channel: Channel, brand: Brand, mara: Person
) -> None:
    rows = make.conversations(channel, 80, tags=["refund"], window_opened_at=timezone.now())
    saved = refunds(brand, mara)
    page = enter(f"/b/lumen/conversations/{rows[0].public_id}/?view=view-{saved.public_id}")
    page.locator("#composer-text").press_sequentially("It is on")

    asked = delete(page, saved, mara)
    page.wait_for_timeout(2600)
    page.locator("#composer-text").press_sequentially(" its way")
    assert len(asked) == 1
    assert saved.name in page.title()
    page.locator("#composer-text").blur()

    page.wait_for_url(f"**/conversations/{rows[0].public_id}/?view=open")
    expect(page.locator("#composer-text")).to_have_value("It is on its way")
    expect(page.locator("workspace-shell")).to_have_attribute("data-view", "open")


def test_the_bar_moves_nothing_and_fits_a_phone(enter: Enter, channel: Channel, tmp_path: Path) -> None:
    for number in range(5):
        due(channel, f"Row {number}", 20 + number)
    page = enter(OPEN, viewport={"width": 390, "height": 844})
    before = page.locator(".row").first.bounding_box()

    page.tap("#query") if False else page.click("#query")
    page.keyboard.type("is:")
    expect(page.locator(".query__choices")).to_be_visible()

    assert page.locator(".row").first.bounding_box() == before
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert json.loads(page.locator(".row").first.get_attribute("data-facts") or "{}")["state"] == "open"
