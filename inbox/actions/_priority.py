"""Score and priority of touched conversations. Nothing is scored yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from inbox.actions._touched import Touched


@dataclass(frozen=True, slots=True)
class Weights:
    """What each fact adds, as the brand sees it."""


def weights_of(brand_id: int) -> Weights:
    """Read once for a batch."""
    return Weights()


def score(touched: Sequence[Touched], weights: Weights, now: datetime) -> None:
    """`each.change(priority_score=…, priority_reasons=…, priority=…)`, and `each.next_turn`."""
