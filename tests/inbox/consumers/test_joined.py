"""Who answers two conversations as one hears what becomes of what was said in either."""

from __future__ import annotations

import uuid

import pytest

from inbox import realtime
from inbox.actions import assigning, joining, noting, receiving, undoing
from inbox.actions.receiving import Arrival
from inbox.exchange import Unsent
from inbox.models import Channel, Conversation, Message, Person
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory
from tests.inbox.consumers.test_live import (  # noqa: F401
    _no_connection_is_left,
    channel,
    conversation,
    in_thread,
    jo,
    page_of,
    write,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def merged(channel: Channel, jo: Person, conversation: Conversation) -> Conversation:  # noqa: F811
    """On X, and answered on the other network."""
    on_x = ChannelFactory(brand=channel.brand, platform="x")
    write(on_x, "And on X", who="mara_x")
    found = Conversation.objects.get(channel=on_x)
    Conversation.objects.filter(pk=found.pk).update(contact=conversation.contact)
    joining.join(kept=conversation, merged=found, by=jo, now=say.at(2))
    return found


def newest() -> int:
    return max(Conversation.objects.values_list("seq", flat=True))


def unsend(merged: Conversation) -> None:
    taken_back = Unsent(merged.messages.get().external_id or "", say.at(5), "mara_x")
    receiving.receive(arrivals=[Arrival(merged.channel_id, taken_back)], now=say.at(5))


def note(merged: Conversation, jo: Person) -> Message:  # noqa: F811
    return noting.add_note(
        conversation=merged, by=jo, client_id=uuid.uuid4(), text="She is on X, too", now=say.at(4)
    )


async def test_an_open_page_is_told_what_becomes_of_both(
    jo: Person,  # noqa: F811
    conversation: Conversation,  # noqa: F811
    merged: Conversation,
) -> None:
    async with page_of(jo) as page, page_of(jo) as other:
        seen = await in_thread(newest)
        await page.ask(open=str(conversation.public_id), since=seen)
        await other.ask(open=str(merged.public_id), since=seen)
        await page.hears("rows")
        await other.hears("rows")
        await in_thread(lambda: unsend(merged))
        here, there = await page.hears("thread"), await other.hears("thread")

    assert here["conversation"] == str(conversation.public_id)
    assert "Unsent by" in here["html"] and "on X" in here["html"]
    assert there["conversation"] == str(merged.public_id)
    assert "Unsent by" in there["html"] and "on X" not in there["html"]


@pytest.mark.parametrize("many", [False, True])
async def test_what_is_told_of_its_row_says_with_which_number_either_thread_is_told(
    jo: Person,  # noqa: F811
    conversation: Conversation,  # noqa: F811
    merged: Conversation,
    monkeypatch: pytest.MonkeyPatch,
    many: bool,
) -> None:
    """A push that is lost is missed in the thread in which it is answered, too."""
    monkeypatch.setattr(realtime, "MANY_ROWS", 0 if many else 100)
    async with page_of(jo) as page:
        await page.ask(open=str(conversation.public_id), since=await in_thread(newest))
        await page.hears("rows")
        await in_thread(lambda: unsend(merged))
        rows, thread = await page.hears("rows"), await page.hears("thread")

    told = rows["threads"] | {public: numbers for public, _, _, _, _, *numbers in rows.get("changed", [])}
    assert told == {str(each.public_id): [thread["last"]] for each in (conversation, merged)}


async def test_a_page_that_slept_is_told_what_became_of_both(
    jo: Person,  # noqa: F811
    conversation: Conversation,  # noqa: F811
    merged: Conversation,
) -> None:
    noted = await in_thread(lambda: note(merged, jo))
    seen = await in_thread(newest)
    await in_thread(lambda: undoing.undo(brand=merged.brand, by=jo, now=say.at(5)))
    await in_thread(lambda: unsend(merged))

    async with page_of(jo) as page:
        await page.ask(open=str(conversation.public_id), since=seen)
        news = await page.hears("thread")

    assert "Unsent by" in news["html"] and "on X" in news["html"]
    assert news["gone"] == [str(noted.public_id)]


async def test_what_is_said_there_after_they_were_parted_is_no_news_here(
    jo: Person,  # noqa: F811
    conversation: Conversation,  # noqa: F811
    merged: Conversation,
) -> None:
    async with page_of(jo) as page:
        await page.ask(open=str(conversation.public_id), since=await in_thread(newest))
        await page.hears("rows")
        await in_thread(lambda: write(merged.channel, "Hello?", who="mara_x", seconds=9))
        await in_thread(lambda: assigning.assign(conversation=conversation, to=jo, by=jo, now=say.at(10)))
        news = await page.hears("thread")

    assert "Hello?" not in news["html"] and "Jo took it" in news["html"]
