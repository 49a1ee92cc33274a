"""RQ's doors: what operations schedule. The only place besides config that knows RQ, so that another clock could take over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_rq
import structlog
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from rq.timeouts import JobTimeoutException

from connectors import clock
from connectors.actions import _faults, alarming, listening, scheduling, syncing
from connectors.rules.remedies import FAULT
from connectors.rules.silence import Ear
from inbox import realtime

log = structlog.get_logger(__name__)
MAILING = "alarms-mailed"
HEARD = "heard"
AFTER_WALK = "after-walk"  # whether the last turn in the place of the slow was one; no matter if it is lost
LAST_WORD = "last-word:{}"
LAST_WORD_KEPT = 24 * 3600  # seconds
CUT_OFF = (JobTimeoutException,)
MAILING_HELD = 120  # seconds; longer than a watch may last
QUICK_PAUSE = 5.0  # seconds; who is to wait for a limit for longer gives the place to others, and comes back
SLACK = 120  # seconds over a turn's own budget: the slowest answer of a platform, and then the worker ends the job


def run_due_schedules() -> None:
    """Called each second by config/cron.py."""
    now = timezone.now()
    words = _last_words()
    due = scheduling.claim_due(
        now=now, workers=settings.SYNC_WORKERS, told=words, after_walk=cache.get(AFTER_WALK, True)
    )
    for claim in due:
        if claim.is_slow_walk is not None:
            cache.set(AFTER_WALK, claim.is_slow_walk, timeout=None)
    queue = django_rq.get_queue("sync")
    for place, claim in enumerate(due):
        try:
            queue.enqueue(
                sync_channel,
                schedule_id=claim.schedule_id,
                owner=claim.owner,
                seconds=claim.seconds,
                job_timeout=claim.seconds + SLACK,
                result_ttl=0,
                failure_ttl=3600,
            )
        except Exception:
            scheduling.release(claims=due[place:])
            raise
    _note_last_words(words, now)


def sync_channel(*, schedule_id: int, owner: str = "", seconds: float = 20, **_later: object) -> None:
    now = timezone.now()
    if not scheduling.begin(schedule_id=schedule_id, owner=owner, now=now):
        return
    try:
        done = syncing.run(
            schedule_id=schedule_id, clock=clock.from_(now), max_seconds=seconds, quick_pause=QUICK_PAUSE,
            cut_off=CUT_OFF,
        )  # fmt: skip
    except Exception as failure:
        _leave_last_word(schedule_id, owner, failure)
        raise
    if done.new_messages or done.error or done.dead:
        log.info(
            "synced",
            schedule=schedule_id,
            pages=done.pages,
            new=done.new_messages,
            dead=done.dead,
            error=done.error,
        )
    for conversation_id, name in dict(done.typing).items():
        realtime.push_typing(conversation_id, name)


def _leave_last_word(schedule_id: int, owner: str, failure: Exception) -> None:
    """The database did not take how the turn ended: the broker keeps it until it does."""
    word = (owner, *_faults.of(failure, cut_off=CUT_OFF))
    try:
        cache.set(LAST_WORD.format(schedule_id), word, timeout=LAST_WORD_KEPT)
    except Exception as away:
        log.warning("last_word_lost", schedule=schedule_id, error=type(away).__name__)


def _last_words() -> dict[int, tuple[Any, ...]]:
    keys = {LAST_WORD.format(schedule_id): schedule_id for schedule_id in scheduling.under_way()}
    return {keys[key]: word for key, word in cache.get_many(keys).items()}


def _note_last_words(words: dict[int, tuple[Any, ...]], now: datetime) -> None:
    """Each by itself. One whose row or whose database is not to be had comes again with the next tick; what cannot be told is left to its lease."""
    for schedule_id, (owner, *fault) in words.items():
        try:
            noted = scheduling.note_broken(
                schedule_id=schedule_id, owner=owner, fault=_faults.Fault(*fault), now=now
            )
        except Exception as failure:
            log.exception("last_word_not_noted", schedule=schedule_id)
            noted = _faults.of(failure, cut_off=CUT_OFF).remedy == FAULT
        if noted:
            cache.delete(LAST_WORD.format(schedule_id))


def watch_channels(*, is_open: bool = True, **_later: object) -> None:
    """Called every few seconds (config/watching.py): counts who writes when, and tells people what is wrong. `is_open`: whether our door
    takes deliveries."""
    now = timezone.now()
    while listening.count_arrivals():
        pass
    # Only now: with no database to be reached the door takes nothing.
    alarming.look(now=now, ear=_ear(now, is_open=is_open))
    # A mail server may take its time. One waits for it: the others would take the places of the syncs.
    if cache.add(MAILING, 1, timeout=MAILING_HELD):
        try:
            alarming.mail_due(now=now)
        finally:
            cache.delete(MAILING)


def _ear(now: datetime, *, is_open: bool) -> Ear:
    """By the last look that found the door open. Where the broker has forgotten that, nobody knows that we heard before."""
    known = cache.get(HEARD)
    ear = Ear(*known) if known else Ear(now, now)
    if is_open:
        ear = ear.at(now)
        cache.set(HEARD, (ear.since, ear.until), timeout=None)
    return ear


def note_death(*, schedule_id: int, owner: str) -> None:
    """The worker saw the job's process die: the schedule need not wait for its lease to run out."""
    if scheduling.note_death(schedule_id=schedule_id, owner=owner, now=timezone.now()):
        log.warning("sync_died", schedule=schedule_id)
