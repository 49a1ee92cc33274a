"""What a network allows to be kept for a short time only: the words go, the row stays, and nothing brings them back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from inbox.actions import expiring, indexing, receiving
from inbox.actions.receiving import Arrival
from inbox.exchange import Attachment as Picture
from inbox.exchange import AttachmentKind, Edited, InboundMessage, MessageKind, Party, ThreadKind
from inbox.models import Amendment, Attachment, Channel, Conversation, Event, Message, MessageWords
from tests.factories.exchange import at
from tests.factories.people import ChannelFactory

pytestmark = pytest.mark.django_db
DAY = 86_400.0


@pytest.fixture
def channel() -> Channel:
    return ChannelFactory()


def comment(
    channel: Channel, external_id: str, text: str = "Lovely lamps", *, seconds: float = 0, **more: Any
) -> None:
    told = {
        "external_id": external_id, "thread_id": "post-1", "sent_at": at(seconds), "author": Party("mara", name="Mara"), "text": text,
        "kind": MessageKind.COMMENT, "thread_kind": ThreadKind.COMMENT, "card": {"type": "post", "id": "post-1", "title": "Lamps!"},
        **more,
    }  # fmt: skip
    tell(channel, InboundMessage(**told), seconds)


def tell(channel: Channel, event: Any, seconds: float) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, event)], now=at(seconds))


def expire(channel: Channel, seconds: float) -> int:
    return expiring.expire(channel=channel, before=at(seconds) - timedelta(days=2), now=at(seconds))


def index(channel: Channel) -> None:
    while not (batch := indexing.next_batch(channel.brand_id)).is_empty:
        indexing.index(batch)


def test_words_files_and_what_finds_them_go_and_the_row_stays(channel: Channel) -> None:
    picture = Picture(kind=AttachmentKind.IMAGE, url="https://cdn.example/1.jpg")
    comment(channel, "c1", attachments=(picture,))
    tell(channel, Edited(target="c1", text="Lovely lamps, truly", at=at(5), thread_id="post-1"), 5)
    comment(channel, "c2", "And how long do they last?", seconds=DAY)
    index(channel)

    assert expire(channel, 2 * DAY + 10) == 1

    old, young = Message.objects.order_by("sent_at")
    assert (old.text, old.created_text, old.card) == ("", "", {"type": "post", "id": "post-1"})
    assert (old.expired_at, old.deleted_at, old.author_name) == (at(2 * DAY + 10), None, "Mara")
    assert (young.text, young.expired_at) == ("And how long do they last?", None)
    assert Attachment.objects.get().fetch_state == "gone" and Attachment.objects.get().url == ""
    assert Amendment.objects.get().text == ""
    assert set(MessageWords.objects.values_list("message_id", flat=True)) == {young.pk}
    index(channel)
    assert set(MessageWords.objects.values_list("message_id", flat=True)) == {young.pk}
    assert Event.objects.order_by("-seq")[0].data == {"what": "expired"}
    assert expire(channel, 2 * DAY + 10) == 0


def test_nothing_brings_them_back(channel: Channel) -> None:
    comment(channel, "c1")
    expire(channel, 3 * DAY)

    tell(
        channel, Edited(target="c1", text="Lovely lamps, truly", at=at(4 * DAY), thread_id="post-1"), 4 * DAY
    )
    comment(channel, "c1", seconds=0)  # the platform delivers it once more

    assert (Message.objects.get().text, Amendment.objects.get().text) == ("", "")


def test_the_list_and_who_waits_say_the_truth(channel: Channel) -> None:
    comment(channel, "c1")
    before = Conversation.objects.get()

    expire(channel, 3 * DAY)

    row = Conversation.objects.get()
    assert row.last_message_text == "Words that are no longer kept"
    assert (row.waiting_since, row.unread_count, row.message_count) == (
        before.waiting_since, before.unread_count, before.message_count,
    )  # fmt: skip
    assert row.seq == Event.objects.order_by("-seq")[0].seq


def test_what_the_brand_said_and_what_is_private_stays(channel: Channel) -> None:
    comment(channel, "ours", outbound=True, author=Party("page"))
    private = InboundMessage(
        external_id="dm", thread_id="mara", sent_at=at(0), author=Party("mara"), text="Hello"
    )
    tell(channel, private, 0)
    comment(ChannelFactory(brand=channel.brand), "of another channel")

    assert expire(channel, 30 * DAY) == 0
    assert not Message.objects.filter(text="").exists()
