"""Work for many brands, one after the other: a brand whose lock somebody holds, or that cannot be worked, holds up no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db import Error, connection
from psycopg.errors import LockNotAvailable

from inbox.actions import _sql

log = structlog.get_logger(__name__)
PATIENCE = "1s"  # for a brand's lock: all other brands wait as long
# For each statement: what takes longer is a fault of what it looks at (_isolating), which must not hold the brand's lock for as long as a
# worker's statements may take.
LONGEST = "5s"
TOLD_EVERY = timedelta(minutes=10)

_told: dict[int, datetime] = {}  # brands that were not worked, and when this process said so last


def be_patient() -> None:
    """Wait no longer for a lock in this transaction, nor for what a statement finds. To be said before the brand's ledger is opened."""
    _sql.rows(
        "SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true)",
        [PATIENCE, LONGEST],
    )


def wait_briefly() -> None:
    """The same of locks alone: for what may take as long as it takes once it has them."""
    _sql.rows("SELECT set_config('lock_timeout', %s, true)", [PATIENCE])


def work(brand_id: int, do: Callable[[], object], *, now: datetime) -> bool:
    """False: it could not be done, and is left to the next time. That is logged, while it lasts every ten minutes. A database that is away
    says nothing about any brand and ends it all."""
    try:
        do()
    except Exception as error:
        if isinstance(error, Error) and not connection.is_usable():
            raise
        if brand_id not in _told or now - _told[brand_id] >= TOLD_EVERY:
            _told[brand_id] = now
            _tell(brand_id, error)
        return False
    _told.pop(brand_id, None)
    return True


def _tell(brand_id: int, error: Exception) -> None:
    if isinstance(error.__cause__, LockNotAvailable):
        log.warning("brand_held", brand=brand_id)
    else:
        log.error("brand_not_worked", brand=brand_id, exc_info=error)
