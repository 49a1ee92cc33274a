"""Two conversations of one person are answered as one, and are two again: their threads, their clocks, and who may."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox.actions import (
    closing,
    joining,
    merging,
    prioritising,
    promising,
    receiving,
    replying,
    sending,
    snoozing,
    tagging_work,
    timing,
    triaging,
    undoing,
)
from inbox.actions.receiving import Arrival
from inbox.exchange import Unsent
from inbox.models import (
    Channel,
    Clock,
    Contact,
    ContactMerge,
    Conversation,
    ConversationMerge,
    Event,
    EventKind,
    Message,
    Priority,
    SlaPolicy,
    Timer,
    TimerKind,
    Undo,
    UndoKind,
)
from inbox.queries import merges, sentences, timeline
from tests.factories import conversations as make
from tests.factories import exchange, people

pytestmark = pytest.mark.django_db


def at(seconds: float) -> datetime:
    return exchange.at(seconds)


def arrive(channel: Channel, *said: Any, seconds: float = 1) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, each) for each in said], now=at(seconds))


def triage(brand_id: int, seconds: float) -> None:
    while not (batch := triaging.next_batch(brand_id)).is_empty:
        brand = batch_brand(brand_id)
        triaging.triage(batch, tagging_work.read(brand, triaging.messages_of(batch)), now=at(seconds))


def batch_brand(brand_id: int) -> Any:
    return Channel.objects.filter(brand=brand_id).order_by("pk")[0].brand


class Story:
    """Mara writes to one brand on two networks; a colleague knows that she is one person."""

    def __init__(self) -> None:
        self.on_instagram = people.ChannelFactory()
        self.on_x = people.ChannelFactory(brand=self.on_instagram.brand, platform="x")
        self.brand = self.on_instagram.brand
        self.jo = people.agent_of(self.brand, name="Jo")
        SlaPolicy.objects.create(
            brand=self.brand,
            name="Standard",
            first_response=600,
            next_response=900,
            resolution=7200,
            warnings=[50],
        )

    def begin(self, seconds: float = 0, *, other: float = 0) -> None:
        arrive(self.on_instagram, exchange.wrote(who="mara", seconds=seconds), seconds=seconds)
        arrive(
            self.on_x, exchange.wrote("And on X", who="mara_x", seconds=other), seconds=max(seconds, other)
        )
        mine = Contact.objects.filter(brand=self.brand)
        merging.merge(
            kept=mine.get(handles__external_id="mara"),
            absorbed=mine.get(handles__external_id="mara_x"),
            by=self.jo,
            now=at(max(seconds, other)),
        )
        self.triage(max(seconds, other))

    def third(self, seconds: float = 0, *, said: float = 0) -> Conversation:
        """The same Mara on a third network."""
        on_linkedin = people.ChannelFactory(brand=self.brand, platform="linkedin")
        arrive(
            on_linkedin, exchange.wrote("And here", who="mara_l", seconds=said), seconds=max(seconds, said)
        )
        merging.merge(
            kept=self.kept.contact, absorbed=Contact.objects.get(brand=self.brand, handles__external_id="mara_l"), by=self.jo,
            now=at(max(seconds, said)),
        )  # fmt: skip
        self.triage(max(seconds, said))
        return Conversation.objects.get(brand=self.brand, thread_key="mara_l")

    @property
    def kept(self) -> Conversation:
        return Conversation.objects.get(brand=self.brand, thread_key="mara")

    @property
    def other(self) -> Conversation:
        return Conversation.objects.get(brand=self.brand, thread_key="mara_x")

    def triage(self, seconds: float) -> None:
        triage(self.brand.pk, seconds)

    def join(self, seconds: float, merged: Conversation | None = None) -> ConversationMerge:
        merged = merged or self.other
        return joining.join(kept=self.kept, merged=merged, by=self.jo, now=at(seconds))

    def part(self, merge: ConversationMerge, seconds: float) -> None:
        joining.part(merge=merge, by=self.jo, now=at(seconds))
        self.triage(seconds)

    def put_aside(self, how: str, seconds: float, *, until: float = 1_000_000) -> None:
        if how == "snoozed":
            snoozing.snooze(conversation=self.kept, until=at(until), by=self.jo, now=at(seconds))
        else:
            snoozing.leave(conversation=self.kept, by=self.jo, now=at(seconds))
        self.triage(seconds)

    def wakes(self) -> list[datetime]:
        """When the kept one wakes by itself."""
        timers = Timer.objects.filter(conversation=self.kept, kind=TimerKind.WAKE, fired_at=None)
        return list(timers.values_list("due_at", flat=True))

    def clocks(self, thread: str) -> list[tuple[object, ...]]:
        found = Clock.objects.filter(conversation__brand=self.brand, conversation__thread_key=thread)
        return sorted(
            (
                (
                    each.kind,
                    each.state,
                    each.started_at,
                    each.ended_at,
                    each.counted if each.ended_at else 0,
                    each.due_at,
                )
                for each in found
            ),
            key=str,
        )


@pytest.fixture
def story() -> Story:
    return Story()


def test_what_waits_in_the_one_waits_in_the_other_and_is_given_back(story: Story) -> None:
    story.begin(100, other=0)
    before = (
        story.clocks("mara"),
        story.clocks("mara_x"),
        story.kept.waiting_since,
        story.other.waiting_since,
    )

    merge = story.join(200)
    assert story.kept.waiting_since == at(0)
    story.triage(200)

    assert (story.other.state, story.other.waiting_since, story.other.due_at) == ("resolved", None, None)
    assert (story.kept.waiting_since, story.kept.due_at) == (at(0), at(600))
    assert [entry.message.text for entry in timeline.page(story.kept, brand_slug="x").entries if not entry.is_event] == [
        "And on X", "Where is my parcel?",
    ]  # fmt: skip
    told = [
        sentences.of(event)
        for event in Event.objects.filter(seq__gte=merge.seq, brand=story.brand).order_by("seq")[:2]
    ]
    assert told == [
        "Jo merged it into the conversation on Instagram",
        "Jo merged the conversation on X into this one; what waits there is answered here",
    ]

    joining.part(merge=merge, by=story.jo, now=at(300))
    story.triage(300)

    assert (
        story.clocks("mara"),
        story.clocks("mara_x"),
        story.kept.waiting_since,
        story.other.waiting_since,
    ) == before
    assert timeline.threads(story.kept) == [story.kept.pk]
    with pytest.raises(joining.Refused, match="taken back already"):
        joining.part(merge=merge, by=story.jo, now=at(301))


def test_an_answer_in_either_thread_is_an_answer(story: Story) -> None:
    story.begin(100, other=0)
    story.join(200)
    story.triage(200)  # the merge itself is no news any more

    arrive(story.on_x, exchange.echoed("It left today", to="mara_x", seconds=250), seconds=251)
    story.triage(251)
    assert story.kept.waiting_since is None
    assert [each.state for each in Clock.objects.filter(conversation=story.kept, kind="first")] == ["met"]


def test_an_answer_before_the_merge_has_answered_what_was_asked_in_the_other_before_it(story: Story) -> None:
    story.begin(100, other=0)
    arrive(story.on_instagram, exchange.echoed("It left today", to="mara", seconds=150), seconds=150)
    story.triage(150)

    story.join(200)
    story.triage(200)

    assert (story.kept.waiting_since, story.other.state) == (None, "resolved")


def test_an_answer_in_a_thread_where_nothing_was_waiting_is_an_answer(story: Story) -> None:
    story.begin(100, other=0)
    arrive(story.on_x, exchange.echoed("It left today", to="mara_x", seconds=120), seconds=120)
    story.triage(120)
    story.join(200)
    story.triage(200)
    assert story.kept.waiting_since == at(100)  # what was said there before the merge was said to nobody here

    arrive(story.on_x, exchange.echoed("As I wrote on X", to="mara_x", seconds=250), seconds=251)
    story.triage(251)

    assert story.kept.waiting_since is None
    [first] = Clock.objects.filter(conversation=story.kept, kind="first")
    assert (first.state, first.ended_at) == ("met", at(250))


def test_what_is_unsent_in_the_closed_thread_is_waited_for_no_more(story: Story) -> None:
    story.begin(100, other=0)
    on_x = Message.objects.get(conversation=story.other)
    story.join(200)
    story.triage(200)

    arrive(story.on_x, Unsent(on_x.external_id or "", at(250), "mara_x"), seconds=251)
    story.triage(251)

    assert story.kept.waiting_since == at(100)


def test_z_takes_a_merge_back_and_only_once(story: Story) -> None:
    story.begin()
    story.join(20)

    undone = undoing.undo(brand=story.brand, by=story.jo, now=at(30))
    assert (undone.done, story.other.state, story.other.waiting_since) == (1, "open", at(0))

    with pytest.raises(undoing.NothingToUndo):
        undoing.undo(brand=story.brand, by=people.agent_of(story.brand), now=at(31))
    assert Event.objects.filter(kind=EventKind.CONVERSATIONS_PARTED, conversation=story.kept).count() == 1


@pytest.mark.parametrize("aside", ["snoozed", "pending"])
def test_whoever_waits_is_not_put_aside_by_a_merge(story: Story, aside: str) -> None:
    story.begin(100, other=0)
    story.put_aside(aside, 150)
    before = story.kept.state, story.kept.snoozed_until, story.wakes()

    merge = story.join(200)

    assert (story.kept.state, story.kept.snoozed_until, story.wakes()) == ("open", None, [])
    assert Event.objects.filter(conversation=story.kept, kind=EventKind.WOKEN).count() == 1
    story.triage(200)
    assert (story.kept.waiting_since, story.kept.due_at) == (at(0), at(600))

    joining.part(merge=merge, by=story.jo, now=at(300))
    story.triage(300)

    assert (story.kept.state, story.kept.snoozed_until, story.wakes()) == before


def test_where_nobody_waits_a_merge_wakes_nothing(story: Story) -> None:
    story.begin(100, other=0)
    arrive(story.on_x, exchange.echoed("It left today", to="mara_x", seconds=120), seconds=120)
    story.triage(120)
    story.put_aside("snoozed", 150)

    story.join(200)

    assert (story.kept.state, len(story.wakes())) == ("snoozed", 1)


def test_what_became_of_a_woken_one_since_is_not_put_aside_again(story: Story) -> None:
    story.begin(100, other=0)
    story.put_aside("snoozed", 150)
    merge = story.join(200)
    arrive(story.on_instagram, exchange.wrote("And?", who="mara", seconds=250), seconds=250)

    joining.part(merge=merge, by=story.jo, now=at(300))

    assert (story.kept.state, story.other.state, story.wakes()) == ("open", "open", [])


@pytest.mark.parametrize("aside", ["snoozed", "pending"])
@pytest.mark.parametrize("first", ["the first", "the second"])
def test_of_two_merges_the_kept_one_stays_open_for_whoever_still_waits_in_it(
    story: Story, aside: str, first: str
) -> None:
    story.begin(100, other=0)
    third = story.third(110, said=50)
    story.put_aside(aside, 150)
    before = story.kept.state, story.kept.snoozed_until, story.wakes()
    found = [story.join(200), story.join(210, third)]
    if first == "the second":
        found.reverse()

    story.part(found[0], 300)

    waits = at(50) if first == "the first" else at(0)
    assert (story.kept.state, story.kept.waiting_since, story.wakes()) == ("open", waits, [])
    story.part(found[1], 310)
    assert (story.kept.state, story.kept.snoozed_until, story.wakes()) == before


@pytest.mark.parametrize("since", ["put aside and back", "resolved and reopened", "needs no answer"])
def test_what_was_done_with_a_woken_one_since_is_not_undone_with_the_merge(story: Story, since: str) -> None:
    story.begin(100, other=0)
    story.put_aside("pending", 150)
    merge = story.join(200)
    story.triage(200)
    if since == "put aside and back":
        story.put_aside("snoozed", 250)
        snoozing.wake(conversation=story.kept, by=story.jo, now=at(260))
    elif since == "resolved and reopened":
        closing.resolve(conversation=story.kept, by=story.jo, now=at(250))
        closing.reopen(conversation=story.kept, by=story.jo, now=at(260))
    else:
        promising.no_reply_needed(conversation=story.kept, by=story.jo, now=at(250))
    story.triage(260)

    story.part(merge, 300)

    assert (story.kept.state, story.other.state) == ("open", "open")


def test_what_somebody_took_back_has_not_happened_to_a_woken_one(story: Story) -> None:
    story.begin(100, other=0)
    story.put_aside("pending", 150)
    merge = story.join(200)
    closing.resolve(conversation=story.kept, by=story.jo, now=at(250))
    undoing.undo(brand=story.brand, by=story.jo, now=at(255))
    story.triage(260)

    story.part(merge, 300)

    assert story.kept.state == "pending"


def test_a_snooze_that_would_be_over_has_ended_when_it_would_have(story: Story) -> None:
    alone = Story()
    for each in (story, alone):
        each.begin(100, other=0)
        each.put_aside("snoozed", 150, until=400)
    merge = story.join(200)
    story.triage(200)
    for each in (story, alone):
        timing.sweep(now=at(400))
        each.triage(400)

    story.part(merge, 5000)

    timing.sweep(now=at(5001))
    assert (story.kept.state, story.kept.snoozed_until, story.wakes()) == ("open", None, [])
    assert [story.clocks("mara"), story.clocks("mara_x")] == [alone.clocks("mara"), alone.clocks("mara_x")]
    told = Event.objects.filter(conversation=story.kept, seq__gt=merge.seq).order_by("seq")
    assert [each.at for each in told] == sorted(
        each.at for each in told
    )  # nothing is told of a time before it was known
    assert sentences.until(told.filter(kind=EventKind.WOKEN).latest("seq")) == at(400)


@pytest.mark.parametrize(
    ("here", "there", "holds"), [(None, 900, 900), (800, 900, 800), (900, 800, 800), (900, None, 900)]
)
def test_the_sooner_promise_of_two_holds_and_both_are_given_back(
    story: Story, here: float | None, there: float | None, holds: float
) -> None:
    story.begin()
    for conversation, until in [(story.kept, here), (story.other, there)]:
        if until:
            promising.promise(conversation=conversation, at=at(until), by=story.jo, now=at(10))
    promised = [story.kept.promised_at, story.other.promised_at]

    merge = story.join(20)
    story.triage(20)

    assert (story.kept.promised_at, story.other.promised_at) == (at(holds), None)
    joining.part(merge=merge, by=story.jo, now=at(30))
    story.triage(30)
    assert [story.kept.promised_at, story.other.promised_at] == promised


@pytest.mark.parametrize(
    ("here", "there", "third"), [(None, 800, 830), (860, 800, 760), (860, 760, 800), (None, None, 800)]
)
@pytest.mark.parametrize("first", ["the first", "the second"])
def test_of_the_promises_of_two_merges_each_goes_with_its_own(
    story: Story, here: float | None, there: float | None, third: float, first: str
) -> None:
    story.begin()
    on_linkedin = story.third()
    for conversation, until in [(story.kept, here), (story.other, there), (on_linkedin, third)]:
        if until:
            promising.promise(conversation=conversation, at=at(until), by=story.jo, now=at(10))
    found = [story.join(20), story.join(21, on_linkedin)]
    story.triage(22)

    part, other = found if first == "the first" else found[::-1]
    left = third if first == "the first" else there
    story.part(part, 30)

    assert story.kept.promised_at == min((at(each) for each in (here, left) if each), default=None)
    story.part(other, 40)
    assert story.kept.promised_at == (at(here) if here else None)


def test_one_that_was_opened_again_holds_neither_its_promise_nor_its_wake(story: Story) -> None:
    story.begin(100, other=0)
    third = story.third(110, said=50)
    for conversation, until in [(story.other, 800), (third, 830)]:
        promising.promise(conversation=conversation, at=at(until), by=story.jo, now=at(120))
    story.put_aside("snoozed", 150)
    before = story.kept.state, story.kept.snoozed_until, story.wakes()
    story.join(200)
    merge = story.join(210, third)
    replying.queue_reply(
        conversation=story.other, by=story.jo, client_id=uuid4(), text="Here after all", attachments=[], written_against=story.other.seq, now=at(220)
    )  # fmt: skip
    assert (story.kept.state, story.kept.promised_at) == ("open", at(800))

    story.part(merge, 300)

    assert story.kept.promised_at is None
    assert (story.kept.state, story.kept.snoozed_until, story.wakes()) == before


def test_of_two_people_after_all_one_that_was_opened_again_keeps_nothing_awake(story: Story) -> None:
    story.begin(100, other=0)
    story.put_aside("snoozed", 150)
    before = story.kept.state, story.kept.snoozed_until, story.wakes()
    story.join(200)
    replying.queue_reply(
        conversation=story.other, by=story.jo, client_id=uuid4(), text="Here after all", attachments=[], written_against=story.other.seq, now=at(220)
    )  # fmt: skip
    assert story.kept.state == "open"

    merging.part(merge=ContactMerge.objects.get(), by=story.jo, now=at(300))

    assert (story.kept.state, story.kept.snoozed_until, story.wakes()) == before


def test_a_promise_that_was_changed_since_the_merge_stays(story: Story) -> None:
    story.begin()
    story.put_aside("snoozed", 5)
    promising.promise(conversation=story.other, at=at(900), by=story.jo, now=at(10))
    merge = story.join(20)
    promising.promise(conversation=story.kept, at=at(950), by=story.jo, now=at(25))

    joining.part(merge=merge, by=story.jo, now=at(30))

    assert (story.kept.promised_at, story.kept.state) == (at(950), "snoozed")


def test_z_after_a_merge_was_taken_back_by_its_line_takes_back_what_was_done_before_it(story: Story) -> None:
    story.begin()
    prioritising.pin(conversation=story.kept, priority=Priority.HIGH, by=story.jo, now=at(10))
    merge = story.join(20)
    joining.part(merge=merge, by=story.jo, now=at(30))

    undone = undoing.undo(brand=story.brand, by=story.jo, now=at(40))

    assert (undone.words, undone.done) == ("Priority high", 1)


@pytest.mark.parametrize("how", ["by its line", "by z"])
def test_of_two_people_after_all_each_is_answered_apart(story: Story, how: str) -> None:
    story.begin(100, other=0)
    before = (
        story.clocks("mara"),
        story.clocks("mara_x"),
        story.kept.waiting_since,
        story.other.waiting_since,
    )
    story.join(200)
    story.triage(200)

    if how == "by its line":
        merging.part(merge=ContactMerge.objects.get(), by=story.jo, now=at(300))
    else:
        Undo.objects.filter(kind=UndoKind.MERGE).update(until=at(250))  # too late for that
        undoing.undo(
            brand=story.brand,
            by=story.jo,
            now=at(300),
            which=Undo.objects.get(kind=UndoKind.PERSON).public_id,
        )
    story.triage(300)

    assert story.kept.contact != story.other.contact
    assert (merges.into(story.kept), story.other.state) == ([], "open")
    assert (
        story.clocks("mara"), story.clocks("mara_x"), story.kept.waiting_since, story.other.waiting_since
    ) == before  # fmt: skip
    assert not Undo.objects.filter(kind=UndoKind.MERGE, undone_at=None).exists()


def test_of_two_that_are_parted_at_once_neither_keeps_the_kept_one_open(story: Story) -> None:
    on_linkedin = people.ChannelFactory(brand=story.brand, platform="linkedin")
    places = (story.on_instagram, "mara"), (story.on_x, "mara_x"), (on_linkedin, "mara_l")
    for place, who in places:
        arrive(place, exchange.wrote(who=who, seconds=0), seconds=1)
    mara, on_x, third = (Contact.objects.get(handles__external_id=who) for _, who in places)
    merging.merge(kept=on_x, absorbed=third, by=story.jo, now=at(2))
    both = merging.merge(kept=mara, absorbed=on_x, by=story.jo, now=at(3))
    story.triage(4)
    promising.promise(conversation=story.other, at=at(900), by=story.jo, now=at(5))
    story.put_aside("snoozed", 10)
    story.join(20)
    story.join(21, Conversation.objects.get(thread_key="mara_l"))

    merging.part(merge=both, by=story.jo, now=at(30))

    assert merges.into(story.kept) == []
    assert (story.kept.state, story.wakes(), story.kept.promised_at) == ("snoozed", [at(1_000_000)], None)


def test_the_merges_of_two_people_are_found_by_their_conversations(story: Story) -> None:
    """Under the brand's lock, and whatever other brands have merged."""
    story.begin(100, other=0)
    story.join(200)
    ids = [*Contact.objects.filter(brand=story.brand).values_list("pk", flat=True)]
    many = make.conversations(story.on_instagram, 400)
    ConversationMerge.objects.bulk_create(
        ConversationMerge(
            brand=story.brand, kept=kept, merged=merged, seq=1, step={}, merged_at=at(1), public_id=uuid4()
        )
        for kept, merged in zip(many[::2], many[1::2], strict=True)
    )  # fmt: skip
    with connection.cursor() as cursor, CaptureQueriesContext(connection) as asked:
        cursor.execute("ANALYZE inbox_conversationmerge, inbox_conversation, inbox_contact")
        merges.between_strangers(story.brand.pk, ids)

        sides = [each["sql"] for each in asked if 'FROM "inbox_conversationmerge"' in each["sql"]]
        for sql, side in zip(sides, ["kept_id", "merged_id"], strict=True):
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert f"Index Cond: ({side} =" in plan, plan


