from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import transaction

from inbox import events
from inbox.actions import contacts, receiving
from inbox.actions.receiving import Arrival
from inbox.exchange import InboundMessage, Party, ReachChanged, ThreadKind
from inbox.models import Channel, Conversation, Event, EventKind, Handle, Message
from inbox.queries import composer
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory
from tests.threads import in_another_connection, wait_for_a_lock_to_be_waited_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel() -> Channel:
    channel = ChannelFactory()
    nameless = InboundMessage("m1", "9273", say.at(0), Party("9273"), "Hello?")
    receiving.receive(arrivals=[Arrival(channel.pk, nameless)], now=say.at(1))
    return channel


def test_a_name_found_later_stands_on_the_row_and_on_the_messages(channel: Channel) -> None:
    contacts.update_profile(
        channel_id=channel.pk, party=Party("9273", name="Mara", username="mara.k"), now=say.at(2)
    )

    conversation, message = Conversation.objects.get(), Message.objects.get()
    assert (conversation.contact_name, message.author_name) == ("Mara", "Mara")
    assert conversation.seq == message.seq > 1
    assert Handle.objects.get().looked_up_at == say.at(2)


def test_a_profile_that_says_nothing_new_makes_no_news(channel: Channel) -> None:
    contacts.update_profile(channel_id=channel.pk, party=Party("9273", name="Mara"), now=say.at(2))
    before = Conversation.objects.get().seq

    contacts.update_profile(channel_id=channel.pk, party=Party("9273", name="Mara"), now=say.at(3))

    assert Conversation.objects.get().seq == before


def is_refused(channel: Channel, *, asked: float, now: float) -> None:
    contacts.mark_unavailable(
        channel_id=channel.pk,
        external_id="9273",
        reason="They blocked you.",
        asked_at=say.at(asked),
        now=say.at(now),
    )


def test_who_writes_again_can_be_written_to_again(channel: Channel) -> None:
    is_refused(channel, asked=2, now=2)

    again = InboundMessage("m2", "9273", say.at(5), Party("9273"), "Still there?")
    receiving.receive(arrivals=[Arrival(channel.pk, again)], now=say.at(6))

    assert Handle.objects.get().unavailable_reason == ""


@pytest.mark.parametrize(
    "said",
    [
        say.wrote("Still there?", who="9273", seconds=5),
        say.echoed("Written in the network's own app", to="9273", seconds=5),
    ],
    ids=["theirs", "ours, by another client"],
)
def test_a_message_between_us_opens_the_composer_that_a_block_had_shut(
    channel: Channel, said: InboundMessage
) -> None:
    """Nothing was refused: nobody has a reply to try again."""
    blocked = ReachChanged("9273", say.at(2), "They blocked you.")
    receiving.receive(arrivals=[Arrival(channel.pk, blocked)], now=say.at(3))
    thread = Conversation.objects.select_related("channel", "brand")
    assert problem_of(thread.get()) == "They blocked you."

    receiving.receive(arrivals=[Arrival(channel.pk, said)], now=say.at(6))

    assert problem_of(thread.get()) == ""


@pytest.mark.parametrize("at_once", [True, False], ids=["in one batch", "one after the other"])
@pytest.mark.parametrize(
    "said",
    [
        say.wrote("Still there?", who="9273", seconds=5),
        say.echoed("Written in the network's own app", to="9273", seconds=5),
    ],
    ids=["theirs", "ours, by another client"],
)
def test_a_block_that_is_told_after_a_message_between_us_that_came_after_it_shuts_nothing(
    channel: Channel, said: InboundMessage, at_once: bool
) -> None:
    late = [
        Arrival(channel.pk, said),
        Arrival(channel.pk, ReachChanged("9273", say.at(2), "They blocked you.")),
    ]

    for batch in [late] if at_once else [[each] for each in late]:
        receiving.receive(arrivals=batch, now=say.at(6))

    assert Handle.objects.get().unavailable_reason == ""


