from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from inbox import events
from inbox.actions import (
    _notifying,
    assigning,
    closing,
    closing_teams,
    drafting,
    noting,
    prioritising,
    promising,
    reading,
    receiving,
    replying,
    sending,
    snoozing,
    tagging,
    triaging,
    undoing,
)
from inbox.actions._notifying import Notice
from inbox.actions.receiving import Arrival
from inbox.exchange import InboundEvent
from inbox.models import (
    Attachment,
    Channel,
    Clock,
    Conversation,
    ConversationTag,
    Draft,
    DraftKind,
    Event,
    EventKind,
    Example,
    Message,
    Notification,
    NotificationKind,
    Person,
    Priority,
    SlaPolicy,
    Tag,
    Undo,
    ViewCount,
)
from inbox.queries import timeline
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of
from tests.factories.teams import team
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel() -> Channel:
    channel = ChannelFactory()
    hear(channel, say.wrote("Where is it?"))
    return channel


@pytest.fixture
def jo(channel: Channel) -> Person:
    return agent_of(channel.brand, name="Jo")


@pytest.fixture
def bea(channel: Channel) -> Person:
    return agent_of(channel.brand, name="Bea")


def hear(channel: Channel, *events: InboundEvent, at: float = 5) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, event) for event in events], now=say.at(at))


def it() -> Conversation:
    return Conversation.objects.get()


def undo(by: Person, *, at: float = 60, **which: Any) -> undoing.Undone:
    return undoing.undo(brand=it().brand, by=by, now=say.at(at), **which)


def triage(brand_id: int, at: datetime) -> None:
    while not (batch := triaging.next_batch(brand_id)).is_empty:
        if batch.since:
            triaging.triage(batch, None, now=at)
        else:
            triaging.move_on(batch)


def look() -> dict[str, Any]:
    """All that a page shows of the conversation, and what the counters say."""
    names = (
        "state", "resolved_at", "snoozed_until", "assignee_id", "assignee_name", "priority", "priority_pinned", "tags", "unread_count",
        "waiting_since", "promised_at", "no_reply_needed_at", "message_count", "last_message_text", "sentiment", "sentiment_set_by",
    )  # fmt: skip
    counts = ViewCount.objects.exclude(total=0).order_by("view").values_list("view", "total", "unread")
    vip = it().contact.vip if it().contact else None
    return {name: getattr(it(), name) for name in names} | {"counts": list(counts), "vip": vip}


def tag() -> Tag:
    return Tag.objects.get_or_create(brand=it().brand, name="refund")[0]


