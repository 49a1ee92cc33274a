"""Alive and ready, told as JSON with reasons. Answered in front of Django's pages, so that they tell the truth about them."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from config import soundness

log = structlog.get_logger(__name__)

HEARTBEAT_KEY = "parley:heartbeat:{process}"
HEARTBEAT_SECONDS = 2
HEARTBEAT_LASTS = 15

_migrations_done = False


@dataclass(frozen=True, kw_only=True)
class Finding:
    name: str
    ok: bool
    reason: str = ""


def readiness() -> list[Finding]:
    """Database, broker, migrations, the worker's heartbeat, connectors and stored secrets. A database or a broker that is away is
    waited for once: what needs it is not ready for that reason.
    """
    found: dict[str, Finding] = {}
    for name, look in CHECKS.items():
        needed = found.get(NEEDS.get(name, ""))
        if needed is not None and not needed.ok:
            found[name] = Finding(name=name, ok=False, reason=f"the {needed.name} cannot be asked")
        else:
            found[name] = _found(name, look)
    return list(found.values())


def beat_heart(process: str) -> None:
    from config import broker

    broker.client().set(
        HEARTBEAT_KEY.format(process=process), f"{os.getpid()} {time.time():.3f}", ex=HEARTBEAT_LASTS
    )


def last_beat(process: str) -> datetime | None:
    """When one of these was alive at last; None where none was lately, or the broker is away."""
    from config import broker

    try:
        told = broker.client().get(HEARTBEAT_KEY.format(process=process))
        return datetime.fromtimestamp(float(told.split()[1]), UTC) if told else None
    except Exception as error:
        log.warning("heartbeat_unknown", cause=first_line(error))
        return None


def keep_beating(process: str) -> None:
    """A heartbeat by a thread of its own, so that long work does not look like death."""
    threading.Thread(target=_beat_forever, args=[process], name="heartbeat", daemon=True).start()


def _beat_forever(process: str) -> None:
    pause = threading.Event()
    told = False
    while True:
        try:
            beat_heart(process)
            told = False
        except Exception as error:  # the broker is away; whoever works with it says so and reconnects
            if not told:
                log.warning("heartbeat_lost", cause=first_line(error))
            told = True
        pause.wait(HEARTBEAT_SECONDS)


def _found(name: str, look: Callable[[], str]) -> Finding:
    try:
        reason = look()
    except Exception as error:  # whatever is wrong is the answer
        reason = f"{type(error).__name__}: {first_line(error)}"
    return Finding(name=name, ok=not reason, reason=reason)


def first_line(error: BaseException) -> str:
    from config import logs

    return logs.clean(next(iter(str(error).strip().splitlines()), "no reason given"))


def _database() -> str:
    from django.db import connection

    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()
    return ""


def _broker() -> str:
    from config import broker

    broker.client().ping()
    return ""


def _migrations() -> str:
    global _migrations_done
    if _migrations_done:  # a process's own code never gains a migration, so once is enough
        return ""
    missing = pending_migrations()
    _migrations_done = not missing
    return f"{len(missing)} to apply, first {missing[0]}: run manage.py migrate" if missing else ""


def pending_migrations() -> list[str]:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        plan: list[tuple[Any, bool]] = executor.migration_plan(executor.loader.graph.leaf_nodes())
    finally:
        connection.close()
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def _worker() -> str:
    from config import broker

    if broker.client().get(HEARTBEAT_KEY.format(process="worker")):
        return ""
    return f"no heartbeat for {HEARTBEAT_LASTS} s: start celery -A config worker"


def _connectors() -> str:
    return soundness.now_and_then("connectors", soundness.connectors)


def _secrets() -> str:
    return soundness.now_and_then("secrets", soundness.secrets)


NEEDS = {"migrations": "database", "connectors": "database", "secrets": "database", "worker": "broker"}
CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "broker": _broker,
    "migrations": _migrations,
    "worker": _worker,
    "connectors": _connectors,
    "secrets": _secrets,
}