def test_nobody_waits_for_what_another_person_asked_where_that_has_gone_on_by_itself(story: Story) -> None:
    story.begin(100, other=0)
    story.join(200)
    arrive(story.on_x, exchange.wrote("Hello?", who="mara_x", seconds=300), seconds=300)
    story.triage(300)
    assert story.kept.waiting_since == at(0)

    merging.part(merge=ContactMerge.objects.get(), by=story.jo, now=at(400))
    story.triage(400)

    assert (story.kept.waiting_since, story.other.state) == (at(100), "open")


def test_whoever_writes_there_again_makes_it_a_conversation_of_its_own(story: Story) -> None:
    story.begin(100, other=0)
    merge = story.join(200)

    arrive(story.on_x, exchange.wrote("Hello?", who="mara_x", seconds=300), seconds=300)
    story.triage(300)

    x = Conversation.objects.filter(brand=story.brand, channel=story.on_x).exclude(state="resolved").get()
    assert x.waiting_since == at(300)
    if x.pk == merge.merged_id:
        assert merges.into(story.kept) == []
        with pytest.raises(joining.Refused, match="it has changed since"):
            joining.part(merge=merge, by=story.jo, now=at(310))
    assert story.kept.waiting_since == at(0)  # what had not been answered there still is not


@pytest.mark.parametrize("opens", ["the customer", "a reply"])
def test_what_was_brought_is_answered_also_where_it_was_said_and_opened_again(
    story: Story, opens: str
) -> None:
    story.begin(100, other=0)
    story.join(200)
    if opens == "the customer":
        arrive(story.on_x, exchange.wrote("Hello?", who="mara_x", seconds=300), seconds=300)
        story.triage(300)
        assert story.kept.waiting_since == at(0)
        arrive(story.on_x, exchange.echoed("It left today", to="mara_x", seconds=350), seconds=350)
    else:
        [reply] = replying.queue_reply(
            conversation=story.other, by=story.jo, client_id=uuid4(), text="It left today", written_against=story.other.seq, now=at(340)
        )  # fmt: skip
        sending.claim_reply(message_id=reply.pk, now=at(341))
        story.triage(341)
        assert (story.other.state, story.kept.waiting_since) == ("open", at(0))
        sending.mark_reply_sent(message_id=reply.pk, external_id="x-1", at=at(350), now=at(351))
    story.triage(351)

    assert story.kept.waiting_since == at(100)  # what was asked here nobody has answered
    assert [each.started_at for each in Clock.objects.filter(conversation=story.kept, kind="first")] == [
        at(100)
    ]


