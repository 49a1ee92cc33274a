"""Celery's doors into connectors: ids in, one call, the clock handed on. The rows are the queue; a lost task costs a second."""

from __future__ import annotations

from typing import Any

import structlog
from celery import shared_task
from celery.signals import worker_shutdown, worker_shutting_down
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from connectors import clock
from connectors.actions import (
    completing,
    delivering,
    drafts,
    draining,
    erasing,
    expiring,
    fetching,
    gesturing,
    settling,
)
from connectors.turns import OneByOne, SecondHand, Turns
from inbox import gestures, realtime
from inbox.actions import attaching, clicks, forgetting, sending
from inbox.models import Conversation, Message
from inbox.queries import outbox

log = structlog.get_logger(__name__)
DRAIN_KEY = "drain-wanted"
SWEEP_LIMIT = 200
LAST_BATCH_SECONDS = 10.0  # as long as a batch may wait for a brand's lock
GATHER_SECONDS = 0.5  # between the first message and the look for pictures and names: one look serves all who write meanwhile
# A third of the worker's threads never waits for a platform: customers' messages come in while a platform hangs.
_AT_ONCE = max(1, settings.WORKER_CONCURRENCY - max(1, settings.WORKER_CONCURRENCY // 3))
turns = Turns(at_once=_AT_ONCE, per_key=max(1, _AT_ONCE // 2))
# Several at a time would each take a few receipts, wait for the same brand's lock and for the interpreter, and tell their news
# out of order: a hundred messages a second then took four times as long to reach a page.
drains = OneByOne(at_once=4, patience=1.0)
drains_beside = SecondHand()


@worker_shutting_down.connect
def finish_and_begin_nothing(**_: Any) -> None:
    turns.closed = drains.closed = drains_beside.closed = True


@worker_shutdown.connect
def wait_for_the_second_hand(**_: Any) -> None:
    """Celery waits for its own threads. What this one has committed must be told, too, and its receipts count no try."""
    drains_beside.wait(LAST_BATCH_SECONDS)


def wake_drain() -> None:
    """Enqueue one drain, unless one is known that has not looked for the last time."""
    if cache.add(DRAIN_KEY, 1, timeout=5):
        drain_receipts.delay()


@shared_task
def drain_receipts(**_later: Any) -> None:
    drains.run(_drain)


def _drain() -> bool:
    """One batch. While there is any, nobody needs to be woken; the mark that says so goes before the look that finds nothing."""
    drained = draining.drain(now=timezone.now(), limit=draining.BATCH)
    if not drained.receipts:
        _forget(DRAIN_KEY)
        drained = draining.drain(now=timezone.now(), limit=draining.BATCH)
    if drained.receipts >= draining.BATCH:
        drains_beside.call(_drain_beside)
    _show_typing(drained.typing)
    return bool(drained.receipts)


def _drain_beside() -> bool:
    """While whole batches wait, the next one is read beside the one that is being kept."""
    drained = draining.drain(now=timezone.now(), limit=draining.BATCH)
    _show_typing(drained.typing)
    return drained.receipts >= draining.BATCH


def _show_typing(typing: list[tuple[int, str]]) -> None:
    for conversation_id, name in dict(typing).items():
        try:
            realtime.push_typing(conversation_id, name)
        except Exception:
            log.exception("typing_not_shown", conversation=conversation_id)


@shared_task
def deliver_reply(*, message_id: int, **_later: Any) -> None:
    _forget(f"deliver:{message_id}")

    def work() -> None:
        delivering.deliver(message_id=message_id, clock=clock.from_(timezone.now()))

    turns.run(work, name=("deliver", message_id), key=_channel_of(message_id))


@shared_task
def settle_reply(*, message_id: int, **_later: Any) -> None:
    def work() -> None:
        if message := settling.still_uncertain(message_id):
            settling.settle(message=message, clock=clock.from_(timezone.now()))
        _forget(f"settle:{message_id}")

    turns.run(work, name=("settle", message_id), key=_channel_of(message_id))


@shared_task
def deliver_due(**_later: Any) -> None:
    """Whatever fell through: replies that are due, those whose worker died, and those whose click holds no more. One message each to the
    broker."""
    now = timezone.now()
    sending.expire_leases(now=now)
    for message_id in outbox.due_replies(now=now, limit=SWEEP_LIMIT):
        if cache.add(f"deliver:{message_id}", 1, timeout=15):
            deliver_reply.delay(message_id=message_id)
    clicks.give_back_old(now=now)


@shared_task
def settle_uncertain(**_later: Any) -> None:
    for message in outbox.uncertain_replies(now=timezone.now()):
        if cache.add(f"settle:{message.pk}", 1, timeout=60):
            settle_reply.delay(message_id=message.pk)


def wake_fetching() -> None:
    """Somebody wrote: there may be a picture to copy and a name to ask for."""
    if cache.add("fetch-wanted", 1, timeout=3):
        fetch_media.apply_async(countdown=GATHER_SECONDS)


@shared_task
def fetch_media(**_later: Any) -> None:
    """Pictures first, because their addresses die; then words that a delivery did not tell, and names."""
    _forget("fetch-wanted")
    turns.run(_fetch, name="fetch", key="fetch")


def _fetch() -> None:
    now = clock.from_(timezone.now())
    media = fetching.fetch_due_media(clock=now)
    untold = completing.complete_due(clock=now)
    profiles = fetching.fetch_due_profiles(clock=now)
    is_full = media >= fetching.MEDIA_AT_ONCE or profiles >= fetching.PROFILES_AT_ONCE
    if is_full or untold >= completing.AT_ONCE:
        wake_fetching()


def wake_writing(conversation_id: int) -> None:
    """A colleague writes. However many pages say so, the customer is shown it once in a while."""
    if cache.add(f"writing-shown:{conversation_id}", 1, timeout=gestures.EVERY):
        show_writing.apply_async(
            kwargs={"conversation_id": conversation_id}, expires=gestures.EVERY / 2, retry=False
        )


@shared_task
def show_writing(*, conversation_id: int, **_later: Any) -> None:
    def work() -> None:
        gesturing.show_writing(conversation_id=conversation_id, clock=clock.from_(timezone.now()))

    channel_id = Conversation.objects.filter(pk=conversation_id).values_list("channel_id", flat=True).first()
    turns.run_if_free(work, key=("writing", channel_id))


@shared_task
def erase_files(**_later: Any) -> None:
    """What customers took back, what nobody sent, what is left of copies that were broken off, and what was kept for an answer that did not
    come."""
    turns.run(_erase, name="erase", key="erase")


def _erase() -> None:
    attaching.forget_unsent(now=timezone.now())
    forgetting.forget_taken_echoes(now=timezone.now())
    if erased := erasing.erase_files():
        log.info("files_erased", files=erased)
    if cleared := drafts.clear(now=timezone.now()):
        log.info("drafts_cleared", files=cleared)


@shared_task
def expire_words(**_later: Any) -> None:
    """What a network allows to be kept for a short time only."""
    turns.run(_expire, name="expire", key="expire")


def _expire() -> None:
    if expired := expiring.expire_words(now=timezone.now()):
        log.info("words_expired", messages=expired)
    if people := expiring.expire_profiles(now=timezone.now()):
        log.info("profiles_expired", people=people)


def _channel_of(message_id: int) -> int:
    return Message.objects.filter(pk=message_id).values_list("channel_id", flat=True).first() or 0


def _forget(key: str) -> None:
    try:
        cache.delete(key)
    except Exception as error:  # the mark ends by itself; the work does not depend on it
        log.warning("mark_not_removed", error=type(error).__name__)
