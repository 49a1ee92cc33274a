"""Two contacts become one person and two again. Their conversations, and the clocks of these, go on as if nothing had happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox.actions import contacts, merging, prioritising, receiving, tagging_work, timing, triaging, undoing
from inbox.actions.receiving import Arrival
from inbox.exchange import Party
from inbox.models import (
    Channel,
    Clock,
    Contact,
    ContactMerge,
    Conversation,
    Event,
    EventKind,
    Handle,
    Person,
    SlaPolicy,
    Undo,
    UndoKind,
)
from inbox.queries import event_entries
from tests.factories import exchange, people

pytestmark = pytest.mark.django_db(transaction=True)


def at(seconds: float) -> datetime:
    return exchange.at(seconds)


@pytest.fixture
def channel() -> Channel:
    made = people.ChannelFactory()
    SlaPolicy.objects.create(
        brand=made.brand, name="Standard", first_response=600, next_response=900, resolution=3600, warnings=[50, 80]
    )  # fmt: skip
    return made


@pytest.fixture
def other(channel: Channel) -> Channel:
    return people.ChannelFactory(brand=channel.brand, platform="x")


@pytest.fixture
def jo(channel: Channel) -> Person:
    return people.agent_of(channel.brand, name="Jo")


def arrive(channel: Channel, *said: Any, seconds: float = 1) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, each) for each in said], now=at(seconds))


def triage(channel: Channel, now: datetime) -> None:
    while not (batch := triaging.next_batch(channel.brand_id)).is_empty:
        triaging.triage(batch, tagging_work.read(channel.brand, triaging.messages_of(batch)), now=now)


def contact_of(who: str) -> Contact:
    return Contact.objects.get(handles__external_id=who)


def both(channel: Channel, other: Channel) -> tuple[Contact, Contact]:
    """Mara on one network, and somebody on another who is Mara, too."""
    arrive(channel, exchange.wrote(who="mara"))
    arrive(other, exchange.wrote(who="mara_x"))
    return contact_of("mara"), contact_of("mara_x")


def whose() -> dict[str, str]:
    rows = Conversation.objects.select_related("contact").order_by("pk")
    return {each.thread_key: str(each.contact) for each in rows}


def test_what_was_the_ones_is_the_others_and_given_back(channel: Channel, other: Channel, jo: Person) -> None:
    mara, too = both(channel, other)

    merge = merging.merge(kept=mara, absorbed=too, by=jo, now=at(10))

    assert whose() == {"mara": "Mara", "mara_x": "Mara"}
    assert list(Handle.objects.filter(contact=mara).values_list("external_id", flat=True)) == [
        "mara",
        "mara_x",
    ]
    told = Event.objects.filter(kind=EventKind.CONTACTS_MERGED)
    assert {(each.conversation.thread_key, each.actor) for each in told if each.conversation} == {
        ("mara", jo), ("mara_x", jo),
    }  # fmt: skip

    merging.part(merge=merge, by=jo, now=at(20))

    assert whose() == {"mara": "Mara", "mara_x": "Mara_X"}
    too.refresh_from_db()
    assert (too.handles.get().external_id, too.merged_into) == ("mara_x", None)
    merging.part(merge=merge, by=jo, now=at(30))  # again: nothing
    assert Event.objects.filter(kind=EventKind.CONTACTS_PARTED).count() == 2


def test_a_line_of_a_merge_says_who_they_are_now_and_keeps_no_name(
    channel: Channel, other: Channel, jo: Person, django_assert_num_queries: Any
) -> None:
    mara, too = both(channel, other)
    merge = merging.merge(kept=mara, absorbed=too, by=jo, now=at(10))
    merging.part(merge=merge, by=jo, now=at(20))
    Contact.objects.filter(pk=too.pk).update(name="M. Lindt")

    told = Event.objects.filter(kind__in=[EventKind.CONTACTS_MERGED, EventKind.CONTACTS_PARTED])
    here = list(told.filter(conversation__thread_key="mara").select_related("actor").order_by("seq"))
    with django_assert_num_queries(1):
        entries = event_entries.entries_of(here)

    assert [entry.sentence for entry in entries] == [
        "Jo said that M. Lindt and Mara are one person",
        "Jo said that M. Lindt and Mara are two people again",
    ]
    assert all(set(event.data) == {"merge"} for event in told)
    assert "Mara" not in Undo.objects.get(kind=UndoKind.PERSON).words


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_name_that_may_be_kept_no_longer_goes_from_a_merged_person_too(
    channel: Channel, other: Channel, jo: Person, is_kept: bool
) -> None:
    """…and is there again when the platform has said it again."""
    mara, too = both(channel, other)
    kept, absorbed = (too, mara) if is_kept else (mara, too)
    merging.merge(kept=kept, absorbed=absorbed, by=jo, now=at(10))
    Handle.objects.filter(external_id="mara_x").update(looked_up_at=at(0))

    forgotten = contacts.forget_profile(channel_id=other.pk, external_id="mara_x", before=at(1), now=at(20))

    names = dict(Contact.objects.values_list("pk", "name"))
    assert forgotten
    assert names == {kept.pk: "Mara", absorbed.pk: "Mara" if is_kept else ""}
    assert not Contact.objects.filter(name__icontains="mara_x").exists()

    contacts.update_profile(
        channel_id=other.pk, party=Party("mara_x", name="M. Lindt"), now=at(30), whole=True
    )

    again = dict(Contact.objects.values_list("pk", "name"))
    assert again == {kept.pk: "Mara", absorbed.pk: "Mara" if is_kept else "M. Lindt"}


def test_z_makes_them_two_again_and_only_once(channel: Channel, other: Channel, jo: Person) -> None:
    mara, too = both(channel, other)
    merge = merging.merge(kept=mara, absorbed=too, by=jo, now=at(10))

    undone = undoing.undo(brand=channel.brand, by=jo, now=at(20))

    assert (undone.sentence, undone.anew) == ("Undone: said that two contacts are one person.", True)
    assert whose() == {"mara": "Mara", "mara_x": "Mara_X"}
    again = merging.merge(kept=mara, absorbed=too, by=jo, now=at(30))
    merging.part(merge=again, by=jo, now=at(40))
    with pytest.raises(undoing.NothingToUndo):
        undoing.undo(brand=channel.brand, by=jo, now=at(50))
    assert merge.pk != again.pk


def test_what_comes_meanwhile_belongs_to_the_person_and_is_given_back_with_the_account(
    channel: Channel, other: Channel, jo: Person
) -> None:
    mara, too = both(channel, other)
    merge = merging.merge(kept=mara, absorbed=too, by=jo, now=at(10))

    arrive(
        other, exchange.wrote("And another thing", who="mara_x", thread_id="post 1", seconds=20), seconds=21
    )
    assert whose()["post 1"] == "Mara"

    merging.part(merge=merge, by=jo, now=at(30))
    assert whose() == {"mara": "Mara", "mara_x": "Mara_X", "post 1": "Mara_X"}


def test_a_new_name_of_one_account_is_not_shown_in_the_others_conversations(
    channel: Channel, other: Channel, jo: Person
) -> None:
    mara, too = both(channel, other)
    merging.merge(kept=mara, absorbed=too, by=jo, now=at(10))

    contacts.update_profile(
        channel_id=other.pk, party=Party("mara_x", name="M. Lindt", username="lindt"), now=at(20)
    )

    shown = dict(Conversation.objects.values_list("thread_key", "contact_username"))
    assert (shown["mara"], shown["mara_x"]) == ("mara.k", "lindt")
    mara.refresh_from_db()
    assert mara.name == "Mara"


def test_a_mark_goes_with_the_person_and_back(channel: Channel, other: Channel, jo: Person) -> None:
    mara, too = both(channel, other)
    triage(channel, at(2))
    prioritising.mark_vip(contact=too, vip=True, by=jo, now=at(5))

    merge = merging.merge(kept=mara, absorbed=too, by=jo, now=at(10))
    triage(channel, at(11))
    of_mara = Conversation.objects.get(thread_key="mara")
    assert any("VIP" in why for _, why in of_mara.priority_reasons)

    merging.part(merge=merge, by=jo, now=at(20))
    triage(channel, at(21))
    of_mara.refresh_from_db()
    assert not any("VIP" in why for _, why in of_mara.priority_reasons)
    assert contact_of("mara_x").vip


@pytest.fixture
def linkedin(channel: Channel) -> Channel:
    return people.ChannelFactory(brand=channel.brand, platform="linkedin")


def hidden_said(linkedin: Channel) -> Contact:
    """Somebody whom LinkedIn hides writes in a thread of their own."""
    party = Party("hidden:1", name="LinkedIn member", stand_in=True)
    arrive(linkedin, replace(exchange.wrote("Hello", thread_id="t1"), author=party))
    return contact_of("hidden:1")


@pytest.mark.parametrize("hidden_is_kept", [False, True])
def test_who_was_hidden_stays_whom_somebody_said_they_are_when_they_are_named(
    channel: Channel, linkedin: Channel, jo: Person, hidden_is_kept: bool
) -> None:
    arrive(channel, exchange.wrote("Hi", who="mara"))
    hidden, mara = hidden_said(linkedin), contact_of("mara")
    kept, absorbed = (hidden, mara) if hidden_is_kept else (mara, hidden)
    merge = merging.merge(kept=kept, absorbed=absorbed, by=jo, now=at(10))

    arrive(linkedin, exchange.wrote("It is me", who="urn:7", thread_id="t1", seconds=20), seconds=21)

    conversation = Conversation.objects.get(thread_key="t1")
    assert (conversation.contact, conversation.recipient_key) == (kept, "urn:7")
    assert contact_of("urn:7") == kept  # what they write elsewhere is the same person's
    assert Contact.objects.count() == 2
    contacts.update_profile(channel_id=linkedin.pk, party=Party("urn:7", name="Mara Lindt"), now=at(30))
    conversation.refresh_from_db()
    assert conversation.contact_name == "Mara Lindt"

    merging.part(merge=merge, by=jo, now=at(40))

    conversation.refresh_from_db()
    assert conversation.contact == hidden and contact_of("urn:7") == hidden
    assert Conversation.objects.get(thread_key="mara").contact == mara


def noor_turns_out_to_be_hidden(channel: Channel, linkedin: Channel) -> None:
    """In the thread that somebody has said to be another's. She has a past of her own."""
    arrive(linkedin, exchange.wrote("It is me", who="noor", thread_id="t1", seconds=20), seconds=21)


