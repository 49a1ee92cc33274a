"""Which of the Procfile's processes live, and whether what waits for them is done."""

from collections.abc import Callable
from functools import partial

from django.conf import settings

from config import broker, health
from config.unwell import REACH_BROKER, REACH_TABLES, Unwell, known

OVERDUE_SECONDS = 30
UNREAD_SECONDS = 60
BEATING = ("web", "edge", "worker", "triage", "beat", "sync", "reports", "reports-tick")
# Its workers serve two queues, and one that nobody serves is no better than no worker.
LINES = {"reports-tick": "reports"}


def _heartbeat(process: str) -> str:
    """One of several is enough: they write the same key. RQ's own register of workers is lost with a flushed broker, and outlives
    workers that were killed.
    """
    known(settings.REDIS_URL, REACH_BROKER)
    if not broker.client().get(health.HEARTBEAT_KEY.format(process=process)):
        raise Unwell(
            f"no heartbeat for {health.HEARTBEAT_LASTS} s",
            fix=f"start it: the Procfile's line {LINES.get(process, process)}",
        )
    return "alive"


def _cron() -> str:
    import django_rq
    from rq import cron_scheduler_registry

    known(settings.REDIS_URL, REACH_BROKER)
    connection = django_rq.get_connection("sync")
    cron_scheduler_registry.cleanup(connection)
    if not cron_scheduler_registry.get_keys(connection):
        raise Unwell("no schedule ticks", fix="start it: the Procfile's line cron")
    return "alive"


def _timers() -> str:
    """Whatever is away, this is what is seen of it: a warning or a breach that nobody tells."""
    from django.utils import timezone

    from inbox.models import Timer

    known(settings.DATABASE_URL, REACH_TABLES)
    now = timezone.now()
    first = Timer.objects.filter(fired_at=None).order_by("due_at").values_list("due_at", flat=True).first()
    overdue = (now - first).total_seconds() if first else 0.0
    if overdue > OVERDUE_SECONDS:
        raise Unwell(
            f"one has been due for {overdue:.0f} s and nobody fires it", fix="start the Procfile's line worker, or read its log for sweep_failed"
        )  # fmt: skip
    return "none is overdue"


def _receipts() -> str:
    """A worker whose tasks hang beats and fires timers on, by threads of their own; what platforms told waits all the same.
    What a replay or an upgrade gives back to be read again was read when it came."""
    from django.utils import timezone

    from connectors.models import Receipt, ReceiptState

    known(settings.DATABASE_URL, REACH_TABLES)
    waiting = Receipt.objects.filter(state=ReceiptState.NEW, drained_at=None).order_by("pk")
    oldest = waiting.values_list("received_at", flat=True).first()
    age = (timezone.now() - oldest).total_seconds() if oldest else 0.0
    if age > UNREAD_SECONDS:
        raise Unwell(
            f"one has waited for {age:.0f} s and nobody reads it", fix="read the log of the Procfile's line worker and start it again; where it is only behind, raise WORKER_CONCURRENCY"
        )  # fmt: skip
    return "none waits for long"


CHECKS: dict[str, tuple[Callable[[], str], str]] = {
    **{process: (partial(_heartbeat, process), REACH_BROKER) for process in BEATING},
    "cron": (_cron, REACH_BROKER),
    "timers": (_timers, REACH_TABLES),
    "deliveries": (_receipts, REACH_TABLES),
}
