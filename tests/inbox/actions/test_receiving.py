from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from inbox import models
from inbox.actions import closing, contacts, receiving
from inbox.actions.receiving import Arrival
from inbox.exchange import (
    Attachment,
    AttachmentKind,
    InboundEvent,
    InboundMessage,
    MessageKind,
    Party,
    ProfileSeen,
    ReachChanged,
    Standing,
    ThreadKind,
    Typing,
)
from inbox.models import (
    Amendment,
    Channel,
    Clock,
    Conversation,
    ConversationState,
    EarlyRead,
    Event,
    Handle,
    Message,
    MessageState,
    Notification,
    ViewCount,
)
from inbox.rules import blank
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel() -> Channel:
    return ChannelFactory()


def receive(
    channel: Channel, *events: InboundEvent, historical: bool = False, seconds: float = 5
) -> receiving.Received:
    return receiving.receive(
        arrivals=[Arrival(channel.pk, event) for event in events], now=say.at(seconds), historical=historical
    )


def thread(channel: Channel) -> list[str]:
    return [message.text for message in Message.objects.filter(channel=channel).in_thread_order()]


def test_a_first_message_makes_a_person_a_conversation_and_an_event(channel: Channel) -> None:
    receive(channel, say.wrote("Where is my parcel?"))

    conversation = Conversation.objects.get()
    assert (conversation.contact_name, conversation.contact_username) == ("Mara", "mara.k")
    assert conversation.last_message_text == "Where is my parcel?"
    assert (conversation.unread_count, conversation.message_count) == (1, 1)
    assert conversation.waiting_since == say.at(0)
    event = Event.objects.get()
    assert (event.seq, event.message, conversation.seq) == (1, Message.objects.get(), 1)


def test_the_same_message_twice_is_one_row_and_one_event(channel: Channel) -> None:
    message = say.wrote()

    first = receive(channel, message, message)
    second = receive(channel, message)

    assert (first.new_messages, second.new_messages) == (1, 0)
    assert Message.objects.count() == Event.objects.count() == 1
    assert Conversation.objects.get().unread_count == 1


def test_ids_that_differ_only_in_case_are_two_people_and_two_messages(channel: Channel) -> None:
    receive(channel, say.wrote(who="aB", external_id="mId"), say.wrote(who="Ab", external_id="MiD"))

    assert Handle.objects.count() == Message.objects.count() == Conversation.objects.count() == 2


def test_an_echo_shows_an_answer_written_elsewhere_and_ends_the_waiting(channel: Channel) -> None:
    receive(channel, say.wrote(seconds=0))

    receive(channel, say.echoed("On its way!", seconds=30))

    conversation = Conversation.objects.get()
    assert conversation.waiting_since is None
    assert (conversation.last_message_from, conversation.last_message_text) == ("brand", "On its way!")
    assert Message.objects.get(direction="out").state == MessageState.SENT


def test_a_late_question_before_the_answer_does_not_wait(channel: Channel) -> None:
    receive(channel, say.wrote(seconds=0), say.echoed("Yes", seconds=60))

    receive(channel, say.wrote("late", seconds=30))

    assert Conversation.objects.get().waiting_since is None
    assert thread(channel)[1:] == ["late", "Yes"]


def test_who_wrote_again_after_an_answer_that_came_late_still_waits(channel: Channel) -> None:
    receive(channel, say.wrote(seconds=0), say.wrote("And?", seconds=100))

    receive(channel, say.echoed("Yes", seconds=50))

    assert Conversation.objects.get().waiting_since == say.at(100)


def test_a_new_message_opens_a_resolved_conversation_again(channel: Channel) -> None:
    receive(channel, say.wrote())
    Conversation.objects.update(state=ConversationState.RESOLVED, resolved_at=say.at(10))

    receive(channel, say.wrote("Still nothing", seconds=20))

    conversation = Conversation.objects.get()
    assert (conversation.state, conversation.resolved_at) == (ConversationState.OPEN, None)


