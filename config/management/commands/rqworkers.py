"""manage.py rqworkers: rqworker, several at once, so that a channel that hangs leaves the others theirs."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django_rq.queues import get_queues
from django_rq.utils import reset_db_connections

from config.rq import Pool, Worker


class Command(BaseCommand):
    help = "Serve queues with several workers, each job in a process of its own. SYNC_WORKERS says how many."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("queues", nargs="*", default=["sync"])
        parser.add_argument("--num-workers", type=int, default=settings.SYNC_WORKERS)
        parser.add_argument("--burst", action="store_true", help="end when nothing is left to do")

    def handle(self, *args: Any, **options: Any) -> None:
        level = logging.getLevelName(logging.WARNING if options["verbosity"] == 0 else logging.INFO)
        queues: list[Any] = get_queues(  # type: ignore[no-untyped-call]
            *(options["queues"] or ["sync"])
        )
        pool = Pool(
            queues=queues,
            connection=queues[0].connection,
            num_workers=max(1, options["num_workers"]),
            worker_class=Worker,
        )
        pool.tell_of_the_dead()
        reset_db_connections()  # a forked worker must not share its parent's
        pool.start(burst=options["burst"], logging_level=level)
