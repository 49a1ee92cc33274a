"""What a second is on the machine that the tests happen to run on."""

import statistics

from playwright.sync_api import Page

PAGES = 4  # news costs what a few pages cost: a platform's POST, a worker's turn, a push and its drawing


def a_second(page: Page) -> float:
    """
    Seconds. One, or as long as the machine takes, just now, for a few pages like the one that is open: what other work beside it makes of a
    second is no fault of ours (bench/live.py measures the real one, alone).
    """
    taken = [
        page.evaluate(
            """async () => {
                const begun = performance.now()
                await (await fetch(location.href, { cache: "no-store" })).text()
                return (performance.now() - begun) / 1000
            }"""
        )
        for _ in range(3)
    ]
    return max(1.0, PAGES * statistics.median(taken))
