"""Focus when something goes wrong: a page that sleeps or closes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Request

from inbox.models import Channel, Conversation, Focus
from tests.factories import conversations as make

Enter = Callable[..., Page]
NEWEST = "/b/lumen/inbox/open/?sort=newest"
ASKS = re.compile("/b/lumen/focus/$")


@pytest.fixture
def queue(channel: Channel) -> list[Conversation]:
    found = make.conversations(channel, 4, window_opened_at=timezone.now())
    for conversation in found:
        make.messages(conversation, 2)
    return found


def until(holds: Callable[[], bool], *, within: float = 10) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_page_whose_timers_sleep_keeps_what_it_has_in_focus(
    enter: Enter, queue: list[Conversation]
) -> None:
    page = enter(NEWEST)
    page.keyboard.press("f")
    page.wait_for_selector("focus-bar[data-ready]")
    page.route(ASKS, lambda route: route.abort())
    soon = timezone.now() + timedelta(seconds=3)
    Focus.objects.update(until=soon)

    until(lambda: Focus.objects.filter(until__gt=soon + timedelta(seconds=20)).count() == 2, within=20)


def test_a_request_that_is_under_way_when_its_page_closes_takes_nothing_after(
    enter: Enter, queue: list[Conversation]
) -> None:
    page = enter(NEWEST)
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if ASKS.search(request.url) else None)
    page.keyboard.press("f")
    page.wait_for_selector("focus-bar[data-ready]")
    [late, *_] = asked
    body, headers = late.post_data_buffer, late.all_headers()
    again = {name: headers[name] for name in ("content-type", "x-csrftoken")} | {"referer": page.url}
    context = page.context
    page.close()
    until(lambda: not Focus.objects.exists())

    answer = context.request.post(late.url, data=body or b"", headers=again)

    assert answer.status == 200 and "data-current" not in answer.text()
    assert not Focus.objects.exists()
