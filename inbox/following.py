"""Triage follows a brand: what was read ahead is taken a batch at a time, its words read outside any transaction."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import structlog
from django.db import OperationalError
from django.utils import timezone

from inbox.actions import tagging_work, triaging
from inbox.actions.tagging_work import Readings
from inbox.actions.triaging import Ahead, Batch
from inbox.models import Brand
from inbox.rules.pacing import Pace

log = structlog.get_logger(__name__)


def follow(
    ahead: Ahead, pace: Pace, *, until: float = math.inf, alive: Callable[[], object] = lambda: None
) -> bool:
    """All that was read ahead, or until somebody else was quicker, or `until` by time.monotonic(). `alive` is called after each batch.
    Whether there is more."""
    more = True
    while time.monotonic() < until and not (batch := ahead.take(pace.size)).is_empty:
        if not _take(batch, pace):
            return True
        alive()
        more = batch.more
    return more


def _take(batch: Batch, pace: Pace) -> bool:
    """Whether nobody else had been there. The pace goes by how long the brand's lock was wanted or held."""
    if not batch.since:
        return triaging.move_on(batch)
    readings = _read(batch)
    began = time.monotonic()
    was_first = triaging.triage(batch, readings, now=timezone.now())
    pace.took(time.monotonic() - began, of=len(batch.since) + len(batch.beside))
    return was_first


def _read(batch: Batch) -> Readings | None:
    """Reading takes the time it takes, and nobody waits for it."""
    try:
        return tagging_work.read(Brand.objects.get(pk=batch.brand_id), triaging.messages_of(batch))
    except OperationalError:
        raise
    except Exception:
        log.exception(
            "messages_not_read", brand=batch.brand_id, after=batch.after, messages=len(batch.message_ids)
        )
        return None