def test_history_rings_no_bell_and_starts_no_clock(channel: Channel) -> None:
    receive(channel, say.wrote("old"), historical=True)

    conversation = Conversation.objects.get()
    assert (conversation.state, conversation.unread_count, conversation.waiting_since) == (
        "resolved",
        0,
        None,
    )
    assert Message.objects.get().historical


def test_an_unsent_message_leaves_no_word_behind(channel: Channel) -> None:
    message = say.wrote("my card is 4111")
    receive(channel, message, say.edited(message, "my card is 4112"))

    receive(channel, say.unsent(message))

    row = Message.objects.get()
    assert (row.text, row.created_text, row.deleted_at) == ("", "", say.at(90))
    assert Conversation.objects.get().last_message_text == "Unsent a message"
    assert "411" not in "".join(Amendment.objects.values_list("text", flat=True))


@pytest.mark.parametrize("places", [[0, 1, 2, 3], [2, 0, 1, 3], [0, 2, 1, 3], [0, 3, 1, 2], [3, 0, 1, 2]])
def test_an_edit_of_what_was_unsent_leaves_no_word_behind_and_need_not_wait_for_its_message(
    channel: Channel, places: list[int]
) -> None:
    message = say.wrote("my card is 4111")
    corrected = say.edited(message, "my card is 4112", seconds=60, version=0)
    again = say.edited(message, "my card is 4113", seconds=70, version=0)
    told = [corrected, again, say.unsent(message), message]

    for place in places:
        receive(channel, told[place])
        words = Amendment.objects.exclude(text="").values_list("text", flat=True)
        if Amendment.objects.filter(kind="unsend").exists():
            assert list(words) == []

    row = Message.objects.get()
    assert (row.text, row.created_text, row.deleted_at, row.edit_count) == ("", "", say.at(90), 0)


def test_an_edit_waits_with_its_words_for_a_message_that_nobody_unsent(channel: Channel) -> None:
    message, other = say.wrote("at nine"), say.wrote("at ten", external_id="other")

    receive(channel, say.edited(message, "at eight"), say.unsent(other))
    receive(channel, message)

    assert Message.objects.get().text == "at eight"


@pytest.mark.parametrize("kind", MessageKind)
def test_the_row_of_a_message_without_words_says_in_words_what_it_is(
    channel: Channel, kind: MessageKind
) -> None:
    receive(channel, say.wrote("", kind=kind))

    said = Conversation.objects.get().last_message_text
    assert said[0].isupper() and " " in said and said.lower() != kind.replace("_", " ")


def test_the_row_of_a_mention_in_a_story_says_so_though_the_story_comes_with_it(channel: Channel) -> None:
    story = Attachment(AttachmentKind.OTHER, url="https://cdn.example/story")
    receive(channel, say.wrote("", kind=MessageKind.STORY_MENTION, attachments=(story,)))

    assert Conversation.objects.get().last_message_text == "Mentioned you in a story"


def test_what_shows_nothing_is_called_an_empty_message(channel: Channel) -> None:
    receive(channel, say.wrote(" \u200b\u2800 "))

    assert Conversation.objects.get().last_message_text == "An empty message"


def test_the_database_finds_blanks_where_the_rule_does() -> None:
    with connection.cursor() as cursor:
        every = "SELECT n, chr(n) ~ %s FROM generate_series(1, 65535) n WHERE n NOT BETWEEN 55296 AND 57343"
        cursor.execute(every, [blank.seen_sql()])
        assert [n for n, is_seen in cursor.fetchall() if is_seen == blank.is_blank(chr(n))] == []


def test_hostile_text_is_kept_without_what_the_database_cannot_hold(channel: Channel) -> None:
    receive(channel, say.wrote("a\x00b\ud800c \u202eevil 👨‍👩‍👧‍👦"))

    assert Message.objects.get().text == "a\ufffdb\ufffdc \u202eevil 👨‍👩‍👧‍👦"


