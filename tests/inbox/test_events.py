from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.forms import model_to_dict

from inbox import events
from inbox.models import BrandSequence, Event, EventKind
from tests.factories import exchange as say
from tests.factories.people import BrandFactory
from tests.threads import at_once


@pytest.mark.django_db(transaction=True)
def test_numbers_rise_in_the_order_of_commits_without_gaps() -> None:
    brand = BrandFactory()

    def write() -> None:
        for _ in range(20):
            with transaction.atomic(), events.ledger(brand.pk) as ledger:
                ledger.record(EventKind.ASSIGNED, at=say.at())
                ledger.record(EventKind.RESOLVED, at=say.at())

    at_once(write, write, write, write)

    assert list(Event.objects.filter(brand=brand).order_by("pk").values_list("seq", flat=True)) == list(
        range(1, 161)
    )
    assert BrandSequence.objects.get(pk=brand.pk).last == 160


@pytest.mark.django_db
def test_what_is_told_of_an_event_is_what_its_row_says() -> None:
    brand = BrandFactory()

    with transaction.atomic(), events.ledger(brand.pk) as ledger:
        ledger.record(EventKind.ASSIGNED, at=say.at(), why="late")
        [told] = ledger.told

    kept = Event.objects.get(brand=brand)
    assert vars(told).keys() == vars(kept).keys()
    assert not told._state.adding
    assert {**model_to_dict(kept), "id": None} == model_to_dict(told)


@pytest.mark.django_db(transaction=True)
def test_a_ledger_outside_a_transaction_is_refused_because_its_lock_would_end_at_once() -> None:
    brand = BrandFactory()

    with pytest.raises(transaction.TransactionManagementError), events.ledger(brand.pk):
        pass


@pytest.mark.django_db
def test_no_ledger_is_opened_for_a_brand_that_is_gone() -> None:
    with pytest.raises(BrandSequence.DoesNotExist), events.ledger(0):
        pass


@pytest.mark.django_db
def test_a_reaction_that_fails_does_not_silence_the_others(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    brand = BrandFactory()
    heard: list[list[int]] = []

    def deaf(told: list[Event]) -> None:
        raise RuntimeError("no")

    def listening(told: list[Event]) -> None:
        heard.append([event.seq for event in told])

    kinds = frozenset({EventKind.NOTE_ADDED})
    monkeypatch.setattr(events, "_reactions", [(kinds, deaf), (kinds, listening)])

    with (
        django_capture_on_commit_callbacks(execute=True),
        transaction.atomic(),
        events.ledger(brand.pk) as ledger,
    ):
        ledger.record(EventKind.NOTE_ADDED, at=say.at())
        ledger.record(EventKind.RESOLVED, at=say.at())
        ledger.record(EventKind.NOTE_ADDED, at=say.at())

    assert heard == [[1, 3]]


@pytest.mark.django_db
def test_what_is_rolled_back_was_never_told(django_capture_on_commit_callbacks: Any) -> None:
    brand = BrandFactory()

    with pytest.raises(RuntimeError), transaction.atomic(), events.ledger(brand.pk) as ledger:  # noqa: PT012
        ledger.record(EventKind.NOTE_ADDED, at=say.at())
        raise RuntimeError

    assert not Event.objects.exists()
    with transaction.atomic(), events.ledger(brand.pk) as ledger:
        assert ledger.record(EventKind.NOTE_ADDED, at=say.at()) == 1