def test_where_nothing_else_waits_that_answer_ends_the_wait(story: Story) -> None:
    story.begin(0, other=100)
    arrive(story.on_instagram, exchange.echoed("It left today", to="mara", seconds=50), seconds=110)
    story.triage(110)
    story.join(200)
    arrive(story.on_x, exchange.wrote("Hello?", who="mara_x", seconds=300), seconds=300)
    story.triage(300)
    assert story.kept.waiting_since == at(100)

    arrive(story.on_x, exchange.echoed("It has arrived", to="mara_x", seconds=350), seconds=350)
    story.triage(350)

    assert story.kept.waiting_since is None
    waited = Clock.objects.get(conversation=story.kept, kind="next")
    assert (waited.state, waited.started_at, waited.ended_at) == ("met", at(100), at(350))


def test_a_reply_there_opens_it_again(story: Story) -> None:
    story.begin()
    story.join(20)

    replying.queue_reply(
        conversation=story.other, by=story.jo, client_id=uuid4(), text="Here after all", attachments=[], written_against=story.other.seq, now=at(30)
    )  # fmt: skip

    assert (story.other.state, merges.into(story.kept)) == ("open", [])


def test_a_reply_there_that_was_taken_back_has_opened_nothing(story: Story) -> None:
    story.begin()
    story.join(20)
    replying.queue_reply(
        conversation=story.other, by=story.jo, client_id=uuid4(), text="Here after all", attachments=[], written_against=story.other.seq,
        now=at(30), hold=timedelta(seconds=5),
    )  # fmt: skip

    undoing.undo(brand=story.brand, by=story.jo, now=at(32))

    assert story.other.state == "resolved"
    assert [merge.merged for merge in merges.into(story.kept)] == [story.other]