def test_a_profile_that_arrives_renames_the_row(channel: Channel) -> None:
    receive(channel, say.wrote())

    receive(channel, ProfileSeen(Party("mara", name="Mara Kováč", username="mara.kovac")))

    assert Conversation.objects.get().contact_name == "Mara Kováč"


YOUNG = replace(
    say.wrote(external_id="y", seconds=1), author=Party("mara", "Mara", "mara.k", "https://cdn.test/1", 90)
)
GROWN = replace(
    say.wrote(external_id="z", seconds=2), author=Party("mara", "Mara Kováč", "mara.kovac", followers=80)
)


@pytest.mark.parametrize(
    "batches",
    [
        [(YOUNG,), (GROWN,)], [(GROWN,), (YOUNG,)], [(YOUNG, GROWN)], [(GROWN, YOUNG)],
        [(YOUNG,), (GROWN,), (YOUNG,)], [(GROWN, YOUNG), (YOUNG,)],
    ],
    ids=lambda batches: " ".join("+".join(each.external_id for each in batch) for batch in batches),
)  # fmt: skip
def test_somebody_is_who_they_were_last_whatever_is_told_late_or_read_again(
    channel: Channel, batches: list[tuple[InboundMessage, ...]]
) -> None:
    """What only the older telling says is not lost by that."""
    for batch in batches:
        receive(channel, *batch)

    handle, row = Handle.objects.select_related("contact").get(), Conversation.objects.get()
    assert (handle.name, handle.username, handle.followers) == ("Mara Kováč", "mara.kovac", 80)
    assert handle.avatar_url == row.contact_avatar == "https://cdn.test/1"
    assert handle.contact.name == row.contact_name == "Mara Kováč"


def test_a_delivery_from_before_a_look_at_the_profile_renames_nobody_and_what_history_shows_is_of_today(
    channel: Channel,
) -> None:
    receive(channel, GROWN)
    contacts.update_profile(channel_id=channel.pk, party=Party("mara", "Mara Novak"), now=say.at(60))

    receive(channel, GROWN, seconds=70)
    assert Conversation.objects.get().contact_name == "Mara Novak"

    receive(channel, replace(GROWN, standing=Standing(say.at(80))), seconds=80)
    assert Conversation.objects.get().contact_name == "Mara Kováč"


def test_a_file_with_a_name_beyond_all_bounds_loses_no_message(channel: Channel) -> None:
    file = Attachment(AttachmentKind.FILE, "https://cdn.test/1", external_id="https://cdn.test/" + "1" * 600)

    receive(channel, say.wrote(attachments=(file,)))

    assert Message.objects.get().attachments.get().url == "https://cdn.test/1"


def test_a_files_name_is_kept_in_one_line(channel: Channel) -> None:
    file = Attachment(AttachmentKind.FILE, "https://cdn.test/1", name="in\nvoice.pdf\r\n")

    receive(channel, say.wrote(attachments=(file,)))

    assert models.Attachment.objects.get().name == "in voice.pdf"


def test_channels_of_two_brands_in_one_batch_each_get_their_own_numbers() -> None:
    ours, theirs = ChannelFactory(), ChannelFactory()

    receiving.receive(
        arrivals=[Arrival(ours.pk, say.wrote(who="mara")), Arrival(theirs.pk, say.wrote(who="mara"))],
        now=say.at(5),
    )

    assert sorted(Event.objects.values_list("brand_id", "seq")) == sorted(
        [(ours.brand_id, 1), (theirs.brand_id, 1)]
    )
    assert Conversation.objects.filter(brand=ours.brand).count() == 1


def test_counters_of_views_follow_every_change(channel: Channel) -> None:
    receive(channel, say.wrote(who="mara"), say.wrote(who="jon"))
    Conversation.objects.filter(contact_name="Jon").update(
        state=ConversationState.RESOLVED, resolved_at=say.at(9)
    )

    counts = {count.view: (count.total, count.unread) for count in ViewCount.objects.all()}

    assert counts["open"] == counts["unassigned"] == counts[f"channel:{channel.pk}"] == (1, 1)
    assert counts["resolved"] == (1, 1)


