"""One at a time: what somebody has in focus nobody else is given."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from functools import partial
from threading import Barrier, Event
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from inbox.actions import closing, focusing, snoozing
from inbox.actions.focusing import LEASE, Place
from inbox.models import Channel, Conversation, Focus, FocusStanding, Person
from inbox.queries import finding, focus, sorting
from tests.factories import conversations as make
from tests.factories.people import ChannelFactory, agent_of
from tests.inbox.actions.holding import locked
from tests.threads import in_another_connection, wait_for_a_lock_to_be_waited_for

NOW = timezone.now()


@pytest.fixture
def channel(transactional_db: None) -> Channel:
    return ChannelFactory(brand__slug="lumen")


@pytest.fixture
def queue(channel: Channel) -> list[Conversation]:
    return make.conversations(channel, 6)


@pytest.fixture
def ada(channel: Channel) -> Person:
    return agent_of(channel.brand, name="Ada")


@pytest.fixture
def bea(channel: Channel) -> Person:
    return agent_of(channel.brand, name="Bea")


def asked(
    person: Person, channel: Channel, passed: list[UUID], view: str = "open", typed: str = ""
) -> dict[str, object]:
    found = finding.view(person, channel.brand, "query" if typed else view, text=typed)
    return {"person": person, "brand": channel.brand, "view": found, "sort": sorting.NEWEST, "passed": passed}


def go_on(
    person: Person, channel: Channel, *, passed: list[UUID] | None = None, wanted: UUID | None = None,
    after: timedelta = timedelta(0), view: str = "open", typed: str = "", page: UUID | None = None,
) -> Place:  # fmt: skip
    told = asked(person, channel, passed or [], view, typed)
    return focusing.go_on(**told, wanted=wanted, now=NOW + after, page=page)  # type: ignore[arg-type]


def stay(
    person: Person, channel: Channel, current: Conversation, after: timedelta, page: UUID | None = None
) -> Place:
    told = asked(person, channel, [])
    return focusing.stay(**told, current=current.public_id, now=NOW + after, page=page)  # type: ignore[arg-type]


def test_the_first_of_the_view_is_taken_and_the_second_kept_ready(
    channel: Channel, queue: list[Conversation], ada: Person
) -> None:
    place = go_on(ada, channel)

    assert (place.current, place.ready) == (queue[0], queue[1])


def test_what_a_colleague_has_or_keeps_ready_is_not_given_twice(
    channel: Channel, queue: list[Conversation], ada: Person, bea: Person
) -> None:
    go_on(ada, channel)

    place = go_on(bea, channel)

    assert (place.current, place.ready) == (queue[2], queue[3])


def test_going_on_takes_what_was_kept_ready_and_gives_back_what_was_done(
    channel: Channel, queue: list[Conversation], ada: Person, bea: Person
) -> None:
    first = go_on(ada, channel)
    assert first.ready

    second = go_on(ada, channel, passed=[queue[0].public_id], wanted=first.ready.public_id)

    assert (second.current, second.ready) == (queue[1], queue[2])
    assert go_on(bea, channel).current == queue[0]


@pytest.mark.parametrize("what", ["snoozed", "resolved", "assigned"])
def test_what_has_left_the_view_since_it_was_kept_ready_is_given_to_nobody(
    what: str, channel: Channel, queue: list[Conversation], ada: Person, bea: Person
) -> None:
    first = go_on(ada, channel, view="unassigned")
    assert first.ready == queue[1]
    if what == "snoozed":
        snoozing.snooze(conversation=queue[1], until=None, by=bea, now=NOW)
    elif what == "resolved":
        closing.resolve(conversation=queue[1], by=bea, now=NOW)
    else:
        Conversation.objects.filter(pk=queue[1].pk).update(assignee=bea)

    place = go_on(ada, channel, passed=[queue[0].public_id], wanted=queue[1].public_id, view="unassigned")

    assert (place.current, place.ready) == (queue[2], queue[3])


def test_a_lease_that_nobody_renews_is_over(
    channel: Channel, queue: list[Conversation], ada: Person, bea: Person
) -> None:
    go_on(ada, channel)

    later = go_on(bea, channel, after=LEASE + timedelta(seconds=1))

    assert later.current == queue[0]
    assert stay(ada, channel, queue[0], LEASE + timedelta(seconds=2)).lost_to == bea


def test_a_page_that_lives_keeps_it(
    channel: Channel, queue: list[Conversation], ada: Person, bea: Person
) -> None:
    go_on(ada, channel)
    for seconds in (12, 24, 36):
        assert stay(ada, channel, queue[0], timedelta(seconds=seconds)).current == queue[0]

    assert go_on(bea, channel, after=LEASE + timedelta(seconds=1)).current == queue[2]


def test_what_a_page_with_a_live_socket_shows_and_keeps_ready_is_kept_without_a_word_from_it(
    channel: Channel, queue: list[Conversation], ada: Person, bea: Person
) -> None:
    go_on(ada, channel)
    for seconds in (30, 60, 90, 120):
        shown = (channel.brand_id, ada.pk, queue[0].public_id)
        assert focusing.keep([shown], now=NOW + timedelta(seconds=seconds)) == 2

    assert go_on(bea, channel, after=timedelta(seconds=150)).current == queue[2]
    assert go_on(bea, channel, after=timedelta(seconds=161)).current == queue[0]


def test_a_live_socket_takes_nothing_that_was_given_back_or_is_anothers_or_on_another_page_by_now(
    channel: Channel, queue: list[Conversation], ada: Person, bea: Person
) -> None:
    go_on(ada, channel)
    shown = (channel.brand_id, ada.pk, queue[0].public_id)
    assert focusing.keep([(channel.brand_id, ada.pk, queue[1].public_id)], now=NOW) == 0  # it is kept ready
    assert focusing.keep([(channel.brand_id, bea.pk, queue[0].public_id)], now=NOW) == 0
    assert focusing.keep([], now=NOW) == 0

    later = NOW + LEASE + timedelta(seconds=1)
    go_on(bea, channel, after=LEASE + timedelta(seconds=1))
    assert focusing.keep([shown], now=later) == 0
    focusing.leave(person=bea, brand=channel.brand)
    assert focusing.keep([(channel.brand_id, bea.pk, queue[0].public_id)], now=later) == 0
    assert not Focus.objects.filter(until__gt=later).exists()


def test_a_live_socket_waits_for_nobody(channel: Channel, queue: list[Conversation], ada: Person) -> None:
    go_on(ada, channel)
    shown = (channel.brand_id, ada.pk, queue[0].public_id)

    def kept_elsewhere() -> int:
        try:
            return focusing.keep([shown], now=NOW)
        finally:
            connections.close_all()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        list(Focus.objects.select_for_update().filter(standing=FocusStanding.CURRENT))
        assert pool.submit(kept_elsewhere).result(timeout=10) == 1


def test_a_page_that_gave_back_what_it_had_takes_nothing_more_however_late_it_asks(
    channel: Channel, queue: list[Conversation], ada: Person
) -> None:
    page = uuid4()
    go_on(ada, channel, page=page)
    focusing.leave(person=ada, brand=channel.brand, page=page)

    assert go_on(ada, channel, page=page) == Place(None, None)
    assert stay(ada, channel, queue[0], timedelta(seconds=1), page) == Place(None, None)
    assert not Focus.objects.exists()
    assert go_on(ada, channel, page=uuid4()).current == queue[0]


def test_what_a_page_takes_while_it_gives_back_is_given_back_too(
    channel: Channel, queue: list[Conversation], ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was asked whether the page has left, and is still at work when the page leaves."""
    page, asked_already, may_go_on = uuid4(), Event(), Event()
    free = focus.free

    def slowly(*args: object, **how: object) -> list[Conversation]:
        asked_already.set()
        assert may_go_on.wait(10)
        return free(*args, **how)  # type: ignore[arg-type]

    def in_thread(do: Callable[[], object]) -> object:
        try:
            return do()
        finally:
            connections.close_all()

    monkeypatch.setattr(focus, "free", slowly)
    with ThreadPoolExecutor(2) as pool:
        taking = pool.submit(in_thread, lambda: go_on(ada, channel, page=page))
        assert asked_already.wait(10)
        leaving = pool.submit(in_thread, lambda: focusing.leave(person=ada, brand=channel.brand, page=page))
        while not cache.get(f"focus-left:{page}"):
            assert not leaving.done()
        may_go_on.set()
        taking.result(timeout=10)
        leaving.result(timeout=10)

    assert not Focus.objects.exists()


