"""What a network allows to be kept for a short time only: the words go, the row stays, and nothing brings them back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from inbox.actions import _early_posts, expiring, forgetting, indexing, receiving
from inbox.actions.receiving import Arrival
from inbox.exchange import Attachment as Picture
from inbox.exchange import (
    AttachmentKind,
    Edited,
    InboundMessage,
    MessageKind,
    Party,
    Reacted,
    ThreadKind,
    Unsent,
)
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


def test_what_was_told_of_a_message_that_never_came_goes_by_when_it_was_learned(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "AMENDMENTS_AT_ONCE", 1)
    comment(channel, "here")
    tell(channel, Edited(target="here", text="Lovely lamps, truly", at=at(5)), 5)
    tell(channel, Edited(target="lost", text="Ugly lamps", at=at(-9 * DAY)), 5)
    tell(channel, Reacted("lost", Party("mara", name="Mara"), at(5), "❤️"), 5)
    tell(channel, Edited(target="later", text="How long?", at=at(5)), DAY)
    tell(ChannelFactory(brand=channel.brand), Edited(target="lost", text="Of another", at=at(5)), 5)

    assert forgetting.forget_amendments(channel=channel, before=at(5)) == 0
    assert forgetting.forget_amendments(channel=channel, before=at(6)) == 2

    assert set(Amendment.objects.values_list("text", flat=True)) == {
        "Lovely lamps, truly", "How long?", "Of another",
    }  # fmt: skip


def test_that_a_message_was_unsent_is_known_however_late_it_comes(channel: Channel) -> None:
    """A delivery that could not be read keeps until somebody reads it again."""
    tell(channel, Unsent(target="c1", at=at(5)), 5)

    forgetting.forget_amendments(channel=channel, before=at(90 * DAY))
    comment(channel, "c1")

    assert (Message.objects.get().text, Message.objects.get().deleted_at) == ("", at(5))


def test_an_edit_of_an_addition_to_a_post_waits_as_long_as_that(channel: Channel) -> None:
    addition = InboundMessage(
        external_id="a1", thread_id="post-1", sent_at=at(0), author=Party("page"), text="PS", kind=MessageKind.COMMENT,
        thread_kind=ThreadKind.COMMENT, outbound=True,
    )  # fmt: skip
    _early_posts.keep({(channel.pk, "a1"): addition}, {}, at(0))
    tell(channel, Edited(target="a1", text="PPS", at=at(5)), 5)

    assert forgetting.forget_amendments(channel=channel, before=at(DAY)) == 0

    forgetting.forget_early_posts(channel_id=channel.pk, before=at(DAY))
    assert forgetting.forget_amendments(channel=channel, before=at(DAY)) == 1
