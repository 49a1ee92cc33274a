"""RQ's doors: what operations schedule. The only place besides config that knows RQ, so that another clock could take over."""

from __future__ import annotations

import django_rq
import structlog
from django.utils import timezone

from connectors import clock
from connectors.actions import scheduling, syncing
from inbox import realtime

log = structlog.get_logger(__name__)
# A slow walk through history stands in line again after this, so that it never keeps a poll waiting for long.
SLICE = 20.0


def run_due_schedules() -> None:
    """Called each second by config/cron.py."""
    due = scheduling.claim_due(now=timezone.now())
    queue = django_rq.get_queue("sync")
    for place, schedule_id in enumerate(due):
        try:
            queue.enqueue(
                sync_channel, schedule_id=schedule_id, job_timeout=180, result_ttl=0, failure_ttl=3600
            )
        except Exception:
            scheduling.release(schedule_ids=due[place:])
            raise


def sync_channel(*, schedule_id: int) -> None:
    done = syncing.run(schedule_id=schedule_id, clock=clock.from_(timezone.now()), max_seconds=SLICE)
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
