"""One bad conversation of a batch must not stop the rest for ever."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog
from django.db import OperationalError

log = structlog.get_logger(__name__)


def each(conversation_ids: Sequence[int], work: Callable[[Sequence[int]], object]) -> list[int]:
    """Halve what fails until what cannot be done stands alone; that is logged and returned. `work` does some conversations in
    a transaction of its own. A database that is away or busy says nothing about any of them and ends it all."""
    if not conversation_ids:
        return []
    try:
        work(conversation_ids)
    except OperationalError:
        raise
    except Exception:
        if len(conversation_ids) == 1:
            log.exception("conversation_left_out", conversation=conversation_ids[0])
            return [conversation_ids[0]]
    else:
        return []
    middle = len(conversation_ids) // 2
    return [*each(conversation_ids[:middle], work), *each(conversation_ids[middle:], work)]