@pytest.mark.parametrize("hidden_is_kept", [False, True])
def test_an_account_with_a_past_of_its_own_keeps_it_when_it_turns_out_to_be_the_hidden_one(
    channel: Channel, linkedin: Channel, jo: Person, hidden_is_kept: bool
) -> None:
    arrive(channel, exchange.wrote("Hi", who="mara"))
    arrive(linkedin, exchange.wrote("Hi", who="noor", thread_id="t2"))
    hidden, mara, noor = hidden_said(linkedin), contact_of("mara"), contact_of("noor")
    kept, absorbed = (hidden, mara) if hidden_is_kept else (mara, hidden)
    merge = merging.merge(kept=kept, absorbed=absorbed, by=jo, now=at(10))

    noor_turns_out_to_be_hidden(channel, linkedin)

    assert whose() == {"mara": str(kept), "t1": str(kept), "t2": "Noor"}
    assert contact_of("noor") == noor

    merging.part(merge=merge, by=jo, now=at(30))

    assert whose() == {"mara": "Mara", "t1": "Noor", "t2": "Noor"}


@pytest.mark.parametrize("hidden_is_kept", [False, True])
def test_a_named_persons_conversation_stays_with_whom_a_merge_that_holds_says_the_hidden_one_is(
    channel: Channel, other: Channel, linkedin: Channel, jo: Person, hidden_is_kept: bool
) -> None:
    """Another merge is undone first: the conversation goes where the hidden one is said to belong, and to its account after that."""
    for place, who in ((channel, "mara"), (other, "pia")):
        arrive(place, exchange.wrote("Hi", who=who))
    arrive(linkedin, exchange.wrote("Hi", who="noor", thread_id="t2"))
    hidden, mara, pia = hidden_said(linkedin), contact_of("mara"), contact_of("pia")
    kept, absorbed = (hidden, mara) if hidden_is_kept else (mara, hidden)
    inner = merging.merge(kept=kept, absorbed=absorbed, by=jo, now=at(10))
    outer = merging.merge(kept=pia, absorbed=kept, by=jo, now=at(11))
    noor_turns_out_to_be_hidden(channel, linkedin)
    assert whose()["t1"] == "Pia"

    merging.part(merge=outer, by=jo, now=at(30))
    assert whose()["t1"] == str(kept)

    merging.part(merge=inner, by=jo, now=at(40))
    assert whose() == {"mara": "Mara", "pia": "Pia", "t1": "Noor", "t2": "Noor"}


