"""A reply that is a file and no words looks like anybody's. What the platform called it tells it from a colleague's, and nothing else does."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from connectors.actions import delivering, draining, settling
from connectors.contract import Context, OutboundMessage, Remedy, Sent
from inbox import platforms
from inbox.actions import attaching, replying, sending
from inbox.models import Attachment, Channel, Message, MessageState, Person
from inbox.platforms import FileLimit
from inbox.queries import outbox
from tests.connectors.conftest import NOW, message_item
from tests.fakes.platform import FakePlatform, Said

pytestmark = pytest.mark.django_db(transaction=True)
Tell = Callable[[Said], None]


@pytest.fixture
def tell(receipt: Any, clock: Any) -> Tell:
    """The platform's delivery of something that was said there."""

    def make(said: Said) -> None:
        seconds = (said.at - NOW).total_seconds()
        receipt(message_item(said.id, said.text, outbound=said.outbound, seconds=seconds, files=said.files))
        draining.drain(now=clock())

    return make


@pytest.fixture
def picture(
    queued_reply: Message, platform: FakePlatform, channel: Channel, agent: Person, clock: Any
) -> Message:
    """A reply of one picture. The words in the outbox are given up."""
    takes = replace(platform.manifest.send, files={"image": FileLimit((), 1000)}, files_per_message=1)
    platforms.register(replace(platform.manifest, send=takes))
    conversation = channel.conversations.get()
    replying.discard(message=queued_reply, by=agent, now=clock())
    file = Attachment.objects.create(
        channel=channel,
        uploaded_by=agent,
        kind="image",
        mime="image/png",
        size=9,
        name="a.png",
        path="out/a.png",
    )
    return replying.queue_reply(
        conversation=conversation, by=agent, client_id=uuid.uuid4(), text="", written_against=10**9, now=clock(), attachments=[file]
    )[0]  # fmt: skip


def colleagues_picture(platform: FakePlatform, clock: Any) -> Said:
    return platform.hears("", at=clock(), outbound=True, files=("taken-by-phone",))