@pytest.mark.parametrize("public", [True, False], ids=["in public", "by the platform itself"])
def test_a_block_holds_against_what_is_no_message_between_us(channel: Channel, public: bool) -> None:
    answer = replace(
        say.echoed("Thanks!", to="9273", seconds=5), thread_id="comment:1", thread_kind=ThreadKind.COMMENT
    )
    notice = say.told("Another app took over this conversation.", about="9273", seconds=5)
    receiving.receive(arrivals=[Arrival(channel.pk, answer if public else notice)], now=say.at(6))

    receiving.receive(
        arrivals=[Arrival(channel.pk, ReachChanged("9273", say.at(2), "They blocked you."))], now=say.at(7)
    )

    assert Handle.objects.get().unavailable_reason == "They blocked you."


@pytest.mark.parametrize("public", [True, False], ids=["in public", "by the platform itself"])
def test_what_no_message_between_us_is_opens_nothing(channel: Channel, public: bool) -> None:
    is_refused(channel, asked=2, now=2)
    answer = replace(
        say.echoed("Thanks!", to="9273", seconds=5), thread_id="comment:1", thread_kind=ThreadKind.COMMENT
    )
    notice = say.told("Another app took over this conversation.", about="9273", seconds=5)

    receiving.receive(arrivals=[Arrival(channel.pk, answer if public else notice)], now=say.at(6))

    assert Handle.objects.get().unavailable_reason == "They blocked you."


def test_who_wrote_after_the_attempt_that_was_refused_can_be_written_to_whichever_is_kept_first(
    channel: Channel,
) -> None:
    again = InboundMessage("m2", "9273", say.at(5), Party("9273"), "Now you can.")
    receiving.receive(arrivals=[Arrival(channel.pk, again)], now=say.at(6))

    is_refused(channel, asked=4, now=7)

    assert Handle.objects.get().unavailable_reason == ""


@pytest.mark.parametrize(("sent", "left"), [(5, ""), (3, "They blocked you.")])
def test_what_the_platform_took_after_the_attempt_that_was_refused_holds_whichever_is_kept_first(
    channel: Channel, sent: float, left: str
) -> None:
    taken = say.echoed("Written in the network's own app", to="9273", seconds=sent)
    receiving.receive(arrivals=[Arrival(channel.pk, taken)], now=say.at(6))

    is_refused(channel, asked=4, now=7)

    assert Handle.objects.get().unavailable_reason == left


@pytest.mark.parametrize(
    ("told", "left"), [(True, ""), (False, "They blocked you."), (None, "They blocked you.")]
)
def test_who_is_said_to_take_messages_again_can_be_written_to(
    channel: Channel, told: bool | None, left: str
) -> None:
    is_refused(channel, asked=2, now=2)
    seq = Conversation.objects.get().seq

    contacts.update_profile(channel_id=channel.pk, party=Party("9273", takes_messages=told), now=say.at(9))

    assert Handle.objects.get().unavailable_reason == left
    assert (Conversation.objects.get().seq > seq) is (left == "")


BEFORE = Arrival(0, InboundMessage("m2", "9273", say.at(100), Party("9273"), "Hello?"))
BLOCKED = Arrival(0, ReachChanged("9273", say.at(500), "They blocked you."))
TAKES_AGAIN = Arrival(0, ReachChanged("9273", say.at(600), ""))


@pytest.mark.parametrize("told", [(BEFORE, BLOCKED), (BLOCKED, BEFORE)])
def test_what_was_written_before_a_block_does_not_lift_it_however_late_it_comes(
    channel: Channel, told: tuple[Arrival, ...]
) -> None:
    for each in told:
        receiving.receive(arrivals=[replace(each, channel_id=channel.pk)], now=say.at(1000))

    assert Handle.objects.get().unavailable_reason == "They blocked you."


