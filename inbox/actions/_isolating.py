"""One bad row of a batch must not stop the rest for ever."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog
from django.db import OperationalError

log = structlog.get_logger(__name__)


def each(
    ids: Sequence[int],
    work: Callable[[Sequence[int]], object],
    *,
    noun: str = "conversation",
    told: str = "left_out",
) -> list[int]:
    """Halve what fails until what cannot be done stands alone; that is logged (as `told`) and returned. `work` does some of them in
    a transaction of its own. A database that is away or busy says nothing about any of them and ends it all."""
    if not ids:
        return []
    try:
        work(ids)
    except OperationalError:
        raise
    except Exception:
        if len(ids) == 1:
            log.exception(told, **{noun: ids[0]})
            return [ids[0]]
    else:
        return []
    middle = len(ids) // 2
    return [
        *each(ids[:middle], work, noun=noun, told=told),
        *each(ids[middle:], work, noun=noun, told=told),
    ]
