"""Celery's doors into the inbox: triage of what happened, words to find it by, and the sweep of what is due. Rows are the queue for each."""

from __future__ import annotations

import time
from dataclasses import asdict
from functools import partial
from typing import Any

import structlog
from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

from inbox import following, realtime
from inbox.actions import (
    attending,
    bulk,
    counting,
    indexing,
    learning,
    prioritising,
    recounting,
    routing,
    timing,
    triaging,
    undoing,
)
from inbox.models import BulkState
from inbox.queries import view_counting
from inbox.rules.pacing import Pace

log = structlog.get_logger(__name__)
TRIAGE_SECONDS = 10.0  # then the worker is free for others, and the brand stands in line again
# Followers let a little come together: most of what a look costs is the same for one message and for thirty.
GATHER_SECONDS = 0.15
BULK_HELD = 5
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
    pace = Pace()
    try:
        while time.monotonic() < until:
            ahead = triaging.Ahead(brand_id)
            if ahead.is_empty:
                return
            if not following.follow(ahead, pace, until=until, alive=partial(cache.touch, held, HELD)):
                time.sleep(GATHER_SECONDS)
    finally:
        cache.delete(held)
    wake_triage(brand_id)


@shared_task
def triage_behind(**_later: Any) -> None:
    """Whatever fell through: brands with events that nobody has looked at."""
    for brand_id in triaging.behind():
        wake_triage(brand_id)


@shared_task
def sweep_timers(**_later: Any) -> None:
    until, pace = time.monotonic() + TRIAGE_SECONDS, timing.a_pace()
    while timing.sweep(now=timezone.now(), pace=pace) and time.monotonic() < until:
        pass


def wake_rescoring(brand_id: int) -> None:
    if cache.add(f"rescore-wanted:{brand_id}", 1, timeout=30):
        rescore_brand.delay(brand_id=brand_id)


@shared_task
def rescore_brand(*, brand_id: int, **_later: Any) -> None:
    """Weights, promises or hours changed: look at all that is under way, a batch at a time, so that nobody waits for it."""
    cache.delete(f"rescore-wanted:{brand_id}")
    until, scored, changed, finished = time.monotonic() + TRIAGE_SECONDS, 0, 0, False
    pace = Pace()
    while not finished and time.monotonic() < until:
        began = time.monotonic()
        progress = prioritising.rescore_batch(brand_id=brand_id, now=timezone.now(), limit=pace.size)
        pace.took(time.monotonic() - began, of=progress.scored)
        scored, changed, finished = scored + progress.scored, changed + progress.changed, progress.finished
    log.info(
        "rescored", brand=brand_id, after=progress.after, scored=scored, changed=changed, finished=finished
    )
    if not finished:
        wake_rescoring(brand_id)


@shared_task
def rescore_behind(**_later: Any) -> None:
    """Whatever fell through: a worker that died between two batches."""
    for brand_id in prioritising.behind():
        wake_rescoring(brand_id)


def wake_bulk(run_id: int) -> None:
    if cache.add(f"bulk-wanted:{run_id}", 1, timeout=3):
        bulk_run.delay(run_id=run_id)


@shared_task
def bulk_run(*, run_id: int, **_later: Any) -> None:
    """Batch after batch, the brand's lock free between two of them. One worker at a time: two would wait for each other."""
    cache.delete(f"bulk-wanted:{run_id}")
    held = f"bulk-held:{run_id}"
    if not cache.add(held, 1, timeout=BULK_HELD):
        return
    until = time.monotonic() + TRIAGE_SECONDS
    try:
        while time.monotonic() < until:
            cache.touch(held, BULK_HELD)
            run = bulk.work(run_id=run_id, now=timezone.now())
            if run.state != BulkState.RUNNING:
                log.info("bulk_ended", run=run_id, state=run.state, done=run.done, skipped=run.skipped)
                return
    finally:
        cache.delete(held)
    wake_bulk(run_id)


@shared_task
def bulk_behind(**_later: Any) -> None:
    """Whatever fell through: a worker that died in the middle, a broker that was flushed."""
    for run_id in bulk.under_way():
        wake_bulk(run_id)


@shared_task
def forget_undos(**_later: Any) -> None:
    undoing.forget(now=timezone.now())


