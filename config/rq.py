"""RQ's workers: each job in a process of its own, which must not outlive its worker, and whose death is told at once."""

import contextlib
import time
from typing import Any

import structlog
from django.db import close_old_connections
from redis import ConnectionPool
from rq import Worker as RQWorker
from rq.worker_pool import ForkProcess, WorkerPool

from config import health, logs, processes

log = structlog.get_logger(__name__)


class Worker(RQWorker):
    def setup_work_horse_signals(self) -> None:
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]
        processes.die_with_parent()

    def handle_job_failure(
        self,
        job: Any,
        queue: Any,
        started_job_registry: Any = None,
        exc_string: str = "",
        execution: Any = None,
    ) -> None:
        """What is kept of a failure is shown under /admin/rq/, to people who may read no message: it is cleaned as the logs are."""
        super().handle_job_failure(job, queue, started_job_registry, logs.clean(exc_string), execution)

    def handle_work_horse_killed(self, job: Any, retpid: int, ret_val: int, rusage: Any) -> None:
        super().handle_work_horse_killed(job, retpid, ret_val, rusage)  # type: ignore[no-untyped-call]
        from connectors import jobs

        if job.func_name == "connectors.jobs.sync_channel":
            close_old_connections()
            with contextlib.suppress(Exception):  # the lease runs out all the same
                jobs.note_death(schedule_id=job.kwargs["schedule_id"], owner=job.kwargs["owner"])


class Pool(WorkerPool):
    """Several workers under one process. RQ's own gives each a scheduler besides, which nothing of ours needs."""

    def check_workers(self, respawn: bool = True) -> None:
        """Each second. No thread says that this process lives: its workers are forked from it."""
        super().check_workers(respawn)
        if time.monotonic() >= self._beats_at:
            self._beats_at = time.monotonic() + health.HEARTBEAT_SECONDS
            with contextlib.suppress(Exception):  # the broker is away; the workers themselves say so
                for name in self._queue_names:
                    health.beat_heart(name)

    _beats_at = 0.0

    def get_worker_process(
        self, name: str, burst: bool, _sleep: float = 0, logging_level: str = "INFO"
    ) -> Any:
        told = {"burst": burst, "logging_level": logging_level}
        return ForkProcess(target=self._work, args=(name,), kwargs=told, name=f"worker {name}")

    def _work(self, name: str, *, burst: bool, logging_level: str) -> None:
        processes.die_with_parent()
        pool = ConnectionPool(connection_class=self._pool_class, **self._pool_kwargs)
        connection = self._connection_class(connection_pool=pool)
        queues = [self.queue_class(each, connection=connection) for each in self._queue_names]
        worker = self.worker_class(queues, name=name, connection=connection)
        worker.work(burst=burst, logging_level=logging_level)