def test_a_batch_of_many_costs_as_many_queries_as_a_batch_of_few(
    channel: Channel, django_assert_max_num_queries: Any
) -> None:
    messages = [say.wrote(who=f"p{n % 40}", seconds=n) for n in range(200)]

    with django_assert_max_num_queries(24):
        receive(channel, *messages)


# One conversation as it goes: the deliveries of a lively thread (in every other order: test_any_order.py).
FIRST = say.wrote("Hallo", external_id="m1", seconds=0)
TWIN_A = say.wrote("same millisecond, a", external_id="m2a", seconds=10)
TWIN_B = say.wrote("same millisecond, b", external_id="m2b", seconds=10)
PICTURE = say.wrote(
    "", external_id="m3", seconds=20, attachments=(Attachment(AttachmentKind.IMAGE, "https://cdn.test/1"),)
)
GREETING = say.echoed("One moment", external_id="m2c", seconds=15)
ANSWER = say.echoed("Guten Tag", external_id="m4", seconds=30)
UNREAD = say.echoed("Still there?", external_id="m6", seconds=55)
GONE = say.wrote("never mind", external_id="m5", seconds=40)
STORY: list[InboundEvent] = [
    FIRST, TWIN_A, TWIN_B, GREETING, PICTURE, ANSWER, GONE, UNREAD,
    say.edited(FIRST, "Hallo!", seconds=5, version=1),
    say.edited(FIRST, "Hallo?!", seconds=6, version=2),
    say.unsent(GONE, seconds=50),
    say.edited(GONE, "forget it", seconds=45),
    say.reacted(ANSWER, "👍", seconds=33),
    say.reacted(ANSWER, "❤️", seconds=75),
    say.reacted(PICTURE, "😮", who="brand", seconds=36),
    say.reacted(PICTURE, who="brand", seconds=37, removed=True),
    say.read(seconds=25),
    say.read(seconds=60, message_id="m4"),
]  # fmt: skip


def picture_of(channel: Channel) -> dict[str, Any]:
    conversation = Conversation.objects.get(channel=channel)
    return {
        "thread": [
            (m.external_id, m.text, m.state, m.edit_count, m.deleted_at, m.reactions, m.attachment_count)
            for m in Message.objects.filter(channel=channel).in_thread_order()
        ],
        "row": [
            getattr(conversation, name)
            for name in (
                "state", "contact_name", "last_message_text", "last_message_at", "last_message_from", "message_count",
                "unread_count", "waiting_since", "last_inbound_at", "last_outbound_at", "customer_read_at", "window_opened_at",
            )
        ],
    }  # fmt: skip


def test_a_lively_thread_shows_what_became_of_each_message(channel: Channel) -> None:
    for event in STORY:
        receive(channel, event)

    picture = picture_of(channel)["thread"]

    assert [row[0] for row in picture] == ["m1", "m2a", "m2b", "m2c", "m3", "m4", "m5", "m6"]
    assert picture[0][1:4] == ("Hallo?!", "received", 2)
    assert [picture[place][2] for place in (3, 5, 7)] == ["read", "read", "sent"]
    assert [r["emoji"] for r in picture[5][5]] == ["❤️"]
    assert picture[4][5] == []
    assert picture[6][1] == "" and picture[6][4] is not None


def test_a_look_at_a_thread_we_do_not_know_yet_is_not_forgotten(channel: Channel) -> None:
    receive(channel, say.read(seconds=60))

    receive(channel, say.echoed("Hello from us", seconds=30))

    assert Message.objects.get().state == MessageState.READ


def test_a_look_at_a_message_we_do_not_have_yet_waits_for_it(channel: Channel) -> None:
    receive(channel, say.wrote(), say.echoed("One", external_id="a", seconds=1))
    receive(channel, say.read(seconds=60, message_id="b"))
    assert Message.objects.filter(state=MessageState.READ).count() == 0

    receive(channel, say.echoed("Three", external_id="c", seconds=50))
    receive(channel, say.echoed("Two", external_id="b", seconds=30))

    states = Message.objects.filter(direction="out").in_thread_order().values_list("state", flat=True)
    assert list(states) == [MessageState.READ, MessageState.READ, MessageState.SENT]
    assert not EarlyRead.objects.exists()


