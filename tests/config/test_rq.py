"""What RQ keeps of a job that failed, and who tells of one that died with its worker."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from redis import Redis
from rq import Queue, SimpleWorker
from rq.worker_pool import WorkerData

from config.rq import Pool, Worker
from connectors import jobs


class InThisProcess(SimpleWorker, Worker):
    """Ours, without a process for each job."""


def fail() -> None:
    raise ValueError(
        "new row violates a constraint\nDETAIL:  Failing row contains (7, I am ill and need my parcel)."
    )


def test_what_is_kept_of_a_failed_job_holds_no_words_of_customers(settings: LazySettings) -> None:
    with Redis.from_url(settings.REDIS_URL) as redis:
        queue = Queue(uuid.uuid4().hex, connection=redis)
        job = queue.enqueue(fail)
        InThisProcess([queue], connection=redis).work(burst=True)  # type: ignore[no-untyped-call]
        kept = job.latest_result().exc_string
        queue.delete()
        job.delete()

    assert "new row violates a constraint" in kept
    assert "parcel" not in kept


@pytest.fixture
def redis(settings: LazySettings) -> Iterator[Redis]:
    with Redis.from_url(settings.REDIS_URL) as redis:
        yield redis


@pytest.fixture
def queue(redis: Redis) -> Iterator[Queue]:
    queue = Queue(uuid.uuid4().hex, connection=redis)
    yield queue
    for worker in Worker.all(queue=queue):
        redis.delete(worker.key)
    queue.delete()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    monkeypatch.setattr(jobs, "note_death", lambda *, schedule_id, owner: found.append((schedule_id, owner)))
    return found


def at_work(redis: Redis, queue: Queue, *, pid: int) -> Worker:
    """A worker that has begun a sync, by what RQ knows of it."""
    worker = Worker([queue], connection=redis)
    worker.pid = pid
    worker.register_birth()  # type: ignore[no-untyped-call]
    job = queue.enqueue(jobs.sync_channel, schedule_id=pid, owner=worker.name, seconds=20)
    worker.execution = worker.prepare_execution(job)
    worker.prepare_job_execution(job)
    return worker


def gone() -> int:
    """The number of a process that is no more."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_who_begins_tells_of_the_jobs_that_died_with_their_workers(
    redis: Redis, queue: Queue, told: list[tuple[int, str]]
) -> None:
    pid = gone()
    dead = at_work(redis, queue, pid=pid)
    at_work(redis, queue, pid=os.getpid())
    elsewhere = at_work(redis, queue, pid=pid)
    redis.hset(elsewhere.key, "hostname", "another-machine")

    Pool([queue.name], connection=redis, worker_class=Worker).tell_of_the_dead()

    assert told == [(pid, dead.name)]


def test_a_pool_tells_of_the_job_of_a_worker_that_died(
    redis: Redis, queue: Queue, told: list[tuple[int, str]]
) -> None:
    worker = at_work(redis, queue, pid=(pid := gone()))
    pool = Pool([queue.name], connection=redis, worker_class=Worker)

    pool.handle_dead_worker(WorkerData(name=worker.name, pid=pid, process=multiprocessing.Process()))

    assert told == [(pid, worker.name)]