def test_a_page_that_closes_leaves_what_its_person_has_gone_on_with_in_another(
    channel: Channel, queue: list[Conversation], ada: Person
) -> None:
    first, second = uuid4(), uuid4()
    go_on(ada, channel, page=first)
    go_on(ada, channel, passed=[queue[0].public_id], page=second)

    focusing.leave(person=ada, brand=channel.brand, page=first)
    assert [hold.conversation for hold in focus.held(channel.brand_id, now=NOW)] == [str(queue[1].public_id)]
    focusing.leave(person=ada, brand=channel.brand, page=second)
    assert not Focus.objects.exists()


def test_a_page_that_took_its_lease_again_gives_it_back_when_it_closes(
    channel: Channel, queue: list[Conversation], ada: Person
) -> None:
    """Another window of the same person began and ended meanwhile."""
    first, second = uuid4(), uuid4()
    go_on(ada, channel, page=first)
    go_on(ada, channel, passed=[queue[0].public_id], page=second)
    focusing.leave(person=ada, brand=channel.brand, page=second)
    assert stay(ada, channel, queue[0], timedelta(seconds=5), first).current == queue[0]

    focusing.leave(person=ada, brand=channel.brand, page=first)

    assert not Focus.objects.exists()


def test_a_page_that_came_back_under_another_name_gives_back_what_it_stayed_with(
    channel: Channel, queue: list[Conversation], ada: Person
) -> None:
    before, after = uuid4(), uuid4()
    go_on(ada, channel, page=before)
    stay(ada, channel, queue[0], timedelta(seconds=5), after)

    focusing.leave(person=ada, brand=channel.brand, page=after)

    assert not Focus.objects.exists()


