"""What RQ keeps of a job that failed."""

from __future__ import annotations

import uuid

from django.conf import LazySettings
from redis import Redis
from rq import Queue, SimpleWorker

from config.rq import Worker


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