@shared_task
def learn_from_corrections(**_later: Any) -> None:
    """Fit anew where people have corrected enough since the last time."""
    for brand_id, kind, outcome in learning.refit_due(clock=timezone.now):
        log.info("model_fitted", brand=brand_id, kind=kind, **asdict(outcome))


def wake_routing(brand_id: int) -> None:
    """Enqueue one look at the brand's queue, unless one that has not begun yet is known."""
    if cache.add(f"routing-wanted:{brand_id}", 1, timeout=5):
        route_brand.delay(brand_id=brand_id)


@shared_task
def route_brand(*, brand_id: int, **_later: Any) -> None:
    """Hand out what waits and can be taken now. Two at once do no harm: the second finds nothing left to give."""
    cache.delete(f"routing-wanted:{brand_id}")
    found = routing.worth_a_look(brand_id=brand_id, now=timezone.now())
    for begin in range(0, len(found), routing.AT_ONCE):
        routing.route(
            brand_id=brand_id,
            conversation_ids=found[begin : begin + routing.AT_ONCE],
            now=timezone.now(),
        )


@shared_task
def route_waiting(**_later: Any) -> None:
    """Whatever fell through, and what time alone has changed: somebody left, or is back."""
    for brand_id in routing.waiting():
        wake_routing(brand_id)


@shared_task
def mind_presence(**_later: Any) -> None:
    """Who fell silent is offline; what waits with those who stayed away is taken back."""
    realtime.push_presence(attending.note_silence(now=timezone.now()))
    attending.take_back_from_gone(now=timezone.now())


def wake_counting(brand_id: int) -> None:
    if cache.add(f"counting-wanted:{brand_id}", 1, timeout=5):
        count_brand.apply_async(kwargs={"brand_id": brand_id}, countdown=GATHER_SECONDS)


@shared_task
def count_brand(*, brand_id: int, **_later: Any) -> None:
    """Let the counters of the brand's saved views follow its events, and fill those of new views."""
    cache.delete(f"counting-wanted:{brand_id}")
    until = time.monotonic() + TRIAGE_SECONDS
    for step in (counting.follow, counting.fill):
        while time.monotonic() < until:
            counts = step(brand_id=brand_id, now=timezone.now())
            _tell(counts)
            if not counts.more:
                break


@shared_task
def count_views(**_later: Any) -> None:
    """Whatever fell through, and what time has moved into a view or out of it."""
    for brand_id in view_counting.behind():
        wake_counting(brand_id)
    until, failed = time.monotonic() + TRIAGE_SECONDS, set[int]()
    while time.monotonic() < until and (
        turned := view_counting.turned(timezone.now(), limit=500, without=failed)
    ):
        for counts in counting.turn_each(turned, clock=timezone.now, failed=failed):
            _tell(counts)


@shared_task
def recount_views(**_later: Any) -> None:
    """Each night, by the brand's own clock: counters against rows. How far it has come is a row, so the next run goes on."""
    until = time.monotonic() + TRIAGE_SECONDS
    for brand_id, off in recounting.recount_due(clock=timezone.now, is_over=lambda: time.monotonic() > until):
        log.info("views_recounted", brand=brand_id, drifted=len(off))


def _tell(counts: counting.Counts) -> None:
    if counts.changed:
        realtime.push_counts(counts.brand_id, counts.told, counts.changed)


def wake_indexing(brand_id: int) -> None:
    if cache.add(f"index-wanted:{brand_id}", 1, timeout=5):
        index_brand.apply_async(kwargs={"brand_id": brand_id}, countdown=GATHER_SECONDS)


@shared_task
def index_brand(*, brand_id: int, **_later: Any) -> None:
    """Let search read the brand's events to their end, one worker at a time; the past, where it has not been read, after the news."""
    cache.delete(f"index-wanted:{brand_id}")
    held = f"index-held:{brand_id}"
    if not cache.add(held, 1, timeout=HELD):
        return
    until = time.monotonic() + TRIAGE_SECONDS
    try:
        while time.monotonic() < until:
            batch = indexing.next_batch(brand_id)
            if batch.is_empty:
                return
            indexing.index(batch)
            cache.touch(held, HELD)
    finally:
        cache.delete(held)
    wake_indexing(brand_id)


@shared_task
def index_behind(**_later: Any) -> None:
    """Whatever fell through, and what was there before search came."""
    for brand_id in indexing.behind():
        wake_indexing(brand_id)
