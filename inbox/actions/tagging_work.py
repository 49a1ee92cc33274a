"""What reading customers' messages yields. Nothing is read yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inbox.models import Brand, Message


@dataclass(frozen=True, slots=True)
class Readings:
    """What was found in a batch of messages, for `_tagging.apply`."""


def read(brand: Brand, messages: Sequence[Message]) -> Readings:
    """Outside any transaction: this may take long."""
    return Readings()
