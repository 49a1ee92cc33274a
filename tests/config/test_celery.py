"""Celery's tables name what exists, and its defaults stay in its own processes."""

import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
from celery import Celery
from django.conf import settings

from config import celery, services
from config.celery import BEAT, ROUTES, app


def queue_of(name: str) -> str:
    return str(app.amqp.router.route({}, name)["queue"].name)


@pytest.mark.parametrize("name", sorted({*BEAT, *ROUTES}))
def test_what_the_tables_name_is_a_task(name: str) -> None:
    app.loader.import_default_modules()

    assert name in app.tasks


def test_every_task_goes_to_a_queue_that_a_process_reads() -> None:
    app.loader.import_default_modules()
    ours = [name for name in app.tasks if not name.startswith("celery.")]
    lines = (services.BASE_DIR / "Procfile").read_text(encoding="utf-8")
    read = [name for queues in re.findall(r"--queues (\S+)", lines) for name in queues.split(",")]

    assert ours
    assert {queue_of(name) for name in ours} == set(settings.CELERY_TASK_QUEUES)
    assert sorted(read) == sorted(settings.CELERY_TASK_QUEUES)


def test_receiving_and_sending_stand_in_lines_of_their_own() -> None:
    assert [
        queue_of(f"connectors.tasks.{name}") for name in ("drain_receipts", "deliver_reply", "fetch_media")
    ] == ["receive", "delivery", "default"]


def said_by_a_process(code: str) -> str:
    """What one of its own writes that has no more than the addresses of its servers."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PARLEY_ENV": "test",
        "DATABASE_URL": "postgresql://parley@nowhere/parley",
        "REDIS_URL": "redis://nowhere",
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=services.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import config.celery", "parley worker 60000"),
        ("import sys; sys.argv += ['-A', 'config', 'beat']; import config.celery", "parley beat 60000"),
        ("import django; django.setup(); import config.celery", "None None"),
    ],
    ids=["the worker", "the beat", "any other process"],
)
def test_the_workers_defaults_reach_only_celerys_own_processes(code: str, told: str) -> None:
    tell = "import os; print(os.environ.get('PARLEY_PROCESS'), os.environ.get('PARLEY_STATEMENT_TIMEOUT'))"

    assert said_by_a_process(f"{code}; {tell}") == told


def test_a_worker_writes_the_events_of_its_tasks_whatever_its_log_level_is() -> None:
    """As the worker does it: Django first, then Celery's own set-up with the level of the Procfile."""
    said = said_by_a_process(
        "from config.celery import app; import logging; app.loader.init_worker();"
        "app.log.setup('WARNING', None, redirect_stdouts=False);"
        "print(logging.getLogger('connectors.actions.draining').isEnabledFor(logging.INFO),"
        " logging.getLogger('celery.worker').isEnabledFor(logging.INFO),"
        " [type(one.formatter).__name__ for one in logging.getLogger('celery.task').handlers])"
    )

    assert said == "True False []"


def test_a_worker_of_another_app_fires_no_timers_and_beats_no_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr(celery.threading, "Thread", lambda **told: begun.append(told["name"]) or Idle())
    other, ours = SimpleNamespace(app=Celery("naive", set_as_current=False)), SimpleNamespace(app=app)

    for consumer in (other, ours):
        celery.begin_heartbeat(sender=consumer)
        celery.begin_sweeping(sender=consumer)
        begun.append("|")

    assert begun == ["|", "heartbeat", "timers", "|"]


class Idle:
    def start(self) -> None:
        return
