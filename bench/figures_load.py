"""The work of analytics beside the inbox: what happened is counted and summed by the real worker, managers read pages, each at its own pace.

A program of its own (JSON in, until it is ended), so that it takes no time from whoever measures but what any process would.
"""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial

READERS = 3  # managers, each with a page every three seconds and the board as often as it asks for itself
PAGES = (
    "responses/?range=90", "volume/?range=90", "agents/?range=90", "tags/?range=90", "sla/?range=90", "responses/?range=28&by=agent",
    "behind/?range=90&metric=next_response", "responses/?range=90&metric=next_response&by=agent&hours=business&priority=normal",
)  # fmt: skip


def main() -> None:
    import django

    django.setup()
    told = json.loads(sys.stdin.readline())
    threads = [every(2.0, _sum)]
    base = f"{told['origin']}/b/{told['slug']}/reports/"
    for cookie in told["cookies"][:READERS]:
        threads.append(every(3.0, partial(_next_page, base, itertools.cycle(PAGES), cookie)))
        threads.append(every(5.0, partial(_get, base + "now/", cookie)))
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    threading.Event().wait()


def every(seconds: float, work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        while True:
            began = time.monotonic()
            try:
                work()
            except Exception as fault:  # what is measured goes on; the log of the bench has it
                print(f"{type(fault).__name__}: {fault}", file=sys.stderr, flush=True)
            time.sleep(max(0.0, began + seconds - time.monotonic()))

    return threading.Thread(target=run, daemon=True)


def _sum() -> None:
    from analytics import tasks

    tasks.sum_periods.delay()


def _next_page(base: str, pages: Iterator[str], cookie: str) -> None:
    _get(base + next(pages), cookie)


def _get(url: str, cookie: str) -> None:
    with urllib.request.urlopen(
        urllib.request.Request(url, headers={"Cookie": cookie}), timeout=60
    ) as answer:
        answer.read()


if __name__ == "__main__":
    main()
