"""The real processes and a real browser, once for all journeys of a run."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.journeys.browsing import Agent
from tests.journeys.outside import Outside
from tests.journeys.running import Demo

HERE = Path(__file__).parent
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.journey)
            if item.path.name in {"test_faults.py", "test_bulk.py", "test_syncs.py", "test_triage.py"}:
                item.add_marker(pytest.mark.long)
            if {"browser", "agent", "new_agent"} & set(getattr(item, "fixturenames", ())):
                item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One demo for all journeys; that it leaves no process behind is asserted when it stops."""
    # The journeys send and read more in minutes than the platforms allow; limits have tests of their own.
    roomy = dict.fromkeys(
        ["SIMULATOR_X_SEND_LIMIT", "SIMULATOR_X_READ_LIMIT", "SIMULATOR_INSTAGRAM_READS"], "100000"
    )
    sooner = {"PARLEY_SETTLE_PERCENT": "10"}
    demo = Demo(tmp_path_factory.mktemp("journeys") / "home", **roomy, **sooner).start()
    try:
        demo.await_ready()
        # As operations may: LinkedIn is asked every other second.
        demo.sql(
            "UPDATE connectors_syncschedule SET every_seconds = 2, next_run_at = now() WHERE task = 'poll'"
        )
        # A held reply is stopped when the customer writes on, as the crowds of these journeys do; holding has a journey of its own.
        demo.sql("UPDATE inbox_brand SET reply_hold = 0")
        yield demo
        code = demo.stop()
        left = [(process.pid, process.cmdline()) for process in demo.processes()]
        assert (code, left) == (0, []), demo.said
    finally:
        demo.end_all()


@pytest.fixture(scope="package")
def outside(demo: Demo) -> Iterator[Outside]:
    outside = Outside(demo.control)
    yield outside
    outside.close()


@pytest.fixture(autouse=True)
def _no_fault_stays_on(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "outside" in request.fixturenames:
        request.getfixturevalue("outside").no_faults()


@pytest.fixture(scope="package")
def signed_in() -> dict[tuple[str, str], Any]:
    """The cookies of those who have signed in already, by place and address."""
    return {}


@pytest.fixture
def new_agent(
    demo: Demo, browser: Browser, signed_in: dict[tuple[str, str], Any]
) -> Iterator[Callable[..., Agent]]:
    """Makes agents at their inbox, each in a browser of their own."""
    made = []

    def make(email: str = "agent@parley.test", **how: Any) -> Agent:
        cookies = signed_in.get((demo.url, email))
        context = browser.new_context(
            **{"viewport": {"width": 1440, "height": 900}, "storage_state": cookies, **how}
        )
        made.append(context)
        agent = Agent(context.new_page(), demo.url)
        if cookies:
            return agent.go()
        agent.sign_in(email)
        signed_in[demo.url, email] = context.storage_state()
        return agent.go()

    yield make
    for context in made:
        context.close()


@pytest.fixture
def agent(new_agent: Callable[..., Agent]) -> Agent:
    return new_agent()


@pytest.fixture
def name() -> str:
    """A customer nobody else has written as."""
    return f"Customer {next(_numbers)}"
