"""A comment that is told by its id and, at another time, by the name of its telling alone: one row, whichever comes first."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from uuid import uuid4

import pytest
from django.db import transaction

from inbox.actions import noting, receiving, replying, sending
from inbox.actions.receiving import Arrival
from inbox.exchange import InboundEvent, InboundMessage, MessageKind, Party, ThreadKind
from inbox.models import Channel, Contact, Conversation, EventKind, Message
from inbox.queries import news
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of

pytestmark = pytest.mark.django_db


def named(number: int, **fields: str) -> InboundMessage:
    said = say.wrote(f"Comment {number}", external_id=f"c{number}", seconds=number, **fields)
    return replace(
        said, thread_id=f"comment:c{number}", thread_kind=ThreadKind.COMMENT, kind=MessageKind.COMMENT, told_as=f"n{number}"
    )  # fmt: skip


def nameless(said: InboundMessage) -> InboundMessage:
    """Under the post, for want of a name of its own, and of somebody who is made up."""
    author = Party(f"author-of:{said.told_as}", name="LinkedIn member")
    return replace(said, external_id=said.told_as, thread_id="comment:post", author=author)


@pytest.fixture
def channel() -> Channel:
    return ChannelFactory()


def take_in(channel: Channel, *news: InboundEvent) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, each) for each in news], now=say.at(60))


def picture() -> list[tuple[object, ...]]:
    talks = Conversation.objects.filter(messages__isnull=False).distinct().order_by("thread_key")
    columns = (
        "state",
        "contact_name",
        "recipient_key",
        "message_count",
        "unread_count",
        "last_message_text",
        "waiting_since",
    )
    said = ("external_id", "text", "kind", "author_name", "order_key", "deleted_at", "edit_count")
    return [
        (talk.thread_key, list(talk.messages.in_thread_order().values_list(*said)), *(getattr(talk, name) for name in columns))
        for talk in talks
    ]  # fmt: skip


HERS, HIS = named(1), named(2, who="noor")
ANSWERED = replace(named(3, who="noor"), thread_id="comment:c1", reply_to="c1")


@pytest.mark.parametrize(
    "told",
    [
        [[HERS, nameless(HERS)]],
        [[nameless(HERS), HERS]],
        [[HERS], [nameless(HERS)], [say.unsent(HERS)]],
        [[nameless(HERS), nameless(HIS)], [HERS], [HIS, say.edited(HIS, "Mine, too")]],
        [[nameless(HERS)], [HERS], [ANSWERED]],
    ],
    ids=["together", "together, its name last", "unsent", "beside another", "with an answer by another"],
)
def test_a_comment_is_there_once_whichever_telling_comes_first(told: list[list[InboundEvent]]) -> None:
    pictures = []
    for order in permutations(told):
        with transaction.atomic():
            channel = ChannelFactory()
            for batch in order:
                take_in(channel, *batch)
            pictures.append(picture())
            transaction.set_rollback(True)

    assert [talk[0] for talk in pictures[0]] == ["comment:c1", "comment:c2"][: len(pictures[0])]
    assert [each for each in pictures if each != pictures[0]] == []


def wordless(said: InboundMessage) -> InboundMessage:
    return replace(said, text="", kind=MessageKind.UNSUPPORTED)


@pytest.mark.parametrize(
    "tellings",
    [[wordless(HERS), nameless(HERS)], [HERS, wordless(nameless(HERS))]],
    ids=["by the number alone", "by the id alone"],
)
@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("backwards", [True, False])
def test_a_comment_has_its_words_whichever_telling_has_them(
    channel: Channel, tellings: list[InboundMessage], together: bool, backwards: bool
) -> None:
    in_order = tellings[::-1] if backwards else tellings
    for batch in [in_order] if together else [[each] for each in in_order]:
        take_in(channel, *batch)

    comment = Message.objects.get()
    assert (comment.external_id, comment.text, comment.created_text, comment.kind) == (
        "c1",
        "Comment 1",
        "Comment 1",
        "comment",
    )
    assert comment.conversation.last_message_text == "Comment 1"
    words = [EventKind.MESSAGE_RECEIVED, EventKind.MESSAGE_AMENDED]
    assert news.messages_since(comment.conversation, 0, words) == [comment]
    if not together:
        assert news.since(comment.conversation_id, 0, words).count() == 1 + (not in_order[0].text)


def test_words_that_were_taken_away_do_not_come_back_with_the_other_telling(channel: Channel) -> None:
    for each in (wordless(HERS), say.unsent(HERS), nameless(HERS)):
        take_in(channel, each)

    assert Message.objects.values_list("text", "created_text").get() == ("", "")


def test_one_that_is_never_told_by_its_id_stays_under_the_other_name(channel: Channel) -> None:
    take_in(channel, nameless(HERS))
    take_in(channel, nameless(HERS))

    assert list(Message.objects.values_list("external_id", flat=True)) == ["n1"]


@pytest.mark.parametrize("answered_first", [True, False])
def test_our_own_comment_is_there_once_whichever_name_comes_before_the_answer(
    channel: Channel, answered_first: bool
) -> None:
    take_in(channel, HERS)
    talk = Conversation.objects.get()
    [reply] = replying.queue_reply(
        conversation=talk, by=agent_of(channel.brand), client_id=uuid4(), text="It left", written_against=talk.public_seq, now=say.at(20)
    )  # fmt: skip
    sending.claim_reply(message_id=reply.pk, now=say.at(20))
    ours = replace(
        say.echoed("It left", external_id="c9", seconds=21), thread_id=talk.thread_key, thread_kind=ThreadKind.COMMENT, told_as="n9"
    )  # fmt: skip
    without_id = replace(ours, external_id="n9", thread_id="comment:post")

    if not answered_first:
        take_in(channel, without_id)
    sending.mark_reply_sent(message_id=reply.pk, external_id="c9", at=None, now=say.at(22))
    if answered_first:
        take_in(channel, without_id)
    take_in(channel, ours)

    talk.refresh_from_db()
    assert (
        list(talk.messages.in_thread_order().values_list("external_id", flat=True)),
        talk.message_count,
    ) == (["c1", "c9"], 2)
    assert not Conversation.objects.exclude(pk=talk.pk).exclude(state="resolved", message_count=0).exists()


def test_a_name_of_our_own_comment_stays_known_where_the_answer_takes_its_place(channel: Channel) -> None:
    take_in(channel, HERS)
    talk = Conversation.objects.get()
    [reply] = replying.queue_reply(
        conversation=talk, by=agent_of(channel.brand), client_id=uuid4(), text="See https://acme.test", written_against=talk.public_seq, now=say.at(20)
    )  # fmt: skip
    sending.claim_reply(message_id=reply.pk, now=say.at(20))
    shortened = replace(
        say.echoed("See https://t.test/x", external_id="c9", seconds=21), thread_id=talk.thread_key, thread_kind=ThreadKind.COMMENT, told_as="n9"
    )  # fmt: skip
    take_in(channel, shortened)
    sending.mark_reply_sent(message_id=reply.pk, external_id="c9", at=None, now=say.at(22))

    take_in(channel, replace(shortened, external_id="n9", thread_id="comment:post"))

    assert list(Message.objects.in_thread_order().values_list("external_id", flat=True)) == ["c1", "c9"]


def test_an_emptied_conversation_has_nothing_unread(channel: Channel) -> None:
    take_in(channel, nameless(HERS))
    begun = Conversation.objects.get()
    take_in(channel, replace(HERS, told_as=""))

    take_in(channel, HERS)

    begun.refresh_from_db()
    assert (begun.state, begun.message_count, begun.unread_count) == ("resolved", 0, 0)
    assert Message.objects.get().conversation.unread_count == 1


def test_a_comment_of_a_marked_person_is_theirs_once_they_are_known(channel: Channel) -> None:
    take_in(channel, say.wrote("Hello"))
    Contact.objects.update(vip=True)
    take_in(channel, nameless(HERS))
    comment = Conversation.objects.get(kind="comment")

    take_in(channel, HERS)

    comment.refresh_from_db()
    assert (comment.contact_name, comment.contact_vip) == ("Mara", True)


@pytest.mark.parametrize("worked_on", [False, True], ids=["as told", "worked on"])
def test_our_own_comment_whose_answer_was_lost_is_settled_by_its_better_telling(
    channel: Channel, worked_on: bool
) -> None:
    take_in(channel, HERS)
    talk = Conversation.objects.get()
    [reply] = replying.queue_reply(
        conversation=talk, by=agent_of(channel.brand), client_id=uuid4(), text="It left", written_against=talk.public_seq, now=say.at(20)
    )  # fmt: skip
    sending.claim_reply(message_id=reply.pk, now=say.at(20))
    sending.mark_reply_uncertain(
        message_id=reply.pk, reason="no answer", now=say.at(21), look_at=say.at(40), attempt=1
    )
    ours = replace(
        say.echoed("It left", external_id="c9", seconds=21), thread_id=talk.thread_key, thread_kind=ThreadKind.COMMENT, told_as="n9"
    )  # fmt: skip
    take_in(channel, replace(ours, external_id="n9", thread_id="comment:post"))
    left = Conversation.objects.get(thread_key="comment:post")
    if worked_on:
        noting.add_note(
            conversation=left,
            by=agent_of(channel.brand),
            client_id=uuid4(),
            text="Whose is it?",
            now=say.at(30),
        )

    take_in(channel, ours)

    reply.refresh_from_db()
    assert (reply.state, reply.external_id) == ("sent", "c9")
    assert Message.objects.filter(text="It left").count() == 1
    left.refresh_from_db()
    assert (left.state, left.messages.count()) == (("open", 1) if worked_on else ("resolved", 0))


def test_what_stays_where_colleagues_work_leaves_no_empty_conversation(channel: Channel) -> None:
    hers, his = named(1), named(2)
    take_in(channel, nameless(hers), nameless(his))
    post = Conversation.objects.get()
    noting.add_note(
        conversation=post, by=agent_of(channel.brand), client_id=uuid4(), text="Who is that?", now=say.at(30)
    )

    take_in(channel, hers)

    assert not Conversation.objects.filter(message_count=0).exists()
    assert Message.objects.filter(external_id=hers.external_id).count() == 1
