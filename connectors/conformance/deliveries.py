"""What is read of deliveries and pages: the same whatever the order of keys, and nothing worse than Malformed of what is damaged."""

from __future__ import annotations

import copy
from contextlib import suppress
from random import Random

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.conformance.asking import Asking
from connectors.conformance.reading import attempt, check, damaged, read, shuffled
from connectors.contract import UNKNOWN_KIND, Ignored, InboundMessage, Item, Malformed, MessageKind


class Deliveries(Asking):
    def test_ids_are_text_and_times_are_aware(self) -> None:
        events = [event for name in self.subject.deliveries for event in self._events(name)]
        assert events
        for event in events:
            check(event)

    def test_reading_changes_nothing_and_says_the_same_twice(self) -> None:
        for name, body in self.subject.deliveries.items():
            for item in self.subject.connector.items(body):
                before = copy.deepcopy(dict(item.payload))
                first, second = (attempt(self.subject, item) for _ in range(2))
                assert first == second, name
                assert dict(item.payload) == before, name

    def test_unknown_kinds_are_kept_under_an_id_that_stays(self) -> None:
        for name in self.subject.unknown:
            (first,), (second,) = self._events(name), self._events(name)
            assert isinstance(first, InboundMessage), name
            assert first.kind is MessageKind.UNSUPPORTED, name
            assert first == second and first.external_id, name

    def test_the_order_of_keys_means_nothing(self) -> None:
        @settings(max_examples=60, deadline=None)
        @given(name=st.sampled_from(sorted(self.subject.deliveries)), seed=st.integers(0, 2**32))
        def holds(name: str, seed: int) -> None:
            body = self.subject.deliveries[name]
            document = shuffled(orjson.loads(body), Random(seed))
            assert read(self.subject, orjson.dumps(document)) == read(self.subject, body)

        holds()

    def test_a_damaged_delivery_is_malformed_at_worst(self) -> None:
        @settings(max_examples=300, deadline=None)
        @given(name=st.sampled_from(sorted(self.subject.deliveries)), seed=st.integers(0, 2**32))
        def holds(name: str, seed: int) -> None:
            chance = Random(seed)
            document = orjson.loads(self.subject.deliveries[name])
            for _ in range(chance.randint(1, 4)):
                document = damaged(document, chance)
            for event in read(self.subject, orjson.dumps(document)):
                check(event)

        holds()

    def test_any_bytes_are_malformed_at_worst(self) -> None:
        @settings(max_examples=60, deadline=None)
        @given(body=st.binary(max_size=200))
        def holds(body: bytes) -> None:
            read(self.subject, body)

        holds()

    def test_what_a_page_could_not_read_is_an_item_that_parse_can_read(self) -> None:
        """It is kept until an upgrade mends the cause. Until then `parse` stumbles over it as the page did, and over nothing else."""
        if self.subject.history is None:
            pytest.skip("no past is given in which something cannot be read")
        failures = [failure for page in self._pages(self.subject.history) for failure in page.failures]
        assert failures
        for payload, why in failures:
            orjson.dumps(dict(payload))
            with suppress(Ignored):  # there is nothing that could be read; the next walk asks again
                assert self._stumbled(Item(payload)) == why

    def _stumbled(self, item: Item) -> str:
        try:
            found = self.subject.connector.parse(item, self.subject.account)
        except Ignored:
            raise
        except Malformed as error:
            return str(error)
        return f"read as {found}" if found else UNKNOWN_KIND
