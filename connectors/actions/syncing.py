"""Asking the platform instead of waiting for it: polls, and walks through its history. What a page said and the cursor that leads
on are committed together, so a sync that is killed goes on where it stood."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from django.db import transaction

from connectors import contexts, keeping
from connectors.actions import _arriving, _withdrawing, budgets, refreshing, scheduling
from connectors.actions._arriving import Parsed
from connectors.actions.scheduling import LEASE, Walk
from connectors.clock import Clock
from connectors.contract import (
    ConnectorError,
    Context,
    InboundMessage,
    Item,
    Page,
    Remedy,
)
from connectors.models import (
    ChannelHealth,
    Credential,
    DeadItem,
    SyncRun,
    SyncSchedule,
    Task,
)
from inbox.actions import channels
from inbox.models import Channel, Message

log = structlog.get_logger(__name__)
MAX_SECONDS = 120.0  # of one run; the rest comes with the next
MAX_BACK_OFF = timedelta(minutes=15)
HISTORICAL_AFTER = timedelta(hours=48)
MARGIN = timedelta(minutes=10)  # deliveries under way when a walk began are looked at by the next one too
READ_BUCKETS = frozenset({"read", "app"})
LONGEST_PAUSE = 90.0  # seconds
PAUSES = (0.6, 1.2, 2.4, 4.8)  # seconds before asking again, where the platform does not say
Pause = Callable[[float], None]
Progress = Callable[["Synced"], None]


@dataclass(slots=True)
class Synced:
    pages: int = 0
    events: int = 0
    new_messages: int = 0
    dead: int = 0
    error: str = ""
    complete: bool = True  # False: time ran out, the next run goes on
    typing: list[tuple[int, str]] = field(default_factory=list)


def run(
    *,
    schedule_id: int,
    clock: Clock,
    max_seconds: float = MAX_SECONDS,
    progress: Progress | None = None,
    pause: Pause = time.sleep,
) -> Synced:
    """One run of a claimed schedule. Errors end the run, never the schedule."""
    schedule = SyncSchedule.objects.select_related("channel").get(pk=schedule_id)
    run_row = _open_run(schedule, clock())
    sync = _Sync(schedule, clock, max_seconds, progress, pause)
    error: ConnectorError | None = None
    try:
        sync.go()
    except ConnectorError as refused:
        error = refused
        sync.done.error = refused.reason
        if refused.remedy in (Remedy.BUG, Remedy.TELL):
            scheduling.forget_cursor(
                schedule_id
            )  # the likeliest cause is a cursor the platform no longer knows
    except Exception as failure:
        log.exception("sync_failed", schedule=schedule_id)
        sync.done.error = (
            str(failure) if isinstance(failure, contexts.NotConnected) else f"{type(failure).__name__}"
        )
    _close_run(schedule, run_row, sync.done, error, clock())
    return sync.done


class _Sync:
    def __init__(
        self,
        schedule: SyncSchedule,
        clock: Clock,
        max_seconds: float,
        progress: Progress | None,
        pause: Pause,
    ) -> None:
        self.schedule = schedule
        self.channel: Channel = schedule.channel
        self.clock = clock
        self.until = time.monotonic() + max_seconds
        self.progress = progress
        self.pause = pause
        self.done = Synced()

    def go(self) -> None:
        if self.schedule.task == Task.POLL:
            self._poll()
        else:
            self._reconcile()

    def _poll(self) -> None:
        cursor = self.schedule.cursor
        while True:
            page = self._ask(lambda connector, context, at=cursor: connector.poll(context, at))
            stuck = page.more and page.cursor == cursor and not self._unknown(page)
            self._keep(page, page.cursor or cursor, historical_before=None)
            cursor = page.cursor or cursor
            if not page.more or stuck:
                return
            if time.monotonic() > self.until:
                self.done.complete = False
                return

    def _reconcile(self) -> None:
        """Newest first, back to where the last whole walk began; the first walk goes as far back as the platform tells. A walk
        that was interrupted is taken up where it stood."""
        walk = Walk.read(self.schedule.cursor)
        walk = walk if walk.at else replace(walk, began=self.clock())
        while True:
            page = self._ask(lambda connector, context, at=walk.at: connector.history(context, at))
            following = page.cursor if page.more else ""
            if walk.horizon is not None and self._is_old_news(page, walk.horizon - MARGIN):
                following = page.beyond
            stop = not following or following == walk.at
            before = self.clock() - HISTORICAL_AFTER
            if walk.horizon is None:
                before = max(
                    before, self.channel.created_at
                )  # what was said before the brand connected rings no bell today
            walk = Walk(walk.began, None, "") if stop else replace(walk, at=following)
            self._keep(self._with_withdrawn(page), walk.written(), historical_before=before)
            if stop:
                return
            if time.monotonic() > self.until:
                self.done.complete = False
                return

    def _is_old_news(self, page: Page, horizon: datetime) -> bool:
        """All of it known, and from before the horizon. (Threads with news come first, unless the page says otherwise.)"""
        if page.unordered:
            return False
        times = [event.sent_at for event in page.events if isinstance(event, InboundMessage)]
        return bool(times) and max(times) < horizon and not self._unknown(page)

    def _with_withdrawn(self, page: Page) -> Page:
        """What the page should list and does not, and what the platform says is there no more when asked."""
        asked = [
            self._ask(partial(_withdrawing.confirmed, suspect))
            for suspect in _withdrawing.suspects(self.channel, page)
        ]
        return replace(page, events=(*page.events, *(event for each in asked for event in each.events)))

    def _unknown(self, page: Page) -> bool:
        ids = [event.external_id for event in page.events if isinstance(event, InboundMessage)]
        known = Message.objects.filter(channel=self.channel, external_id__in=ids).count()
        return known < len(set(ids))

    def _ask(self, question: Callable[..., Page]) -> Page:
        """One page. A short pause the platform asks for is made, and a token that ended on the way is renewed once."""
        for patience in PAUSES:
            try:
                return self._ask_once(question)
            except ConnectorError as error:
                if error.remedy is not Remedy.RETRY:
                    raise
                wait = (error.retry_at - self.clock()).total_seconds() if error.retry_at else patience
                if wait > LONGEST_PAUSE or time.monotonic() + wait > self.until:
                    raise
                self.pause(max(0.05, wait))
        return self._ask_once(question)

    def _ask_once(self, question: Callable[..., Page]) -> Page:
        now = self.clock()
        if until := budgets.closed_until(channel_id=self.channel.pk, buckets=READ_BUCKETS, now=now):
            raise ConnectorError(
                "The platform's limit is used up for now.", remedy=Remedy.RETRY, retry_at=until
            )
        connector, context, credential = contexts.of_channel(self.channel, now=now)
        if refreshing.is_due_before_use(credential, now=now):
            context = self._renewed(context, credential)
        try:
            page = question(connector, context)
        except ConnectorError as error:
            budgets.keep(channel_id=self.channel.pk, notices=error.rates, now=now)
            if error.remedy is not Remedy.REFRESH:
                raise
            page = question(connector, self._renewed(context, credential))
        budgets.keep(channel_id=self.channel.pk, notices=page.rates, now=now)
        return page

    def _renewed(self, context: Context, credential: Credential) -> Context:
        tokens = refreshing.refresh(
            channel_id=self.channel.pk, seen_version=credential.version, clock=self.clock
        )
        return replace(context, tokens=tokens)

    def _keep(self, page: Page, cursor: str, *, historical_before: datetime | None) -> None:
        keep_page(
            self.schedule, page, cursor, self.done, historical_before=historical_before, now=self.clock()
        )
        if self.progress:
            self.progress(self.done)


@transaction.atomic(durable=True)
def keep_page(
    schedule: SyncSchedule,
    page: Page,
    cursor: str,
    done: Synced,
    *,
    historical_before: datetime | None,
    now: datetime,
) -> None:
    """What a page said and where to go on, committed together."""
    recent, old = _arriving.apart(page.events, historical_before)
    dead = [
        _arriving.dead_item(
            Parsed(schedule.channel, Item(payload), ()), why or "The item cannot be read.", now=now
        )
        for payload, why in page.failures
    ]
    for events, historical in ((old, True), (recent, False)):
        parsed = [Parsed(schedule.channel, Item(keeping.written(event)), (event,)) for event in events]
        taken = _arriving.take_in(parsed, now=now, historical=historical)
        dead += taken.dead
        done.new_messages += taken.new_messages
        done.typing += taken.typing
    _bury(schedule.channel, dead)
    SyncSchedule.objects.filter(pk=schedule.pk).update(cursor=cursor, lease_until=now + LEASE)
    done.pages += 1
    done.events += len(page.events)
    done.dead += len(dead)


def _bury(channel: Channel, dead: list[DeadItem]) -> None:
    """A poll that is repeated meets the same bad items again; each is kept once."""
    waiting = list(
        DeadItem.objects.filter(channel=channel, receipt=None, replayed_at=None).values_list(
            "payload", flat=True
        )[:500]
    )
    DeadItem.objects.bulk_create([each for each in dead if each.payload not in waiting])


@transaction.atomic
def _open_run(schedule: SyncSchedule, now: datetime) -> SyncRun | None:
    if schedule.task == Task.POLL:
        return None  # every few seconds; only what it found or could not do is worth a row
    return SyncRun.objects.create(
        schedule=schedule, channel=schedule.channel, task=schedule.task, started_at=now
    )


def _close_run(
    schedule: SyncSchedule, run_row: SyncRun | None, done: Synced, error: ConnectorError | None, now: datetime
) -> None:
    if error is not None and error.remedy is Remedy.RECONNECT:
        channels.park_sending(channel_id=schedule.channel_id, reason=error.reason, now=now)
    with transaction.atomic():
        failures = schedule.failures + 1 if done.error else 0
        pause = timedelta(seconds=schedule.every_seconds)
        if done.error:
            pause = min(MAX_BACK_OFF, max(pause, timedelta(seconds=2.0 ** min(failures, 10))))
        elif not done.complete:
            pause = timedelta(0)
        next_run_at = (
            max(now + pause, error.retry_at) if error is not None and error.retry_at else now + pause
        )
        SyncSchedule.objects.filter(pk=schedule.pk).update(
            lease_until=None, failures=failures, last_error=done.error[:300], next_run_at=next_run_at
        )
        if run_row is None and (done.new_messages or done.error):
            run_row = SyncRun.objects.create(
                schedule=schedule, channel=schedule.channel, task=schedule.task, started_at=now
            )
        if run_row is not None:
            SyncRun.objects.filter(pk=run_row.pk).update(
                ended_at=now, events=done.events, new_messages=done.new_messages, error=done.error[:300]
            )
        if not done.error and done.complete:
            ChannelHealth.objects.update_or_create(channel=schedule.channel, defaults={"last_synced_at": now})