def test_a_page_that_closes_leaves_what_its_person_took_over_in_another(
    channel: Channel, queue: list[Conversation], ada: Person
) -> None:
    page = uuid4()
    go_on(ada, channel, page=page)
    focusing.take_over(conversation=queue[3], by=ada, now=NOW)

    focusing.leave(person=ada, brand=channel.brand, page=page)

    assert [hold.conversation for hold in focus.held(channel.brand_id, now=NOW)] == [str(queue[3].public_id)]


def test_without_the_broker_focus_works_on(
    channel: Channel, queue: list[Conversation], ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: object, **how: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(cache, "get", away)
    monkeypatch.setattr(cache, "set", away)
    monkeypatch.setattr(cache, "delete", away)
    page = uuid4()

    assert go_on(ada, channel, page=page).current == queue[0]
    assert stay(ada, channel, queue[0], timedelta(seconds=1), page).current == queue[0]
    focusing.leave(person=ada, brand=channel.brand, page=page)
    assert not Focus.objects.exists()


def test_what_became_more_pressing_meanwhile_is_kept_ready_instead(
    channel: Channel, queue: list[Conversation], ada: Person
) -> None:
    go_on(ada, channel)
    Conversation.objects.filter(pk=queue[5].pk).update(last_message_at=make.NEWEST + timedelta(hours=1))

    place = stay(ada, channel, queue[0], timedelta(seconds=12))

    assert (place.current, place.ready) == (queue[0], queue[5])


def test_taking_over_moves_the_lease_and_says_to_whom(
    channel: Channel, queue: list[Conversation], ada: Person, bea: Person
) -> None:
    go_on(ada, channel)

    focusing.take_over(conversation=queue[0], by=bea, now=NOW)

    assert [hold.person for hold in focus.held(channel.brand_id, now=NOW)] == [bea.pk]
    assert stay(ada, channel, queue[0], timedelta(seconds=1)).lost_to == bea


def lease_of(person: Person, channel: Channel) -> AbstractContextManager[None]:
    """Somebody else's transaction has it for a moment."""
    held = Focus.objects.select_for_update().filter(person=person, brand=channel.brand)
    return locked(lambda: nullcontext(list(held.order_by("pk"))))


def test_two_who_take_over_each_others_in_the_same_moment_have_changed_places(
    channel: Channel, queue: list[Conversation], ada: Person, bea: Person
) -> None:
    focusing.take_over(conversation=queue[0], by=ada, now=NOW)
    focusing.take_over(conversation=queue[1], by=bea, now=NOW)

    with ThreadPoolExecutor(2) as pool:
        with lease_of(ada, channel):
            asked = []
            for person, conversation in ((ada, queue[1]), (bea, queue[0])):
                take = partial(focusing.take_over, conversation=conversation, by=person, now=NOW)
                asked.append(pool.submit(in_another_connection, take))
                wait_for_a_lock_to_be_waited_for(by=len(asked))
        for each in asked:
            each.result(timeout=10)

    held = {hold.person: hold.conversation for hold in focus.held(channel.brand_id, now=NOW)}
    assert held == {ada.pk: str(queue[1].public_id), bea.pk: str(queue[0].public_id)}


def test_of_two_who_take_over_the_same_the_second_is_refused_and_keeps_what_they_had(
    channel: Channel, queue: list[Conversation], ada: Person, bea: Person
) -> None:
    cleo = agent_of(channel.brand, name="Cleo")
    focusing.take_over(conversation=queue[0], by=ada, now=NOW)
    focusing.take_over(conversation=queue[3], by=cleo, now=NOW)

    with ThreadPoolExecutor(2) as pool:
        with lease_of(ada, channel):
            asked = []
            for person in (bea, cleo):
                take = partial(focusing.take_over, conversation=queue[0], by=person, now=NOW)
                asked.append(pool.submit(in_another_connection, take))
                wait_for_a_lock_to_be_waited_for(by=len(asked))
        asked[0].result(timeout=10)
        with pytest.raises(focusing.Refused, match="Bea was quicker and has it now"):
            asked[1].result(timeout=10)

    held = {hold.person: hold.conversation for hold in focus.held(channel.brand_id, now=NOW)}
    assert held == {bea.pk: str(queue[0].public_id), cleo.pk: str(queue[3].public_id)}


def test_a_second_window_of_the_same_person_ends_the_first(
    channel: Channel, queue: list[Conversation], ada: Person
) -> None:
    go_on(ada, channel)
    go_on(ada, channel, passed=[queue[0].public_id])

    assert stay(ada, channel, queue[0], timedelta(seconds=1)).lost_to == ada


def test_leaving_gives_back_both_and_an_empty_view_gives_nothing(
    channel: Channel, queue: list[Conversation], ada: Person, bea: Person
) -> None:
    go_on(ada, channel)
    focusing.leave(person=ada, brand=channel.brand)
    assert not Focus.objects.exists()

    place = go_on(bea, channel, view="mine")

    assert (place.current, place.ready, place.is_left) == (None, None, False)


@pytest.mark.parametrize("typed", ["is:any", "is:any -assignee:me"])  # neither is counted
def test_what_nobody_may_be_given_but_is_there_is_said_to_be_left(
    typed: str, channel: Channel, queue: list[Conversation], ada: Person, bea: Person
) -> None:
    [first, second, *others] = [each.public_id for each in queue]
    go_on(ada, channel, passed=others)

    with_ada = go_on(bea, channel, passed=others, typed=typed)
    passed_over = go_on(ada, channel, passed=[first, second, *others], typed=typed)
    Conversation.objects.update(state="pending")
    gone = go_on(bea, channel, typed="is:open")

    assert (with_ada.current, with_ada.is_left) == (None, True)
    assert (passed_over.current, passed_over.is_left) == (None, True)
    assert (gone.current, gone.is_left) == (None, False)


def test_colleagues_are_told_of_what_is_on_screen_not_of_what_is_kept_ready(
    channel: Channel, queue: list[Conversation], ada: Person
) -> None:
    go_on(ada, channel)

    assert [hold.conversation for hold in focus.held(channel.brand_id, now=NOW)] == [str(queue[0].public_id)]
    assert focus.held(channel.brand_id, now=NOW + LEASE + timedelta(seconds=1)) == []


def test_the_database_refuses_a_second_lease_of_a_conversation(
    channel: Channel, queue: list[Conversation], ada: Person, bea: Person
) -> None:
    go_on(ada, channel)

    with pytest.raises(IntegrityError, match="one_focus_per_conversation"), transaction.atomic():
        Focus.objects.create(
            brand=channel.brand, conversation=queue[0], person=bea, standing=FocusStanding.CURRENT, until=NOW
        )


def test_many_who_begin_at_once_are_given_different_ones(channel: Channel) -> None:
    make.conversations(channel, 12)
    people = [agent_of(channel.brand) for _ in range(4)]
    together = Barrier(len(people))

    def begin(person: Person) -> Place:
        together.wait()
        try:
            return go_on(person, channel)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(people)) as pool:
        places = list(pool.map(begin, people))

    given = [each.pk for place in places for each in (place.current, place.ready) if each]
    assert len(given) == len(set(given)) == 2 * len(people)
