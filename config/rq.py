"""RQ's workers: each job in a process of its own, which must not outlive its worker, and whose death is told at once."""

import contextlib
import socket
import time
from collections.abc import Collection
from typing import Any

import structlog
from django.db import close_old_connections, connections
from redis import ConnectionPool
from rq import Worker as RQWorker
from rq.worker_pool import ForkProcess, WorkerData, WorkerPool

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
        close_old_connections()
        _tell_of(job)


def _tell_of(job: Any) -> None:
    from connectors import jobs

    if job.func_name == "connectors.jobs.sync_channel":
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

    def tell_of_the_dead(self) -> None:
        """Of what was under way on this machine when a whole pool was killed. Its workers and their jobs do not outlive it."""
        with contextlib.suppress(Exception):  # the broker is away
            workers = RQWorker.all(connection=self.connection)
            here = [worker for worker in workers if worker.hostname == socket.gethostname()]
            self._tell_of_jobs({worker.name for worker in here if not processes.is_alive(worker.pid or 0)})

    def handle_dead_worker(self, worker_data: WorkerData) -> None:
        super().handle_dead_worker(worker_data)
        with contextlib.suppress(Exception):  # the broker is away
            self._tell_of_jobs({worker_data.name})

    def _tell_of_jobs(self, workers: Collection[str]) -> None:
        if not workers:
            return
        for queue in self.queues:
            for job_id in queue.started_job_registry.get_job_ids(cleanup=False):
                job = queue.fetch_job(job_id)
                if job is not None and job.worker_name in workers:
                    _tell_of(job)
        connections.close_all()  # a forked worker must not share its parent's

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
