"""Celery's doors into the inbox: triage of what happened, and the sweep of what is due. Rows are the queue for both."""

from __future__ import annotations

import time
from typing import Any

import structlog
from celery import shared_task
from django.core.cache import cache
from django.db import OperationalError
from django.utils import timezone

from inbox.actions import tagging_work, timing, triaging
from inbox.actions.tagging_work import Readings
from inbox.actions.triaging import Batch
from inbox.models import Brand

log = structlog.get_logger(__name__)
TRIAGE_SECONDS = 10.0  # then the worker is free for others, and the brand stands in line again
HELD = 15  # seconds after which another worker may take a brand over from one that died


def wake_triage(brand_id: int) -> None:
    """Enqueue one look at the brand, unless one that has not begun yet is known."""
    if cache.add(f"triage-wanted:{brand_id}", 1, timeout=5):
        triage_brand.delay(brand_id=brand_id)


@shared_task
def triage_brand(*, brand_id: int, **_later: Any) -> None:
    """Follow the brand's events to their end. One worker at a time: two would read the same messages, to no use."""
    cache.delete(f"triage-wanted:{brand_id}")
    held = f"triage-held:{brand_id}"
    if not cache.add(held, 1, timeout=HELD):
        return  # what came since is found by the one who is at it, or by the next sweep
    until = time.monotonic() + TRIAGE_SECONDS
    try:
        while time.monotonic() < until:
            batch = triaging.next_batch(brand_id)
            if batch.is_empty:
                return
            _take(batch)
            cache.touch(held, HELD)
    finally:
        cache.delete(held)
    wake_triage(brand_id)


def _take(batch: Batch) -> None:
    if not batch.since:
        triaging.move_on(batch)
        return
    triaging.triage(batch, _read(batch), now=timezone.now())


def _read(batch: Batch) -> Readings | None:
    """Outside any transaction: reading takes the time it takes, and nobody waits for it."""
    try:
        return tagging_work.read(Brand.objects.get(pk=batch.brand_id), triaging.messages_of(batch))
    except OperationalError:
        raise
    except Exception:
        log.exception(
            "messages_not_read", brand=batch.brand_id, after=batch.after, messages=len(batch.message_ids)
        )
        return None


@shared_task
def triage_behind(**_later: Any) -> None:
    """Whatever fell through: brands with events that nobody has looked at."""
    for brand_id in triaging.behind():
        wake_triage(brand_id)


@shared_task
def sweep_timers(**_later: Any) -> None:
    until = time.monotonic() + TRIAGE_SECONDS
    while timing.sweep(now=timezone.now()) and time.monotonic() < until:
        pass