def test_a_thread_that_the_brand_began_has_the_person_who_answers(channel: Channel) -> None:
    """A log may tell what a colleague wrote elsewhere and not to whom."""
    begun = replace(say.echoed("Hello from us", to="t1"), counterpart=None)
    receive(channel, begun)
    assert Conversation.objects.get().contact is None

    receive(channel, say.wrote("Hi!", who="mara", thread_id="t1", seconds=30))

    conversation = Conversation.objects.get()
    assert (conversation.contact, conversation.recipient_key) == (Handle.objects.get().contact, "mara")
    assert (conversation.contact_name, conversation.contact_username) == ("Mara", "mara.k")


def test_a_group_belongs_to_nobody(channel: Channel) -> None:
    for who in ("mara", "noor"):
        receive(channel, say.wrote("Hi all", who=who, thread_id="g1", thread_kind=ThreadKind.GROUP))

    conversation = Conversation.objects.get()
    assert (conversation.contact, conversation.recipient_key) == (None, "")


def group_on_linkedin() -> Conversation:
    conversation = Conversation.objects.get()
    assert (conversation.kind, conversation.contact, conversation.recipient_key) == ("group", None, "")
    assert (conversation.contact_username, conversation.contact_vip) == ("", False)
    return conversation


@pytest.mark.parametrize("at_once", [True, False])
def test_where_another_one_writes_it_is_a_group(at_once: bool) -> None:
    """LinkedIn's log need not say who is in a thread."""
    channel = ChannelFactory(platform="linkedin")
    messages = [
        say.wrote("Hi all", thread_id="t1"),
        say.wrote("Me too", who="noor", thread_id="t1", seconds=9),
    ]
    if at_once:
        receive(channel, *messages)
    else:
        for message in messages:
            receive(channel, message)

    receive(channel, say.wrote("And I", who="mara", thread_id="t1", seconds=20))

    assert group_on_linkedin().contact_name == "Group with Mara"
    assert [message.author_name for message in Message.objects.in_thread_order()] == ["Mara", "Noor", "Mara"]


@pytest.mark.parametrize("told", [True, False])
def test_a_group_of_somebody_with_a_name_as_long_as_any_is_shown(told: bool) -> None:
    channel = ChannelFactory(platform="linkedin")
    mara = Party("mara", name="M" * 300)
    kind = ThreadKind.GROUP if told else ThreadKind.DIRECT

    receive(channel, replace(say.wrote("Hi all", thread_id="t1"), author=mara, thread_kind=kind))
    receive(channel, say.wrote("Me too", who="noor", thread_id="t1", seconds=9))

    assert group_on_linkedin().contact_name == "Group with " + "M" * 189


def test_a_group_that_is_told_late_is_one_from_then_on() -> None:
    channel = ChannelFactory(platform="linkedin")
    begun = replace(say.echoed("Hello from us", to="t1"), counterpart=None)
    receive(channel, begun)
    receive(channel, replace(begun, external_id="later", sent_at=say.at(5), thread_kind=ThreadKind.GROUP))
    assert group_on_linkedin().contact_name == "Group"

    receive(channel, say.wrote("Hi", thread_id="t1", seconds=30))

    group_on_linkedin()


