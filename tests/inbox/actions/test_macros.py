"""A macro does exactly what its preview showed, all of it or nothing, and one key takes all of it back."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from inbox.actions import closing, receiving, running_macros, undoing
from inbox.actions.receiving import Arrival
from inbox.actions.running_macros import Line, PlanChanged
from inbox.models import (
    Brand,
    BrandSequence,
    CannedReply,
    Conversation,
    ConversationTag,
    Event,
    EventKind,
    Example,
    Macro,
    Message,
    Person,
    SetBy,
    Tag,
    Team,
    Undo,
)
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of

pytestmark = pytest.mark.django_db
NOW = say.at(60)


@pytest.fixture
def conversation() -> Conversation:
    channel = ChannelFactory()
    receiving.receive(
        arrivals=[Arrival(channel.pk, say.wrote("My lamp is broken, order #10423"))], now=say.at(1)
    )
    return Conversation.objects.get()


@pytest.fixture
def brand(conversation: Conversation) -> Brand:
    return conversation.brand


@pytest.fixture
def jo(brand: Brand) -> Person:
    return agent_of(brand, name="Jo Lind")


@pytest.fixture
def refund(brand: Brand) -> Tag:
    return Tag.objects.create(brand=brand, name="refund")


def canned(brand: Brand, text: str = "Sorry, {{contact.first_name}}.", **fields: Any) -> CannedReply:
    return CannedReply.objects.create(brand=brand, name="Sorry", text=text, **fields)


def macro(brand: Brand, **does: Any) -> Macro:
    return Macro.objects.create(brand=brand, **{"name": "Refund it", **does})


def seen(conversation: Conversation) -> int:
    return BrandSequence.objects.get(brand=conversation.brand_id).last


def shown(
    chosen: Macro, conversation: Conversation, by: Person, *, seen_seq: int | None = None
) -> list[Line]:
    return running_macros.preview(
        macro=chosen, conversation=conversation, by=by, seen_seq=seen(conversation) if seen_seq is None else seen_seq, now=NOW
    )  # fmt: skip


def run(
    chosen: Macro, conversation: Conversation, by: Person, *, client_id: UUID | None = None
) -> list[Line]:
    lines = shown(chosen, conversation, by)
    return running_macros.run(
        macro=chosen, conversation=conversation, by=by, client_id=client_id or uuid4(), seen_seq=seen(conversation),
        expected=running_macros.mark(lines), now=NOW,
    )  # fmt: skip


def everything(brand: Brand, tag: Tag, **changed: Any) -> Macro:
    does = {
        "reply": canned(brand), "note": "Order {{contact.orders.last}} by {{agent.first_name}}", "puts_on": [tag.pk],
        "assigns": "me", "priority": 1, "resolves": True,
    }  # fmt: skip
    return macro(brand, **{**does, **changed})


def told(lines: list[Line]) -> list[tuple[str, bool, str]]:
    return [(line.what, line.done, line.why) for line in lines]


def test_the_preview_says_what_it_would_do_and_does_nothing(
    conversation: Conversation, brand: Brand, jo: Person, refund: Tag
) -> None:
    chosen = everything(brand, refund)
    before = (Event.objects.count(), Message.objects.count(), seen(conversation))

    lines = shown(chosen, conversation, jo)

    assert told(lines) == [
        ("Answer with “Sorry”", True, ""), ("Leave a note", True, ""), ("Put on the tag refund", True, ""),
        ("Assign it to Jo Lind", True, ""), ("Set the priority to urgent", True, ""), ("Resolve", True, ""),
    ]  # fmt: skip
    assert [line.shown for line in lines[:2]] == ["Sorry, Mara.", "Order 10423 by Jo"]
    assert (Event.objects.count(), Message.objects.count(), seen(conversation)) == before
    assert not Undo.objects.exists() and not ConversationTag.objects.exists()


def test_it_does_what_was_shown_and_tells_each_thing(
    conversation: Conversation, brand: Brand, jo: Person, refund: Tag
) -> None:
    chosen = everything(brand, refund)
    since = seen(conversation)

    run(chosen, conversation, jo)

    conversation.refresh_from_db()
    assert (conversation.state, conversation.assignee, conversation.tags, conversation.priority) == (
        "resolved", jo, ["refund"], 1,
    )  # fmt: skip
    assert list(Message.objects.order_by("pk").values_list("direction", "text"))[1:] == [
        ("out", "Sorry, Mara."), ("note", "Order 10423 by Jo"),
    ]  # fmt: skip
    kinds = set(Event.objects.filter(seq__gt=since, actor=jo).values_list("kind", flat=True))
    assert kinds >= {
        EventKind.REPLY_QUEUED, EventKind.NOTE_ADDED, EventKind.TAGGED, EventKind.ASSIGNED, EventKind.PRIORITISED, EventKind.RESOLVED,
    }  # fmt: skip
    chosen.refresh_from_db()
    assert chosen.used == 1


def test_one_undo_takes_all_of_it_back(
    conversation: Conversation, brand: Brand, jo: Person, refund: Tag
) -> None:
    before = Conversation.objects.values("state", "assignee", "tags", "priority_pinned", "unread_count").get()
    run(everything(brand, refund), conversation, jo)

    undone = undoing.undo(brand=brand, by=jo, now=say.at(65))

    assert undone.words == "Ran “Refund it”" and not undone.skipped and undone.done == 6
    assert undone.written is not None and undone.written.text == "Sorry, Mara."
    assert (
        Conversation.objects.values("state", "assignee", "tags", "priority_pinned", "unread_count").get()
        == before
    )
    assert Message.objects.exclude(direction="in").count() == 0
    with pytest.raises(undoing.NothingToUndo):
        undoing.undo(brand=brand, by=jo, now=say.at(66))


def test_one_undo_of_what_had_opened_it_resolves_it_again(
    conversation: Conversation, brand: Brand, jo: Person
) -> None:
    columns = "state", "resolved_at", "waiting_since", "opened_at"
    closing.resolve(conversation=conversation, by=jo, now=say.at(30))
    before = Conversation.objects.values(*columns).get()
    run(macro(brand, reply=canned(brand), resolves=True), conversation, jo)

    undone = undoing.undo(brand=brand, by=jo, now=say.at(65))

    assert undone.done == 2 and not undone.skipped
    assert Conversation.objects.values(*columns).get() == before


@pytest.mark.parametrize("failed", [False, True])
def test_the_button_beside_its_answer_takes_all_of_it_back_and_that_of_one_that_failed_its_words(
    failed: bool, conversation: Conversation, brand: Brand, jo: Person, refund: Tag
) -> None:
    run(macro(brand, reply=canned(brand), puts_on=[refund.pk], resolves=True), conversation, jo)
    answer = Message.objects.get(direction="out")
    if failed:
        Message.objects.filter(pk=answer.pk).update(state="failed")

    undone = undoing.undo(brand=brand, by=jo, now=say.at(65), message=answer.public_id)

    conversation.refresh_from_db()
    assert undone.written is not None and undone.written.text == "Sorry, Mara."
    assert (conversation.state, conversation.tags) == (("resolved", ["refund"]) if failed else ("open", []))
    assert not Message.objects.filter(direction="out").exists()


def test_its_tags_teach_what_those_by_hand_do_until_it_is_taken_back(
    conversation: Conversation, brand: Brand, jo: Person, refund: Tag
) -> None:
    praise = Tag.objects.create(brand=brand, name="praise")
    [heard] = Message.objects.all()
    ConversationTag.objects.create(
        conversation=conversation, tag=refund, set_by=SetBy.MODEL, model_version=0, confidence=0.9, message=heard, set_at=say.at(2)
    )  # fmt: skip
    receiving.receive(
        arrivals=[Arrival(conversation.channel_id, say.wrote("Lovely!", seconds=9))], now=say.at(10)
    )
    newest = Message.objects.get(text="Lovely!")
    chosen = macro(brand, puts_on=[praise.pk], takes_off=[refund.pk])

    shown(chosen, conversation, jo)
    assert not Example.objects.exists()
    run(chosen, conversation, jo)
    taught = Example.objects.order_by("pk").values_list("message", "holds", "fails", "person")
    assert list(taught) == [(newest.pk, ["praise"], [], jo.pk), (heard.pk, [], ["refund"], jo.pk)]

    undoing.undo(brand=brand, by=jo, now=say.at(65))
    assert not Example.objects.exists()


def test_what_is_so_already_is_said_and_left(
    conversation: Conversation, brand: Brand, jo: Person, refund: Tag
) -> None:
    chosen = macro(
        brand,
        puts_on=[refund.pk],
        takes_off=[Tag.objects.create(brand=brand, name="other").pk],
        assigns="nobody",
    )

    run(chosen, conversation, jo)
    lines = shown(chosen, conversation, jo)

    assert [(line.done, line.why) for line in lines] == [
        (False, "tagged so already"), (False, "not tagged so"), (False, "assigned to nobody already"),
    ]  # fmt: skip


def test_an_answer_that_cannot_be_sent_resolves_nothing(
    conversation: Conversation, brand: Brand, jo: Person, refund: Tag
) -> None:
    Conversation.objects.update(window_opened_at=say.at(-30 * 86400))
    lines = run(everything(brand, refund), conversation, jo)

    assert not lines[0].done and "reply window of Instagram has closed" in lines[0].why
    assert (lines[-1].what, lines[-1].done, lines[-1].why) == ("Resolve", False, "the answer is not sent")
    conversation.refresh_from_db()
    assert conversation.state == "open" and conversation.tags == ["refund"]


def test_a_variable_that_nobody_knows_is_not_sent(
    conversation: Conversation, brand: Brand, jo: Person
) -> None:
    Message.objects.update(text="Hello")
    [line] = shown(macro(brand, reply=canned(brand, "About {{contact.orders.last}}")), conversation, jo)

    assert not line.done and "Fill in {{contact.orders.last}} first" in line.why


def test_a_reply_for_other_channels_is_not_sent(conversation: Conversation, brand: Brand, jo: Person) -> None:
    [line] = shown(macro(brand, reply=canned(brand, channels=[0])), conversation, jo)

    assert (line.done, line.why) == (False, "this reply is not for this channel")


def test_news_since_the_page_was_seen_stops_answer_and_resolving(
    conversation: Conversation, brand: Brand, jo: Person, refund: Tag
) -> None:
    page = seen(conversation)
    receiving.receive(
        arrivals=[Arrival(conversation.channel_id, say.wrote("Never mind", seconds=30))], now=say.at(31)
    )

    lines = shown(macro(brand, resolves=True), conversation, jo, seen_seq=page)
    assert told(lines) == [("Resolve", False, "the customer has written since")]
    answer = shown(everything(brand, refund, name="Both"), conversation, jo, seen_seq=page)[0]
    assert (answer.done, answer.why) == (False, "somebody has written since: read it first")


def test_what_has_changed_since_the_preview_is_shown_again_and_nothing_is_done(
    conversation: Conversation, brand: Brand, jo: Person, refund: Tag
) -> None:
    chosen = everything(brand, refund)
    plan = running_macros.mark(shown(chosen, conversation, jo))
    Conversation.objects.update(assignee=jo, assignee_name="Jo Lind")

    with pytest.raises(PlanChanged) as changed:
        running_macros.run(
            macro=chosen, conversation=conversation, by=jo, client_id=uuid4(), seen_seq=seen(conversation), expected=plan, now=NOW
        )  # fmt: skip

    assert changed.value.lines[3].why == "assigned to Jo Lind already"
    conversation.refresh_from_db()
    assert conversation.tags == [] and Message.objects.count() == 1


def test_the_same_press_twice_sends_one_answer(conversation: Conversation, brand: Brand, jo: Person) -> None:
    chosen, press = macro(brand, reply=canned(brand)), uuid4()
    run(chosen, conversation, jo, client_id=press)
    run(chosen, conversation, jo, client_id=press)

    assert Message.objects.filter(direction="out").count() == 1


def test_a_team_is_given_it_and_a_snooze_is_understood(
    conversation: Conversation, brand: Brand, jo: Person
) -> None:
    team = Team.objects.create(brand=brand, name="Returns")
    run(macro(brand, assigns=f"team:{team.pk}", snoozes="2h", priority=0), conversation, jo)

    conversation.refresh_from_db()
    assert (conversation.team, conversation.state) == (team, "snoozed")


def test_what_is_no_more_is_said(conversation: Conversation, brand: Brand, jo: Person) -> None:
    lines = shown(macro(brand, puts_on=[0], assigns="team:0"), conversation, jo)
    assert [line.why for line in lines] == ["there is no such tag any more", "there is no such team any more"]
    [line] = shown(Macro.objects.create(brand=brand, name="x", assigns="person:0"), conversation, jo)
    assert line.why == "this colleague is no more"
