"""What every test may ask for. Servers of our own run for the length of the session and leave nothing behind."""

import fcntl
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests import emptying, retrying, sharing
from tests import settings as test_settings
from tools import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# A red run tells of a change, not of luck: the same examples each time, and none that a busy machine was slow with. Searching for
# new ones: --hypothesis-profile=search
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.register_profile("search", max_examples=2000, deadline=None)
hypothesis.settings.load_profile("steady")

emptying.install()
servers = ExitStack()
AT_LENGTH = {"browser", "journeys"}  # they start processes and a browser: the others are quick
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",  # root may not use it, and what the tests open is ours
    "--disable-gpu",
    "--disable-dev-shm-usage",  # a container's is small
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]


def _clear_leftovers() -> None:
    """Homes of sessions that were killed. A home that is still in use holds its lock."""
    for home in test_settings.HOME.parent.glob("parley-test-*"):
        if home != test_settings.HOME and (home / "lock").exists():
            with (home / "lock").open("a") as lock, suppress(OSError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(home, ignore_errors=True)


def _only_directs(config: pytest.Config) -> bool:
    """With several processes (pytest -n 2) the first one runs no test: the others do, each with servers of its own."""
    return bool(getattr(config.option, "numprocesses", None)) and not hasattr(config, "workerinput")


def pytest_sessionstart(session: pytest.Session) -> None:
    # A run that is called off, as continuous integration does, stops its servers and demos like one that Ctrl-C ends.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _clear_leftovers()
    if (
        test_settings.OWN_SERVERS
        and not session.config.option.collectonly
        and not _only_directs(session.config)
    ):
        from config import embedded

        servers.enter_context(embedded.serving(test_settings.HOME, durable=False))


def pytest_sessionfinish(session: pytest.Session) -> None:
    servers.close()
    shutil.rmtree(test_settings.HOME, ignore_errors=True)


@pytest.hookimpl(
    wrapper=True
)  # pytest-xdist reads the groups with a hook of its own, and pytest-django sorts with one
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    told: set[str] = set()
    for item in items:
        if (folder := _folder(config, item)) in AT_LENGTH:
            # One demo serves all journeys, and one browser a file.
            item.add_marker(pytest.mark.xdist_group(folder if folder == "journeys" else item.path.stem))
            item.add_marker(pytest.mark.flaky(**retrying.ONCE_MORE))
        # A page in another size or scheme, a key beside a button: continuous integration, which has twenty minutes, looks at one of them.
        if folder == "browser" and (test := item.nodeid.partition("[")[0]) in told:
            item.add_marker(pytest.mark.long)
        elif folder == "browser":
            told.add(test)
    if chromium.find() is None:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason="no Chromium was found"))
    yield
    # The journeys are the longest piece that cannot be shared out, so they begin; what is shared out best comes last but for the browser's files.
    items.sort(key=lambda item: {"journeys": 0, "browser": 2}.get(_folder(config, item), 1))


def _folder(config: pytest.Config, item: pytest.Item) -> str:
    return item.path.relative_to(config.rootpath).parts[1]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if chromium.find() is None:
        terminalreporter.section("NO BROWSER TESTS", sep="!", red=True, bold=True)
        terminalreporter.line(chromium.MISSING)


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest, django_db_keepdb: bool) -> bool:
    """What another process of the run has made is taken as it is."""
    return django_db_keepdb or _shares(request.config)


@pytest.fixture(scope="session")
def migrated(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_modify_db_settings: None,
) -> sharing.Made | None:
    from django.db import connection

    if not _shares(request.config):
        return None
    made = sharing.Made(
        tmp_path_factory.getbasetemp().parent,
        server=test_settings.KNOWN.database_url,
        name=connection.creation._get_test_db_name(),
    )
    made.load()
    return made


@pytest.fixture(scope="session")
def django_db_setup(migrated: sharing.Made | None, django_db_setup: None) -> None:
    if migrated:
        migrated.hand_on()


def _shares(config: pytest.Config) -> bool:
    return test_settings.OWN_SERVERS and hasattr(config, "workerinput")


@pytest.fixture
def now() -> datetime:
    """The moment at which a test happens. Nothing below a door asks for another."""
    return datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    path = chromium.find()
    if path is None:
        pytest.skip("no Chromium was found")
    return path


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> "Iterator[Browser]":
    """Ends with each module: while it lives, Playwright's loop is in the way of tests that bring their own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path, args=CHROMIUM_ARGUMENTS)
        yield started
        started.close()
