"""Public posts of which one telling knows the root of the talk and another only what they answer: one thread, whichever comes first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from uuid import uuid4

import pytest
from django.db import transaction

from inbox.actions import (
    assigning,
    closing,
    drafting,
    forgetting,
    joining,
    noting,
    prioritising,
    promising,
    receiving,
    replying,
    snoozing,
)
from inbox.actions.receiving import Arrival
from inbox.exchange import InboundEvent, InboundMessage, ThreadKind
from inbox.models import (
    BrandSequence,
    Channel,
    Conversation,
    DraftKind,
    EarlyPost,
    Event,
    EventKind,
    Message,
    Person,
    Priority,
)
from inbox.queries import composer, news, timeline
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


def test_a_talk_that_was_merged_by_hand_stays_whose_it_was(channel: Channel) -> None:
    for each in (OTHER, say.wrote("And today?", who="noor", seconds=5)):
        receiving.receive(arrivals=[Arrival(channel.pk, each)], now=say.at(60))
    talk = Conversation.objects.get(kind="comment")
    merge(talk, agent_of(channel.brand))

    receiving.receive(arrivals=[Arrival(channel.pk, COMMENT)], now=say.at(62))

    talk.refresh_from_db()
    assert talk.recipient_key == "noor"


def begun_twice(channel: Channel) -> tuple[Conversation, Conversation]:
    """What was said under a post that nobody knows, and the talk in which that will turn out to stand."""
    for each in (THANKS, ASKS):
        receiving.receive(arrivals=[Arrival(channel.pk, each)], now=say.at(60))
    return Conversation.objects.get(thread_key="comment:p2:mara"), Conversation.objects.get(thread_key=MARA)


def test_an_emptied_conversation_is_closed_and_says_where_its_messages_are(channel: Channel) -> None:
    begun, talk = begun_twice(channel)
    jo = agent_of(channel.brand)
    Conversation.objects.filter(pk=begun.pk).update(
        assignee=jo, assignee_name=jo.short_name, assignee_set_by="routing"
    )
    seen = BrandSequence.objects.get(pk=channel.brand_id).last

    receiving.receive(arrivals=[Arrival(channel.pk, ANSWER)], now=say.at(63))

    begun.refresh_from_db()
    talk.refresh_from_db()
    assert (begun.state, begun.message_count, begun.last_message_text) == ("resolved", 0, "")
    assert (talk.assignee, talk.unread_count) == (jo, 2)
    closed = Event.objects.get(conversation=begun, kind=EventKind.RESOLVED)
    assert closed.data["into"] == str(talk.public_id)
    came = Message.objects.get(external_id="p3")
    assert list(news.messages_since(talk, seen, news.WORDS_OF_CUSTOMER)) == [came]
    assert str(came.public_id) in timeline.gone_since(begun, seen)


def test_an_emptied_conversation_takes_no_reply_and_no_note(channel: Channel) -> None:
    begun, talk = begun_twice(channel)
    jo = agent_of(channel.brand)
    receiving.receive(arrivals=[Arrival(channel.pk, ANSWER)], now=say.at(63))

    with pytest.raises(replying.ReplyRefused, match="in another conversation"):
        reply(begun, jo)
    with pytest.raises(noting.NoteRefused, match="in another conversation"):
        note(begun, jo)

    begun.refresh_from_db()
    shown = composer.of(begun, channel=channel, brand_slug="acme", now=say.at(64))
    assert "in another conversation" in shown.problem
    assert not begun.messages.exists()
    reply(talk, jo)
    assert talk.messages.filter(direction="out", author_person=jo).count() == 1


def test_an_emptied_conversation_that_is_begun_anew_is_one_like_any_other(channel: Channel) -> None:
    begun, _ = begun_twice(channel)
    receiving.receive(arrivals=[Arrival(channel.pk, ANSWER)], now=say.at(63))
    more = replace(THANKS, external_id="p7", reply_to="p6", thread_id="comment:p2:mara", aside="")
    receiving.receive(arrivals=[Arrival(channel.pk, more)], now=say.at(64))

    note(begun, agent_of(channel.brand))

    assert begun.messages.count() == 2


def reply(conversation: Conversation, by: Person) -> None:
    conversation.refresh_from_db()
    replying.queue_reply(
        conversation=conversation, by=by, client_id=uuid4(), text="Soon", written_against=conversation.public_seq, now=say.at(61)
    )  # fmt: skip


def note(conversation: Conversation, by: Person) -> None:
    noting.add_note(conversation=conversation, by=by, client_id=uuid4(), text="She is glad", now=say.at(61))


def assign(conversation: Conversation, by: Person) -> None:
    assigning.assign(conversation=conversation, to=by, by=by, now=say.at(61))


def promise(conversation: Conversation, by: Person) -> None:
    promising.promise(conversation=conversation, at=say.at(9000), by=by, now=say.at(61))


def snooze(conversation: Conversation, by: Person) -> None:
    snoozing.snooze(conversation=conversation, until=say.at(9000), by=by, now=say.at(61))


def resolve(conversation: Conversation, by: Person) -> None:
    closing.resolve(conversation=conversation, by=by, now=say.at(61))


def prioritise(conversation: Conversation, by: Person) -> None:
    prioritising.pin(conversation=conversation, priority=Priority.URGENT, by=by, now=say.at(61))


def draft(conversation: Conversation, by: Person) -> None:
    written = drafting.Written("So", [], "", 0, 0, uuid4(), 1)
    drafting.save(conversation=conversation, by=by, kind=DraftKind.REPLY, written=written, now=say.at(61))


def merge(conversation: Conversation, by: Person) -> None:
    other = Conversation.objects.exclude(pk=conversation.pk).get()
    joining.join(kept=conversation, merged=other, by=by, now=say.at(61))


@pytest.mark.parametrize("act", [reply, note, assign, promise, snooze, resolve, prioritise, draft, merge])
def test_what_colleagues_have_done_something_with_stays_a_conversation_of_its_own(
    channel: Channel, act: Callable[[Conversation, Person], None]
) -> None:
    begun, talk = begun_twice(channel)
    act(begun, agent_of(channel.brand))
    begun.refresh_from_db()
    state, said = begun.state, begun.messages.count()

    receiving.receive(arrivals=[Arrival(channel.pk, ANSWER)], now=say.at(63))

    begun.refresh_from_db()
    assert (threads()["p3"], threads()["p2"]) == ("comment:p2:mara", MARA)
    assert (begun.state, begun.messages.count(), talk.messages.count()) == (state, said, 2)


@pytest.mark.parametrize("act", [resolve, snooze])
def test_what_joins_a_talk_that_was_put_aside_opens_it_as_if_it_came_there(
    channel: Channel, act: Callable[[Conversation, Person], None]
) -> None:
    ends = []
    for order in ([ASKS, ANSWER, THANKS], [ASKS, THANKS, ANSWER]):
        channel = ChannelFactory()
        receiving.receive(arrivals=[Arrival(channel.pk, order[0])], now=say.at(60))
        talk = Conversation.objects.get(channel=channel)
        act(talk, agent_of(channel.brand))
        for each in [
            *order[1:],
            say.posted(say.echoed("Any time", external_id="p4", seconds=30), answers="p3"),
        ]:
            receiving.receive(arrivals=[Arrival(channel.pk, each)], now=say.at(63))
        talk.refresh_from_db()
        ends.append([getattr(talk, name) for name in (*ROW, "snoozed_until", "resolved_at")])

    assert ends[0] == ends[1]
    assert ends[0][0] == "open"


def test_a_talk_that_was_closed_is_opened_by_what_waits_elsewhere(channel: Channel) -> None:
    jo = agent_of(channel.brand)
    receiving.receive(arrivals=[Arrival(channel.pk, ASKS)], now=say.at(60))
    closing.resolve(conversation=Conversation.objects.get(), by=jo, now=say.at(61))
    receiving.receive(arrivals=[Arrival(channel.pk, THANKS)], now=say.at(62))

    receiving.receive(arrivals=[Arrival(channel.pk, ANSWER)], now=say.at(63))

    talk = Conversation.objects.get(thread_key=MARA)
    assert (talk.state, talk.waiting_since, talk.unread_count) == ("open", THANKS.sent_at, 1)
    assert Event.objects.filter(conversation=talk, kind=EventKind.REOPENED).count() == 1


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


def test_what_was_added_grows_old_also_where_what_it_was_added_to_is_told_again(channel: Channel) -> None:
    also = say.added("And the box", answers="p3", external_id="p8", seconds=14)
    for told_at, batch in ((60, [MORE, also]), (70, [MORE])):
        receiving.receive(arrivals=[Arrival(channel.pk, each) for each in batch], now=say.at(told_at))

    assert forgetting.forget_early_posts(channel_id=channel.pk, before=say.at(61)) == 2


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