def test_what_cannot_be_is_refused_in_words(story: Story) -> None:
    story.begin()
    arrive(story.on_x, exchange.wrote(who="noor"), seconds=5)
    noor = Conversation.objects.get(thread_key="noor")

    def refused(kept: Conversation, merged: Conversation, words: str) -> None:
        with pytest.raises(joining.Refused, match=words):
            joining.join(kept=kept, merged=merged, by=story.jo, now=at(10))

    refused(story.kept, story.kept, "same conversation")
    refused(story.kept, noor, "not of the same person")
    closing.resolve(conversation=story.other, by=story.jo, now=at(11))
    refused(story.kept, story.other, "closed already")
    refused(story.other, story.kept, "This conversation is closed")
    closing.reopen(conversation=story.other, by=story.jo, now=at(12))
    story.join(13)
    third = people.ChannelFactory(brand=story.brand, platform="linkedin")
    arrive(third, exchange.wrote(who="mara_l"), seconds=14)
    Conversation.objects.filter(thread_key="mara_l").update(contact=story.kept.contact)
    refused(
        Conversation.objects.get(thread_key="mara_l"),
        story.kept,
        "Another conversation was merged into that one",
    )
    assert ConversationMerge.objects.count() == 1


# The slow and obvious reference: whoever merges reads what waits in the one thread aloud in the other, and closes the one.