@pytest.mark.parametrize("again", [False, True])
def test_what_was_written_before_a_refusal_does_not_lift_it(channel: Channel, again: bool) -> None:
    if again:
        is_refused(channel, asked=2, now=2)
    is_refused(channel, asked=500, now=500)
    receiving.receive(arrivals=[replace(BEFORE, channel_id=channel.pk)], now=say.at(1000))
    assert Handle.objects.get().unavailable_reason == "They blocked you."

    is_refused(channel, asked=999, now=1001)  # while that one came
    assert Handle.objects.get().unavailable_reason == "They blocked you."


def test_a_refusal_winds_back_nothing_that_the_platform_has_said(channel: Channel) -> None:
    receiving.receive(arrivals=[replace(BLOCKED, channel_id=channel.pk)], now=say.at(501))
    is_refused(channel, asked=510, now=511)

    late = ReachChanged("9273", say.at(450), "")
    for each in (BEFORE.event, late):
        receiving.receive(arrivals=[Arrival(channel.pk, each)], now=say.at(1000))

    assert Handle.objects.get().unavailable_reason == "They blocked you."


@pytest.mark.parametrize("refusal_is_first", [True, False])
def test_what_the_platform_says_after_a_try_holds_against_its_refusal(
    channel: Channel, refusal_is_first: bool
) -> None:
    steps = [
        lambda: is_refused(channel, asked=550, now=620),
        lambda: receiving.receive(arrivals=[replace(TAKES_AGAIN, channel_id=channel.pk)], now=say.at(630)),
    ]
    for step in steps if refusal_is_first else reversed(steps):
        step()

    assert Handle.objects.get().unavailable_reason == ""


@pytest.mark.parametrize("told", [(BLOCKED, TAKES_AGAIN), (TAKES_AGAIN, BLOCKED)])
def test_the_newest_word_on_whether_they_take_messages_holds(
    channel: Channel, told: tuple[Arrival, ...]
) -> None:
    for each in told:
        receiving.receive(arrivals=[replace(each, channel_id=channel.pk)], now=say.at(1000))

    assert Handle.objects.get().unavailable_reason == ""


def test_what_they_wrote_long_ago_does_not_make_them_reachable(channel: Channel) -> None:
    is_refused(channel, asked=2, now=2)

    old = InboundMessage("m0", "9273", say.at(-86_400), Party("9273"), "A year ago")
    receiving.receive(arrivals=[Arrival(channel.pk, old)], now=say.at(6), historical=True)

    assert Handle.objects.get().unavailable_reason == "They blocked you."


def test_who_says_something_in_public_is_not_written_to_by_that(channel: Channel) -> None:
    contacts.mark_unavailable(
        channel_id=channel.pk,
        external_id="9273",
        reason="They take no messages.",
        asked_at=say.at(2),
        now=say.at(2),
    )
    comment = say.wrote("Anybody there?", who="9273", thread_id="comment:1", thread_kind=ThreadKind.COMMENT)

    receiving.receive(arrivals=[Arrival(channel.pk, comment)], now=say.at(6))

    assert Handle.objects.get().unavailable_reason == "They take no messages."
    in_public = Conversation.objects.select_related("channel", "brand").get(kind=ThreadKind.COMMENT)
    direct = Conversation.objects.select_related("channel", "brand").exclude(kind=ThreadKind.COMMENT).get()
    assert [problem_of(each) for each in (direct, in_public)] == ["They take no messages.", ""]


def problem_of(conversation: Conversation) -> str:
    shown = composer.of(
        conversation, channel=conversation.channel, brand_slug=conversation.brand.slug, now=say.at(7)
    )
    return shown.problem