def test_who_is_hidden_may_be_the_one_we_know() -> None:
    channel = ChannelFactory(platform="linkedin")
    receive(channel, say.wrote("Hi", thread_id="t1"))
    hidden = say.wrote("Hi?", who="hidden:1", thread_id="t1", seconds=9)

    receive(channel, replace(hidden, author=Party("hidden:1", name="LinkedIn member", stand_in=True)))

    assert Conversation.objects.get().recipient_key == "mara"


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("begun", [True, False])
def test_who_was_hidden_is_whoever_is_named_first(at_once: bool, begun: bool) -> None:
    channel = ChannelFactory(platform="linkedin")
    hidden = replace(
        say.wrote("Hi", thread_id="t1"), author=Party("hidden:1", name="LinkedIn member", stand_in=True)
    )
    named = say.wrote("Hi again", thread_id="t1", seconds=9)
    if begun:
        receive(channel, replace(say.echoed("Hello from us", to="t1", seconds=-9), counterpart=None))
    if at_once:
        receive(channel, hidden, named)
    else:
        receive(channel, hidden)
        assert Conversation.objects.get().contact_name == "LinkedIn member"
        receive(channel, named)
    receive(channel, replace(hidden, external_id="hidden again", sent_at=say.at(12)))

    conversation = Conversation.objects.get()
    assert (conversation.kind, conversation.recipient_key) == ("direct", "mara")
    assert (conversation.contact_name, conversation.contact_username) == ("Mara", "mara.k")
    assert conversation.contact == Handle.objects.get(external_id="mara").contact

    receive(channel, say.wrote("Me too", who="noor", thread_id="t1", seconds=20))

    assert group_on_linkedin().contact_name == "Group with Mara"


def test_who_was_hidden_is_a_group_where_two_are_named() -> None:
    channel = ChannelFactory(platform="linkedin")
    hidden = replace(
        say.wrote("Hi", thread_id="t1"), author=Party("hidden:1", name="LinkedIn member", stand_in=True)
    )
    named = [say.wrote("Hi", who=who, thread_id="t1", seconds=9) for who in ("mara", "noor")]

    receive(channel, hidden, *named)

    assert group_on_linkedin().contact_name == "Group with Mara"


def test_where_there_are_no_groups_a_conversation_stays_its_persons(channel: Channel) -> None:
    receive(channel, say.wrote("Hi", thread_id="t1"), say.wrote("Hi", who="noor", thread_id="t1", seconds=9))

    assert Conversation.objects.get().recipient_key == "mara"


def test_a_window_moves_forward_only(channel: Channel) -> None:
    receive(channel, say.wrote(seconds=100))

    receive(channel, say.wrote("older", seconds=50))

    assert Conversation.objects.get().window_opened_at == say.at(100)


def test_a_message_known_to_the_second_takes_the_finer_time(channel: Channel) -> None:
    coarse = say.wrote("hi", external_id="x", seconds=7)
    receive(channel, coarse)

    receive(channel, say.wrote("hi", external_id="x", seconds=7.25))

    assert Message.objects.get().sent_at == say.at(7) + timedelta(milliseconds=250)


def test_a_time_of_a_delivery_gives_way_to_the_messages_own_and_to_no_other_delivery(
    channel: Channel,
) -> None:
    """Held back by the network, the question comes after its answer; history tells when each was said."""
    receive(channel, say.wrote("Answered it myself", external_id="b", seconds=2, dated_by_delivery=True))
    receive(channel, say.wrote("Anybody?", external_id="a", seconds=5, dated_by_delivery=True))
    receive(channel, say.wrote("Anybody?", external_id="a", seconds=3600, dated_by_delivery=True))
    assert thread(channel) == ["Answered it myself", "Anybody?"]
    told = [
        say.wrote("Anybody?", external_id="a", seconds=0),
        say.wrote("Answered it myself", external_id="b", seconds=2),
    ]

    receive(channel, *told)
    events = Event.objects.count()
    receive(channel, *told)
    receive(channel, say.wrote("Anybody?", external_id="a", seconds=7200, dated_by_delivery=True))

    assert thread(channel) == ["Anybody?", "Answered it myself"]
    assert Message.objects.get(external_id="a").sent_at == say.at(0)
    assert Conversation.objects.get().last_message_text == "Answered it myself"
    assert Event.objects.count() == events  # what is in its place is not put there again


def comment(text: str, *, seconds: float, outbound: bool = False) -> InboundMessage:
    """Its delivery alone tells when it was."""
    said = say.echoed if outbound else say.wrote
    return said(text, external_id=text, seconds=seconds, dated_by_delivery=True)


