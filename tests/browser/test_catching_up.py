"""What a page does when it missed too much to be told, and when what it asks for then does not come, or comes late."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from django.db.models import F
from playwright.sync_api import Page, Route, expect

from inbox import realtime
from inbox.models import Brand, BrandSequence, Channel, Conversation, Handle
from tests.browser.conftest import Outside
from tests.factories import conversations as make

Enter = Callable[..., Page]
LIST = re.compile(r"/inbox/open/rows/[a-z]+/$")
ROWS = re.compile(r"/bulk/rows/")

TOLD_AGAIN = """() => {
  const pieces = ["people", "triage"].map((name) => document.getElementById(`conversation-${name}`))
  const [people, triage] = pieces.map((piece) => piece.cloneNode(true))
  people.dataset.seq = Number(people.dataset.seq) + 1
  triage.dataset.turns = new Date(Date.now() - 10_000).toISOString()
  document.querySelector("conversation-pane").receive([people, triage])
  return pieces.map(({ isConnected }) => isConnected)
}"""


def pattern_of(conversation: Conversation) -> re.Pattern[str]:
    return re.compile(rf"/conversations/{conversation.public_id}/$")


def missed_too_much(page: Page) -> None:
    """As after a long sleep: the page asks, and the server says that it had better read everything anew."""
    page.evaluate(
        "document.querySelector('state-line').seen = 1e9; document.querySelector('state-line').wake()"
    )
    expect(page.locator("state-line")).to_have_attribute("data-state", "catching")


def hold(page: Page, address: re.Pattern[str], milliseconds: int = 1500) -> list[str]:
    """The next answer is read at once by the server and reaches the page late. The list fills when it has been read."""
    read: list[str] = []

    def late(route: Route) -> None:
        if read:
            route.fallback()
            return
        answer = route.fetch()
        read.append(route.request.url)
        page.wait_for_timeout(milliseconds)
        route.fulfill(response=answer)

    page.route(address, late)
    return read


def wait_until_read(page: Page, read: list[str]) -> None:
    for _ in range(80):
        if read:
            return
        page.wait_for_timeout(50)
    raise AssertionError("nothing was asked for")


def lose_the_next(page: Page, address: re.Pattern[str]) -> list[str]:
    """The next answer never comes. The list holds what was asked for."""
    asked: list[str] = []

    def lose(route: Route) -> None:
        asked.append(route.request.url)
        route.abort() if len(asked) == 1 else route.continue_()

    page.route(address, lose)
    return asked


def refuse(page: Page, address: re.Pattern[str]) -> list[str]:
    """As of a view that a colleague has deleted. The list holds what was asked for."""
    asked: list[str] = []

    def refused(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=404, body="")

    page.route(address, refused)
    return asked


def listen(page: Page, address: re.Pattern[str]) -> list[str]:
    """What is asked for from now on."""
    asked: list[str] = []
    page.on("request", lambda each: asked.append(each.url) if address.search(each.url) else None)
    return asked


def tell_of_a_burst(page: Page, conversation: Conversation) -> None:
    """So many changed at once that only their ids were sent."""
    page.evaluate(
        "(id) => document.querySelector('state-line').dispatchEvent(new CustomEvent('news', "
        "{ bubbles: true, detail: { type: 'rows', html: '', changed: [[id, 'open', null, 0]] } }))",
        str(conversation.public_id),
    )


def live(page: Page) -> None:
    expect(page.locator("state-line")).to_have_attribute("data-state", "live")


def test_a_thread_that_is_read_anew_never_stands_in_the_place_of_another(
    enter: Enter, anna: Conversation, zoe: Conversation
) -> None:
    page = enter(f"/b/lumen/conversations/{anna.public_id}/")
    read = hold(page, pattern_of(anna))
    missed_too_much(page)
    wait_until_read(page, read)

    page.locator(f"#row-{zoe.public_id}").click()
    expect(page.locator("conversation-pane")).to_have_attribute("data-id", str(zoe.public_id))
    live(page)
    page.wait_for_timeout(1800)

    expect(page.locator("message-thread")).to_contain_text("About the lamp")
    expect(page.locator("message-thread")).not_to_contain_text("Where is my parcel?")
    expect(page.locator(".head__name")).to_have_text("Zoe")
    expect(page.locator("#notices .notice")).to_have_count(0)


def test_a_pane_that_was_closed_meanwhile_stays_closed_without_a_complaint(
    enter: Enter, anna: Conversation
) -> None:
    page = enter(f"/b/lumen/conversations/{anna.public_id}/")
    read = hold(page, pattern_of(anna), 600)
    missed_too_much(page)
    wait_until_read(page, read)

    page.keyboard.press("Escape")
    live(page)
    page.wait_for_timeout(700)

    expect(page.locator("conversation-pane")).to_have_count(0)
    expect(page.locator("#notices .notice")).to_have_count(0)


def test_what_is_said_while_the_thread_is_read_anew_is_shown(
    enter: Enter, anna: Conversation, outside: Outside
) -> None:
    page = enter(f"/b/lumen/conversations/{anna.public_id}/")
    read = hold(page, pattern_of(anna))
    missed_too_much(page)
    wait_until_read(page, read)

    outside.write("Hello?")
    live(page)

    expect(page.locator(".message[data-side=customer]")).to_have_count(2)


def test_rows_that_come_while_the_list_is_read_anew_stay(
    enter: Enter, anna: Conversation, outside: Outside
) -> None:
    page = enter("/b/lumen/inbox/open/")
    read = hold(page, LIST)
    missed_too_much(page)
    wait_until_read(page, read)

    outside.write("Is anybody there?", who="zoe")
    outside.write("Never mind, it has come")
    expect(page.locator(".row")).to_have_count(2)
    expect(page.locator("state-line")).to_have_attribute("data-state", "catching")
    live(page)

    expect(page.locator(".row")).to_have_count(2)
    expect(page.locator(f"#row-{anna.public_id}")).to_contain_text("Never mind, it has come")
    expect(page.locator(f".row:not(#row-{anna.public_id})")).to_contain_text("Is anybody there?")


def test_a_page_is_live_only_when_it_has_what_it_asked_for(enter: Enter, anna: Conversation) -> None:
    page = enter("/b/lumen/inbox/open/")
    Conversation.objects.update(last_message_text="It has come")  # while the page slept
    asked = lose_the_next(page, LIST)

    missed_too_much(page)
    live(page)

    assert len(asked) == 2
    expect(page.locator(".row")).to_contain_text("It has come")


def test_rows_of_a_burst_that_did_not_come_are_asked_for_again(enter: Enter, anna: Conversation) -> None:
    page = enter("/b/lumen/inbox/open/")
    Conversation.objects.update(last_message_text="One of very many")
    asked = lose_the_next(page, ROWS)

    tell_of_a_burst(page, anna)

    expect(page.locator("state-line")).to_have_attribute("data-state", "catching")
    live(page)
    expect(page.locator(".row")).to_contain_text("One of very many")
    assert len(asked) == 2


def test_a_list_that_lacks_rows_of_a_burst_is_read_until_it_has_them(
    enter: Enter, anna: Conversation, outside: Outside
) -> None:
    page = enter("/b/lumen/inbox/open/")
    page.evaluate("document.querySelector('state-line').socket.onmessage = null")  # the push is lost, too
    outside.write("One of very many", who="zoe")
    zoe = Conversation.objects.exclude(pk=anna.pk).get()
    asked = lose_the_next(page, LIST)

    tell_of_a_burst(page, zoe)

    expect(page.locator("state-line")).to_have_attribute("data-state", "catching")
    expect(page.locator(f"#row-{zoe.public_id}")).to_be_visible()
    assert len(asked) == 2


def test_a_burst_that_comes_while_the_list_is_read_for_another_is_read_after_it(
    enter: Enter, anna: Conversation, outside: Outside
) -> None:
    page = enter("/b/lumen/inbox/open/")
    page.evaluate("document.querySelector('state-line').socket.onmessage = null")  # the pushes are lost
    outside.write("The first of very many", who="zoe")
    read = hold(page, LIST)
    tell_of_a_burst(page, Conversation.objects.get(thread_key="zoe"))
    wait_until_read(page, read)

    outside.write("Another of very many", who="bea")
    bea = Conversation.objects.get(thread_key="bea")
    tell_of_a_burst(page, bea)

    expect(page.locator(f"#row-{bea.public_id}")).to_be_visible()


def test_rows_of_a_burst_wait_behind_the_pill_while_a_hand_is_on_the_list(
    enter: Enter, anna: Conversation, zoe: Conversation
) -> None:
    page = enter("/b/lumen/inbox/open/")
    page.evaluate("(id) => document.getElementById(`row-${id}`).remove()", str(zoe.public_id))
    page.keyboard.press("j")
    expect(page.locator(f"#row-{anna.public_id}")).to_be_focused()

    tell_of_a_burst(page, zoe)
    expect(page.locator("[data-pill]")).to_have_text("New")
    expect(page.locator(".row")).to_have_count(1)
    page.keyboard.press(".")

    expect(page.locator(f"#row-{zoe.public_id}")).to_be_visible()
    expect(page.locator("[data-pill]")).to_be_hidden()


def test_a_list_that_is_refused_for_good_is_told_of_and_holds_nothing_up(
    enter: Enter, anna: Conversation
) -> None:
    page = enter(f"/b/lumen/conversations/{anna.public_id}/")
    asked = refuse(page, LIST)

    missed_too_much(page)
    live(page)

    expect(page.locator("#notices .notice")).to_contain_text("no longer there")
    assert page.evaluate("document.querySelector('state-line').seen") < 1e9
    assert len(asked) == 1


def test_a_list_that_is_refused_for_good_is_owed_to_no_burst(
    enter: Enter, anna: Conversation, zoe: Conversation
) -> None:
    page = enter("/b/lumen/inbox/open/")
    page.evaluate("(id) => document.getElementById(`row-${id}`).remove()", str(zoe.public_id))
    asked = refuse(page, LIST)

    tell_of_a_burst(page, zoe)

    expect(page.locator("#notices .notice")).to_contain_text("no longer there")
    live(page)
    page.wait_for_timeout(2500)
    assert len(asked) == 1


def test_a_thread_that_was_read_anew_stays_where_it_is_read_while_the_list_is_asked_for_again(
    enter: Enter, anna: Conversation
) -> None:
    page = enter(f"/b/lumen/conversations/{anna.public_id}/")
    lists, threads = lose_the_next(page, LIST), listen(page, pattern_of(anna))

    missed_too_much(page)
    live(page)

    assert (len(lists), len(threads)) == (2, 1)


def test_a_question_about_words_that_was_lost_is_asked_again(enter: Enter, anna: Conversation) -> None:
    page = enter("/b/lumen/inbox/query/?q=%22late+parcel%22")
    page.mouse.move(900, 400)
    asked = lose_the_next(page, re.compile("ids="))
    make.messages(anna, 1, text="My late parcel")

    realtime.push_rows(anna.brand_id, [anna.pk], anna.seq, anna.seq)

    expect(page.locator("state-line")).to_have_attribute("data-state", "catching")
    live(page)
    expect(page.locator(f"#row-{anna.public_id}")).to_be_visible()
    assert len(asked) == 2


def test_a_view_by_words_that_is_gone_says_so_once_and_its_rows_stay_true(
    enter: Enter, anna: Conversation, outside: Outside
) -> None:
    page = enter("/b/lumen/inbox/query/?q=%22late+parcel%22")
    page.mouse.move(900, 400)
    outside.write("My late parcel")
    row, notices = page.locator(f"#row-{anna.public_id}"), page.locator("#notices .notice")
    expect(row).to_be_visible()
    refuse(page, re.compile("ids="))

    outside.write("Hello?")
    expect(row).to_contain_text("Hello?")
    expect(notices).to_contain_text("no longer there")
    page.evaluate("document.querySelector('#notices').replaceChildren()")
    outside.write("Anybody?")

    expect(row).to_contain_text("Anybody?")
    live(page)
    expect(notices).to_have_count(0)


def ahead(page: Page, conversation: Conversation) -> None:
    """It has been fetched while the one before it is read."""
    expect(page.locator("workspace-shell")).to_have_attribute("data-ahead", str(conversation.public_id))


def test_going_on_after_much_has_happened_elsewhere_leaves_the_list_where_it_is(
    enter: Enter, channel: Channel, anna: Conversation, zoe: Conversation
) -> None:
    page = enter("/b/lumen/inbox/open/?sort=newest")
    page.locator(f"#row-{zoe.public_id}").click()
    ahead(page, anna)
    seen = BrandSequence.objects.get(brand=channel.brand).last
    each = [{"seq": seen + 1 + number} for number in range(240)]
    changed = make.conversations(
        channel, 240, state="resolved", resolved_at=make.NEWEST, waiting_since=None, each=each
    )
    make.advance(channel, seen + 240)
    for begin in range(0, 240, 80):
        piece = changed[begin : begin + 80]
        realtime.push_rows(channel.brand_id, [row.pk for row in piece], piece[0].seq, piece[-1].seq)
    page.wait_for_function("(seq) => document.querySelector('state-line').seen === seq", arg=seen + 240)
    lists = listen(page, LIST)

    page.keyboard.press("j")

    expect(page.locator("conversation-pane")).to_have_attribute("data-id", str(anna.public_id))
    page.wait_for_timeout(800)
    live(page)
    assert lists == []


def test_what_was_fetched_before_the_line_was_lost_is_told_what_it_lacks(
    enter: Enter, outside: Outside, anna: Conversation, zoe: Conversation
) -> None:
    page = enter("/b/lumen/inbox/open/?sort=newest")
    page.locator(f"#row-{zoe.public_id}").click()
    ahead(page, anna)
    page.route(re.compile("/readings/"), lambda route: route.abort())  # no news of the row afterwards
    outside.write("Is anybody there?")
    expect(page.locator(f"#row-{anna.public_id}")).to_contain_text("Is anybody there?")

    page.evaluate(
        "(id) => { document.querySelector('state-line').socket.close(); document.querySelector('workspace-shell').open(id) }",
        str(anna.public_id),
    )

    expect(page.locator(".message")).to_have_count(2)


def test_an_answer_that_was_read_before_a_push_and_comes_after_it_turns_nothing_back(
    enter: Enter, outside: Outside, anna: Conversation
) -> None:
    Conversation.objects.update(window_opened_at=anna.window_opened_at - timedelta(days=30))
    page = enter(f"/b/lumen/conversations/{anna.public_id}/")
    composer, counter = (
        page.locator("reply-composer"),
        page.locator(".view[data-command=go-open] .view__count"),
    )
    expect(composer).to_have_attribute("data-closed", "")
    read = realtime.catch_up(anna.brand, since=0, read=0, conversation=anna)
    outside.write("Is anybody there?")
    outside.write("About the lamp", who="zoe")
    expect(composer).not_to_have_attribute("data-closed", "")
    expect(counter).to_have_text("2")

    page.evaluate(
        "(texts) => texts.map((data) => document.querySelector('state-line').socket.onmessage({ data }))",
        read,
    )

    expect(composer).not_to_have_attribute("data-closed", "")
    expect(counter).to_have_text("2")


def test_what_stands_beside_the_thread_is_read_anew_with_it(
    enter: Enter, brand: Brand, anna: Conversation
) -> None:
    page = enter(f"/b/lumen/conversations/{anna.public_id}/")
    expect(page.locator(".triage__level")).to_have_text("Normal")
    Conversation.objects.filter(pk=anna.pk).update(
        priority=1, priority_pinned=True, contact_vip=True, contact_name="Anna Lind", seq=F("seq") + 1
    )
    handle = Handle.objects.get()
    Handle.objects.filter(pk=handle.pk).update(username="anna.new")

    missed_too_much(page)
    live(page)

    expect(page.locator(".triage__level")).to_have_text("Urgent")
    expect(page.locator(".context__mark [aria-pressed=true]")).to_be_visible()
    expect(page.locator("#conversation-people")).to_contain_text("@anna.new")
    expect(page.locator(".context__name")).to_have_text("Anna Lind")
    expect(page.locator("#messages")).to_have_attribute("aria-label", "Messages with Anna Lind")
    assert page.title().startswith("Anna Lind · ")
    # What is no different stays under a hand, and the brand's opening brings the facts anew.
    assert page.evaluate(TOLD_AGAIN) == [True, False]
    expect(page.locator("triage-facts[data-turns]")).to_have_count(0, timeout=15_000)


def test_a_line_that_is_gone_says_so_though_a_reply_is_stopped(
    enter: Enter, anna: Conversation, outside: Outside
) -> None:
    page = enter(f"/b/lumen/conversations/{anna.public_id}/")
    expect(page.locator(".row .badge")).to_have_count(0)
    page.evaluate(
        """() => {
          const line = document.querySelector("state-line")
          line.connect = () => { line.dataset.tried = "" } // and it does not come back
          line.socket.close()
        }"""
    )
    expect(page.locator("state-line[data-tried]")).to_have_attribute("data-state", "offline")
    page.evaluate("delete document.querySelector('state-line').dataset.tried")
    outside.write("Cancel it!")

    page.fill("#composer-text", "It left today")
    page.keyboard.press("Control+Enter")

    expect(page.locator(".stale")).to_contain_text("Cancel it!")
    expect(page.locator("state-line[data-tried]")).to_have_attribute("data-state", "offline")