def test_a_conversation_that_goes_to_its_account_is_told_and_bears_that_persons_mark(
    channel: Channel, linkedin: Channel, jo: Person
) -> None:
    arrive(channel, exchange.wrote("Hi", who="mara"))
    arrive(linkedin, exchange.wrote("Hi", who="noor", thread_id="t2"))
    hidden, mara = hidden_said(linkedin), contact_of("mara")
    prioritising.mark_vip(contact=contact_of("noor"), vip=True, by=jo, now=at(5))
    merge = merging.merge(kept=mara, absorbed=hidden, by=jo, now=at(10))
    noor_turns_out_to_be_hidden(channel, linkedin)
    before = Conversation.objects.get(thread_key="t1")
    assert not before.contact_vip

    merging.part(merge=merge, by=jo, now=at(30))

    after = Conversation.objects.get(thread_key="t1")
    assert after.contact_vip and after.seq > before.seq


def test_a_mark_of_somebody_who_is_another_by_now_stays_theirs(
    channel: Channel, other: Channel, jo: Person
) -> None:
    mara, too = both(channel, other)
    kim = people.agent_of(channel.brand, name="Kim")
    prioritising.mark_vip(contact=too, vip=True, by=jo, now=at(5))
    merge = merging.merge(kept=mara, absorbed=too, by=kim, now=at(6))

    undone = undoing.undo(brand=channel.brand, by=jo, now=at(7))
    assert (undone.done, "the same person as another by now" in undone.sentence) == (0, True)

    merging.part(merge=merge, by=kim, now=at(8))
    assert [Contact.objects.get(pk=each.pk).vip for each in (mara, too)] == [False, True]


