"""A delivery keeps its name from the door to the push, in the logs of whoever has it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from connectors.actions import draining
from connectors.models import Receipt
from inbox import audience
from tests.connectors.conftest import NOW, message_item

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_follows_from_deliveries_names_them_and_what_comes_after_does_not(
    receipt: Callable[..., Receipt], caplog: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(audience, "of", set)  # somebody looks
    caplog.set_level(logging.INFO)
    for name in ("delivery-one", "delivery-two"):
        Receipt.objects.filter(pk=receipt(message_item(f"m-{name}")).pk).update(delivery=name)

    draining.drain(now=NOW)
    receipt(message_item("m3"))
    draining.drain(now=NOW)

    said = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    first, second = [each["deliveries"] for each in said if each["event"] == "receipts_drained"]
    pushed = [each for each in said if each["event"] == "pushed"]
    assert first == ["delivery-one", "delivery-two"]
    assert "delivery-one" not in second
    assert pushed and pushed[0]["deliveries"] == first