ACTIONS: dict[str, Callable[[Person, datetime], Any]] = {
    "assign": lambda by, now: assigning.assign(conversation=it(), to=by, by=by, now=now),
    "resolve": lambda by, now: closing.resolve(conversation=it(), by=by, now=now),
    "spam": lambda by, now: closing.mark_spam(conversation=it(), by=by, now=now),
    "snooze": lambda by, now: snoozing.snooze(
        conversation=it(), until=now + timedelta(hours=2), by=by, now=now
    ),
    "pending": lambda by, now: snoozing.leave(conversation=it(), by=by, now=now),
    "tag": lambda by, now: tagging.set_tag(conversation=it(), tag=tag(), by=by, now=now),
    "mood": lambda by, now: tagging.set_sentiment(conversation=it(), sentiment="negative", by=by, now=now),
    "pin": lambda by, now: prioritising.pin(conversation=it(), priority=Priority.URGENT, by=by, now=now),
    "vip": lambda by, now: prioritising.mark_vip(contact=it().contact, vip=True, by=by, now=now),  # type: ignore[arg-type]
    "promise": lambda by, now: promising.promise(
        conversation=it(), at=now + timedelta(hours=1), by=by, now=now
    ),
    "no reply needed": lambda by, now: promising.no_reply_needed(conversation=it(), by=by, now=now),
    "note": lambda by, now: noting.add_note(
        conversation=it(), by=by, client_id=uuid4(), text="Look", now=now
    ),
    "reply": lambda by, now: replying.queue_reply(
        conversation=it(), by=by, client_id=uuid4(), text="Soon", written_against=it().seq, now=now,
        hold=timedelta(seconds=10),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ACTIONS)
def test_every_action_is_taken_back_whole_and_once(name: str, channel: Channel, jo: Person) -> None:
    triage(channel.brand_id, say.at(6))
    before = look()
    ACTIONS[name](jo, say.at(7))
    assert look() != before or name == "note"

    undone = undo(jo, at=12)

    assert (undone.done, undone.skipped) == (1, {})
    assert look() == before
    triage(channel.brand_id, say.at(13))
    assert look() == before
    with pytest.raises(undoing.NothingToUndo):
        undo(jo, at=14)


REVERSED = {
    "unassign": ("assign", lambda by, now: assigning.assign(conversation=it(), to=None, by=by, now=now)),
    "reopen": ("resolve", lambda by, now: closing.reopen(conversation=it(), by=by, now=now)),
    "not spam": ("spam", lambda by, now: closing.reopen(conversation=it(), by=by, now=now)),
    "wake": ("snooze", lambda by, now: snoozing.wake(conversation=it(), by=by, now=now)),
    "back from pending": ("pending", lambda by, now: snoozing.wake(conversation=it(), by=by, now=now)),
    "pending instead": ("snooze", lambda by, now: snoozing.leave(conversation=it(), by=by, now=now)),
    "snooze for longer": (
        "snooze",
        lambda by, now: snoozing.snooze(conversation=it(), until=now + timedelta(days=2), by=by, now=now),
    ),
    "tag off": ("tag", lambda by, now: tagging.undo_tag(conversation=it(), tag=tag(), by=by, now=now)),
    "unpin": ("pin", lambda by, now: prioritising.unpin(conversation=it(), by=by, now=now)),
    "promise back": (
        "promise",
        lambda by, now: promising.promise(conversation=it(), at=None, by=by, now=now),
    ),
    "unread": ("read", lambda by, now: reading.mark_unread(conversation=it(), by=by, now=now)),
}


@pytest.mark.parametrize("name", REVERSED)
def test_z_goes_further_back_each_time(name: str, channel: Channel, jo: Person) -> None:
    triage(channel.brand_id, say.at(6))
    first, then = REVERSED[name]
    start = look()
    if first == "read":
        reading.mark_read(conversation=it(), by=jo, up_to_seq=it().seq, now=say.at(7))
        start = look()
    else:
        ACTIONS[first](jo, say.at(7))
    between = look()
    then(jo, say.at(9))
    assert look() != between

    undo(jo, at=11)
    assert look() == between
    if first != "read":
        undo(jo, at=12)
    assert look() == start


def test_the_clocks_run_on_as_if_it_had_not_been_done(channel: Channel, jo: Person) -> None:
    SlaPolicy.objects.create(brand=channel.brand, name="All", first_response=600, resolution=3600)
    triage(channel.brand_id, say.at(6))
    clocks = list(Clock.objects.order_by("kind").values("kind", "started_at", "ended_at", "state", "due_at"))
    assert clocks
    due = it().due_at
    closing.resolve(conversation=it(), by=jo, now=say.at(20))
    triage(channel.brand_id, say.at(21))
    assert Clock.objects.exclude(ended_at=None).exists()

    undo(jo, at=40)
    triage(channel.brand_id, say.at(41))

    assert (
        list(Clock.objects.order_by("kind").values("kind", "started_at", "ended_at", "state", "due_at"))
        == clocks
    )
    assert it().due_at == due


def test_what_a_colleague_changed_since_stays_and_is_said(channel: Channel, jo: Person, bea: Person) -> None:
    assigning.assign(conversation=it(), to=jo, by=jo, now=say.at(10))
    assigning.assign(conversation=it(), to=bea, by=bea, now=say.at(20))

    undone = undo(jo)

    assert undone.sentence == "Not undone: assigned to Jo. Bea has changed it since."
    assert it().assignee == bea
    with pytest.raises(undoing.NothingToUndo):
        undo(jo)


def test_what_was_handed_on_and_came_back_is_a_colleagues_choice(
    channel: Channel, jo: Person, bea: Person
) -> None:
    kim = agent_of(channel.brand, name="Kim")
    assigning.assign(conversation=it(), to=bea, by=jo, now=say.at(10))
    assigning.assign(conversation=it(), to=kim, by=bea, now=say.at(20))
    assigning.assign(conversation=it(), to=bea, by=kim, now=say.at(30))

    assert undo(jo).sentence == "Not undone: assigned to Bea. Kim has changed it since."
    assert it().assignee == bea


def test_what_was_handed_on_and_taken_back_is_as_it_was_left(
    channel: Channel, jo: Person, bea: Person
) -> None:
    assigning.assign(conversation=it(), to=bea, by=jo, now=say.at(10))
    assigning.assign(conversation=it(), to=None, by=bea, now=say.at(20))
    undo(bea, at=25)

    assert undo(jo).sentence == "Undone: assigned to Bea."
    assert it().assignee is None


AGAIN = {
    "spam": (ACTIONS["spam"], REVERSED["not spam"][1]),
    "pending": (ACTIONS["pending"], REVERSED["back from pending"][1]),
    "snooze": (
        lambda by, now: snoozing.snooze(conversation=it(), until=say.at(9000), by=by, now=now),
        REVERSED["wake"][1],
    ),
    "reopen": (REVERSED["reopen"][1], ACTIONS["spam"]),
    "pin": (ACTIONS["pin"], REVERSED["unpin"][1]),
    "promise": (
        lambda by, now: promising.promise(conversation=it(), at=say.at(9000), by=by, now=now),
        REVERSED["promise back"][1],
    ),
    "mood": (
        ACTIONS["mood"],
        lambda by, now: tagging.undo_sentiment(conversation=it(), sentiment="negative", by=by, now=now),
    ),
    "tag": (ACTIONS["tag"], REVERSED["tag off"][1]),
    "vip": (
        ACTIONS["vip"],
        lambda by, now: prioritising.mark_vip(contact=it().contact, vip=False, by=by, now=now),
    ),
}


@pytest.mark.parametrize("name", AGAIN)
def test_what_a_colleague_ended_and_did_again_is_theirs_though_it_looks_as_it_was_left(
    name: str, channel: Channel, jo: Person, bea: Person
) -> None:
    do, end = AGAIN[name]
    if name == "reopen":
        closing.resolve(conversation=it(), by=bea, now=say.at(8))
    do(jo, say.at(10))
    left = look()
    end(bea, say.at(20))
    do(bea, say.at(30))
    assert look() == left

    undone = undo(jo)

    assert (undone.done, dict(undone.skipped)) == (0, {"Bea has changed it since": 1})
    assert look() == left


@pytest.mark.parametrize("name", AGAIN)
def test_what_a_colleague_ended_and_took_back_is_as_it_was_left(
    name: str, channel: Channel, jo: Person, bea: Person
) -> None:
    do, end = AGAIN[name]
    if name == "reopen":
        closing.resolve(conversation=it(), by=bea, now=say.at(8))
    before = look()
    do(jo, say.at(10))
    end(bea, say.at(20))
    do(bea, say.at(30))
    undo(bea, at=40)
    undo(bea, at=41)

    assert (undo(jo).done, look()) == (1, before)


def test_the_state_and_the_clocks_go_by_the_same_deeds(channel: Channel, jo: Person, bea: Person) -> None:
    SlaPolicy.objects.create(brand=channel.brand, name="All", first_response=600)
    closing.mark_spam(conversation=it(), by=jo, now=say.at(10))
    closing.reopen(conversation=it(), by=bea, now=say.at(20))
    closing.mark_spam(conversation=it(), by=bea, now=say.at(30))

    undo(jo)
    triage(channel.brand_id, say.at(61))

    assert (it().state, Clock.objects.filter(ended_at=None).exists()) == ("spam", False)


def test_a_reply_that_a_colleague_discarded_again_stays_discarded(
    channel: Channel, jo: Person, bea: Person
) -> None:
    [message] = held(jo)
    replying.discard(message=message, by=jo, now=say.at(11))
    replying.retry(message=message, by=bea, now=say.at(12))
    replying.discard(message=message, by=bea, now=say.at(13))

    assert undo(jo, at=20).sentence == "Not undone: discarded a reply. Bea has changed it since."
    message.refresh_from_db()
    assert (message.state, message.ended) == ("failed", "discarded")


def test_another_field_that_changed_is_no_hindrance(channel: Channel, jo: Person, bea: Person) -> None:
    assigning.assign(conversation=it(), to=jo, by=jo, now=say.at(10))
    tagging.set_tag(conversation=it(), tag=tag(), by=bea, now=say.at(20))

    assert undo(jo).sentence == "Undone: assigned to Jo."
    assert (it().assignee, it().tags) == (None, ["refund"])


def test_what_a_colleague_set_beside_it_stays(channel: Channel, jo: Person, bea: Person) -> None:
    snoozing.snooze(conversation=it(), until=say.at(9000), by=jo, now=say.at(10))
    promising.promise(conversation=it(), at=say.at(5000), by=bea, now=say.at(20))

    assert undo(jo).sentence == "Undone: snoozed."
    assert (it().state, it().promised_at) == ("open", say.at(5000))


def test_the_team_that_a_colleague_gave_it_stays(channel: Channel, jo: Person, bea: Person) -> None:
    returns = team(channel.brand, name="Returns")
    assigning.assign(conversation=it(), to=jo, by=bea, now=say.at(8))
    assigning.assign(conversation=it(), to=None, by=jo, now=say.at(10))
    assigning.give_to_team(conversation=it(), team=returns, by=bea, now=say.at(20))

    undo(jo)

    assert (it().assignee, it().team, it().team_by_hand) == (jo, returns, True)


def test_a_team_given_over_another_is_not_taken_back(channel: Channel, jo: Person, bea: Person) -> None:
    returns, billing = (team(channel.brand, name=name) for name in ("Returns", "Billing"))
    assigning.give_to_team(conversation=it(), team=returns, by=jo, now=say.at(10))
    assigning.give_to_team(conversation=it(), team=billing, by=bea, now=say.at(20))

    assert "Bea has changed it since" in undo(jo).sentence
    assert it().team == billing


@pytest.mark.parametrize("had", ["nobody", "a colleague in that team"])
def test_a_team_given_over_another_and_back_is_not_taken_back(
    channel: Channel, jo: Person, bea: Person, had: str
) -> None:
    returns, billing = (team(channel.brand, name=name) for name in ("Returns", "Billing"))
    if had != "nobody":
        assigning.give_to_team(conversation=it(), team=returns, by=bea, now=say.at(6))
        assigning.assign(conversation=it(), to=bea, by=bea, now=say.at(8))
    assigning.give_to_team(conversation=it(), team=returns, by=jo, now=say.at(10))
    assigning.give_to_team(conversation=it(), team=billing, by=bea, now=say.at(20))
    assigning.give_to_team(conversation=it(), team=returns, by=bea, now=say.at(30))

    undone = undo(jo)

    assert (undone.done, dict(undone.skipped)) == (0, {"Bea has changed it since": 1})
    assert (it().team, it().assignee) == (returns, None)


def test_a_team_given_over_another_and_taken_back_by_who_gave_it_is_no_hindrance(
    channel: Channel, jo: Person, bea: Person
) -> None:
    returns, billing = (team(channel.brand, name=name) for name in ("Returns", "Billing"))
    assigning.give_to_team(conversation=it(), team=returns, by=jo, now=say.at(10))
    assigning.give_to_team(conversation=it(), team=billing, by=bea, now=say.at(20))
    undo(bea, at=30)

    assert undo(jo).done == 1
    assert it().team is None


def test_nothing_is_given_back_to_a_team_that_is_no_more(channel: Channel, jo: Person, bea: Person) -> None:
    returns, billing = (team(channel.brand, name=name) for name in ("Returns", "Billing"))
    assigning.give_to_team(conversation=it(), team=returns, by=bea, now=say.at(8))
    assigning.give_to_team(conversation=it(), team=billing, by=jo, now=say.at(10))
    closing_teams.remove(team=returns, by=bea, now=say.at(20))

    assert "The team that had it is no more" in undo(jo).sentence
    assert it().team == billing


def test_a_promise_that_resolving_ended_comes_back(channel: Channel, jo: Person) -> None:
    promising.promise(conversation=it(), at=say.at(5000), by=jo, now=say.at(8))
    closing.resolve(conversation=it(), by=jo, now=say.at(10))
    triage(channel.brand_id, say.at(11))
    assert it().promised_at is None

    undo(jo, at=12)

    assert (it().state, it().promised_at) == ("open", say.at(5000))


def test_a_customer_who_wrote_meanwhile_is_not_put_to_sleep_again(channel: Channel, jo: Person) -> None:
    snoozing.snooze(conversation=it(), until=say.at(9000), by=jo, now=say.at(10))
    snoozing.wake(conversation=it(), by=jo, now=say.at(20))
    hear(channel, say.wrote("Hello?", seconds=30), at=30)

    assert "The customer has written since" in undo(jo).sentence
    assert it().state == "open"


def test_what_a_customer_wrote_meanwhile_stays_unread(channel: Channel, jo: Person) -> None:
    reading.mark_read(conversation=it(), by=jo, up_to_seq=it().seq, now=say.at(8))
    promising.no_reply_needed(conversation=it(), by=jo, now=say.at(10))
    hear(channel, say.wrote("One thing more", seconds=20), say.wrote("Hello?", seconds=25), at=30)

    undo(jo)
    triage(channel.brand_id, say.at(61))

    assert (it().unread_count, it().waiting_since) == (2, say.at(0))


def test_what_a_colleague_read_meanwhile_stays_read(channel: Channel, jo: Person, bea: Person) -> None:
    promising.no_reply_needed(conversation=it(), by=jo, now=say.at(10))
    hear(channel, say.wrote("Thank you", seconds=20), at=30)
    reading.mark_read(conversation=it(), by=bea, up_to_seq=it().seq, now=say.at(40))

    assert undo(jo).sentence == "Undone: no answer needed."
    assert it().unread_count == 0


@pytest.mark.parametrize("since", ["wrote", "marked"])
def test_what_was_marked_unread_and_read_and_is_unread_anew_stays_unread(
    channel: Channel, jo: Person, bea: Person, since: str
) -> None:
    reading.mark_read(conversation=it(), by=jo, up_to_seq=it().seq, now=say.at(8))
    reading.mark_unread(conversation=it(), by=jo, now=say.at(10))
    reading.mark_read(conversation=it(), by=bea, up_to_seq=it().seq, now=say.at(20))
    if since == "wrote":
        hear(channel, say.wrote("Hello?", seconds=30), at=30)
    else:
        reading.mark_unread(conversation=it(), by=bea, now=say.at(30))

    undone = undo(jo)

    why = "The customer has written since" if since == "wrote" else "Bea has changed it since"
    assert (undone.done, dict(undone.skipped), it().unread_count) == (0, {why: 1}, 1)


def test_nobody_takes_back_what_another_did(channel: Channel, jo: Person, bea: Person) -> None:
    closing.resolve(conversation=it(), by=jo, now=say.at(10))
    which = Undo.objects.get().public_id

    for wish in ({}, {"which": which}):
        with pytest.raises(undoing.NothingToUndo):
            undo(bea, **wish)
    assert it().state == "resolved"


def test_after_ten_minutes_it_stays(channel: Channel, jo: Person) -> None:
    closing.resolve(conversation=it(), by=jo, now=say.at(10))

    with pytest.raises(undoing.NothingToUndo, match="too late"):
        undo(jo, at=611, which=Undo.objects.get().public_id)
    assert it().state == "resolved"


def test_the_thread_tells_of_it(channel: Channel, jo: Person) -> None:
    tagging.set_tag(conversation=it(), tag=tag(), by=jo, now=say.at(10))
    undo(jo)

    told = [
        entry.sentence
        for entry in timeline.page(it(), brand_slug="").entries
        if isinstance(entry, timeline.EventEntry)
    ]
    assert told == ["Jo tagged it refund", "Jo took back: tagged refund"]


def test_the_model_learns_nothing_from_a_tag_that_was_taken_back(channel: Channel, jo: Person) -> None:
    tagging.set_tag(conversation=it(), tag=tag(), by=jo, now=say.at(10))
    assert Example.objects.count() == 1
    undo(jo)
    assert (Example.objects.count(), ConversationTag.objects.count()) == (0, 0)


def test_a_note_is_gone_from_open_pages_and_comes_back_to_its_writer(channel: Channel, jo: Person) -> None:
    seen = it().seq
    note = noting.add_note(conversation=it(), by=jo, client_id=uuid4(), text="Only we", now=say.at(10))

    undone = undo(jo)

    assert undone.written is not None
    assert (undone.written.mode, undone.written.text) == ("note", "Only we")
    draft = Draft.objects.get()
    assert (draft.person, draft.kind, draft.text, draft.version) == (jo, "note", "Only we", undone.version)
    assert timeline.gone_since(it(), seen) == [str(note.public_id)]


def held(by: Person, *, text: str = "Soon", at: float = 10, **fields: Any) -> list[Message]:
    return replying.queue_reply(
        conversation=it(), by=by, client_id=uuid4(), text=text, written_against=it().seq, now=say.at(at),
        hold=timedelta(seconds=5), **fields,
    )  # fmt: skip


@pytest.mark.parametrize("kind", [NotificationKind.MENTION, NotificationKind.REPLY])
def test_what_is_taken_back_puts_out_the_bell_that_it_rang(
    kind: NotificationKind, channel: Channel, jo: Person, bea: Person
) -> None:
    if kind == NotificationKind.MENTION:
        gone = noting.add_note(
            conversation=it(), by=jo, client_id=uuid4(), text="You know him", now=say.at(10)
        )
    else:
        [gone] = held(jo)
    with events.ledger(channel.brand_id) as ledger:
        _notifying.notify(ledger, [Notice(bea.pk, kind, it().pk, "Look.", message_id=gone.pk)], say.at(11))

    undo(jo)

    spared = (
        Event.objects.filter(kind=EventKind.NOTIFIED).order_by("-seq").values_list("data__spared", flat=True)
    )
    assert spared[0] == [bea.pk]
    assert not Notification.objects.exists()


def test_a_held_reply_leaves_after_its_hold_and_not_before(channel: Channel, jo: Person) -> None:
    [message] = held(jo)

    assert sending.claim_reply(message_id=message.pk, now=say.at(14.9)) is None
    assert sending.claim_reply(message_id=message.pk, now=say.at(15)) is not None


@pytest.mark.parametrize("chosen", ["send anyway", "back to the composer", "discard"])
def test_what_the_customer_writes_during_the_hold_stops_the_reply_until_its_writer_chooses(
    channel: Channel, jo: Person, chosen: str
) -> None:
    [message] = held(jo, text="It comes tomorrow")
    hear(channel, say.wrote("It is here!", seconds=12), at=12)

    assert sending.claim_reply(message_id=message.pk, now=say.at(15)) is None
    message.refresh_from_db()
    assert (message.state, message.attempts, message.state_reason) == ("failed", 0, sending.OVERTAKEN)
    assert sending.claim_reply(message_id=message.pk, now=say.at(60)) is None

    match chosen:
        case "send anyway":
            replying.retry(message=message, by=jo, now=say.at(70))
            assert sending.claim_reply(message_id=message.pk, now=say.at(70)) is not None
        case "back to the composer":
            undone = undo(jo, at=70, message=message.public_id)
            assert undone.written is not None and undone.written.text == "It comes tomorrow"
            assert not Message.objects.filter(pk=message.pk).exists()
        case "discard":
            replying.discard(message=message, by=jo, now=say.at(70))
            assert sending.claim_reply(message_id=message.pk, now=say.at(80)) is None
            assert it().waiting_since == say.at(0)


@pytest.mark.parametrize("overtaken", [True, False])
def test_a_discarded_reply_comes_back_as_it_was(overtaken: bool, channel: Channel, jo: Person) -> None:
    [message] = held(jo)
    if overtaken:
        hear(channel, say.wrote("It is here!", seconds=12), at=12)
        sending.claim_reply(message_id=message.pk, now=say.at(15))
    message.refresh_from_db()
    was = message.state, message.state_reason, message.ended
    replying.discard(message=message, by=jo, now=say.at(16))

    assert undo(jo, at=20).sentence == "Undone: discarded a reply."

    message.refresh_from_db()
    assert (message.state, message.state_reason, message.ended) == was
    assert sending.claim_reply(message_id=message.pk, now=say.at(21)) is None
    assert (sending.claim_reply(message_id=message.pk, now=say.at(30)) is None) == overtaken


def test_a_reply_discarded_in_two_windows_comes_back_at_once(channel: Channel, jo: Person) -> None:
    [message] = held(jo)
    replying.discard(message=message, by=jo, now=say.at(11))
    replying.discard(message=message, by=jo, now=say.at(12))

    assert undo(jo, at=20).sentence == "Undone: discarded a reply."

    message.refresh_from_db()
    assert (message.state, message.ended) == ("queued", "")


@pytest.mark.parametrize("when", [9, 16])
def test_what_the_customer_wrote_before_or_after_the_hold_stops_nothing(
    channel: Channel, jo: Person, when: float
) -> None:
    if when < 10:
        hear(channel, say.wrote("Hello?", seconds=when), at=when)
    [message] = held(jo)
    if when > 10:
        hear(channel, say.wrote("Hello?", seconds=when), at=when)

    assert sending.claim_reply(message_id=message.pk, now=say.at(17)) is not None


def test_words_and_files_of_a_reply_come_back_to_its_writer(channel: Channel, jo: Person) -> None:
    file = Attachment.objects.create(
        channel=channel, kind="image", mime="image/png", name="a.png", size=9, path="a.png", uploaded_by=jo
    )
    messages = held(jo, attachments=[file])
    assert len(messages) == 2

    undone = undo(jo, at=12)

    assert undone.written is not None
    assert (undone.written.text, [each.pk for each in undone.written.attachments]) == ("Soon", [file.pk])
    assert Attachment.objects.get().message is None
    draft = Draft.objects.get()
    assert (draft.kind, draft.text, draft.files, draft.version) == (
        "reply",
        "Soon",
        [file.public_id],
        undone.version,
    )
    assert set(undone.gone) == {message.public_id for message in messages}
    assert held(jo, attachments=[file], at=20)


def test_a_conversation_whose_reply_is_taken_back_presses_as_before(channel: Channel, jo: Person) -> None:
    triage(channel.brand_id, say.at(6))
    before = it().priority_score, it().priority_reasons
    held(jo)
    triage(channel.brand_id, say.at(11))
    assert (it().priority_score, it().priority_reasons) != before  # what was unread has been read

    undo(jo, at=12)
    triage(channel.brand_id, say.at(13))

    assert (it().priority_score, it().priority_reasons) == before


def test_what_is_taken_back_stands_before_what_was_written_since_and_is_as_old_as_it_was(
    channel: Channel, jo: Person
) -> None:
    [message] = held(jo, reply_to="m1")
    since = drafting.Written("More", [], "", message.seq + 9, 0, uuid4(), 1)
    before = drafting.save(conversation=it(), by=jo, kind=DraftKind.REPLY, written=since, now=say.at(11))

    undone = undo(jo, at=12)

    draft = Draft.objects.get()
    assert (draft.text, draft.reply_to, draft.written_against) == ("Soon\nMore", "m1", message.seq)
    assert before < draft.version == undone.version
    late = drafting.Written("More…", [], "", message.seq + 9, before, since.tab, 2)
    with pytest.raises(drafting.Superseded):
        drafting.save(conversation=it(), by=jo, kind=DraftKind.REPLY, written=late, now=say.at(13))


def test_a_reply_on_its_way_is_not_taken_back(channel: Channel, jo: Person) -> None:
    [message] = held(jo)
    sending.claim_reply(message_id=message.pk, now=say.at(15))

    undone = undo(jo, at=16, message=message.public_id)

    assert (undone.done, "on its way already" in undone.sentence) == (0, True)
    assert Message.objects.get(pk=message.pk).state == "sending"


def test_a_resolved_conversation_that_a_reply_opened_is_resolved_again(channel: Channel, jo: Person) -> None:
    closing.resolve(conversation=it(), by=jo, now=say.at(8))
    before = look()
    held(jo)
    assert it().state == "open"

    undo(jo, at=12)

    assert look() == before
    assert not Event.objects.filter(kind=EventKind.REPLY_SENT).exists()


@pytest.mark.parametrize("name", ["resolve", "snooze", "pending"])
def test_a_resolved_conversation_is_resolved_again_step_by_step(
    name: str, channel: Channel, jo: Person
) -> None:
    SlaPolicy.objects.create(brand=channel.brand, name="Everybody", first_response=600, resolution=3600)
    triage(channel.brand_id, say.at(7))
    closing.resolve(conversation=it(), by=jo, now=say.at(8))
    triage(channel.brand_id, say.at(9))
    before, clocks = look(), list(Clock.objects.order_by("pk").values())
    held(jo)
    ACTIONS[name](jo, say.at(11))
    triage(channel.brand_id, say.at(11))

    undo(jo, at=12)
    undo(jo, at=13)
    triage(channel.brand_id, say.at(14))

    assert look() == before
    assert list(Clock.objects.order_by("pk").values()) == clocks


def test_a_resolved_conversation_whose_answer_was_not_sent_stays_open_when_its_words_come_back(
    channel: Channel, jo: Person
) -> None:
    closing.resolve(conversation=it(), by=jo, now=say.at(8))
    [message] = held(jo)
    closing.resolve(conversation=it(), by=jo, now=say.at(11))
    sending.claim_reply(message_id=message.pk, now=say.at(21))
    sending.mark_reply_failed(message_id=message.pk, attempt=1, reason="no", now=say.at(22))
    assert it().state == "open"

    undo(jo, at=23, message=message.public_id)

    assert it().state == "open"


def test_taking_a_reply_back_buries_nothing_that_came_since(channel: Channel, jo: Person) -> None:
    closing.resolve(conversation=it(), by=jo, now=say.at(8))
    [message] = held(jo)
    hear(channel, say.wrote("One more thing", seconds=12), at=12)
    assert sending.claim_reply(message_id=message.pk, now=say.at(15)) is None

    undone = undo(jo, at=20, message=message.public_id)

    assert undone.written is not None
    assert it().state == "open"
    assert it().waiting_since is not None


def test_taking_a_reply_back_leaves_what_a_colleague_made_of_its_conversation(
    channel: Channel, jo: Person, bea: Person
) -> None:
    closing.resolve(conversation=it(), by=jo, now=say.at(8))
    [message] = held(jo)
    snoozing.snooze(conversation=it(), until=say.at(9000), by=bea, now=say.at(11))

    undo(jo, at=12)

    assert not Message.objects.filter(pk=message.pk).exists()
    assert (it().state, it().snoozed_until) == ("snoozed", say.at(9000))


PUT_ASIDE: dict[str, Callable[[Person, datetime], Any]] = {
    "resolved": lambda by, now: closing.resolve(conversation=it(), by=by, now=now),
    "snoozed": lambda by, now: snoozing.snooze(conversation=it(), until=say.at(9000), by=by, now=now),
    "pending": lambda by, now: snoozing.leave(conversation=it(), by=by, now=now),
    "snoozed and resolved": lambda by, now: [PUT_ASIDE[name](by, now) for name in ("snoozed", "resolved")],
}


@pytest.mark.parametrize("given_up", ["taken back", "discarded"])
@pytest.mark.parametrize("name", PUT_ASIDE)
def test_who_was_put_aside_as_answered_waits_again_when_the_reply_is_given_up(
    name: str, given_up: str, channel: Channel, jo: Person, bea: Person
) -> None:
    SlaPolicy.objects.create(brand=channel.brand, name="Everybody", first_response=600)
    promising.promise(conversation=it(), at=say.at(7200), by=jo, now=say.at(6))
    triage(channel.brand_id, say.at(7))
    before = look() | {"due": it().due_at}
    [message] = held(jo)
    PUT_ASIDE[name](bea, say.at(11))
    triage(channel.brand_id, say.at(11))

    if given_up == "taken back":
        undo(jo, at=12, message=message.public_id)
    else:
        replying.discard(message=message, by=jo, now=say.at(12))
    triage(channel.brand_id, say.at(12))

    after = look() | {"due": it().due_at}
    aside = (
        {"message_count", "last_message_text", "unread_count", "counts"} if given_up == "discarded" else set()
    )
    assert {name: after[name] for name in before if name not in aside} == {
        name: before[name] for name in before if name not in aside
    }
    [clock] = Clock.objects.all()
    assert (clock.started_at, clock.ended_at, clock.due_at) == (say.at(0), None, say.at(600))


def test_what_was_resolved_with_the_reply_is_not_taken_back_twice(channel: Channel, jo: Person) -> None:
    assigning.assign(conversation=it(), to=jo, by=jo, now=say.at(8))
    [message] = held(jo)
    closing.resolve(conversation=it(), by=jo, now=say.at(11))
    undo(jo, at=12, message=message.public_id)

    assert undo(jo, at=13).words == "Assigned to Jo"


NOBODY_WAITS: dict[str, Callable[[Channel, Person], Any]] = {
    "answered elsewhere": lambda channel, by: hear(channel, say.echoed("It is on its way", seconds=6), at=7),
    "needs no answer": lambda channel, by: promising.no_reply_needed(conversation=it(), by=by, now=say.at(7)),
    "unsent": lambda channel, by: hear(
        channel, say.unsent(say.wrote(external_id=Message.objects.get().external_id), seconds=6), at=7
    ),
}


@pytest.mark.parametrize("why", [*NOBODY_WAITS, "put aside before", "it failed before", "spam"])
def test_what_was_put_aside_for_another_reason_stays_so_when_the_reply_is_taken_back(
    why: str, channel: Channel, jo: Person
) -> None:
    if why in NOBODY_WAITS:
        NOBODY_WAITS[why](channel, jo)
    if why == "put aside before":
        snoozing.snooze(conversation=it(), until=say.at(8000), by=jo, now=say.at(8))
    [message] = held(jo)
    if why == "it failed before":
        sending.claim_reply(message_id=message.pk, now=say.at(16))
        sending.mark_reply_failed(message_id=message.pk, attempt=1, reason="no", now=say.at(17))
    match why:
        case "put aside before":
            PUT_ASIDE["snoozed"](jo, say.at(18))
        case "spam":
            closing.mark_spam(conversation=it(), by=jo, now=say.at(18))
        case _:
            closing.resolve(conversation=it(), by=jo, now=say.at(18))
    state = it().state

    if why == "it failed before":
        replying.discard(message=message, by=jo, now=say.at(19))
    else:
        undo(jo, at=19, message=message.public_id)

    assert it().state == state != "open"


@pytest.mark.django_db(transaction=True)
def test_a_reply_is_claimed_or_taken_back_and_never_both(channel: Channel, jo: Person) -> None:
    for turn in range(6):
        [message] = held(jo, at=10 + turn * 20)

        def claim(pk: int, at: datetime) -> str:
            return "claim" if sending.claim_reply(message_id=pk, now=at) else ""

        def take_back(public_id: Any, at: datetime) -> str:
            return "undo" if undoing.undo(brand=channel.brand, by=jo, now=at, message=public_id).done else ""

        at = say.at(15 + turn * 20)
        results = at_once(partial(claim, message.pk, at), partial(take_back, message.public_id, at))
        won = [each for each in results if each]

        assert len(won) == 1
        assert Message.objects.filter(pk=message.pk).exists() == (won == ["claim"])
        if won == ["claim"]:
            sending.mark_reply_failed(message_id=message.pk, attempt=1, reason="no", now=at)


@pytest.mark.django_db(transaction=True)
def test_two_tabs_take_nothing_back_twice(channel: Channel, jo: Person) -> None:
    closing.resolve(conversation=it(), by=jo, now=say.at(10))

    def press() -> str:
        try:
            return undo(jo, at=12).sentence
        except undoing.NothingToUndo as refused:
            return str(refused)

    told = at_once(press, press, press)

    assert sorted(told)[2:] == ["Undone: resolved."]
    assert Event.objects.filter(kind=EventKind.REOPENED).count() == 1
