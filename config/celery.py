"""The Celery app, and its beat table: everything Celery does by the clock."""

import os
import sys
import threading
import time
from typing import Any

from django.conf import settings

# Only Celery's own command comes here before anybody read the settings. Every other process imports this module too,
# and what it did to the environment would reach all the processes that that one starts.
if not settings.configured:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("PARLEY_PROCESS", "parley beat" if "beat" in sys.argv else "parley worker")
    os.environ.setdefault("PARLEY_STATEMENT_TIMEOUT", "60000")
    # Django's checks read every view, which a worker never serves: half of its start. `manage.py` and `make check` make them.
    os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

import structlog  # the defaults above must be there before anything reads the settings
from celery import Celery, signals
from django.db import close_old_connections
from django.urls import get_resolver
from kombu import Exchange, Queue

from config import collecting, health

log = structlog.get_logger(__name__)

# Task -> seconds between two runs. The rows are the queue: each of these finds what a lost message should have started.
BEAT = {
    "connectors.tasks.drain_receipts": 1.0,
    "connectors.tasks.deliver_due": 1.0,
    "connectors.tasks.settle_uncertain": 5.0,
    "connectors.tasks.fetch_media": 5.0,
    "connectors.tasks.erase_files": 30.0,
    "connectors.tasks.expire_words": 600.0,
    "inbox.tasks.triage_behind": 1.0,
    "inbox.tasks.sweep_timers": 1.0,
    "inbox.tasks.index_behind": 1.0,
    "inbox.tasks.learn_from_corrections": 60.0,
    "inbox.tasks.rescore_behind": 10.0,
    "inbox.tasks.mind_presence": 5.0,
    "inbox.tasks.route_waiting": 5.0,
    "inbox.tasks.count_views": 1.0,
    "inbox.tasks.recount_views": 60.0,
    "inbox.tasks.bulk_behind": 1.0,
    "inbox.tasks.forget_undos": 600.0,
    "analytics.tasks.follow_behind": 3.0,
    "analytics.tasks.sum_periods": 2.0,
    "analytics.tasks.look_who_is_there": 60.0,
    "analytics.tasks.mind_settings": 60.0,
}

# Between the threads of a worker. Python's own five milliseconds are what a thread waits for the interpreter after each statement to the
# database while another one computes: twenty statements of a batch, and the brand's lock is held for a tenth of a second longer.
SWITCH_SECONDS = 0.0005
SWEEP_SECONDS = 1.0  # between two looks of the worker's own for timers that are due

# What a person waits for does not stand behind what nobody waits for. The rest goes to the default queue.
ROUTES = {
    "connectors.tasks.drain_receipts": "receive",
    "connectors.tasks.deliver_reply": "delivery",
    "connectors.tasks.deliver_due": "delivery",
    "connectors.tasks.settle_reply": "delivery",
    "connectors.tasks.settle_uncertain": "delivery",
    # Reading messages and fitting models takes a processor: the process of this queue yields to those that people wait for.
    "inbox.tasks.triage_brand": "triage",
    "inbox.tasks.rescore_brand": "triage",
    "inbox.tasks.index_brand": "triage",
    "inbox.tasks.count_brand": "triage",
    "inbox.tasks.recount_views": "triage",
    "inbox.tasks.learn_from_corrections": "triage",
    "analytics.tasks.follow_brand": "triage",
    "analytics.tasks.sum_periods": "triage",
}

app = Celery("parley")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    # Each with its own exchange and key; under a shared one a message would reach all three.
    task_queues=[Queue(name, Exchange(name), routing_key=name) for name in settings.CELERY_TASK_QUEUES],
    task_routes={name: {"queue": queue} for name, queue in ROUTES.items()},
    beat_schedule={
        # A tick that nobody took before the next one is worth nothing.
        name: {"task": name, "schedule": seconds, "options": {"expires": max(seconds * 2, 5)}}
        for name, seconds in BEAT.items()
    },
)
app.autodiscover_tasks()


@signals.setup_logging.connect
def leave_logging_alone(**_: Any) -> None:
    """LOGGING stands. Celery would set the root's level to its own `--loglevel`, and no event of a task would be written."""


@signals.task_prerun.connect
@signals.task_postrun.connect
def look_after_connections(task: Any, **_: Any) -> None:
    """Each thread has its own: a broken or old one is closed, one of a pool goes back. Celery's own count knows one for all."""
    if not task.request.is_eager:
        close_old_connections()


@signals.worker_init.connect
def make_ready(**_: Any) -> None:
    """Before the first task. The addresses that pushed rows hold are read from all of the pages' modules: a second or more, once,
    which the first customer after a start would wait for.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    _ = get_resolver().reverse_dict
    collecting.seldom()


@signals.worker_ready.connect
def begin_heartbeat(sender: Any, **_: Any) -> None:
    """A thread of the worker's own, so that long tasks do not look like death."""
    if not _ours(sender):
        return
    process = "worker" if "receive" in app.amqp.queues.consume_from else "triage"
    health.keep_beating(process)


@signals.beat_init.connect
def begin_beats_heartbeat(**_: Any) -> None:
    health.keep_beating("beat")


@signals.worker_ready.connect
def begin_sweeping(sender: Any, **_: Any) -> None:
    """Timers are swept by a thread of the worker, too: a tick stands in line behind whatever fills the pool, such as replies
    to a platform that hangs, and none comes while beat is away. Two sweepers tell nothing twice (inbox.actions.timing).
    """
    if _ours(sender) and "receive" in app.amqp.queues.consume_from:
        threading.Thread(target=_sweep_forever, name="timers", daemon=True).start()


def _ours(consumer: Any) -> bool:
    """Celery's signals are of the process: a worker of another app that reads our settings (the bench's) hears them too."""
    return bool(consumer.app.main == app.main)


def _sweep_forever() -> None:
    from inbox import tasks

    pause = threading.Event()
    while True:
        began = time.monotonic()
        try:
            close_old_connections()
            tasks.sweep_timers()
        except Exception as error:  # the database is away; the next look may find it back
            log.warning("sweep_failed", cause=health.first_line(error))
        pause.wait(max(0.05, SWEEP_SECONDS - (time.monotonic() - began)))
