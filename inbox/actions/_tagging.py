"""Tags, language and sentiment of touched conversations. Nothing is set yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from inbox import events
from inbox.actions._touched import Touched
from inbox.actions.tagging_work import Readings


def apply(ledger: events.Ledger, touched: Sequence[Touched], readings: Readings, now: datetime) -> None:
    """Set what the readings say: `each.change(tags=…, language=…)`, ConversationTag rows, a TAGGED event for each tag set."""
