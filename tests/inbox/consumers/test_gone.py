"""An echo that was shown as somebody else's message and turned out to be our own reply leaves every page."""

from __future__ import annotations

import uuid

import pytest

from inbox.actions import receiving, replying, sending
from inbox.actions.receiving import Arrival
from inbox.models import Channel, Conversation, Message, Person
from tests.factories import exchange as say
from tests.inbox.consumers.test_live import (  # noqa: F401
    _no_connection_is_left,
    channel,
    conversation,
    in_thread,
    jo,
    page_of,
)

pytestmark = pytest.mark.django_db(transaction=True)


def answer_whose_words_the_platform_changes(conversation: Conversation, jo: Person) -> tuple[Message, str]:  # noqa: F811
    """Our reply on its way, and the public id of its echo, which came first and looks foreign."""
    conversation.refresh_from_db()
    [reply] = replying.queue_reply(
        conversation=conversation, by=jo, client_id=uuid.uuid4(), text="see https://shop.example/1",
        attachments=[], written_against=conversation.public_seq, now=say.at(60),
    )  # fmt: skip
    sending.claim_reply(message_id=reply.pk, now=say.at(61))
    echoed = say.echoed("see https://t.co/abc", external_id="p1", seconds=62)
    receiving.receive(arrivals=[Arrival(conversation.channel_id, echoed)], now=say.at(62))
    return reply, str(Message.objects.get(external_id="p1").public_id)


def is_sent(reply: Message) -> None:
    sending.mark_reply_sent(message_id=reply.pk, external_id="p1", at=None, now=say.at(63))


async def test_an_open_page_is_told_which_message_is_gone(
    channel: Channel,  # noqa: F811
    jo: Person,  # noqa: F811
    conversation: Conversation,  # noqa: F811
) -> None:
    reply, twin = await in_thread(lambda: answer_whose_words_the_platform_changes(conversation, jo))
    newest = await in_thread(lambda: Conversation.objects.get().seq)

    async with page_of(jo) as page:
        await page.ask(open=str(conversation.public_id), since=newest)
        await page.hears("rows")
        await in_thread(lambda: is_sent(reply))
        news = await page.hears("thread")

    assert news["gone"] == [twin]
    assert str(reply.public_id) in news["html"] and twin not in news["html"]


async def test_a_page_that_slept_is_told_which_message_is_gone(
    channel: Channel,  # noqa: F811
    jo: Person,  # noqa: F811
    conversation: Conversation,  # noqa: F811
) -> None:
    reply, twin = await in_thread(lambda: answer_whose_words_the_platform_changes(conversation, jo))
    newest = await in_thread(lambda: Conversation.objects.get().seq)
    await in_thread(lambda: is_sent(reply))

    async with page_of(jo) as page:
        await page.ask(open=str(conversation.public_id), since=newest)
        news = await page.hears("thread")

    assert news["gone"] == [twin]