STEPS = st.lists(
    st.tuples(st.sampled_from(["mara", "mara_x"]), st.sampled_from(["wrote", "answered"]), st.integers(1, 400)), max_size=5
)  # fmt: skip


ASIDE = st.sampled_from(["", "snoozed", "pending", "snoozed briefly"])


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=STEPS, after=STEPS, aside=ASIDE)
def test_clocks_of_a_merge_are_those_of_one_thread(
    before: list[tuple[str, str, int]], after: list[tuple[str, str, int]], aside: str
) -> None:
    def live(how: str) -> list[object]:
        return live_through(before, after, aside, merged=["mara_x"], aloud=how == "read aloud")

    assert live("merged")[:2] == live("read aloud")[:2]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=STEPS, after=STEPS, aside=ASIDE, late=st.booleans(),
    parted=st.sampled_from([["mara_x"], ["mara_l"], ["mara_x", "mara_l"], ["mara_l", "mara_x"]]),
)  # fmt: skip
def test_of_two_merges_one_that_was_parted_has_never_been(
    before: list[tuple[str, str, int]],
    after: list[tuple[str, str, int]],
    aside: str,
    late: bool,
    parted: list[str],
) -> None:
    both = ["mara_x", "mara_l"]
    left = [who for who in both if who not in parted]

    lived = live_through(before, after, aside, merged=both, parted=parted, late=late)

    assert lived == live_through(before, after, aside, merged=left, late=late)


