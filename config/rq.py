"""The RQ worker: its work horse lives in a process group of its own and must not outlive it."""

from rq import Worker as RQWorker

from config import processes


class Worker(RQWorker):
    def setup_work_horse_signals(self) -> None:
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]
        processes.die_with_parent()
