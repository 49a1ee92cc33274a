"""Public posts of which one telling knows the root of the talk and another only what they answer: one thread, whichever comes first."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from uuid import uuid4

import pytest
from django.db import transaction

from inbox.actions import assigning, closing, forgetting, noting, receiving, replying, sending
from inbox.actions.receiving import Arrival
from inbox.exchange import InboundEvent, InboundMessage, ThreadKind
from inbox.models import BrandSequence, Channel, Conversation, EarlyPost, Event, EventKind, Message
from inbox.queries import news, timeline
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of

pytestmark = pytest.mark.django_db
MARA = "comment:p1:mara"


ASKS = say.posted(say.wrote("Where is it?", external_id="p1", seconds=0))
ANSWER = say.posted(say.echoed("On its way", external_id="p2", seconds=10), answers="p1")
THANKS = say.posted(say.wrote("Thanks", external_id="p3", seconds=20), answers="p2")
THANKS_LISTED = say.posted(say.wrote("Thanks", external_id="p3", seconds=20), answers="p2", root="p1")


@pytest.fixture
def channel() -> Channel:
    return ChannelFactory()


def threads() -> dict[str, str]:
    return dict(Message.objects.values_list("external_id", "conversation__thread_key"))


def take_in(arrivals: list[Arrival], batches: str) -> None:
    if batches == "each by itself":
        for each in arrivals:
            receiving.receive(arrivals=[each], now=say.at(60))
    else:
        in_order = arrivals if batches == "all at once" else arrivals[::-1]
        receiving.receive(arrivals=in_order, now=say.at(60))


@pytest.mark.parametrize("listed_at", [0, 1, 2, 3])
@pytest.mark.parametrize("batches", ["each by itself", "all at once", "all at once, backwards"])
def test_a_talk_is_one_thread_wherever_a_list_tells_of_it_between_the_deliveries(
    channel: Channel, listed_at: int, batches: str
) -> None:
    news = [ASKS, ANSWER, THANKS]
    news.insert(listed_at, THANKS_LISTED)
    arrivals = [Arrival(channel.pk, each) for each in news]
    take_in(arrivals, batches)

    assert threads() == {"p1": MARA, "p2": MARA, "p3": MARA}
    assert Message.objects.values("conversation").distinct().count() == 1


def test_what_stood_under_the_post_it_answers_joins_the_talk_once_its_root_is_told(channel: Channel) -> None:
    for each in (THANKS, THANKS_LISTED, ASKS, ANSWER):
        receiving.receive(arrivals=[Arrival(channel.pk, each)], now=say.at(60))

    assert threads() == {"p1": MARA, "p2": MARA, "p3": MARA}


MORE = say.added("And bring the receipt", answers="p2", external_id="p3", seconds=12)
WHERE = say.posted(say.wrote("Where to?", external_id="p4", seconds=20), answers="p3")


@pytest.mark.parametrize("batches", ["each by itself", "all at once", "all at once, backwards"])
def test_what_the_brand_adds_to_its_own_answer_stands_in_the_talk_of_that(
    channel: Channel, batches: str
) -> None:
    arrivals = [Arrival(channel.pk, each) for each in (ASKS, ANSWER, MORE, WHERE)]
    take_in(arrivals, batches)

    assert threads() == {"p1": MARA, "p2": MARA, "p3": MARA, "p4": MARA}
    assert Message.objects.values("conversation").distinct().count() == 1


ROW = (
    "state", "contact_name", "message_count", "unread_count", "last_message_text", "last_message_at", "last_message_from", "waiting_since",
    "last_inbound_at", "last_outbound_at",
)  # fmt: skip


def picture() -> list[tuple[object, ...]]:
    """Talks as they are shown, each with what is said in it."""
    talks = Conversation.objects.filter(messages__isnull=False).distinct().order_by("thread_key")
    return [
        (talk.thread_key, list(talk.messages.in_thread_order().values_list("external_id", "text")), *(getattr(talk, name) for name in ROW))
        for talk in talks
    ]  # fmt: skip


AGAIN = say.posted(say.wrote("Hello?", external_id="p5", seconds=30), answers="p4")
THEIRS = say.posted(say.wrote("Mine, too", who="noor", external_id="p6", seconds=40), answers="p2")


@pytest.mark.parametrize(
    "talk",
    [
        [[ASKS], [ANSWER], [THANKS, THEIRS]],
        [[ASKS, ANSWER], [MORE], [WHERE]],
        [[ANSWER, AGAIN], [MORE], [WHERE, say.unsent(MORE)]],
    ],
    ids=["two under an answer", "added", "root unknown"],
)
def test_a_talk_ends_the_same_in_whatever_order_its_posts_come(talk: list[list[InboundEvent]]) -> None:
    pictures = []
    for order in permutations(talk):
        with transaction.atomic():
            channel = ChannelFactory()
            for batch in order:
                receiving.receive(arrivals=[Arrival(channel.pk, each) for each in batch], now=say.at(60))
            pictures.append(picture())
            transaction.set_rollback(True)

    assert [each for each in pictures if each != pictures[0]] == []


def under(comment: str, said: InboundMessage) -> InboundMessage:
    """On a network where all that is said under a comment is one talk."""
    return replace(said, thread_id=f"comment:{comment}", reply_to="" if said.external_id == comment else comment, thread_kind=ThreadKind.COMMENT)  # fmt: skip


COMMENT = under("c1", say.wrote("Is it open?", external_id="c1", seconds=0))
OURS = under("c1", replace(say.echoed("It is", external_id="c2", seconds=10), counterpart=None))
OTHER = under("c1", say.wrote("Good to know", who="noor", external_id="c3", seconds=20))


@pytest.mark.parametrize("order", list(permutations([COMMENT, OURS, OTHER])), ids=lambda order: " ".join(each.external_id for each in order))  # fmt: skip
def test_a_talk_of_many_is_of_whoever_wrote_first(
    channel: Channel, order: tuple[InboundMessage, ...]
) -> None:
    for each in order:
        receiving.receive(arrivals=[Arrival(channel.pk, each)], now=say.at(60))

    talk = Conversation.objects.get()
    assert talk.contact is not None
    assert (talk.recipient_key, talk.contact_name, talk.contact.name, talk.contact_username) == (
        "mara",
        "Mara",
        "Mara",
        "mara.k",
    )


def test_a_talk_that_colleagues_worked_on_in_two_places_is_one_and_loses_nothing(channel: Channel) -> None:
    jo = agent_of(channel.brand)
    for each in (THANKS, ASKS):
        receiving.receive(arrivals=[Arrival(channel.pk, each)], now=say.at(60))
    begun = Conversation.objects.get(thread_key="comment:p2:mara")
    assigning.assign(conversation=begun, to=jo, by=jo, now=say.at(61))
    noting.add_note(conversation=begun, by=jo, client_id=uuid4(), text="She is glad", now=say.at(62))
    seen = BrandSequence.objects.get(pk=channel.brand_id).last

    receiving.receive(arrivals=[Arrival(channel.pk, ANSWER)], now=say.at(63))

    talk = Conversation.objects.get(thread_key=MARA)
    begun.refresh_from_db()
    assert (talk.assignee, talk.messages.filter(direction="note").count()) == (jo, 1)
    assert (begun.state, begun.message_count, begun.last_message_text) == ("resolved", 0, "")
    closed = Event.objects.get(conversation=begun, kind=EventKind.RESOLVED)
    assert closed.data["into"] == str(talk.public_id)
    came = Message.objects.get(external_id="p3")
    assert list(news.messages_since(talk, seen, news.WORDS_OF_CUSTOMER)) == [came]
    assert str(came.public_id) in timeline.gone_since(begun, seen)


def test_a_talk_that_was_closed_is_opened_by_what_waits_elsewhere(channel: Channel) -> None:
    jo = agent_of(channel.brand)
    receiving.receive(arrivals=[Arrival(channel.pk, ASKS)], now=say.at(60))
    closing.resolve(conversation=Conversation.objects.get(), by=jo, now=say.at(61))
    receiving.receive(arrivals=[Arrival(channel.pk, THANKS)], now=say.at(62))

    receiving.receive(arrivals=[Arrival(channel.pk, ANSWER)], now=say.at(63))

    talk = Conversation.objects.get(thread_key=MARA)
    assert (talk.state, talk.waiting_since, talk.unread_count) == ("open", THANKS.sent_at, 1)
    assert Event.objects.filter(conversation=talk, kind=EventKind.REOPENED).count() == 1


def test_replies_on_their_way_in_both_keep_them_two_until_one_has_left(channel: Channel) -> None:
    jo = agent_of(channel.brand)
    rows = []
    for each in (THANKS, ASKS):
        receiving.receive(arrivals=[Arrival(channel.pk, each)], now=say.at(60))
        conversation = Conversation.objects.order_by("pk").last()
        assert conversation
        [reply] = replying.queue_reply(
            conversation=conversation, by=jo, client_id=uuid4(), text="Soon", written_against=conversation.public_seq, now=say.at(61)
        )  # fmt: skip
        sending.claim_reply(message_id=reply.pk, now=say.at(61))
        rows.append(reply)

    receiving.receive(arrivals=[Arrival(channel.pk, ANSWER)], now=say.at(62))
    assert threads()["p3"] == "comment:p2:mara"
    sending.mark_reply_sent(message_id=rows[0].pk, external_id="p9", at=None, now=say.at(63))
    receiving.receive(arrivals=[Arrival(channel.pk, ANSWER)], now=say.at(64))

    assert threads() == {"p1": MARA, "p2": MARA, "p3": MARA, "p9": MARA, None: MARA}


def test_what_was_added_and_unsent_while_it_waited_keeps_no_words(channel: Channel) -> None:
    for each in (MORE, say.unsent(MORE)):
        receiving.receive(arrivals=[Arrival(channel.pk, each)], now=say.at(60))
    assert EarlyPost.objects.get().told["text"] == ""

    for each in (ASKS, ANSWER):
        receiving.receive(arrivals=[Arrival(channel.pk, each)], now=say.at(61))

    more = Message.objects.get(external_id="p3")
    assert (more.conversation.thread_key, more.text, more.deleted_at) == (MARA, "", say.at(90))
    assert not EarlyPost.objects.exists()


def test_what_was_added_to_a_post_that_never_comes_is_forgotten_with_age(channel: Channel) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, MORE)], now=say.at(60))

    assert forgetting.forget_early_posts(channel_id=channel.pk, before=say.at(60)) == 0
    assert forgetting.forget_early_posts(channel_id=channel.pk, before=say.at(61)) == 1


@pytest.mark.parametrize("together", [True, False])
def test_what_it_adds_to_a_post_of_its_own_is_no_message(channel: Channel, together: bool) -> None:
    for batch in [(MORE, WHERE)] if together else [(MORE,), (WHERE,)]:
        receiving.receive(arrivals=[Arrival(channel.pk, each) for each in batch], now=say.at(60))

    assert threads() == {"p4": "comment:p3:mara"}


def test_an_answer_to_a_post_that_nobody_knows_stands_under_that(channel: Channel) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, THANKS)], now=say.at(60))

    assert threads() == {"p3": "comment:p2:mara"}


def test_a_talk_is_one_persons(channel: Channel) -> None:
    noor = say.posted(say.wrote("Mine, too", who="noor", external_id="p4", seconds=30), answers="p3")
    for each in (ASKS, ANSWER, THANKS, noor):
        receiving.receive(arrivals=[Arrival(channel.pk, each)], now=say.at(60))

    assert threads()["p4"] == "comment:p1:noor"