def test_a_comment_after_a_block_does_not_lift_it(channel: Channel) -> None:
    comment = say.wrote(
        "Shame!", who="9273", seconds=9, thread_id="comment:1", thread_kind=ThreadKind.COMMENT
    )
    receiving.receive(arrivals=[Arrival(channel.pk, comment)], now=say.at(10))

    blocked = ReachChanged("9273", say.at(5), "They have blocked you.")
    receiving.receive(arrivals=[Arrival(channel.pk, blocked)], now=say.at(11))

    assert Handle.objects.get().unavailable_reason == "They have blocked you."


def told() -> list[str]:
    """The threads in which the contact was news, one after the other."""
    found = Event.objects.filter(kind=EventKind.CONTACT_UPDATED).order_by("seq")
    return list(found.values_list("conversation__thread_key", flat=True))


def test_who_can_be_written_to_is_news_wherever_they_write_and_once(channel: Channel) -> None:
    under_a_post = InboundMessage(
        "c1", "post", say.at(1), Party("9273"), "Nice!", thread_kind=ThreadKind.COMMENT
    )
    receiving.receive(arrivals=[Arrival(channel.pk, under_a_post)], now=say.at(2))
    blocked = Arrival(channel.pk, ReachChanged("9273", say.at(3), "They blocked you."))

    receiving.receive(arrivals=[blocked], now=say.at(4))
    receiving.receive(arrivals=[blocked], now=say.at(5))
    assert told() == ["9273", "post"]
    newest = Event.objects.latest("seq")
    assert Conversation.objects.get(thread_key="post").seq == newest.seq and newest.actor is None

    again = InboundMessage("m2", "9273", say.at(6), Party("9273"), "Still there?")
    receiving.receive(arrivals=[Arrival(channel.pk, again)], now=say.at(7))
    assert told()[2:] == ["9273", "post"]


def test_a_refusal_that_says_whom_nobody_can_write_to_is_news_once(channel: Channel) -> None:
    for second in (2, 3):
        contacts.mark_unavailable(
            channel_id=channel.pk,
            external_id="9273",
            reason="They blocked you.",
            asked_at=say.at(second),
            now=say.at(second),
        )

    assert told() == ["9273"]


def test_a_message_that_says_how_many_follow_keeps_it(channel: Channel) -> None:
    again = InboundMessage("m2", "9273", say.at(5), Party("9273", followers=20_000, verified=True), "Hello!")
    receiving.receive(arrivals=[Arrival(channel.pk, again)], now=say.at(6))
    silent = InboundMessage("m3", "9273", say.at(7), Party("9273"), "Hello?")
    receiving.receive(arrivals=[Arrival(channel.pk, silent)], now=say.at(8))

    handle = Handle.objects.get()
    assert (handle.followers, handle.verified) == (20_000, True)


def test_a_name_that_comes_with_a_message_is_news_on_every_row_and_message_of_the_person(
    channel: Channel,
) -> None:
    below_posts = [
        InboundMessage(
            f"c{n}", f"comment:{n}:9273", say.at(n), Party("9273"), "Nice!", thread_kind=ThreadKind.COMMENT
        )
        for n in range(1, 31)
    ]
    receiving.receive(arrivals=[Arrival(channel.pk, each) for each in below_posts], now=say.at(40))
    before = Event.objects.latest("seq").seq

    named = InboundMessage("m2", "9273", say.at(50), Party("9273", name="Mara"), "Still there?")
    receiving.receive(arrivals=[Arrival(channel.pk, named)], now=say.at(51))

    assert set(Conversation.objects.values_list("contact_name", flat=True)) == {"Mara"}
    assert sorted(told()) == sorted(["9273", *(each.thread_id for each in below_posts)])
    assert not Conversation.objects.filter(seq__lte=before).exists()
    assert not Message.objects.filter(seq__lte=before).exists()
    amended = Event.objects.filter(kind=EventKind.MESSAGE_AMENDED, data__what="author", seq__gt=before)
    assert amended.count() == 31

    receiving.receive(arrivals=[Arrival(channel.pk, replace(named, external_id="m3"))], now=say.at(52))
    assert len(told()) == 31