def test_whoever_comes_on_two_networks_has_come_twice(channel: Channel, other: Channel, jo: Person) -> None:
    arrive(channel, exchange.wrote(who="mara"))
    arrive(other, exchange.wrote(who="mara_x", seconds=10 * 3600), seconds=10 * 3600 + 1)
    triage(channel, at(10 * 3600 + 2))
    later = Conversation.objects.get(thread_key="mara_x")
    assert not any("contact" in why for _, why in later.priority_reasons)

    merging.merge(kept=contact_of("mara"), absorbed=contact_of("mara_x"), by=jo, now=at(10 * 3600 + 5))
    triage(channel, at(10 * 3600 + 6))

    later.refresh_from_db()
    assert any("second contact" in why for _, why in later.priority_reasons)


def test_what_cannot_be_is_refused_in_words(channel: Channel, other: Channel, jo: Person) -> None:
    mara, too = both(channel, other)
    arrive(channel, exchange.wrote(who="noor"))
    stranger = Contact.objects.create(brand=people.BrandFactory(), name="Stranger")
    first = merging.merge(kept=mara, absorbed=too, by=jo, now=at(10))

    for kept, absorbed, words in (
        (mara, mara, "same person already"),
        (mara, stranger, "different brands"),
        (contact_of("noor"), too, "Look again"),
    ):
        with pytest.raises(merging.Refused, match=words):
            merging.merge(kept=kept, absorbed=absorbed, by=jo, now=at(11))

    second = merging.merge(kept=contact_of("noor"), absorbed=mara, by=jo, now=at(12))
    with pytest.raises(merging.Refused, match="Undo that first"):
        merging.part(merge=first, by=jo, now=at(13))
    merging.part(merge=second, by=jo, now=at(14))
    merging.part(merge=first, by=jo, now=at(15))
    assert whose() == {"mara": "Mara", "mara_x": "Mara_X", "noor": "Noor"}
    assert not ContactMerge.objects.filter(undone_at=None).exists()