FIRST_OF_A, COPY_OF_A = comment("A", seconds=10), comment("A", seconds=40)


@pytest.mark.parametrize(
    "batches",
    [
        [(FIRST_OF_A,), (comment("B", seconds=20),), (COPY_OF_A,)], [(COPY_OF_A,), (comment("B", seconds=20),), (FIRST_OF_A,)],
        [(COPY_OF_A, comment("B", seconds=20), FIRST_OF_A)], [(FIRST_OF_A, COPY_OF_A, comment("B", seconds=20))],
    ],
)  # fmt: skip
@pytest.mark.parametrize("answered_at", [None, 5, 15, 30])
def test_of_two_deliveries_of_a_comment_the_earlier_dates_it(
    channel: Channel, batches: list[tuple[InboundMessage, ...]], answered_at: int | None
) -> None:
    """Its copy is sent half a minute later, and may be here first. Who waits since when follows."""
    if answered_at:
        receive(channel, say.echoed("From the app", external_id="E", seconds=answered_at), seconds=60)
    for batch in batches:
        receive(channel, *batch, seconds=60)

    assert [text for text in thread(channel) if len(text) == 1] == ["A", "B"]
    row = Conversation.objects.get()
    waits = {None: say.at(10), 5: say.at(10), 15: say.at(20), 30: None}[answered_at]
    assert (row.last_inbound_at, row.waiting_since) == (say.at(20), waits)


def test_an_answer_that_was_given_earlier_than_its_copy_was_delivered_answers_nothing_later(
    channel: Channel,
) -> None:
    receive(channel, say.wrote("Anybody?", seconds=0), comment("Yes", seconds=40, outbound=True), seconds=60)
    receive(channel, say.wrote("And now?", seconds=20), seconds=60)
    assert Conversation.objects.get().waiting_since is None

    receive(channel, comment("Yes", seconds=10, outbound=True), seconds=60)

    assert thread(channel) == ["Anybody?", "Yes", "And now?"]
    row = Conversation.objects.get()
    assert (row.last_outbound_at, row.waiting_since) == (say.at(10), say.at(20))


def test_an_answer_that_moves_a_little_brings_back_no_wait_that_is_over(channel: Channel) -> None:
    """History tells each answer's second, which its delivery was after: each moves so once."""
    receive(channel, say.wrote("Anybody?", seconds=0), comment("Yes", seconds=2.4, outbound=True), seconds=3)
    receive(channel, say.wrote("Thanks", seconds=3), seconds=4)
    closing.resolve(conversation=Conversation.objects.get(), by=agent_of(channel.brand), now=say.at(10))
    receive(channel, say.wrote("One more thing", seconds=900), seconds=901)
    assert Conversation.objects.get().waiting_since == say.at(900)

    receive(channel, say.echoed("Yes", external_id="Yes", seconds=2), seconds=1000)

    row = Conversation.objects.get()
    assert (row.last_outbound_at, row.waiting_since) == (say.at(2), say.at(900))


@pytest.mark.parametrize("order", [("31", "32"), ("32", "31")])
def test_two_deliveries_of_one_second_stand_in_the_order_of_their_ids(
    channel: Channel, order: tuple[str, str]
) -> None:
    """However they come, before history has told one of them, between the two, and after."""
    told = {name: say.wrote(name, external_id=name, thread_id="t1", seconds=2) for name in order}
    for name in order:
        receive(channel, replace(told[name], dated_by_delivery=True))
    assert thread(channel) == ["31", "32"]

    for name in order:
        receive(channel, told[name])
        assert thread(channel) == ["31", "32"]
    events = Event.objects.count()
    receive(channel, *told.values())

    assert list(Message.objects.in_thread_order().values_list("order_key", flat=True)) == ["31", "32"]
    assert Event.objects.count() == events


