from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from inbox import platforms
from inbox.actions import (
    _attempting,
    _by_brand,
    _waiting,
    channels,
    clicks,
    closing,
    forgetting,
    media,
    noting,
    receiving,
    replying,
    sending,
    undoing,
)
from inbox.actions.receiving import Arrival
from inbox.exchange import Attachment as FileOfTheirs
from inbox.exchange import AttachmentKind, Delivered, MessageKind, Origin, ThreadKind
from inbox.models import (
    Attachment,
    Channel,
    Conversation,
    Ended,
    Message,
    MessageState,
    Notification,
    Person,
    TakenEcho,
)
from inbox.queries import news, outbox
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of
from tests.inbox.actions.holding import held

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel() -> Channel:
    return ChannelFactory()


@pytest.fixture
def jo(channel: Channel) -> Person:
    return agent_of(channel.brand, name="Jo")


@pytest.fixture
def conversation(channel: Channel) -> Conversation:
    receiving.receive(arrivals=[Arrival(channel.pk, say.wrote("Where is my parcel?"))], now=say.at(1))
    return Conversation.objects.get()


def reply(
    conversation: Conversation, by: Person, text: str = "On its way", *, seconds: float = 60, **fields: object
) -> Message:
    conversation.refresh_from_db()
    return replying.queue_reply(
        conversation=conversation, by=by, text=text, now=say.at(seconds),
        **{"client_id": uuid.uuid4(), "written_against": conversation.public_seq, **fields},
    )[0]  # fmt: skip


def claim(message: Message, *, seconds: float = 61) -> Message | None:
    return sending.claim_reply(message_id=message.pk, now=say.at(seconds))


def echo(channel: Channel, text: str, *, seconds: float = 62, external_id: str = "p1") -> None:
    receiving.receive(
        arrivals=[Arrival(channel.pk, say.echoed(text, seconds=seconds, external_id=external_id))],
        now=say.at(seconds),
    )


def test_a_double_click_is_one_reply(conversation: Conversation, jo: Person) -> None:
    click = uuid.uuid4()

    first = reply(conversation, jo, client_id=click)
    second = reply(conversation, jo, client_id=click, written_against=0)

    assert first == second
    assert Message.objects.filter(direction="out").count() == 1


@pytest.mark.parametrize(
    ("words", "more"), [("Sorry, 10", {}), ("It costs 100", {"reply_to": "m1"}), ("It costs 100, sorry", {})]
)
def test_one_click_id_never_swallows_another_reply(
    conversation: Conversation, jo: Person, words: str, more: dict[str, object]
) -> None:
    click = uuid.uuid4()
    reply(conversation, jo, "It costs 100", client_id=click)

    with pytest.raises(replying.SpentClick):
        reply(conversation, jo, words, client_id=click, **more)

    assert Message.objects.filter(direction="out").count() == 1


def test_a_note_is_not_taken_for_the_reply_whose_click_id_it_bears(
    conversation: Conversation, jo: Person
) -> None:
    click = uuid.uuid4()
    reply(conversation, jo, "It costs 100", client_id=click)

    for words in ("It costs 100", "The customer is angry"):
        with pytest.raises(replying.SpentClick):
            noting.add_note(conversation=conversation, by=jo, client_id=click, text=words, now=say.at(61))