def look_for(message: Message, clock: Any, seconds: int) -> list[str]:
    outcomes = []
    for _ in range(seconds // 5):
        clock.passes(5)
        outcomes += [
            settling.settle(message=due, clock=clock) for due in outbox.uncertain_replies(now=clock())
        ]
    message.refresh_from_db()
    return outcomes


def thread_of(channel: Channel) -> list[tuple[str | None, str, bool, int]]:
    """(platform's id, state, is it a reply of ours, files) of what our side said."""
    rows = (
        Message.objects.filter(channel=channel, direction="out").exclude(ended="discarded").in_thread_order()
    )
    return [(row.external_id, row.state, row.client_id is not None, row.attachments.count()) for row in rows]


@pytest.mark.parametrize("names_files", [True, False], ids=["named", "not named"])
@pytest.mark.parametrize("echo_first", [True, False], ids=["echo first", "answer first"])
def test_a_colleagues_picture_that_comes_while_ours_is_sent_is_theirs(
    picture: Message,
    platform: FakePlatform,
    clock: Any,
    channel: Channel,
    tell: Tell,
    names_files: bool,
    echo_first: bool,
) -> None:
    platform.names_files = names_files
    send = platform.send

    def slow(ctx: Context, message: OutboundMessage) -> Sent:
        tell(colleagues_picture(platform, clock))
        clock.passes(1)
        sent = send(ctx, message)
        if echo_first:
            tell(platform.said[-1])
        return sent

    platform.send = slow  # type: ignore[method-assign]
    assert delivering.deliver(message_id=picture.pk, clock=clock) == "sent"
    foreign, ours = (said for said in platform.said if said.outbound)
    tell(ours)

    assert thread_of(channel) == [
        (foreign.id, MessageState.SENT, False, 1),
        (ours.id, MessageState.SENT, True, 1),
    ]
    assert (
        channel.conversations.get().message_count == 4
    )  # with the question, and the words that were taken back


@pytest.mark.parametrize("told_by", ["its echo", "history"])
def test_a_picture_whose_answer_was_lost_is_known_by_its_name(
    picture: Message, platform: FakePlatform, clock: Any, channel: Channel, tell: Tell, told_by: str
) -> None:
    platform.loses_the_answer(delivered=True)
    assert delivering.deliver(message_id=picture.pk, clock=clock) == "uncertain"
    [ours] = (said for said in platform.said if said.outbound)
    foreign = colleagues_picture(platform, clock)
    tell(foreign)
    if told_by == "its echo":
        tell(ours)
    else:
        assert look_for(picture, clock, 5) == ["sent"]

    assert [row[:3] for row in thread_of(channel)] == [
        (ours.id, MessageState.SENT, True),
        (foreign.id, MessageState.SENT, False),
    ]


@pytest.mark.parametrize("names_files", [True, False], ids=["named", "not named"])
def test_a_colleagues_picture_does_not_say_that_ours_arrived(
    picture: Message, platform: FakePlatform, clock: Any, channel: Channel, tell: Tell, names_files: bool
) -> None:
    platform.names_files = names_files
    platform.loses_the_answer(delivered=False)
    delivering.deliver(message_id=picture.pk, clock=clock)
    foreign = colleagues_picture(platform, clock)
    tell(foreign)

    assert look_for(picture, clock, 200)[-1] == "failed"

    assert (picture.state_reason, platform.sent) == (sending.SOME_FILE, [])
    assert (foreign.id, MessageState.SENT, False, 1) in thread_of(channel)


@pytest.mark.parametrize("echo", ["before the look", "after it gave up", "never"])
def test_a_picture_that_nobody_can_tell_from_a_colleagues_is_left_to_its_writer(
    picture: Message, platform: FakePlatform, clock: Any, channel: Channel, tell: Tell, echo: str
) -> None:
    platform.names_files = False
    platform.loses_the_answer(delivered=True)
    delivering.deliver(message_id=picture.pk, clock=clock)
    if echo == "before the look":
        tell(platform.said[-1])
    look_for(picture, clock, 200)
    if echo == "after it gave up":
        tell(platform.said[-1])

    picture.refresh_from_db()
    assert (picture.state, picture.state_reason) == (MessageState.FAILED, sending.SOME_FILE)
    assert len(platform.said) == 2  # the question and the picture: it is not sent again by itself
    shown = [row[:3] for row in thread_of(channel) if row[0]]
    assert shown == ([] if echo == "never" else [(platform.said[-1].id, MessageState.SENT, False)])


def test_the_name_of_an_attempt_that_lost_its_claim_is_not_kept(picture: Message, clock: Any) -> None:
    claimed = sending.claim_reply(message_id=picture.pk, now=clock())
    assert claimed
    attaching.note_sent_up(message=claimed, place=0, external_id="file-1")
    Message.objects.filter(pk=picture.pk).update(attempts=2)
    attaching.note_sent_up(message=claimed, place=0, external_id="file-2")

    assert picture.attachments.get().external_id == "file-1"


def test_a_server_in_trouble_that_shows_nothing_is_sent_the_picture_again(
    picture: Message, platform: FakePlatform, clock: Any
) -> None:
    platform.refuses(Remedy.UNKNOWN, "It did not say.", code="http 503")
    delivering.deliver(message_id=picture.pk, clock=clock)

    assert look_for(picture, clock, 150)[-1] == "again"
    assert delivering.deliver(message_id=picture.pk, clock=clock) == "sent"


def test_what_a_file_was_called_in_an_attempt_before_is_known_still(picture: Message, clock: Any) -> None:
    """Its echo may come while the next attempt is under way, and must stop that."""
    sending.claim_reply(message_id=picture.pk, now=clock())
    picture.refresh_from_db()
    attaching.note_sent_up(message=picture, place=0, external_id="first")
    sending.put_back(message_id=picture.pk, reason="Not found", not_before=clock(), now=clock(), attempt=1)
    sending.claim_reply(message_id=picture.pk, now=clock())
    picture.refresh_from_db()
    attaching.note_sent_up(message=picture, place=0, external_id="second")

    assert outbox.content_of(picture).files == {"first", "second"}


@pytest.mark.parametrize("shown_as", ["first", "second"])
def test_its_echo_settles_it_by_what_it_was_called_in_either_attempt(
    picture: Message, platform: FakePlatform, clock: Any, tell: Tell, shown_as: str
) -> None:
    for attempt, name in enumerate(("first", "second"), start=1):
        claimed = sending.claim_reply(message_id=picture.pk, now=clock())
        assert claimed
        attaching.note_sent_up(message=claimed, place=0, external_id=name)
        if attempt == 1:
            sending.put_back(message_id=picture.pk, reason="No", not_before=clock(), now=clock(), attempt=1)

    tell(platform.hears("", at=clock(), outbound=True, files=(shown_as,)))

    picture.refresh_from_db()
    assert picture.state == MessageState.SENT


def test_the_names_of_many_attempts_give_way_to_the_newest(picture: Message, clock: Any) -> None:
    sending.claim_reply(message_id=picture.pk, now=clock())
    picture.refresh_from_db()
    for number in range(9):
        attaching.note_sent_up(message=picture, place=0, external_id=f"{number}" * 90)

    assert outbox.content_of(picture).files == {f"{number}" * 90 for number in (5, 6, 7, 8)}