def test_a_message_found_in_a_coarse_history_stands_where_the_platform_lists_it(channel: Channel) -> None:
    first = say.wrote("one", external_id="a", seconds=7.2)
    last = say.wrote("three", external_id="c", seconds=7.8)
    receive(channel, first, last)

    receive(
        channel,
        say.wrote("two, and a half", external_id="b2", seconds=7, after="b1"),
        say.wrote("two", external_id="b1", seconds=7, after="a"),
    )

    assert thread(channel) == ["one", "two", "two, and a half", "three"]


def test_a_place_that_was_only_inferred_gives_way_to_the_true_time(channel: Channel) -> None:
    receive(channel, say.wrote("one", external_id="a", seconds=7.2))
    receive(channel, say.wrote("two", external_id="b", seconds=7, after="a"))

    receive(channel, say.wrote("two", external_id="b", seconds=7.75))

    assert Message.objects.get(external_id="b").sent_at == say.at(7) + timedelta(milliseconds=750)


def test_what_is_told_again_a_day_later_changes_nothing(channel: Channel) -> None:
    """Platforms deliver a whole day once more. By then somebody was answered, read it, and can be written to no more."""
    question, answer = say.wrote("Where is it?", seconds=0), say.echoed("On its way!", seconds=600)
    day: list[InboundEvent] = [
        question, say.edited(question, "Where is my parcel?", seconds=30), say.reacted(question, seconds=40),
        answer, say.read(seconds=700, message_id=answer.external_id),
        Typing("mara", Party("mara"), say.at(710)),
    ]  # fmt: skip
    for event in day:
        receive(channel, event, seconds=720)
    receive(channel, ReachChanged("mara", say.at(800), "This person takes no messages."), seconds=810)
    Conversation.objects.update(state=ConversationState.RESOLVED, resolved_at=say.at(900), unread_count=0)

    def everything() -> list[Any]:
        kept = (Event, Conversation, Message, Amendment, Handle, EarlyRead, Clock, Notification)
        return [list(model.objects.order_by("pk").values()) for model in kept]

    before = everything()

    whole = receive(channel, *day, seconds=23 * 3600)
    one_by_one = [receive(channel, event, seconds=23 * 3600) for event in day]

    assert everything() == before
    assert {(each.new_messages, each.amended, len(each.typing)) for each in [whole, *one_by_one]} == {
        (0, 0, 0)
    }


def test_a_question_of_yesterday_that_was_answered_since_waits_for_nobody_and_one_that_was_not_has_waited_since(
    channel: Channel,
) -> None:
    receive(channel, say.echoed("On its way!", seconds=600), seconds=610)

    receive(
        channel, say.wrote("Where is it?", seconds=0), say.wrote(who="zoe", seconds=60), seconds=23 * 3600
    )

    waits = dict(Conversation.objects.values_list("contact_name", "waiting_since"))
    assert waits == {"Mara": None, "Zoe": say.at(60)}


def test_words_without_end_are_kept_up_to_what_a_page_can_show(channel: Channel) -> None:
    endless = "Hello " * 30_000
    short = say.wrote("Hi", seconds=1)
    receive(channel, say.wrote(endless), short, say.edited(short, endless))

    first, second = Message.objects.order_by("sent_at")
    assert first.text == first.created_text == second.text == endless[:100_000]


def test_a_message_dated_years_ahead_came_when_it_came(channel: Channel) -> None:
    made_up = say.wrote("From the future", external_id="f", seconds=400 * 86400)
    receive(channel, made_up)
    receive(channel, say.wrote("Later, and honest", external_id="h", seconds=10), seconds=10)

    assert thread(channel) == ["From the future", "Later, and honest"]
    conversation = Conversation.objects.get()
    assert (conversation.last_message_at, conversation.last_message_text) == (say.at(10), "Later, and honest")
    place = Message.objects.get(external_id="f").sent_at
    assert abs(place - say.at(5)) < timedelta(seconds=1)

    events = Event.objects.count()
    receive(channel, made_up, seconds=20)  # told again
    assert Message.objects.get(external_id="f").sent_at == place
    assert Event.objects.count() == events