@pytest.mark.parametrize("at_once", [True, False], ids=["in one batch", "one after the other"])
def test_a_comment_that_is_delivered_once_more_sets_no_name_back(channel: Channel, at_once: bool) -> None:
    """It has no time but its delivery's, and says who wrote it as of then."""
    first = say.wrote("Nice", who="9273", external_id="c1", seconds=10, dated_by_delivery=True)
    then, since = Party("9273", username="mara.k"), Party("9273", username="mara.kovac")
    told = [
        replace(first, author=then),
        say.wrote("Still", who="9273", external_id="c2", seconds=20, dated_by_delivery=True),
        replace(first, author=then, sent_at=say.at(40)),
    ]
    told[1] = replace(told[1], author=since)

    for batch in [told] if at_once else [[each] for each in told]:
        receiving.receive(arrivals=[Arrival(channel.pk, each) for each in batch], now=say.at(50))

    assert Handle.objects.get().username == "mara.kovac"


@pytest.mark.parametrize("refused", [True, False], ids=["refused", "without consent"])
def test_a_look_that_told_nothing_makes_no_name_older(channel: Channel, refused: bool) -> None:
    named = say.wrote("Hello", who="9273", seconds=10)
    receiving.receive(
        arrivals=[Arrival(channel.pk, replace(named, author=Party("9273", username="mara.k")))],
        now=say.at(11),
    )
    if refused:
        contacts.note_looked_up(channel_id=channel.pk, external_id="9273", now=say.at(300))
    else:
        contacts.update_profile(channel_id=channel.pk, party=Party("9273"), now=say.at(300))

    late = replace(say.wrote("Nice", who="9273", seconds=100), author=Party("9273", username="mara.kovac"))
    receiving.receive(arrivals=[Arrival(channel.pk, late)], now=say.at(400))

    assert Handle.objects.get().username == "mara.kovac"


def test_a_look_that_told_who_somebody_is_holds_against_what_comes_late(channel: Channel) -> None:
    contacts.update_profile(
        channel_id=channel.pk, party=Party("9273", username="mara.kovac"), now=say.at(300)
    )
    late = replace(say.wrote("Nice", who="9273", seconds=100), author=Party("9273", username="mara.k"))

    receiving.receive(arrivals=[Arrival(channel.pk, late)], now=say.at(400))

    assert Handle.objects.get().username == "mara.kovac"


def test_a_name_that_was_looked_up_is_news_on_every_row_that_shows_it(channel: Channel) -> None:
    below_posts = [
        InboundMessage(
            f"c{n}", f"comment:{n}:9273", say.at(n), Party("9273"), "Nice!", thread_kind=ThreadKind.COMMENT
        )
        for n in range(1, 31)
    ]
    receiving.receive(arrivals=[Arrival(channel.pk, each) for each in below_posts], now=say.at(40))

    contacts.update_profile(channel_id=channel.pk, party=Party("9273", name="Mara"), now=say.at(50))

    assert len(set(told())) == 31


@pytest.mark.django_db(transaction=True)
def test_a_profile_that_goes_and_a_brand_that_writes_of_the_same_person_do_not_wait_for_each_other(
    channel: Channel,
) -> None:
    """Everybody takes the brand's lock before a person's row."""
    contacts.update_profile(channel_id=channel.pk, party=Party("9273", name="Mara"), now=say.at(2))

    def forget() -> bool:
        return contacts.forget_profile(
            channel_id=channel.pk, external_id="9273", before=say.at(9), now=say.at(10)
        )

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic(), events.ledger(channel.brand_id):
            forgetting = pool.submit(in_another_connection, forget)
            wait_for_a_lock_to_be_waited_for()
            Handle.objects.update(followers=7)
        assert forgetting.result(timeout=20)

    assert Handle.objects.values_list("name", "followers", "looked_up_at").get() == ("", None, None)
