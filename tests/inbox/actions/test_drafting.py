"""Drafts: an older save never stands over a newer one, what was sent does not come back, and nobody else sees a word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from inbox.actions import drafting, noting, receiving, replying
from inbox.actions.drafting import Sent, Superseded, Written
from inbox.actions.receiving import Arrival
from inbox.models import Conversation, Draft, DraftKind, Event, Person
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of

pytestmark = pytest.mark.django_db
TAB, OTHER_TAB = UUID(int=1), UUID(int=2)
NOW = datetime(2026, 8, 6, 13, 0, tzinfo=UTC)


@pytest.fixture
def conversation() -> Conversation:
    channel = ChannelFactory()
    receiving.receive(arrivals=[Arrival(channel.pk, say.wrote("Where is my parcel?"))], now=say.at(1))
    return Conversation.objects.get()


@pytest.fixture
def jo(conversation: Conversation) -> Person:
    return agent_of(conversation.brand, name="Jo")


def keep(
    conversation: Conversation, by: Person, text: str, *, base: int = 0, tab: UUID = TAB, step: int = 1,
    kind: DraftKind = DraftKind.REPLY, now: datetime = NOW,
) -> int:  # fmt: skip
    written = Written(text, [], "", 7, base, tab, step)
    return drafting.save(conversation=conversation, by=by, kind=kind, written=written, now=now)


def kept(kind: DraftKind = DraftKind.REPLY) -> str | None:
    return Draft.objects.filter(kind=kind).values_list("text", flat=True).first()


def test_each_save_goes_on_from_the_one_before(conversation: Conversation, jo: Person) -> None:
    first = keep(conversation, jo, "He")
    second = keep(conversation, jo, "Hello", base=first, step=2)

    assert second > first and kept() == "Hello"
    assert Draft.objects.get().written_against == 7


def test_versions_rise_even_when_the_clock_goes_back(conversation: Conversation, jo: Person) -> None:
    first = keep(conversation, jo, "He")

    assert keep(conversation, jo, "Hello", base=first, step=2, now=NOW - timedelta(hours=1)) == first + 1


def test_an_older_save_that_comes_late_writes_nothing(conversation: Conversation, jo: Person) -> None:
    first = keep(conversation, jo, "He")
    keep(conversation, jo, "Hello", base=first, step=3)

    with pytest.raises(Superseded):
        keep(conversation, jo, "Hel", base=first, step=2)
    assert kept() == "Hello"


def test_a_page_that_leaves_need_not_know_the_version_of_its_last_save(
    conversation: Conversation, jo: Person
) -> None:
    keep(conversation, jo, "He", step=1)

    keep(conversation, jo, "Hello", base=0, step=2)
    assert kept() == "Hello"


def test_another_page_that_saved_meanwhile_is_not_written_over(
    conversation: Conversation, jo: Person
) -> None:
    first = keep(conversation, jo, "Hello")
    keep(conversation, jo, "Hello from the phone", base=first, tab=OTHER_TAB)

    with pytest.raises(Superseded):
        keep(conversation, jo, "Hello again", base=first, step=2)
    with pytest.raises(Superseded):
        keep(conversation, jo, "From nothing", tab=UUID(int=3))
    assert kept() == "Hello from the phone"


def test_what_is_emptied_is_gone_and_only_the_newest_empties(conversation: Conversation, jo: Person) -> None:
    first = keep(conversation, jo, "Hello")
    second = keep(conversation, jo, "Hello you", base=first, tab=OTHER_TAB)

    with pytest.raises(Superseded):
        keep(conversation, jo, "", base=first, step=2)
    assert keep(conversation, jo, " \n", base=second, tab=OTHER_TAB, step=2) == 0
    assert kept() is None
    assert keep(conversation, jo, "", step=9) == 0


def test_reply_and_note_are_apart_and_so_are_people(conversation: Conversation, jo: Person) -> None:
    kim = agent_of(conversation.brand)
    keep(conversation, jo, "to the customer")
    keep(conversation, jo, "to colleagues", kind=DraftKind.NOTE)
    keep(conversation, kim, "another hand", tab=OTHER_TAB)

    assert sorted(Draft.objects.values_list("person", "kind", "text")) == sorted(
        [(jo.pk, "reply", "to the customer"), (jo.pk, "note", "to colleagues"), (kim.pk, "reply", "another hand")]
    )  # fmt: skip


def test_a_draft_makes_no_event_and_takes_no_number(conversation: Conversation, jo: Person) -> None:
    before = Event.objects.count()
    keep(conversation, jo, "Hello")

    assert Event.objects.count() == before


def send(
    conversation: Conversation, by: Person, *, draft: int = 0, step: int = 0, client_id: UUID | None = None
) -> None:
    replying.queue_reply(
        conversation=conversation, by=by, client_id=client_id or uuid4(), text="Hello", written_against=conversation.seq,
        draft=Sent(draft, TAB, step), now=say.at(60),
    )  # fmt: skip


def test_a_sent_reply_takes_its_draft_along_and_it_does_not_come_back(
    conversation: Conversation, jo: Person
) -> None:
    version = keep(conversation, jo, "Hello")
    note = keep(conversation, jo, "a note", kind=DraftKind.NOTE)

    send(conversation, jo, draft=version)

    assert kept() is None and kept(DraftKind.NOTE) == "a note"
    with pytest.raises(Superseded):
        keep(conversation, jo, "Hello, late", base=version, tab=OTHER_TAB)
    noting.add_note(
        conversation=conversation, by=jo, client_id=uuid4(), text="a note", draft=Sent(note), now=say.at(61)
    )
    assert kept(DraftKind.NOTE) is None


def test_the_same_reply_asked_for_again_removes_the_draft_that_was_kept_between(
    conversation: Conversation, jo: Person
) -> None:
    client_id = uuid4()
    send(conversation, jo, draft=0, client_id=client_id)
    version = keep(conversation, jo, "Hello")

    send(conversation, jo, draft=version, client_id=client_id)
    assert kept() is None


def test_what_another_page_wrote_later_stays_when_this_one_sends(
    conversation: Conversation, jo: Person
) -> None:
    version = keep(conversation, jo, "Hello")
    keep(conversation, jo, "Hello, and more from the phone", base=version, tab=OTHER_TAB)

    send(conversation, jo, draft=version)

    assert kept() == "Hello, and more from the phone"


def test_a_save_that_its_page_never_heard_of_goes_with_its_reply_too(
    conversation: Conversation, jo: Person
) -> None:
    keep(conversation, jo, "Hello")

    send(conversation, jo, draft=0, step=1)
    assert kept() is None

    version = keep(conversation, jo, "Hel", step=2)
    keep(conversation, jo, "Hello", base=version, step=3)
    send(conversation, jo, draft=version, step=3)
    assert kept() is None


def test_a_save_that_is_not_of_what_was_sent_stays(conversation: Conversation, jo: Person) -> None:
    keep(conversation, jo, "Written while it was leaving", step=2)
    send(conversation, jo, step=1)
    assert kept() == "Written while it was leaving"

    keep(conversation, jo, "From the phone", base=Draft.objects.get().version, tab=OTHER_TAB, step=1)
    send(conversation, jo, step=9)
    assert kept() == "From the phone"


def test_a_refused_reply_keeps_its_draft(conversation: Conversation, jo: Person) -> None:
    version = keep(conversation, jo, "x" * 2000)

    with pytest.raises(replying.ReplyRefused):
        replying.queue_reply(
            conversation=conversation, by=jo, client_id=uuid4(), text="x" * 2000, written_against=conversation.seq,
            draft=Sent(version), now=say.at(60),
        )  # fmt: skip
    assert kept() == "x" * 2000


@pytest.mark.parametrize("who", ["person", "conversation"])
def test_a_draft_goes_with_its_writer_and_with_its_conversation(
    who: str, conversation: Conversation, jo: Person
) -> None:
    keep(conversation, jo, "Hello")

    (jo if who == "person" else conversation).delete()
    assert not Draft.objects.exists()