def live_through(
    before: list[tuple[str, str, int]], after: list[tuple[str, str, int]], aside: str, *, merged: list[str],
    parted: Sequence[str] = (), late: bool = False, aloud: bool = False,
) -> list[object]:  # fmt: skip
    """State, wake and clocks of the kept one, and clocks of the others. After the merge the customer writes in the kept thread alone, and is
    answered in any."""
    story = Story()
    SlaPolicy.objects.filter(brand=story.brand).update(
        first_response=86400, next_response=86400, resolution=864000
    )
    story.begin()
    story.third()
    waits: list[tuple[str, float]] = [("And on X", 0)]
    seconds = 0.0

    def live(steps: list[tuple[str, str, int]], *, joined: bool = False) -> None:
        nonlocal seconds
        for number, (who, what, pause) in enumerate(steps):
            seconds += pause
            if joined and (what == "wrote" or aloud):
                who = "mara"
            place = story.on_instagram if who == "mara" else story.on_x
            if what == "wrote":
                arrive(place, exchange.wrote(f"more {number}", who=who, seconds=seconds), seconds=seconds)
            else:
                arrive(place, exchange.echoed(f"so {number}", to=who, seconds=seconds), seconds=seconds)
            if who == "mara_x" and what == "wrote":
                waits.append((f"more {number}", seconds))
            elif who == "mara_x":
                waits.clear()
            look()

    def look() -> None:
        story.triage(seconds)
        timing.sweep(now=at(seconds))

    def part() -> None:
        for who in parted:
            story.part(joins[who], seconds)

    live(before)
    if aside:
        brief = seconds + 40 if aside == "snoozed briefly" else 1_000_000
        story.put_aside(aside.removesuffix(" briefly"), seconds + 3, until=brief)
    joins = {}
    for who, pause in (("mara_x", 7), ("mara_l", 2)):
        seconds += pause
        if who in merged and not aloud:
            joins[who] = story.join(seconds, Conversation.objects.get(brand=story.brand, thread_key=who))
        elif who in merged:
            for text, said_at in waits:
                arrive(story.on_instagram, exchange.wrote(text, who="mara", seconds=said_at), seconds=seconds)
        look()
    if not late:
        part()
    seconds += 31  # a brief snooze is over now
    look()
    if late:
        seconds += 20
        part()
    wakes = story.wakes()
    live(after, joined=True)
    return [story.kept.state, story.clocks("mara"), wakes, story.clocks("mara_x"), story.clocks("mara_l")]