def test_a_reply_of_many_files_sent_twice_by_one_click_is_one(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    click = uuid.uuid4()
    files = [
        Attachment.objects.create(channel=channel, kind="image", mime="image/png", size=10, name=f"{n}.png")
        for n in range(12)
    ]
    first = reply(conversation, jo, client_id=click, attachments=files)

    assert reply(conversation, jo, client_id=click, attachments=files) == first
    for fewer in (files[:5], files[:11]):
        with pytest.raises(replying.SpentClick):
            reply(conversation, jo, client_id=click, attachments=fewer)


def test_a_reply_with_files_sent_twice_by_one_click_is_one_and_with_other_files_another(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    click = uuid.uuid4()
    lamp, chair = (
        Attachment.objects.create(channel=channel, kind="image", mime="image/png", size=10, name=name)
        for name in ("lamp.png", "chair.png")
    )
    first = reply(conversation, jo, client_id=click, attachments=[lamp])

    assert reply(conversation, jo, client_id=click, attachments=[lamp]) == first
    for others in ([], [chair], [lamp, chair]):
        with pytest.raises(replying.SpentClick):
            reply(conversation, jo, client_id=click, attachments=others)


def test_a_reply_written_before_the_last_message_is_stopped_and_shows_what_is_new(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    seen = conversation.public_seq
    receiving.receive(
        arrivals=[Arrival(channel.pk, say.wrote("Forget it, it came!", seconds=30))], now=say.at(30)
    )

    with pytest.raises(replying.StaleReply) as stopped:
        reply(conversation, jo, written_against=seen)

    assert [message.text for message in stopped.value.newer] == ["Forget it, it came!"]
    assert reply(conversation, jo, written_against=stopped.value.newer.newest).state == MessageState.QUEUED


def test_what_has_been_shown_ends_where_the_rest_begins_and_none_of_it_is_ones_own(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    seen = conversation.public_seq
    for _ in range(2):
        reply(conversation, jo, written_against=seen)
    said = [say.wrote(words, seconds=seconds) for seconds, words in enumerate(["Hello?", "??", "Cancel it!"], start=90)]  # fmt: skip
    receiving.receive(arrivals=[Arrival(channel.pk, each) for each in said], now=say.at(100))
    receiving.receive(
        arrivals=[Arrival(channel.pk, say.edited(said[0], "Hello!", seconds=110))], now=say.at(110)
    )

    def since(seq: int) -> news.News:
        return news.messages_since(conversation, seq, news.BY_EITHER_SIDE, besides=jo, limit=2)

    shown = since(seen)
    assert [each.text for each in shown] == ["Hello!", "??"]
    assert [each.text for each in since(shown.newest)] == ["Hello!", "Cancel it!"]


@pytest.fixture
def public(channel: Channel) -> Conversation:
    """Mara's talk under a post on X, where an answer is posted under one post of hers."""
    channel.platform = "x"
    channel.save(update_fields=["platform"])
    posts_of(channel, m1="Where is my parcel?")
    return Conversation.objects.get()


def posts_of(channel: Channel, *, seconds: float = 0, **posts: str) -> None:
    said = [
        say.wrote(text, external_id=key, seconds=seconds, thread_id="comment:7:mara", thread_kind=ThreadKind.COMMENT)
        for key, text in posts.items()
    ]  # fmt: skip
    receiving.receive(arrivals=[Arrival(channel.pk, each) for each in said], now=say.at(seconds + 1))


def test_a_public_answer_is_to_the_newest_post_which_its_writer_has_seen(
    public: Conversation, jo: Person, channel: Channel
) -> None:
    posts_of(channel, seconds=20, m2="Hello?")
    public.refresh_from_db()
    seen = public.public_seq
    posts_of(channel, seconds=30, m3="Forget it, I am off to the shop across the street.")

    with pytest.raises(replying.StaleReply):
        reply(public, jo, written_against=seen)
    assert reply(public, jo, seconds=70).reply_to == "m3"
    assert reply(public, jo, seconds=80, reply_to="m1").reply_to == "m1"


def test_a_post_that_was_deleted_is_not_what_is_answered(
    public: Conversation, jo: Person, channel: Channel
) -> None:
    gone = say.wrote(
        "Hello?", external_id="m2", seconds=20, thread_id="comment:7:mara", thread_kind=ThreadKind.COMMENT
    )
    arrivals = [Arrival(channel.pk, each) for each in (gone, say.unsent(gone, seconds=25))]
    receiving.receive(arrivals=arrivals, now=say.at(30))

    assert reply(public, jo).reply_to == "m1"


@pytest.mark.parametrize("named", ["", "m2"])
def test_sent_again_it_answers_a_post_that_is_still_there(
    public: Conversation, jo: Person, channel: Channel, named: str
) -> None:
    gone = say.wrote(
        "Hello?", external_id="m2", seconds=20, thread_id="comment:7:mara", thread_kind=ThreadKind.COMMENT
    )
    receiving.receive(arrivals=[Arrival(channel.pk, gone)], now=say.at(21))
    failed = reply(public, jo)
    Message.objects.filter(pk=failed.pk).update(state=MessageState.FAILED, reply_to=named)
    receiving.receive(arrivals=[Arrival(channel.pk, say.unsent(gone, seconds=70))], now=say.at(71))

    assert replying.retry(message=failed, by=jo, now=say.at(80)).reply_to == "m1"


def test_what_is_taken_back_quotes_only_what_its_writer_quoted(public: Conversation, jo: Person) -> None:
    for quoted in ("", "m1"):
        reply(public, jo, reply_to=quoted, hold=timedelta(seconds=30))
        written = undoing.undo(brand=public.brand, by=jo, now=say.at(61)).written

        assert written is not None
        assert written.reply_to == quoted


def test_a_public_answer_clicked_twice_is_one_whatever_came_between(
    public: Conversation, jo: Person, channel: Channel
) -> None:
    click = uuid.uuid4()
    first = reply(public, jo, client_id=click)
    posts_of(channel, seconds=90, m2="Thanks!")

    assert reply(public, jo, client_id=click, seconds=95) == first
    assert first.reply_to == "m1"


def test_a_private_answer_names_nothing_unless_its_writer_quotes(
    conversation: Conversation, jo: Person
) -> None:
    assert reply(conversation, jo).reply_to == ""


def test_a_colleagues_reply_also_makes_a_reply_stale(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    seen = conversation.public_seq
    reply(conversation, agent_of(channel.brand))

    with pytest.raises(replying.StaleReply):
        reply(conversation, jo, written_against=seen)


def test_a_reply_too_long_in_bytes_is_refused_in_words(conversation: Conversation, jo: Person) -> None:
    with pytest.raises(replying.ReplyRefused, match="bytes too long"):
        reply(conversation, jo, "é" * 501)


def test_after_the_window_a_person_may_still_answer_and_the_reply_says_so(
    conversation: Conversation, jo: Person
) -> None:
    message = reply(conversation, jo, seconds=25 * 3600)

    assert message.human_agent


def test_a_reply_that_waited_past_the_window_leaves_as_a_persons(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    message = reply(conversation, jo, seconds=23 * 3600)
    assert not message.human_agent

    claimed = claim(message, seconds=25 * 3600)

    assert claimed is not None
    assert claimed.human_agent
    message.refresh_from_db()
    assert message.human_agent


def test_a_reply_that_waited_until_the_customer_wrote_again_needs_no_such_word(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    message = reply(conversation, jo, seconds=25 * 3600)
    later = say.wrote("Hello?", seconds=25 * 3600 + 10, external_id="m2")
    receiving.receive(arrivals=[Arrival(channel.pk, later)], now=say.at(25 * 3600 + 10))

    claimed = claim(message, seconds=25 * 3600 + 20)

    assert claimed is not None
    assert not claimed.human_agent


def test_what_the_platform_takes_for_too_late_is_offered_to_a_person_once_more(
    conversation: Conversation, jo: Person
) -> None:
    message = reply(conversation, jo)
    claim(message)
    refused = {"message_id": message.pk, "reason": "It has closed."}
    sending.mark_reply_too_late(**refused, now=say.at(62), attempt=1)
    message.refresh_from_db()
    assert message.state_reason.startswith("It has closed. A person may still answer, until ")

    again = replying.retry(message=message, by=jo, now=say.at(70))
    assert again.human_agent
    claimed = claim(again, seconds=71)
    assert claimed is not None and claimed.human_agent

    sending.mark_reply_too_late(**refused, now=say.at(72), attempt=2)
    with pytest.raises(replying.ReplyRefused, match="has closed"):
        replying.retry(message=message, by=jo, now=say.at(80))


@pytest.fixture
def refused_for_good(conversation: Conversation, jo: Person) -> Message:
    """Ten minutes after the customer wrote the platform said that its window was closed, for people, too."""
    message = reply(conversation, jo, seconds=600)
    refused = {"message_id": message.pk, "reason": "It has closed."}
    assert claim(message, seconds=601)
    sending.mark_reply_too_late(**refused, attempt=1, now=say.at(602))
    message.refresh_from_db()
    replying.retry(message=message, by=jo, now=say.at(603))
    assert claim(message, seconds=604)
    sending.mark_reply_too_late(**refused, attempt=2, now=say.at(605))
    message.refresh_from_db()
    return message


@pytest.mark.parametrize("what", ["a message", "a reaction", "another reaction"])
def test_what_was_said_before_a_window_was_closed_and_comes_later_does_not_open_it(
    conversation: Conversation, jo: Person, channel: Channel, what: str, request: pytest.FixtureRequest
) -> None:
    known = say.wrote("Where is my parcel?", external_id=Message.objects.get().external_id)
    if what == "another reaction":
        hear = [say.reacted(known, "❤️", seconds=300)]
        receiving.receive(arrivals=[Arrival(channel.pk, each) for each in hear], now=say.at(301))
    message = request.getfixturevalue("refused_for_good")
    late = {
        "a message": say.wrote("Hello?", seconds=400, external_id="m2"),
        "a reaction": say.reacted(known, "❤️", seconds=400),
        "another reaction": say.edited(known, "Where is it?", seconds=700),
    }[what]

    receiving.receive(arrivals=[Arrival(channel.pk, late)], now=say.at(800))

    with pytest.raises(replying.ReplyRefused, match="has closed"):
        replying.retry(message=message, by=jo, now=say.at(801), seen_seq=10**9)


def test_whoever_writes_after_that_opens_it(
    conversation: Conversation, jo: Person, channel: Channel, refused_for_good: Message
) -> None:
    later = say.wrote("Hello?", seconds=610, external_id="m2")
    receiving.receive(arrivals=[Arrival(channel.pk, later)], now=say.at(611))

    again = replying.retry(message=refused_for_good, by=jo, now=say.at(620), seen_seq=10**9)

    assert (again.state, again.human_agent) == (MessageState.QUEUED, False)


def test_the_customer_who_wrote_meanwhile_has_opened_it_anew(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    message = reply(conversation, jo)
    claim(message)
    later = say.wrote("Hello?", seconds=90, external_id="m2")
    receiving.receive(arrivals=[Arrival(channel.pk, later)], now=say.at(90))
    sending.mark_reply_too_late(message_id=message.pk, reason="It has closed.", now=say.at(91), attempt=1)

    message.refresh_from_db()
    assert message.state_reason == "It has closed."
    assert not replying.retry(message=message, by=jo, now=say.at(95)).human_agent


def test_after_the_longer_window_nobody_may(conversation: Conversation, jo: Person) -> None:
    with pytest.raises(replying.ReplyRefused, match="has closed"):
        reply(conversation, jo, seconds=8 * 24 * 3600)


def test_a_reply_is_claimed_once(conversation: Conversation, jo: Person) -> None:
    message = reply(conversation, jo)

    assert claim(message) is not None
    assert claim(message) is None


def test_replies_of_a_conversation_go_one_after_the_other(conversation: Conversation, jo: Person) -> None:
    first, second = reply(conversation, jo, "one"), reply(conversation, jo, "two")

    assert claim(second) is None
    assert claim(first) is not None
    assert claim(second) is None
    sending.mark_reply_sent(message_id=first.pk, external_id="p1", at=None, now=say.at(62))
    assert claim(second) is not None


def test_a_parked_channel_sends_nothing_and_goes_on_when_connected(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    message = reply(conversation, jo)
    channels.park_sending(channel_id=channel.pk, reason="The password was changed.", now=say.at(60))

    assert claim(message) is None
    assert outbox.due_replies(now=say.at(61)) == []

    channels.resume_sending(channel_id=channel.pk, now=say.at(62))
    assert outbox.due_replies(now=say.at(63)) == [message.pk]


def test_an_echo_before_the_answer_settles_the_reply_once(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    message = reply(conversation, jo)
    claim(message)

    echo(channel, "On its way", external_id="p1")
    sending.mark_reply_sent(message_id=message.pk, external_id="p1", at=None, now=say.at(63))

    message.refresh_from_db()
    assert (message.state, message.external_id, message.sent_at) == (MessageState.SENT, "p1", say.at(62))
    assert Message.objects.filter(direction="out").count() == 1


def test_an_echo_after_the_answer_gives_the_reply_its_true_place(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    message = reply(conversation, jo)
    claim(message)
    sending.mark_reply_sent(message_id=message.pk, external_id="p1", at=None, now=say.at(63))

    echo(channel, "On its way", external_id="p1", seconds=64)

    message.refresh_from_db()
    assert (message.sent_at, message.order_key) == (say.at(64), "p1")
    assert Message.objects.filter(direction="out").count() == 1


def deliver_echo_late(channel: Channel) -> None:
    """A delivery that says when it was sent itself, and not when the reply was made."""
    late = say.echoed("On its way", seconds=50_000, external_id="p1", dated_by_delivery=True)
    receiving.receive(arrivals=[Arrival(channel.pk, late)], now=say.at(50_001))


@pytest.mark.parametrize("answered", [True, False])
def test_an_echo_that_is_delivered_late_does_not_move_the_reply_and_history_does(
    conversation: Conversation, jo: Person, channel: Channel, answered: bool
) -> None:
    message = reply(conversation, jo)
    claim(message)
    if answered:
        sending.mark_reply_sent(message_id=message.pk, external_id="p1", at=None, now=say.at(63))

    deliver_echo_late(channel)

    message.refresh_from_db()
    conversation.refresh_from_db()
    assert (message.state, message.external_id, message.sent_at) == (MessageState.SENT, "p1", say.at(61))
    assert conversation.last_outbound_at == say.at(61)
    assert Message.objects.filter(direction="out").count() == 1

    echo(channel, "On its way", external_id="p1", seconds=64)

    message.refresh_from_db()
    assert (message.sent_at, message.order_key) == (say.at(64), "p1")


def test_an_echo_whose_words_the_platform_changed_is_absorbed_by_its_reply(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    message = reply(conversation, jo, "see https://shop.example/1")
    claim(message)
    echo(channel, "see https://t.co/abc", external_id="p1")

    sending.mark_reply_sent(message_id=message.pk, external_id="p1", at=None, now=say.at(63))

    row = Message.objects.get(direction="out")
    assert (row.pk, row.external_id, row.author_person) == (message.pk, "p1", jo)
    conversation.refresh_from_db()
    assert conversation.message_count == 2


@pytest.mark.parametrize("state", [MessageState.DELIVERED, MessageState.READ])
def test_what_was_told_of_an_echo_is_told_of_its_reply(
    conversation: Conversation, jo: Person, channel: Channel, state: MessageState
) -> None:
    message = reply(conversation, jo, "see https://shop.example/1")
    claim(message)
    echo(channel, "see https://t.co/abc", external_id="p1")
    delivered, read = Delivered("p1", say.at(62.5), "mara"), say.read(seconds=10, message_id="p1")
    told = delivered if state == MessageState.DELIVERED else read
    receiving.receive(arrivals=[Arrival(channel.pk, told)], now=say.at(63))

    sending.mark_reply_sent(message_id=message.pk, external_id="p1", at=None, now=say.at(63))

    assert state_of(message) == state


@pytest.mark.parametrize("echoed_first", [True, False], ids=["its own echo first", "the answer first"])
def test_the_answer_tells_which_of_two_messages_with_the_same_words_is_the_reply(
    conversation: Conversation, jo: Person, channel: Channel, echoed_first: bool
) -> None:
    """A colleague types them in the platform's app in the very second in which ours leaves, and theirs is shown first."""
    message = reply(conversation, jo)
    claim(message)
    echo(channel, "On its way", external_id="theirs", seconds=61.5)
    like = say.reacted(say.echoed("", external_id="theirs"), "👍")
    receiving.receive(arrivals=[Arrival(channel.pk, like)], now=say.at(62))

    if echoed_first:
        echo(channel, "On its way", external_id="ours", seconds=62)
    sending.mark_reply_sent(message_id=message.pk, external_id="ours", at=None, now=say.at(63))
    echo(channel, "On its way", external_id="ours", seconds=62)

    rows = Message.objects.filter(direction="out").in_thread_order()
    assert [
        (row.external_id, row.author_person, row.state, row.sent_at, len(row.reactions)) for row in rows
    ] == [
        ("theirs", None, MessageState.SENT, say.at(61.5), 1),
        ("ours", jo, MessageState.SENT, say.at(62), 0),
    ]
    conversation.refresh_from_db()
    assert conversation.message_count == 3


def test_a_message_that_a_reply_was_taken_for_is_as_whole_as_if_it_had_come_plainly(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    picture = FileOfTheirs(
        AttachmentKind.IMAGE, "https://cdn.test/a", "image/jpeg", "a.jpg", 9, "A lamp", "f-1", say.at(999)
    )
    theirs = replace(
        say.echoed("On its way", seconds=61.5, external_id="theirs"), kind=MessageKind.SHARE, origin=Origin.AUTOMATION, reply_to="m-9",
        card={"title": "A lamp", "price": 19.5}, attachments=(picture, replace(picture, storable=False, expires_at=None)),
    )  # fmt: skip
    plain = ChannelFactory(brand=channel.brand)
    receiving.receive(arrivals=[Arrival(plain.pk, each) for each in (say.wrote(), theirs)], now=say.at(62))
    message = reply(conversation, jo)
    Attachment.objects.create(channel=channel, message=message, kind="image", path="out/a.png")
    Message.objects.filter(pk=message.pk).update(attachment_count=1)
    claim(message)
    receiving.receive(arrivals=[Arrival(channel.pk, theirs)], now=say.at(62))
    assert not Message.objects.filter(channel=channel, direction="out", client_id=None).exists()

    sending.mark_reply_sent(message_id=message.pk, external_id="ours", at=None, now=say.at(63))

    apart, straight = (Message.objects.get(channel=each, external_id="theirs") for each in (channel, plain))
    shown = ("kind", "origin", "author_name", "sent_at", "order_key", "text", "reply_to", "card", "attachment_count", "state")  # fmt: skip
    assert [getattr(apart, name) for name in shown] == [getattr(straight, name) for name in shown]
    of_a_file = ("position", "kind", "url", "mime", "name", "size", "title", "external_id", "expires_at", "fetch_state")  # fmt: skip
    files, plainly = (list(each.attachments.values(*of_a_file).order_by("pk")) for each in (apart, straight))
    assert files == plainly != []
    assert [file.path for file in message.attachments.all()] == ["out/a.png"]


def test_a_message_that_a_reply_was_taken_for_may_be_an_earlier_reply_with_the_same_words(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    lost, again = reply(conversation, jo), reply(conversation, jo, seconds=70)
    claim(lost)
    sending.mark_reply_uncertain(
        message_id=lost.pk, attempt=1, reason="No answer", now=say.at(62), look_at=say.at(63)
    )
    sending.mark_reply_failed(message_id=lost.pk, attempt=1, reason="Could not be confirmed", now=say.at(71))
    claim(again, seconds=72)
    echo(channel, "On its way", external_id="first", seconds=61)
    assert state_of(again) == MessageState.SENT

    sending.mark_reply_sent(message_id=again.pk, external_id="second", at=None, now=say.at(74))

    told = list(Message.objects.filter(direction="out").order_by("pk").values_list("external_id", "state"))
    assert told == [("first", MessageState.SENT), ("second", MessageState.SENT)]


def test_how_far_a_message_has_come_that_a_reply_was_taken_for_says_nothing_of_the_reply(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    message = reply(conversation, jo)
    claim(message)
    echo(channel, "On its way", external_id="theirs", seconds=61.5)
    look = say.read(seconds=62, message_id="theirs")
    receiving.receive(arrivals=[Arrival(channel.pk, look)], now=say.at(62))
    assert state_of(message) == MessageState.READ

    sending.mark_reply_sent(message_id=message.pk, external_id="ours", at=None, now=say.at(63))

    told = dict(Message.objects.filter(direction="out").values_list("external_id", "state"))
    assert told == {"theirs": MessageState.READ, "ours": MessageState.SENT}


def test_what_an_echo_told_is_kept_no_longer_than_an_answer_may_come(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    def shown(external_id: str, *, seconds: float) -> Message:
        message = reply(conversation, jo, seconds=seconds)
        claim(message, seconds=seconds)
        echo(channel, "On its way", external_id=external_id, seconds=seconds)
        return message

    first, second = shown("p1", seconds=60), shown("p2", seconds=70)
    long_after = 60 + forgetting.ECHOES_KEPT.total_seconds() + 1
    third = shown("p3", seconds=long_after)
    assert forgetting.forget_taken_echoes(now=say.at(long_after)) == 1
    assert set(TakenEcho.objects.values_list("message", flat=True)) == {second.pk, third.pk}

    receiving.receive(
        arrivals=[Arrival(channel.pk, say.unsent(say.echoed("", external_id="p2")))], now=say.at(5000)
    )
    sending.mark_reply_sent(message_id=third.pk, external_id="p3", at=None, now=say.at(5000))

    assert not TakenEcho.objects.exists() and first.pk


def taken_back(channel: Channel, external_id: str, *, seconds: float) -> None:
    gone = say.unsent(say.echoed("", external_id=external_id), seconds=seconds)
    receiving.receive(arrivals=[Arrival(channel.pk, gone)], now=say.at(seconds))


@pytest.mark.parametrize("echo_first", [True, False])
def test_a_colleagues_answer_that_is_taken_back_before_the_platforms_answer_hides_and_doubles_nothing(
    conversation: Conversation, jo: Person, channel: Channel, *, echo_first: bool
) -> None:
    message = reply(conversation, jo)
    claim(message)
    echo(channel, "On its way", external_id="theirs")
    taken_back(channel, "theirs", seconds=63)

    if echo_first:
        echo(channel, "On its way", external_id="ours", seconds=64)
    sending.mark_reply_sent(message_id=message.pk, external_id="ours", at=None, now=say.at(65))
    if not echo_first:
        echo(channel, "On its way", external_id="ours", seconds=66)

    told = Message.objects.filter(direction="out").values_list("external_id", "text", "deleted_at")
    assert {(pk, text, gone is not None) for pk, text, gone in told} == {
        ("theirs", "", True), ("ours", "On its way", False)
    }  # fmt: skip
    assert len(told) == 2
    assert not Notification.objects.exists()


@pytest.mark.parametrize("is_taken_back", [True, False])
def test_where_a_reply_was_refused_and_the_answer_it_was_taken_for_is_gone_its_writer_is_told(
    conversation: Conversation, jo: Person, channel: Channel, *, is_taken_back: bool
) -> None:
    message = reply(conversation, jo)
    claim(message)
    echo(channel, "On its way", external_id="theirs")
    if is_taken_back:
        taken_back(channel, "theirs", seconds=63)

    assert not sending.put_back(
        message_id=message.pk, reason="A fault.", not_before=say.at(70), now=say.at(64), attempt=1
    )

    told = Notification.objects.filter(person=jo).values_list("text", "message")
    assert list(told) == ([(f"Not sent: {_attempting.TAKEN_BACK}", message.pk)] if is_taken_back else [])
    assert state_of(message) == MessageState.SENT


def test_a_reaction_that_was_told_before_the_platforms_answer_opens_the_window(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    message = reply(conversation, jo)
    claim(message)
    like = say.reacted(say.echoed("", external_id="p1"), "👍", seconds=62)
    receiving.receive(arrivals=[Arrival(channel.pk, like)], now=say.at(62))

    sending.mark_reply_sent(message_id=message.pk, external_id="p1", at=None, now=say.at(63))

    conversation.refresh_from_db()
    assert conversation.window_opened_at == say.at(62)


def test_a_second_answer_takes_no_id_from_the_first(conversation: Conversation, jo: Person) -> None:
    message = reply(conversation, jo)
    claim(message)
    sending.mark_reply_sent(message_id=message.pk, external_id="p1", at=None, now=say.at(63))
    sending.mark_reply_sent(message_id=message.pk, external_id="p2", at=None, now=say.at(64))

    assert Message.objects.get(direction="out").external_id == "p1"


def test_the_copy_of_a_file_that_we_sent_goes_with_its_echo(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    file = Attachment.objects.create(channel=channel, kind="image", mime="image/png", size=9, name="a.png")
    message = reply(conversation, jo, "", attachments=[file])
    claim(message)
    shown = (FileOfTheirs(AttachmentKind.IMAGE, "https://cdn.test/1"),)
    receiving.receive(
        arrivals=[Arrival(channel.pk, say.echoed("", external_id="p1", seconds=62, attachments=shown))], now=say.at(62)
    )  # fmt: skip
    [copy] = Attachment.objects.exclude(pk=file.pk)
    media.mark_stored(attachment_id=copy.pk, path="in/1.png", mime="image/png", size=9, now=say.at(62))

    sending.mark_reply_sent(message_id=message.pk, external_id="p1", at=None, now=say.at(63))

    assert list(Message.objects.get(direction="out").attachments.all()) == [file]
    assert [each.path for each in media.gone_with_files(after=0, limit=9)] == ["in/1.png"]
    assert not media.mark_stored(
        attachment_id=copy.pk, path="in/2.png", mime="image/png", size=9, now=say.at(64)
    )


def test_a_reply_whose_sender_died_is_looked_for_and_not_sent_again(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    message = reply(conversation, jo)
    claim(message)

    assert sending.expire_leases(now=say.at(61) + sending.LEASE + timedelta(seconds=1)) == [message.pk]

    message.refresh_from_db()
    assert message.state == MessageState.UNCERTAIN
    assert outbox.due_replies(now=say.at(9999)) == []
    echo(channel, "On its way")
    message.refresh_from_db()
    assert message.state == MessageState.SENT


@pytest.mark.parametrize("meanwhile", ["its claim was renewed", "it was sent once more"])
def test_a_claim_that_ran_out_is_asked_once_more_before_its_reply_is_given_up(
    conversation: Conversation, jo: Person, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    message = reply(conversation, jo)
    claim(message)
    late = say.at(61) + sending.LEASE + timedelta(seconds=1)
    found = outbox.expired_sends(now=late)
    assert found == [message.pk]
    if meanwhile == "its claim was renewed":
        assert sending.keep_claim(message_id=message.pk, attempt=1, now=late)
    else:
        sending.put_back(message_id=message.pk, attempt=1, reason="Later.", not_before=late, now=late)
        assert sending.claim_reply(message_id=message.pk, now=late)
    monkeypatch.setattr(outbox, "expired_sends", lambda *, now: found)

    assert sending.expire_leases(now=late) == []

    message.refresh_from_db()
    assert message.state == MessageState.SENDING


@pytest.mark.django_db(transaction=True)
def test_a_brand_that_somebody_holds_keeps_no_others_reply_from_being_looked_for(
    conversation: Conversation, jo: Person, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_by_brand, "PATIENCE", "20ms")
    held_up = reply(conversation, jo)
    claim(held_up)
    other = ChannelFactory()
    receiving.receive(arrivals=[Arrival(other.pk, say.wrote())], now=say.at(1))
    message = reply(other.conversations.get(), agent_of(other.brand))
    claim(message)
    late = say.at(61) + sending.LEASE + timedelta(seconds=1)

    with held(channel.brand_id):
        assert sending.expire_leases(now=late) == [message.pk]

    assert sending.expire_leases(now=late) == [held_up.pk]


def test_replies_that_wait_for_another_do_not_hide_those_that_may_go(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    first, second = reply(conversation, jo, "one"), reply(conversation, jo, "two", seconds=60.1)
    receiving.receive(
        arrivals=[Arrival(channel.pk, say.wrote("Hello?", who="li", external_id="m9"))], now=say.at(60)
    )
    other = reply(Conversation.objects.get(thread_key="li"), jo, seconds=62)
    claim(first)

    assert outbox.due_replies(now=say.at(70), limit=1) == [other.pk]
    sending.put_back(message_id=first.pk, attempt=1, reason="Busy.", not_before=say.at(300), now=say.at(63))
    assert outbox.due_replies(now=say.at(70), limit=1) == [other.pk]
    assert outbox.due_replies(now=say.at(301)) == [other.pk, first.pk]

    claim(first, seconds=301)
    sending.mark_reply_sent(message_id=first.pk, external_id="p1", at=None, now=say.at(302))
    assert outbox.due_replies(now=say.at(303)) == [second.pk, other.pk]


def test_many_replies_of_one_channel_do_not_hide_those_of_another(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    """A channel that was parked for a day is connected again, and its platform takes a minute for each."""
    waiting = []
    for number in range(3):
        who = f"w{number}"
        wrote = say.wrote("Hello?", who=who, external_id=f"m{number}0")
        receiving.receive(arrivals=[Arrival(channel.pk, wrote)], now=say.at(2))
        waiting.append(reply(Conversation.objects.get(thread_key=who), jo, seconds=60 + number))
    other = ChannelFactory()
    receiving.receive(arrivals=[Arrival(other.pk, say.wrote("Hello?", external_id="m90"))], now=say.at(2))
    newer = reply(Conversation.objects.get(channel=other), agent_of(other.brand), seconds=70)

    assert outbox.due_replies(now=say.at(90), limit=2) == [waiting[0].pk, newer.pk]
    assert outbox.due_replies(now=say.at(90)) == [waiting[0].pk, newer.pk, waiting[1].pk, waiting[2].pk]


def test_a_reply_nobody_could_confirm_and_that_shows_up_counts_as_sent(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    message = reply(conversation, jo)
    claim(message)
    sending.mark_reply_uncertain(
        message_id=message.pk, attempt=1, reason="No answer", now=say.at(62), look_at=say.at(62)
    )
    sending.mark_reply_failed(
        message_id=message.pk, attempt=1, reason="Could not be confirmed", now=say.at(63)
    )

    echo(channel, "On its way", seconds=65)

    message.refresh_from_db()
    assert (message.state, message.state_reason) == (MessageState.SENT, "")


def test_a_failed_reply_is_sent_again_only_because_a_person_says_so(
    conversation: Conversation, jo: Person
) -> None:
    message = reply(conversation, jo)
    claim(message)
    sending.mark_reply_failed(message_id=message.pk, attempt=1, reason="Blocked", now=say.at(62))
    assert outbox.due_replies(now=say.at(70)) == []

    replying.retry(message=message, by=jo, now=say.at(80))

    assert outbox.due_replies(now=say.at(80)) == [message.pk]


def test_what_was_read_before_we_knew_it_was_sent_is_read(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    message = reply(conversation, jo)
    claim(message)
    receiving.receive(arrivals=[Arrival(channel.pk, say.read(seconds=70))], now=say.at(70))

    sending.mark_reply_sent(message_id=message.pk, external_id="p1", at=say.at(62), now=say.at(71))

    message.refresh_from_db()
    assert message.state == MessageState.READ


def state_of(message: Message) -> str:
    message.refresh_from_db()
    return message.state


def look(channel: Channel, *, seconds: float, message_id: str = "") -> None:
    event = say.read(seconds=seconds, message_id=message_id)
    receiving.receive(arrivals=[Arrival(channel.pk, event)], now=say.at(seconds))


def test_a_look_while_it_was_leaving_was_at_something_else(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    """A film is uploaded for minutes, and the customer reads what was sent before. The platform says later when it left."""
    message = reply(conversation, jo)
    claim(message)
    look(channel, seconds=120)

    sending.mark_reply_sent(message_id=message.pk, external_id="p1", at=None, now=say.at(160))
    assert state_of(message) == MessageState.SENT

    echo(channel, "On its way", seconds=159)
    assert state_of(message) == MessageState.SENT

    look(channel, seconds=170)
    assert state_of(message) == MessageState.READ


def test_our_own_clock_proves_no_look(conversation: Conversation, jo: Person, channel: Channel) -> None:
    message = reply(conversation, jo)
    claim(message)
    sending.mark_reply_sent(message_id=message.pk, external_id="p1", at=None, now=say.at(62))

    look(channel, seconds=70)
    assert state_of(message) == MessageState.SENT

    echo(channel, "On its way", seconds=69)
    assert state_of(message) == MessageState.READ


def test_a_look_at_a_reply_is_no_look_at_the_next(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    one, two = (reply(conversation, jo, words) for words in ("One", "Two"))
    for number, message in enumerate((one, two), start=1):
        claim(message, seconds=60 + number)
        sending.mark_reply_sent(message_id=message.pk, external_id=f"p{number}", at=None, now=say.at(63))
        echo(channel, message.text, seconds=60 + number, external_id=f"p{number}")

    look(channel, seconds=62.5, message_id="p1")

    assert (state_of(one), state_of(two)) == (MessageState.READ, MessageState.SENT)


def test_a_reply_that_was_looked_at_is_read_whatever_the_clocks_say(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    message = reply(conversation, jo)
    claim(message)
    sending.mark_reply_sent(message_id=message.pk, external_id="p1", at=None, now=say.at(62))

    look(channel, seconds=30, message_id="p1")

    assert state_of(message) == MessageState.READ


def test_a_reply_may_be_looked_at_before_the_platform_has_answered_us(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    one, two = (reply(conversation, jo, words) for words in ("One", "Two"))
    claim(one)
    look(channel, seconds=62, message_id="p1")
    sending.mark_reply_sent(message_id=one.pk, external_id="p1", at=None, now=say.at(63))
    claim(two, seconds=64)
    sending.mark_reply_sent(message_id=two.pk, external_id="p2", at=None, now=say.at(65))

    assert (state_of(one), state_of(two)) == (MessageState.READ, MessageState.SENT)


def test_a_message_and_the_look_at_it_may_come_together(conversation: Conversation, channel: Channel) -> None:
    answer = say.echoed("On its way", seconds=62, external_id="p1")
    later = say.echoed("And here", seconds=64, external_id="p2")
    seen = say.read(seconds=66, message_id="p1")

    receiving.receive(
        arrivals=[Arrival(channel.pk, event) for event in (answer, later, seen)], now=say.at(67)
    )

    states = Message.objects.filter(direction="out").in_thread_order().values_list("state", flat=True)
    assert list(states) == [MessageState.READ, MessageState.SENT]


def test_the_database_refuses_a_sent_message_that_goes_back(conversation: Conversation, jo: Person) -> None:
    message = reply(conversation, jo)
    claim(message)
    sending.mark_reply_sent(message_id=message.pk, external_id="p1", at=None, now=say.at(63))

    with pytest.raises(IntegrityError, match="does not go from sent to queued"), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(state=MessageState.QUEUED)
    with pytest.raises(IntegrityError, match="keeps its platform id"), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(external_id="other")


def test_resolving_and_opening_again(conversation: Conversation, jo: Person) -> None:
    assert closing.resolve(conversation=conversation, by=jo, now=say.at(10)).state == "resolved"

    assert closing.reopen(conversation=conversation, by=jo, now=say.at(20)).state == "open"


def test_a_file_goes_out_once(conversation: Conversation, jo: Person, channel: Channel) -> None:
    file = Attachment.objects.create(
        channel=channel, uploaded_by=jo, kind="image", mime="image/png", size=9, name="a.png"
    )
    first = reply(conversation, jo, "", attachments=[file])

    with pytest.raises(replying.ReplyRefused, match="sent before"):
        reply(conversation, jo, "", attachments=[file])

    assert list(first.attachments.all()) == [file]


@pytest.mark.parametrize(
    ("words", "sent"), [("Here it is", [("", 1), ("Here it is", 0)]), ("\u200b", [("", 1)])]
)
def test_words_and_files_that_cannot_travel_together_become_two_messages_files_first_and_blank_words_none(
    words: str, sent: list[tuple[str, int]], conversation: Conversation, jo: Person, channel: Channel
) -> None:
    file = Attachment.objects.create(
        channel=channel, uploaded_by=jo, kind="image", mime="image/png", size=9, name="a.png"
    )

    reply(conversation, jo, words, attachments=[file])

    parts = Message.objects.filter(direction="out").order_by("pk")
    assert [(part.text, part.attachment_count) for part in parts] == sent


def test_a_reply_the_platform_refused_takes_no_echo(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    refused = reply(conversation, jo)
    claim(refused)
    sending.mark_reply_failed(message_id=refused.pk, attempt=1, reason="Blocked", now=say.at(62))
    again = reply(conversation, jo, seconds=63)
    claim(again, seconds=64)
    sending.mark_reply_uncertain(
        message_id=again.pk, attempt=1, reason="No answer", now=say.at(65), look_at=say.at(66)
    )
    sending.put_back(
        message_id=again.pk, attempt=1, reason="Not found", not_before=say.at(300), now=say.at(130)
    )

    echo(channel, "On its way", seconds=64.5)

    refused.refresh_from_db()
    again.refresh_from_db()
    assert (refused.state, again.state) == (MessageState.FAILED, MessageState.SENT)


def test_what_the_customer_has_is_not_sent_again_by_hand(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    first = reply(conversation, jo)
    claim(first)
    echo(channel, "On its way", external_id="p9")
    second = reply(conversation, jo, seconds=63)
    claim(second, seconds=64)
    sending.mark_reply_sent(message_id=second.pk, external_id="p9", at=None, now=say.at(65))

    second.refresh_from_db()
    with pytest.raises(replying.ReplyRefused, match="The customer has it"):
        replying.retry(message=second, by=jo, now=say.at(70))


@pytest.mark.parametrize("told_by", ["the platform's answer", "its echo"])
def test_what_ended_and_was_sent_after_all_has_not_ended(
    conversation: Conversation, jo: Person, channel: Channel, told_by: str
) -> None:
    """The answer to the first try comes when a later one was given up, or gave way to the echo of another reply."""
    late = reply(conversation, jo)
    claim(late)
    sending.mark_reply_uncertain(
        message_id=late.pk, attempt=1, reason="No answer", now=say.at(62), look_at=say.at(63)
    )
    if told_by == "its echo":
        reply(conversation, jo, "Another", seconds=64)
        other = Message.objects.get(text="Another")
        Message.objects.filter(pk=other.pk).update(state=MessageState.SENT, external_id="p9")
        sending.mark_reply_sent(message_id=late.pk, external_id="p9", at=None, now=say.at(65))
        late.refresh_from_db()
        assert late.ended == Ended.ELSEWHERE
        echo(channel, "On its way", seconds=66)
    else:
        sending.put_back(
            message_id=late.pk, attempt=1, reason="Not found", not_before=say.at(300), now=say.at(130)
        )
        replying.discard(message=late, by=jo, now=say.at(131))
        sending.mark_reply_sent(message_id=late.pk, external_id="p1", at=None, now=say.at(132))

    late.refresh_from_db()
    assert (late.state, late.ended) == (MessageState.SENT, "")


def test_ones_own_last_reply_is_no_news(conversation: Conversation, jo: Person) -> None:
    seen = conversation.public_seq
    reply(conversation, jo, "one", written_against=seen)

    assert reply(conversation, jo, "two", written_against=seen).state == MessageState.QUEUED


@pytest.mark.parametrize("what", ["an edit", "an unsend"])
def test_a_customers_change_of_mind_makes_a_reply_stale_and_is_shown(
    conversation: Conversation, jo: Person, channel: Channel, what: str
) -> None:
    seen = conversation.public_seq
    said = say.wrote("Where is my parcel?", external_id=Message.objects.get().external_id)
    change = (
        say.edited(said, "Cancel it, please", seconds=30)
        if what == "an edit"
        else say.unsent(said, seconds=30)
    )
    receiving.receive(arrivals=[Arrival(channel.pk, change)], now=say.at(30))

    with pytest.raises(replying.StaleReply) as stopped:
        reply(conversation, jo, written_against=seen)

    [arrived] = stopped.value.newer
    assert (arrived.text, arrived.deleted_at is not None) == (
        ("Cancel it, please", False) if what == "an edit" else ("", True)
    )
    # Whoever has the message before them as it now is has seen it.
    assert reply(conversation, jo, written_against=arrived.seq).state == MessageState.QUEUED


def test_a_reaction_and_a_change_of_our_own_words_are_no_news(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    theirs = say.wrote("Where is my parcel?", external_id=Message.objects.get().external_id)
    ours = say.echoed("On its way", seconds=20, external_id="p1")
    receiving.receive(arrivals=[Arrival(channel.pk, ours)], now=say.at(20))
    conversation.refresh_from_db()
    seen = conversation.public_seq
    news = [say.reacted(theirs, "❤️", seconds=30), say.edited(ours, "On its way!", seconds=31)]
    receiving.receive(arrivals=[Arrival(channel.pk, event) for event in news], now=say.at(32))

    assert reply(conversation, jo, written_against=seen).state == MessageState.QUEUED


def park_and_mend(channel: Channel, *, parked: float, mended: float) -> None:
    channels.park_sending(channel_id=channel.pk, reason="The token is dead.", now=say.at(parked))
    channels.resume_sending(channel_id=channel.pk, now=say.at(mended))


@pytest.mark.parametrize("tried", [True, False])
def test_a_reply_that_waited_for_its_channel_is_stopped_where_the_customer_wrote_meanwhile(
    conversation: Conversation, jo: Person, channel: Channel, tried: bool
) -> None:
    waiting = reply(conversation, jo)
    if tried:
        claim(waiting)
        sending.put_back(
            message_id=waiting.pk, attempt=1, reason="It waits.", not_before=say.at(62), now=say.at(61)
        )
    receiving.receive(
        arrivals=[Arrival(channel.pk, say.wrote("Forget it", seconds=90, external_id="m2"))], now=say.at(90)
    )
    park_and_mend(channel, parked=62, mended=172_800)

    assert claim(waiting, seconds=172_801) is None

    waiting.refresh_from_db()
    assert (waiting.state, waiting.state_reason) == (MessageState.FAILED, sending.OVERTAKEN)
    replying.retry(message=waiting, by=jo, now=say.at(172_900))
    assert claim(waiting, seconds=172_901)


@pytest.mark.parametrize(("said", "leaves"), [(62, False), (64.9, False), (65.5, True)])
def test_what_was_said_while_a_reply_was_held_stops_it_though_it_is_taken_in_later(
    conversation: Conversation, jo: Person, channel: Channel, said: float, leaves: bool
) -> None:
    """The worker was away for a moment, and takes in the message before it sends."""
    held = reply(conversation, jo, hold=timedelta(seconds=5))
    wrote = say.wrote("Forget it", seconds=said, external_id="m2")
    receiving.receive(arrivals=[Arrival(channel.pk, wrote)], now=say.at(70))

    assert (claim(held, seconds=71) is not None) is leaves

    held.refresh_from_db()
    assert (held.state_reason == sending.OVERTAKEN) is not leaves


@pytest.mark.parametrize(("minutes", "leaves"), [(10, True), (180, False)])
def test_a_reply_that_a_limit_held_up_for_long_is_stopped_where_the_customer_wrote_meanwhile(
    conversation: Conversation, jo: Person, channel: Channel, minutes: int, leaves: bool
) -> None:
    waiting = reply(conversation, jo)
    claim(waiting)
    until = 62 + minutes * 60
    put_back(waiting, "The limit is used up.", until=until)
    receiving.receive(
        arrivals=[Arrival(channel.pk, say.wrote("Forget it", seconds=90, external_id="m2"))], now=say.at(90)
    )

    assert (claim(waiting, seconds=until + 1) is not None) is leaves

    waiting.refresh_from_db()
    assert (waiting.state_reason == sending.OVERTAKEN) is not leaves


def test_a_reply_that_waited_for_its_channel_while_nobody_wrote_goes_out(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    waiting = reply(conversation, jo)
    park_and_mend(channel, parked=62, mended=172_800)

    assert claim(waiting, seconds=172_801)


def test_a_reply_is_sent_again_only_by_somebody_who_has_read_what_came_since(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    failed = reply(conversation, jo)
    claim(failed)
    sending.mark_reply_failed(message_id=failed.pk, attempt=1, reason="No.", now=say.at(62))
    failed.refresh_from_db()
    receiving.receive(
        arrivals=[Arrival(channel.pk, say.wrote("Forget it", seconds=90, external_id="m2"))], now=say.at(90)
    )
    conversation.refresh_from_db()

    with pytest.raises(replying.StaleReply):
        replying.retry(message=failed, by=jo, now=say.at(100), seen_seq=failed.seq)

    again = replying.retry(message=failed, by=jo, now=say.at(101), seen_seq=conversation.public_seq)
    assert again.state == MessageState.QUEUED


def test_a_reply_that_reached_the_customer_says_so_and_does_not_go_back(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    sent = reply(conversation, jo)
    claim(sent)
    sending.mark_reply_sent(message_id=sent.pk, external_id="p1", at=None, now=say.at(62))
    arrived = Arrival(channel.pk, Delivered("p1", say.at(63), "mara"))

    receiving.receive(arrivals=[arrived], now=say.at(64))
    sent.refresh_from_db()
    assert sent.state == MessageState.DELIVERED

    looked = Arrival(channel.pk, say.read(seconds=70, message_id="p1"))
    receiving.receive(arrivals=[looked, arrived], now=say.at(71))
    receiving.receive(arrivals=[arrived], now=say.at(72))
    sent.refresh_from_db()
    assert sent.state == MessageState.READ


def test_a_network_that_wants_people_is_sent_nothing_by_a_machine(
    conversation: Conversation, jo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = reply(conversation, jo)
    Message.objects.filter(pk=written.pk).update(author_person=None)
    manifest = platforms.get(conversation.platform)
    strict = replace(manifest, send=replace(manifest.send, requires_human=True))
    monkeypatch.setattr(platforms, "get", lambda key: strict)

    assert claim(written) is None

    written.refresh_from_db()
    assert (written.state, written.state_reason) == (MessageState.FAILED, _waiting.BY_A_PERSON)


@pytest.fixture
def people_only(conversation: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its network wants every reply sent by a person."""
    manifest = platforms.get(conversation.platform)
    strict = replace(manifest, send=replace(manifest.send, requires_human=True))
    monkeypatch.setattr(platforms, "get", lambda key: strict)
    monkeypatch.setattr(platforms, "installed", lambda: [strict])


@pytest.mark.parametrize(("waited", "leaves"), [(19, True), (21, False)])
def test_a_network_that_wants_people_is_sent_nothing_long_after_the_click(
    conversation: Conversation, jo: Person, people_only: None, waited: int, leaves: bool
) -> None:
    written = reply(conversation, jo)
    clicked = outbox.queued_at(written)

    claimed = sending.claim_reply(message_id=written.pk, now=clicked + timedelta(minutes=waited))

    assert (claimed is not None) is leaves
    written.refresh_from_db()
    assert (written.state_reason == _waiting.CLICK_IS_OLD) is not leaves


def put_back(message: Message, reason: str, *, until: float, seconds: float = 62) -> None:
    sending.put_back(
        message_id=message.pk, attempt=1, reason=reason, not_before=say.at(until), now=say.at(seconds)
    )
    message.refresh_from_db()


def test_what_it_waited_for_is_told_with_the_click_that_is_too_old(
    conversation: Conversation, jo: Person, people_only: None
) -> None:
    written = reply(conversation, jo)
    claim(written)
    put_back(written, "It had a passing fault.", until=90)

    assert claim(written, seconds=60 + 21 * 60) is None

    written.refresh_from_db()
    assert written.state == MessageState.FAILED
    assert written.state_reason == f"It had a passing fault. {_waiting.CLICK_IS_OLD}"


def test_what_could_leave_only_when_no_click_holds_any_more_is_told_at_once(
    conversation: Conversation, jo: Person, people_only: None
) -> None:
    written = reply(conversation, jo)
    claim(written)
    put_back(written, "The allowance of today is used up.", until=10 * 3600)

    told = (
        f"The allowance of today is used up. It may be sent again from {say.at(10 * 3600):%d %b %H:%M} UTC."
    )
    assert (written.state, written.state_reason) == (
        MessageState.FAILED,
        f"{told} {_waiting.CLICK_IS_OLD}",
    )


def test_a_click_grows_old_in_a_parked_channel_too_and_that_is_told(
    conversation: Conversation, jo: Person, channel: Channel, people_only: None
) -> None:
    channels.park_sending(channel_id=channel.pk, reason="The token is dead.", now=say.at(30))
    written = reply(conversation, jo)

    assert clicks.give_back_old(now=say.at(60 + 19 * 60)) == 0
    assert clicks.give_back_old(now=say.at(60 + 21 * 60)) == 1

    written.refresh_from_db()
    assert (written.state, written.state_reason) == (
        MessageState.FAILED,
        f"The token is dead. {_waiting.CLICK_IS_OLD}",
    )


def test_elsewhere_a_click_grows_never_old(conversation: Conversation, jo: Person, channel: Channel) -> None:
    channels.park_sending(channel_id=channel.pk, reason="The token is dead.", now=say.at(30))
    reply(conversation, jo)

    assert clicks.give_back_old(now=say.at(100_000)) == 0


@pytest.mark.parametrize(
    ("minutes", "said", "told"), [(4, False, False), (10, True, False), (180, True, True)]
)
def test_whoever_wrote_it_is_told_at_once_until_when_it_waits_for_long(
    conversation: Conversation, jo: Person, minutes: int, said: bool, told: bool
) -> None:
    written = reply(conversation, jo)
    claim(written)
    until = 62 + minutes * 60
    put_back(written, "It is in trouble.", until=until)

    words = (
        f"It is in trouble. It may be sent again from {say.at(until):%d %b %H:%M} UTC. {_waiting.MEANWHILE}"
    )
    assert (written.state, written.not_before) == (MessageState.QUEUED, say.at(until))
    assert written.state_reason == (words if said else "It is in trouble.")
    rung = list(Notification.objects.filter(person=jo).values_list("text", flat=True))
    assert rung == ([f"Not sent yet: {words}"[:200]] if told else [])


@pytest.mark.parametrize("ends", ["answered", "shown", "discarded", "shown as another"])
def test_that_it_waits_is_told_until_it_has_left_or_is_given_up(
    conversation: Conversation, jo: Person, channel: Channel, ends: str
) -> None:
    written = reply(conversation, jo)
    claim(written)
    put_back(written, "It is in trouble.", until=62 + 180 * 60)
    Notification.objects.update(seen_at=say.at(70) if ends == "discarded" else None)
    assert Notification.objects.filter(person=jo, message=written).exists()

    if ends == "discarded":
        replying.discard(message=written, by=jo, now=say.at(80))
    elif ends == "shown":
        echo(channel, "On its way", seconds=63)
    else:
        if ends == "shown as another":
            other = reply(conversation, jo, "Another", seconds=64)
            Message.objects.filter(pk=other.pk).update(state=MessageState.SENT, external_id="p1")
        sending.mark_reply_sent(message_id=written.pk, external_id="p1", at=None, now=say.at(80))

    assert not Notification.objects.exists()


def test_a_reply_whose_window_closes_while_it_would_wait_is_told_at_once(
    conversation: Conversation, jo: Person
) -> None:
    written = reply(conversation, jo, seconds=6 * 24 * 3600)
    claim(written, seconds=6 * 24 * 3600 + 1)
    sixth, eighth = 6 * 24 * 3600 + 2, 8 * 24 * 3600
    put_back(written, "The allowance is used up.", until=eighth, seconds=sixth)

    assert written.state == MessageState.FAILED
    assert written.state_reason.endswith(_waiting.WINDOW_ENDS)


@pytest.mark.parametrize(
    ("automatic", "origin"), [(["On its way"], Origin.OTHER_CLIENT), ([], Origin.AUTOMATION)]
)
def test_our_own_reply_answers_at_its_true_time_whatever_its_echo_is_taken_for(
    conversation: Conversation, jo: Person, channel: Channel, automatic: list[str], origin: Origin
) -> None:
    channels.name_automatic(channel=channel, answers=automatic, other_apps_are_bots=True)
    ahead = say.wrote("Hello?", seconds=100)  # the platform's clock is before ours
    receiving.receive(arrivals=[Arrival(channel.pk, ahead)], now=say.at(50))
    message = reply(conversation, jo)
    claim(message)
    sending.mark_reply_sent(message_id=message.pk, external_id="p1", at=None, now=say.at(62))

    shown = replace(say.echoed("On its way", seconds=150, external_id="p1"), origin=origin)
    receiving.receive(arrivals=[Arrival(channel.pk, shown)], now=say.at(63))

    message.refresh_from_db()
    conversation.refresh_from_db()
    assert (message.origin, message.sent_at) == ("agent", say.at(150))
    assert (conversation.last_outbound_at, conversation.waiting_since) == (say.at(150), None)
