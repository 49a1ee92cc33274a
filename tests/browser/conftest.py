"""The edge process on the test's own database, and a browser signed in to it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from django.utils.crypto import get_random_string

from inbox.actions import receiving
from inbox.actions.receiving import Arrival
from inbox.exchange import InboundMessage, Party
from inbox.models import Brand, Channel, Conversation, Person
from tests import ports
from tests.factories.people import ChannelFactory, agent_of
from tests.settings import KNOWN

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def origin(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The edge, as `make demo` runs it, reading the database of the tests."""
    port = ports.free()
    database = connection.settings_dict["NAME"]
    url = os.environ.get("DATABASE_URL", KNOWN.database_url).replace("/parley?", f"/{database}?")
    log = tmp_path_factory.mktemp("edge") / "edge.log"
    with log.open("w") as told:
        edge = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "uvicorn",
                "config.asgi:application",
                "--port",
                str(port),
                "--log-level",
                "warning",
            ],
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "DATABASE_URL": url,
                "PORT": str(port),
            },
            stdout=told,
            stderr=told,
        )
        try:
            _await(f"http://127.0.0.1:{port}/healthz", edge, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            edge.terminate()
            edge.wait(60)


def _await(url: str, edge: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(900):
        try:
            with urlopen(url, timeout=1):
                return
        except OSError:
            if edge.poll() is not None:
                break
            time.sleep(0.1)
    raise RuntimeError(f"The edge did not start: {log.read_text()}")


@dataclass
class Outside:
    """Customers, as a connector tells of them."""

    channel: Channel

    def write(self, text: str, *, who: str = "anna", **fields: Any) -> None:
        now = timezone.now()
        message = InboundMessage(
            external_id=get_random_string(12),
            thread_id=who,
            sent_at=now,
            author=Party(who, name=who.title()),
            text=text,
            **fields,
        )
        with transaction.atomic():
            receiving.receive(arrivals=[Arrival(self.channel.pk, message)], now=now)


@pytest.fixture
def brand(transactional_db: None) -> Iterator[Brand]:
    yield ChannelFactory(
        brand__name="Lumen & Oak", brand__slug="lumen", platform="instagram", name="lumen.and.oak"
    ).brand

    _await_silence()


def _await_silence() -> None:
    """A page that was closed may have left a request behind, and emptying the tables would lock against it."""
    quiet = 0
    for _ in range(900):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND state <> 'idle'"
            )
            quiet = quiet + 1 if cursor.fetchone() == (0,) else 0
        if quiet == 5:
            return
        time.sleep(0.03)


@pytest.fixture
def channel(brand: Brand) -> Channel:
    return brand.channels.get()


@pytest.fixture
def mara(brand: Brand) -> Person:
    return agent_of(brand, email="mara@example.test", name="Mara")


@pytest.fixture
def outside(channel: Channel) -> Outside:
    return Outside(channel)


@pytest.fixture
def anna(outside: Outside) -> Conversation:
    outside.write("Where is my parcel?")
    return Conversation.objects.get()


@pytest.fixture
def zoe(anna: Conversation, outside: Outside) -> Conversation:
    outside.write("About the lamp", who="zoe")
    return Conversation.objects.exclude(pk=anna.pk).get()


def session_of(person: Person, origin: str) -> Any:
    """The cookie of somebody who has signed in. Typing a password is shown by the journeys; here it would cost seconds each time."""
    client = Client()
    client.force_login(person)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    return {"name": f"parley_session_{urlsplit(origin).port}", "value": value, "url": origin}


DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}


@pytest.fixture(scope="module")
def warm(browser: Browser, origin: str) -> Iterator[BrowserContext]:
    """A browser that has been here before, and has the hundred files of the pages: fetching them was most of what a test cost."""
    context = browser.new_context(base_url=origin, **DESK)
    yield context
    context.close()


@pytest.fixture
def enter(browser: Browser, warm: BrowserContext, origin: str, mara: Person) -> Iterator[Callable[..., Page]]:
    """Opens an address as somebody who is signed in. What a page complains of fails the test.

    The first gets the browser that was here before, unless it wants another window or a clock of its own (`new=True`: what is installed in a
    context stays there).
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def enter(address: str, *, person: Person = mara, new: bool = False, **context: Any) -> Page:
        is_other = new or bool(context) or warm in contexts
        made = browser.new_context(**{**DESK, "base_url": origin, **context}) if is_other else warm
        contexts.append(made)
        page = made.new_page()
        page.set_default_timeout(8000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if _is_fault(line.text) else None)
        made.add_cookies([session_of(person, origin)])
        page.goto(address)
        page.wait_for_selector("state-line[data-state=live]", state="attached")
        return page

    yield enter
    for context in contexts:
        for page in context.pages:
            page.unroute_all(
                behavior="ignoreErrors"
            )  # an answer that is still held must not fail the next test
        if context is warm:
            _leave_nothing(context, origin)
        else:
            context.close()
    assert complaints == []


def _leave_nothing(context: BrowserContext, origin: str) -> None:
    """But the files that were fetched."""
    for page in context.pages:
        page.close()
    context.set_offline(False)
    context.clear_cookies()
    context.clear_permissions()
    blank = context.new_page()
    context.new_cdp_session(blank).send(
        "Storage.clearDataForOrigin",
        {"origin": origin, "storageTypes": "local_storage,indexeddb,cache_storage,service_workers"},
    )
    blank.close()


def _is_fault(text: str) -> bool:
    return "Content Security Policy" in text or "Uncaught" in text
