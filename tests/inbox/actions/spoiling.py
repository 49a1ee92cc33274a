"""A conversation that cannot be looked at, whatever is tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from inbox.actions import _clocks


def no_clock() -> None:
    raise ArithmeticError("no clock can be made of this")


def spoil(monkeypatch: pytest.MonkeyPatch, conversation_id: int, how: Callable[[], None] = no_clock) -> None:
    """Let one conversation's facts be such that no clock can be made of them."""
    whole = _clocks._compare

    def spoilt(touched: Any, *rest: Any) -> Any:
        if touched.id == conversation_id:
            how()
        return whole(touched, *rest)

    monkeypatch.setattr(_clocks, "_compare", spoilt)
