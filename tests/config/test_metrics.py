"""What Prometheus is told, and who may ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import override_settings
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from psycopg import errors

from analytics import jobs
from config import edge, metrics
from connectors.models import DeadItem, Receipt
from inbox.models import Timer
from tests.factories import conversations
from tests.factories.people import ChannelFactory

NAMES = {
    "parley_ingest_lag_seconds", "parley_drain_depth", "parley_dead_items", "parley_sends", "parley_sweep_lateness_seconds",
    "parley_queue_depth", "parley_sync_lag_seconds", "parley_schedule_lateness_seconds", "parley_alarms", "parley_sockets",
    "parley_door_refusals",
}  # fmt: skip


def scope(client: str, *headers: tuple[bytes, bytes], path: str = "/metrics") -> dict[str, Any]:
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": list(headers),
        "client": (client, 1),
        "query_string": b"",
    }


@pytest.mark.django_db
def test_everything_that_an_alarm_needs_is_told() -> None:
    families = {family.name: family for family in text_string_to_metric_families(metrics.page().decode())}

    assert set(families) >= NAMES, families.get("parley_unreadable")
    assert "parley_unreadable" not in families
    assert {sample.labels["state"] for sample in families["parley_sends"].samples} == {
        "queued",
        "sending",
        "uncertain",
    }


@pytest.mark.django_db
def test_a_channel_that_was_never_complete_lags_and_each_queue_is_told() -> None:
    channel = ChannelFactory()

    families = {family.name: family for family in text_string_to_metric_families(metrics.page().decode())}

    assert str(channel.public_id) in {
        sample.labels["channel"] for sample in families["parley_sync_lag_seconds"].samples
    }
    queues = {sample.labels["queue"] for sample in families["parley_queue_depth"].samples}
    rq = {jobs.QUEUE, jobs.TICKS, "sync"}
    assert queues == {*settings.CELERY_TASK_QUEUES, *rq}


def test_a_database_that_is_away_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def away(sql: str, *values: Any) -> list[tuple[Any, ...]]:
        asked.append(sql)
        raise OperationalError("couldn't get a connection after 10.00 sec")

    monkeypatch.setattr(metrics, "_asked", away)

    families = {family.name: family for family in text_string_to_metric_families(metrics.page().decode())}

    unreadable = {sample.labels["part"] for sample in families["parley_unreadable"].samples}
    assert unreadable == {"ingest", "sends", "sweeps", "syncs", "alarms"}
    assert "parley_queue_depth" in families
    assert len(asked) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("reason", [errors.QueryCanceled, errors.LockNotAvailable])
def test_a_part_that_took_too_long_hides_none_of_the_others(
    monkeypatch: pytest.MonkeyPatch, reason: type[Exception]
) -> None:
    asked = metrics._asked

    def slow(sql: str, *values: Any) -> list[tuple[Any, ...]]:
        if "connectors_receipt" in sql:
            raise OperationalError("canceling statement") from reason("canceling statement")
        return asked(sql, *values)

    monkeypatch.setattr(metrics, "_asked", slow)

    families = {family.name: family for family in text_string_to_metric_families(metrics.page().decode())}

    assert [sample.labels["part"] for sample in families["parley_unreadable"].samples] == ["ingest"]
    assert {"parley_sends", "parley_sweep_lateness_seconds", "parley_alarms"} <= set(families)


@pytest.mark.parametrize("reason", [errors.AdminShutdown, errors.TooManyConnections])
def test_a_database_that_takes_nobody_in_is_away(
    monkeypatch: pytest.MonkeyPatch, reason: type[Exception]
) -> None:
    asked: list[str] = []

    def refuse(sql: str, *values: Any) -> list[tuple[Any, ...]]:
        asked.append(sql)
        raise OperationalError from reason

    monkeypatch.setattr(metrics, "_asked", refuse)

    families = {family.name: family for family in text_string_to_metric_families(metrics.page().decode())}

    assert (len(families["parley_unreadable"].samples), len(asked)) == (5, 1)


@pytest.mark.django_db
def test_the_figures_are_those_of_the_rows() -> None:
    channel, now = ChannelFactory(), timezone.now()
    thread = conversations.conversation(channel)
    for seconds in (60, 5):
        Receipt.objects.create(channel=channel, received_at=now - timedelta(seconds=seconds), body=b"{}")
    Timer.objects.create(
        brand=channel.brand, conversation=thread, kind="breach", due_at=now - timedelta(seconds=40)
    )
    DeadItem.objects.create(channel=channel, reason="no text", payload={}, created_at=now)

    families = {family.name: family for family in text_string_to_metric_families(metrics.page().decode())}

    def value(name: str) -> float:
        return float(families[name].samples[0].value)

    assert (value("parley_drain_depth"), value("parley_dead_items")) == (2, 1)
    assert value("parley_ingest_lag_seconds") == pytest.approx(60, abs=20)
    assert value("parley_sweep_lateness_seconds") == pytest.approx(40, abs=20)


@pytest.mark.parametrize(
    ("asked", "token", "answered"),
    [
        (scope("127.0.0.1"), "", True),
        (scope("203.0.113.9"), "", False),
        (scope("127.0.0.1", (b"x-forwarded-for", b"203.0.113.9")), "", False),
        (scope("203.0.113.9", (b"authorization", b"Bearer let-me-in")), "let-me-in", True),
        (scope("127.0.0.1"), "let-me-in", False),
        (scope("203.0.113.9", (b"authorization", b"Bearer \xff")), "let-me-in", False),
    ],
)
def test_who_may_ask(asked: dict[str, Any], token: str, answered: bool) -> None:
    with override_settings(METRICS_TOKEN=token):
        assert metrics.is_allowed(asked) is answered


def test_a_page_gets_the_name_under_which_the_logs_know_it() -> None:
    given = ([(b"x-request-id", b"given-by-a-proxy")], [(b"x-request-id", b"no name\n")], [])

    passed_on = [edge._named(scope("203.0.113.9", *headers, path="/b/acme/"))["headers"] for headers in given]

    names = [dict(headers)[b"x-request-id"] for headers in passed_on]
    assert names[0] == b"given-by-a-proxy"
    assert len(names[1]) == len(names[2]) == 20 and names[1] != names[2]
    assert all(len(headers) == 1 for headers in passed_on)
