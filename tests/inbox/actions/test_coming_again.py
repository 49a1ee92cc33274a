"""How often a person came counts in each of their conversations, whichever of them they wrote in."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox import events
from inbox.actions import _looking, closing, receiving, triaging
from inbox.actions.receiving import Arrival
from inbox.exchange import InboundMessage
from inbox.models import (
    Channel,
    Contact,
    Conversation,
    ConversationState,
    Priority,
    PriorityWeights,
    SlaPolicy,
)
from inbox.rules import pacing
from tests.factories import conversations as make
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of
from tests.inbox.actions.spoiling import spoil
from tests.threads import in_another_connection, wait_for_a_lock_to_be_waited_for

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = 3600.0


@pytest.fixture
def here() -> Channel:
    return ChannelFactory()


@pytest.fixture
def there(here: Channel) -> Channel:
    """Another channel of the brand."""
    return ChannelFactory(brand=here.brand)


def takes_in(channel: Channel, message: InboundMessage, *, seconds: float) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, message)], now=say.at(seconds))


def writes(channel: Channel, *, seconds: float = 0, who: str = "mara") -> None:
    takes_in(channel, say.wrote("Where is it?", who=who, seconds=seconds), seconds=seconds + 1)


def one_person(*channels: Channel) -> list[Conversation]:
    """Mara has written in each of them, and is known to be the same everywhere. Her conversations, in the order of the channels."""
    for channel in channels:
        writes(channel)
    mara = Contact.objects.filter(handles__external_id="mara").earliest("pk")
    Conversation.objects.filter(recipient_key="mara").update(contact=mara)
    triage(channels[0], seconds=2)
    return [Conversation.objects.get(channel=channel, recipient_key="mara") for channel in channels]


def triage(channel: Channel, *, seconds: float) -> None:
    while not (batch := triaging.next_batch(channel.brand_id)).is_empty:
        triaging.triage(batch, None, now=say.at(seconds))


def comings(conversation: Conversation) -> list[str]:
    conversation.refresh_from_db()
    return [why for _, why in conversation.priority_reasons if "contact" in why]


def look(channel: Channel, conversations: Sequence[Conversation], now: datetime) -> list[int]:
    """As whoever looks at them without news. Those whose rows are different then."""
    with transaction.atomic(), events.ledger(channel.brand_id) as ledger:
        return [each.id for each in _looking.look(ledger, [each.pk for each in conversations], now)]


def test_who_comes_again_elsewhere_has_come_again_here(here: Channel, there: Channel) -> None:
    mine, _ = one_person(here, there)
    assert comings(mine) == []

    writes(there, seconds=9 * HOUR)
    triage(here, seconds=9 * HOUR + 2)

    assert comings(mine) == ["second contact in seven days"]


def test_a_coming_that_falls_out_of_the_seven_days_counts_nowhere(here: Channel, there: Channel) -> None:
    mine, _ = one_person(here, there)
    writes(there, seconds=9 * HOUR)
    triage(here, seconds=9 * HOUR + 2)
    assert comings(mine) == ["second contact in seven days"]

    writes(there, seconds=20 * 24 * HOUR)
    triage(here, seconds=20 * 24 * HOUR + 2)

    assert comings(mine) == []


def test_an_answer_that_is_learned_of_late_fills_the_silence_here_too(here: Channel, there: Channel) -> None:
    mine, _ = one_person(here, there)
    writes(there, seconds=9 * HOUR)
    triage(here, seconds=9 * HOUR + 2)
    assert comings(mine) == ["second contact in seven days"]

    takes_in(there, say.echoed("Soon.", to="mara", seconds=5 * HOUR), seconds=10 * HOUR)
    triage(here, seconds=10 * HOUR)

    assert comings(mine) == []


def test_another_priority_by_what_was_said_elsewhere_is_promised_something_else(
    here: Channel, there: Channel
) -> None:
    PriorityWeights.objects.update_or_create(
        brand=here.brand, defaults={"weights": {"second_contact": 100, "waits_4h": 0}}
    )
    SlaPolicy.objects.create(
        brand=here.brand, name="Urgent ones", first_response=12 * 3600, priorities=[Priority.URGENT]
    )
    mine, _ = one_person(here, there)
    assert mine.due_kind != "first"

    writes(there, seconds=9 * HOUR)
    triage(here, seconds=9 * HOUR + 2)

    mine.refresh_from_db()
    assert (mine.priority, mine.due_reason) == (Priority.URGENT, "first response, Urgent ones")


def test_what_is_over_and_what_others_wrote_is_not_looked_at(here: Channel, there: Channel) -> None:
    mine, _ = one_person(here, there)
    writes(here, who="berta", seconds=10)
    closing.resolve(conversation=mine, by=agent_of(here.brand), now=say.at(11))
    triage(here, seconds=12)

    writes(there, seconds=9 * HOUR)

    batch = triaging.next_batch(here.brand_id)
    assert (len(batch.since), batch.beside) == (1, [])


@given(
    said=st.lists(
        st.tuples(st.sampled_from([0, 1, 2]), st.booleans(), st.integers(1, 300), st.booleans()), max_size=8
    )
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_looking_again_finds_nothing_new_anywhere(
    said: list[tuple[int, bool, int, bool]], here: Channel
) -> None:
    """(where, by the customer, at which hour, looked at then): whatever comes, and however late."""
    Conversation.objects.all().delete()
    channels = [here, *(ChannelFactory(brand=here.brand) for _ in range(2))]
    theirs = one_person(*channels)
    for place, by_customer, hour, is_looked_at in said:
        message = (
            say.wrote(seconds=hour * HOUR)
            if by_customer
            else say.echoed("Soon.", to="mara", seconds=hour * HOUR)
        )
        takes_in(channels[place], message, seconds=301 * HOUR)
        if is_looked_at:
            triage(here, seconds=301 * HOUR)
    triage(here, seconds=301 * HOUR)

    before = [comings(each) for each in theirs]
    look(here, theirs, say.at(301 * HOUR))

    assert [comings(each) for each in theirs] == before


def with_many_beside(here: Channel, there: Channel, *, many: int) -> list[Conversation]:
    mine, _ = one_person(here, there)
    more = [
        make.conversation(here, contact=mine.contact, last_inbound_at=say.at(0), last_message_at=say.at(0))
        for _ in range(many)
    ]
    writes(there, seconds=9 * HOUR)
    return [mine, *more]


def test_many_of_one_person_hold_the_lock_no_longer_than_others_do(here: Channel, there: Channel) -> None:
    beside = with_many_beside(here, there, many=20)
    batch = triaging.next_batch(here.brand_id)

    sizes = [len(part) for part in batch.parts]
    assert sum(sizes) == len(beside) + 1
    assert max(sizes) <= pacing.FEWEST + len(batch.since)

    triage(here, seconds=9 * HOUR + 2)
    assert {tuple(comings(each)) for each in beside} == {("second contact in seven days",)}


def test_one_question_finds_the_others_of_all_people(here: Channel, there: Channel) -> None:
    def queries(beside: int) -> int:
        Conversation.objects.all().delete()
        with_many_beside(here, there, many=beside - 1)
        with CaptureQueriesContext(connection) as asked:
            triaging.triage(triaging.next_batch(here.brand_id), None, now=say.at(9 * HOUR + 2))
        triage(here, seconds=9 * HOUR + 3)
        return len(asked)

    queries(2)

    assert queries(2) == queries(pacing.FEWEST)


def test_one_that_cannot_be_looked_at_keeps_no_other_from_it(
    here: Channel, there: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoiled, *others = with_many_beside(here, there, many=20)
    spoil(monkeypatch, spoiled.pk)

    triage(here, seconds=9 * HOUR + 2)

    assert {tuple(comings(each)) for each in others} == {("second contact in seven days",)}


def test_what_is_resolved_while_a_look_waits_for_the_lock_is_seen_as_over(
    here: Channel, there: Channel
) -> None:
    beside = with_many_beside(here, there, many=20)
    batch = triaging.next_batch(here.brand_id)

    def look_at_it() -> bool:
        return triaging.triage(batch, None, now=say.at(9 * HOUR + 2))

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic(), events.ledger(here.brand_id):
            looking = pool.submit(in_another_connection, look_at_it)
            wait_for_a_lock_to_be_waited_for()
            resolved = Conversation.objects.filter(pk__in=[each.pk for each in beside])
            resolved.update(state=ConversationState.RESOLVED, resolved_at=say.at(9 * HOUR + 2))
        assert looking.result(timeout=60)

    assert {(*comings(each), each.priority_score) for each in beside} == {(0,)}
