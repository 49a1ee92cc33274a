"""Celery's tables name what exists, and its defaults stay in its own processes."""

import re
import subprocess
import sys

import pytest
from django.conf import settings

from config import services
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
    environment = {
        "PATH": "/usr/bin:/bin",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PARLEY_ENV": "test",
        "DATABASE_URL": "postgresql://parley@nowhere/parley",
        "REDIS_URL": "redis://nowhere",
    }

    done = subprocess.run(
        [sys.executable, "-c", f"{code}; {tell}"],
        cwd=services.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert done.stdout.strip() == told