# The slow and obvious reference is the same story without a merge and without an edit.

STEPS = st.lists(
    st.tuples(st.sampled_from(["mara", "mara_x"]), st.sampled_from(["wrote", "answered", "edited", "merge", "part"]), st.integers(1, 900)),
    min_size=2, max_size=9,
)  # fmt: skip


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_merging_parting_and_editing_at_any_time_move_no_clock(steps: list[tuple[str, str, int]]) -> None:
    merged, plain = live_through(steps, merging_too=True), live_through(steps, merging_too=False)

    assert merged == plain


def live_through(steps: list[tuple[str, str, int]], *, merging_too: bool) -> list[tuple[object, ...]]:
    """The clocks that came of it, and what was told of them."""
    channel = people.ChannelFactory()
    other = people.ChannelFactory(brand=channel.brand, platform="x")
    jo = people.agent_of(channel.brand)
    SlaPolicy.objects.create(
        brand=channel.brand, name="Standard", first_response=600, next_response=900, resolution=3600, warnings=[50]
    )  # fmt: skip
    places = {"mara": channel, "mara_x": other}
    firsts = {who: exchange.wrote(who=who) for who in places}
    for who, place in places.items():
        arrive(place, firsts[who])
    mine = Contact.objects.filter(brand=channel.brand)
    mara, too = mine.get(handles__external_id="mara"), mine.get(handles__external_id="mara_x")
    held: ContactMerge | None = None
    seconds = 1.0
    for number, (who, what, pause) in enumerate(steps):
        seconds += pause
        place = places[who]
        if what == "wrote":
            arrive(place, exchange.wrote(f"more {number}", who=who, seconds=seconds), seconds=seconds)
        elif what == "answered":
            arrive(place, exchange.echoed(f"so {number}", to=who, seconds=seconds), seconds=seconds)
        elif merging_too and what == "edited":
            arrive(place, exchange.edited(firsts[who], f"other {number}", seconds=seconds), seconds=seconds)
        elif merging_too and what == "merge" and held is None:
            held = merging.merge(kept=mara, absorbed=too, by=jo, now=at(seconds))
        elif merging_too and what == "part" and held is not None:
            merging.part(merge=held, by=jo, now=at(seconds))
            held = None
        triage(channel, at(seconds))
        timing.sweep(now=at(seconds))
    found = Clock.objects.filter(conversation__brand=channel.brand).select_related("conversation")
    clocks = [
        (each.conversation.thread_key, each.kind, each.state, each.started_at - at(0), each.ended_at and each.ended_at - at(0),
         each.target, each.counted if each.ended_at else 0, each.due_at and each.due_at - at(0), each.breached_at)
        for each in found
    ]  # fmt: skip
    told = Event.objects.filter(brand=channel.brand, kind__in=[EventKind.SLA_WARNED, EventKind.SLA_BREACHED])
    said = [
        (each.conversation.thread_key, each.kind, each.data["clock"], each.data["percent"], each.at - at(0))
        for each in told.select_related("conversation")
        if each.conversation
    ]
    return sorted(clocks, key=str) + sorted(said, key=str)


def test_a_merge_looks_at_no_more_than_it_must(channel: Channel, other: Channel, jo: Person, django_assert_max_num_queries: Any) -> None:  # fmt: skip
    mara, too = both(channel, other)
    for number in range(20):
        arrive(other, exchange.wrote(f"Again {number}", who="mara_x", thread_id=f"post {number}"))

    with django_assert_max_num_queries(25):
        merge = merging.merge(kept=mara, absorbed=too, by=jo, now=at(10) + timedelta(seconds=1))
    with django_assert_max_num_queries(25):
        merging.part(merge=merge, by=jo, now=at(20))
