"""What Prometheus asks for, read from the rows and the broker at the moment of asking; no process keeps a count that could drift. Its sockets
and the refusals of its door each process counts itself: no row tells them."""

import hmac
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.db import OperationalError
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
MOST = 100_001  # nothing is counted further
registry = CollectorRegistry(auto_describe=False)
sockets = Gauge("parley_sockets", "Open sockets of this process.", registry=registry)


def is_allowed(scope: Mapping[str, Any]) -> bool:
    """With the token, or, where none is set, from this very machine and through no proxy."""
    headers = dict(scope["headers"])
    if token := settings.METRICS_TOKEN:
        given = headers.get(b"authorization", b"")
        return hmac.compare_digest(given, b"Bearer " + token.encode())
    client = scope.get("client")
    return bool(client and client[0] in ("127.0.0.1", "::1")) and b"x-forwarded-for" not in headers


def page() -> bytes:
    from django.db import connection

    try:
        return generate_latest(registry)
    finally:
        connection.close()


class Rows(Collector):
    def collect(self) -> Iterator[Metric]:
        """What cannot be read is told as such and the rest still stands. A database that is away is waited for once: whoever asks
        gives up after some seconds, and would then hear nothing at all. A statement that was cancelled says nothing of the others.
        """
        failed = GaugeMetricFamily(
            "parley_unreadable", "Parts that could not be read.", labels=["part", "error"]
        )
        away = ""
        for look in (_queues, _ingest, _sends, _sweeps, _syncs, _alarms):
            if away and look is not _queues:
                failed.add_metric([look.__name__.strip("_"), away], 1)
                continue
            try:
                yield from look()
            except Exception as error:
                failed.add_metric([look.__name__.strip("_"), type(error).__name__], 1)
                away = type(error).__name__ if _is_away(error) else ""
        if failed.samples:
            yield failed


def _is_away(error: Exception) -> bool:
    """No connection is had, or it was ended (class 08, 57P where the server goes or comes, 53300 where it takes no more): a server that answers names its
    reason, as for a statement that took too long or a lock that was not given."""
    if not isinstance(error, OperationalError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or state.startswith(("08", "57P", "53300"))


registry.register(Rows())


class Knocks(Collector):
    """Where a process has no door it has refused nothing."""

    def collect(self) -> Iterator[Metric]:
        from connectors.door import refusals

        yield from refusals.refused.collect()


registry.register(Knocks())


def _asked(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _ingest() -> Iterator[Metric]:
    [(lag, depth)] = _asked(
        """SELECT coalesce(extract(epoch FROM now() - min(received_at)), 0)::float, count(*)
             FROM (SELECT received_at FROM connectors_receipt WHERE state = 'new' ORDER BY id LIMIT %s) AS waiting""",
        MOST,
    )
    yield GaugeMetricFamily(
        "parley_ingest_lag_seconds", "Age of the oldest delivery that waits to be read.", value=max(0.0, lag)
    )
    yield GaugeMetricFamily("parley_drain_depth", "Deliveries that wait to be read.", value=depth)
    [(dead,)] = _asked(
        "SELECT count(*) FROM (SELECT 1 FROM connectors_deaditem WHERE replayed_at IS NULL LIMIT %s) AS dead",
        MOST,
    )
    yield GaugeMetricFamily(
        "parley_dead_items",
        "Updates that could not be read or stored, and deliveries that could not be read as a whole.",
        value=dead,
    )


def _sends() -> Iterator[Metric]:
    metric = GaugeMetricFamily("parley_sends", "Replies on their way, by state.", labels=["state"])
    found = dict(
        _asked(
            "SELECT state, count(*) FROM inbox_message WHERE state IN ('queued', 'sending', 'uncertain') GROUP BY state"
        )
    )
    for state in ("queued", "sending", "uncertain"):
        metric.add_metric([state], found.get(state, 0))
    yield metric


def _sweeps() -> Iterator[Metric]:
    [(late,)] = _asked(
        "SELECT coalesce(extract(epoch FROM now() - min(due_at)), 0)::float FROM inbox_timer WHERE fired_at IS NULL"
    )
    yield GaugeMetricFamily(
        "parley_sweep_lateness_seconds", "How late the most overdue timer is.", value=max(0.0, late)
    )


def _queues() -> Iterator[Metric]:
    from config import broker

    metric = GaugeMetricFamily("parley_queue_depth", "Messages in the broker's queues.", labels=["queue"])
    client: Any = broker.client()
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    for queue in settings.CELERY_TASK_QUEUES:
        metric.add_metric([queue], client.llen(f"{prefix}{queue}"))
    for queue in settings.RQ_QUEUES:
        metric.add_metric([queue], client.llen(f"rq:queue:{queue}"))
    yield metric


def _syncs() -> Iterator[Metric]:
    lag = GaugeMetricFamily(
        "parley_sync_lag_seconds",
        "Time since a channel was known to be complete, or since it was connected.",
        labels=["channel", "platform"],
    )
    for channel, platform, seconds in _asked(
        """SELECT channel.public_id::text, channel.platform, extract(epoch FROM now() - coalesce(health.complete_until, channel.created_at))::float
             FROM inbox_channel channel LEFT JOIN connectors_channelhealth health ON health.channel_id = channel.id
            WHERE channel.state <> 'disconnected'"""
    ):
        lag.add_metric([channel, platform], max(0.0, seconds))
    yield lag
    [(late,)] = _asked(
        """SELECT coalesce(extract(epoch FROM now() - min(next_run_at)), 0)::float
             FROM connectors_syncschedule schedule JOIN inbox_channel channel ON channel.id = schedule.channel_id
            WHERE (NOT paused OR once) AND lease_until IS NULL AND next_run_at < now()
              AND (channel.state <> 'disconnected' OR task = 'purge')"""
    )
    yield GaugeMetricFamily(
        "parley_schedule_lateness_seconds",
        "How long the most overdue schedule has waited.",
        value=max(0.0, late),
    )
    failing = GaugeMetricFamily(
        "parley_schedules_failing", "Schedules whose last run failed.", labels=["task"]
    )
    for task, count in _asked(
        "SELECT task, count(*) FROM connectors_syncschedule WHERE last_error <> '' GROUP BY task"
    ):
        failing.add_metric([task], count)
    yield failing


def _alarms() -> Iterator[Metric]:
    metric = GaugeMetricFamily("parley_alarms", "Alarms that stand, by kind.", labels=["kind"])
    for kind, count in _asked(
        "SELECT kind, count(*) FROM connectors_alarm WHERE cleared_at IS NULL GROUP BY kind"
    ):
        metric.add_metric([kind], count)
    yield metric
