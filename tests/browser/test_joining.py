"""One person on two networks, answered as one."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect

from inbox import realtime
from inbox.actions import joining, merging, receiving
from inbox.actions.receiving import Arrival
from inbox.exchange import Unsent
from inbox.models import Brand, BrandSequence, Conversation
from tests.browser.conftest import Outside
from tests.browser.test_catching_up import hold, pattern_of, wait_until_read
from tests.factories import conversations as make
from tests.factories.people import ChannelFactory, agent_of

Enter = Callable[..., Page]


def on_two_networks(outside: Outside, brand: Brand) -> tuple[Conversation, Conversation]:
    outside.write("Where is my parcel?", who="anna")
    anna = Conversation.objects.get()
    Outside(ChannelFactory(brand=brand, platform="x")).write("And on X: where is it?", who="anna.x")
    other = Conversation.objects.exclude(pk=anna.pk).get()
    Conversation.objects.filter(pk=other.pk).update(contact=anna.contact)
    return anna, other


def test_two_conversations_of_one_person_become_one_and_two_again(
    enter: Enter, outside: Outside, brand: Brand
) -> None:
    anna, other = on_two_networks(outside, brand)
    page = enter(f"/b/lumen/conversations/{anna.public_id}/")
    expect(page.locator("inbox-list .row")).to_have_count(2)
    expect(page.locator(".message")).to_have_count(1)

    page.get_by_role("button", name="answer it here, too").click()
    expect(page.locator(".message", has_text="And on X")).to_contain_text("on X")
    expect(page.locator(".event").last).to_contain_text("Mara merged the conversation on X into this one")
    expect(page.locator(f"#row-{other.public_id}")).to_have_count(0)
    with transaction.atomic():
        taken_back = Unsent(other.messages.get().external_id or "", timezone.now(), "anna.x")
        receiving.receive(arrivals=[Arrival(other.channel_id, taken_back)], now=timezone.now())
    expect(page.locator(".message", has_text="on X")).to_contain_text("Unsent by")
    page.get_by_role("button", name="open it").click()
    expect(page.locator(".event").last).to_contain_text("Mara merged it into the conversation on Instagram")
    page.get_by_role("button", name="open it").click()
    expect(page.locator("conversation-pane")).to_have_attribute("data-id", str(anna.public_id))

    page.keyboard.press("z")
    expect(page.locator(".message")).to_have_count(1)
    expect(page.locator(".event").last).to_contain_text("Mara took the merge with the conversation on X back")
    expect(page.locator(f"#row-{other.public_id}")).to_be_visible()
    other.refresh_from_db()
    assert other.state == "open"


def test_what_a_colleague_merges_into_it_takes_nothing_from_the_hand_that_writes(
    enter: Enter, outside: Outside, brand: Brand
) -> None:
    anna, other = on_two_networks(outside, brand)
    page = enter(f"/b/lumen/conversations/{anna.public_id}/")
    page.keyboard.press("n")
    page.keyboard.type("Ask the ware")

    bea = agent_of(brand, email="bea@example.test", name="Bea")
    joining.join(kept=anna, merged=other, by=bea, now=timezone.now())
    expect(page.locator(".message", has_text="And on X")).to_be_visible()
    expect(page.locator("[data-unjoin]").first).to_be_visible()
    page.keyboard.type("house e")

    expect(page.locator("#composer-text")).to_have_value("Ask the warehouse e")
    expect(page.locator("reply-composer")).to_have_attribute("data-mode", "note")
    anna.refresh_from_db()
    assert anna.state == "open"


def test_the_other_conversations_beside_a_thread_follow_what_happens_in_them(
    enter: Enter, outside: Outside, brand: Brand
) -> None:
    anna, other = on_two_networks(outside, brand)
    page = enter(f"/b/lumen/conversations/{anna.public_id}/")
    page.mouse.move(20, 20)
    beside = page.locator("#conversation-others")
    expect(beside.locator(".context__preview")).to_have_text("And on X: where is it?")

    Outside(other.channel).write("Never mind, it has come", who="anna.x")
    expect(beside.locator(".context__preview")).to_have_text("Never mind, it has come")

    third = Outside(ChannelFactory(brand=brand, platform="linkedin"))
    third.write("And here, too", who="anna.li")
    Conversation.objects.filter(channel=third.channel).update(contact=anna.contact)
    third.write("Hello?", who="anna.li")
    expect(beside.locator(".context__preview")).to_have_text(["Hello?", "Never mind, it has come"])

    expect(beside.locator("[data-join]")).to_have_count(2)
    page.keyboard.press("e")
    expect(beside.locator("[data-join]")).to_have_count(0)  # it is not open to be joined any more


def test_the_other_conversations_beside_a_thread_follow_a_burst_and_wait_for_a_hand(
    enter: Enter, outside: Outside, brand: Brand
) -> None:
    anna, other = on_two_networks(outside, brand)
    many = make.conversations(other.channel, 100)
    page = enter(f"/b/lumen/conversations/{anna.public_id}/")
    beside = page.locator("#conversation-others")
    beside.hover()
    seq = BrandSequence.objects.get(brand=brand).last + 1
    Conversation.objects.filter(pk=other.pk).update(seq=seq, last_message_text="One of very many")
    make.advance(other.channel, seq)

    realtime.push_rows(brand.pk, [other.pk, *(each.pk for each in many)], seq, seq)

    page.wait_for_timeout(1200)
    expect(beside.locator(".context__preview")).to_have_text("And on X: where is it?")
    page.mouse.move(20, 20)
    expect(beside.locator(".context__preview")).to_have_text("One of very many")


def test_what_happened_elsewhere_while_the_conversation_was_on_its_way_is_shown_beside_it(
    enter: Enter, outside: Outside, brand: Brand
) -> None:
    anna, other = on_two_networks(outside, brand)
    page = enter("/b/lumen/inbox/open/")
    page.mouse.move(20, 20)
    read = hold(page, pattern_of(anna), 800)
    page.evaluate("(id) => { document.querySelector('workspace-shell').open(id) }", str(anna.public_id))
    wait_until_read(page, read)

    Outside(other.channel).write("Never mind, it has come", who="anna.x")

    expect(page.locator("#conversation-others .context__preview")).to_have_text("Never mind, it has come")


def test_that_two_are_one_person_and_two_again_is_seen_beside_the_thread_that_somebody_else_reads(
    enter: Enter, outside: Outside, brand: Brand
) -> None:
    outside.write("Where is my parcel?", who="anna")
    anna = Conversation.objects.get()
    Outside(ChannelFactory(brand=brand, platform="x")).write("And on X: where is it?", who="annika")
    other = Conversation.objects.exclude(pk=anna.pk).get()
    bea = agent_of(brand, email="bea@example.test", name="Bea")
    page = enter(f"/b/lumen/conversations/{anna.public_id}/")
    page.locator("#composer-text").fill("Half an answer")
    people, others = page.locator("#conversation-people"), page.locator("#conversation-others")
    expect(people.locator(".context__handle")).to_have_count(1)

    assert anna.contact is not None and other.contact is not None
    merge = merging.merge(kept=anna.contact, absorbed=other.contact, by=bea, now=timezone.now())
    expect(people.locator(".context__handle")).to_have_count(2)
    expect(people).to_contain_text("One person with Annika, says Bea")
    expect(others).to_contain_text("And on X")

    merging.part(merge=merge, by=bea, now=timezone.now())
    expect(people.locator(".context__handle")).to_have_count(1)
    expect(others).not_to_contain_text("And on X")
    expect(page.locator("#composer-text")).to_have_value("Half an answer")
