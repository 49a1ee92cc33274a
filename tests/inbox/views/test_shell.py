"""What stands around the thread."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from inbox import platforms
from inbox.models import Brand, Channel, Membership, Person, Role
from tests.factories import conversations as make
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory


@pytest.fixture
def brand(channel: Channel) -> Brand:
    return channel.brand


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def views_of(page: Client) -> str:
    html = page.get("/b/lumen/inbox/open/").content.decode()
    return html[html.index('<nav class="views"') : html.index("</nav>")]


def test_each_channel_is_named_after_its_platform_and_its_account(page: Client, brand: Brand) -> None:
    ChannelFactory(brand=brand, platform="instagram", name="Acme", handle="acme.living")
    ChannelFactory(brand=brand, platform="linkedin", name="Acme", handle="")

    shown = views_of(page)

    assert "IG Instagram @acme.living" in words(shown)
    assert "LinkedIn Acme" in words(shown)


@pytest.mark.parametrize(
    ("zone", "headings"),
    [
        ("UTC", ["Today"]),
        ("Asia/Tokyo", ["Later"]),
        ("America/Los_Angeles", ["Today"]),
        ("Nowhere/At_All", ["Today"]),
    ],
)
@pytest.mark.parametrize("view", ["inbox/open/", "inbox/query/?q=is:open"])
def test_what_is_due_today_is_so_where_its_reader_is(
    view: str,
    zone: str,
    headings: list[str],
    page: Client,
    jo: Person,
    channel: Channel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)  # 22:00 in Tokyo
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    Person.objects.filter(pk=jo.pk).update(time_zone=zone)
    make.conversation(channel, due_at=now + timedelta(hours=3), due_kind="first")

    html = page.get(f"/b/lumen/{view}").content.decode()

    assert re.findall(r'data-heads="([^"]*)"', html) == headings


@pytest.mark.parametrize(
    ("role", "offered"),
    [(Role.AGENT, False), (Role.MANAGER, False), (Role.OPERATIONS, True), (Role.ADMINISTRATOR, True)],
)
def test_the_channels_page_is_offered_to_those_who_run_channels(
    role: Role, offered: bool, page: Client, jo: Person, brand: Brand
) -> None:
    Membership.objects.filter(person=jo, brand=brand).update(role=role)

    assert ('href="/b/lumen/channels/"' in views_of(page)) is offered


@pytest.mark.parametrize(
    ("left", "waits", "shown"),
    [
        (timedelta(hours=2), False, ("soon", "window 2 h")),
        (timedelta(minutes=20), True, ("urgent", "window 20 m")),
        (timedelta(hours=-1), True, ("closed", "window closed")),
        (timedelta(hours=-1), False, None),
    ],
)
def test_a_row_says_how_long_one_may_answer_before_any_script_runs(
    left: timedelta,
    waits: bool,
    shown: tuple[str, str] | None,
    page: Client,
    brand: Brand,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = say.at(600)
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    instagram = ChannelFactory(brand=brand, platform="instagram")
    opened = now + left - timedelta(days=7) + timedelta(minutes=2)  # closed a little early, to be safe
    make.conversation(instagram, window_opened_at=opened, waiting_since=opened if waits else None)

    row = page.get("/b/lumen/inbox/open/rows/").content.decode()

    found = re.search(r'<window-chip[^>]*data-tone="(\w+)"[^>]*>([^<]*)<', row)
    assert (found.groups() if found else None) == shown


def test_a_row_knows_until_when_a_person_may_answer_after_the_standard_window(
    page: Client, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is told when it is over and nobody waits: the page goes on by itself."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: say.at(600))
    make.conversation(ChannelFactory(brand=brand, platform="instagram"), window_opened_at=say.at(0))

    row = page.get("/b/lumen/inbox/open/rows/").content.decode()

    margin = platforms.get("instagram").window.margin
    day, week = (say.at(0) + timedelta(days=days) - margin for days in (1, 7))
    assert f'until="{day.isoformat()}" then="{week.isoformat()}"' in row


def test_the_composer_says_how_long_one_may_answer_before_any_script_runs(
    page: Client, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: say.at(600))
    instagram = ChannelFactory(brand=brand, platform="instagram")
    conversation = make.conversation(instagram, window_opened_at=say.at(0))

    state = page.get(f"/b/lumen/conversations/{conversation.public_id}/composer/").content.decode()

    assert re.search(r"<window-chip[^>]*>window 23 h", state)


@pytest.mark.parametrize(
    ("state", "in_head"), [("open", ""), ("resolved", ""), ("snoozed", "snoozed"), ("pending", "pending"), ("spam", "spam")]
)  # fmt: skip
def test_a_row_and_a_head_say_how_the_conversation_is_where_it_is_not_open(
    state: str, in_head: str, page: Client, channel: Channel
) -> None:
    """Among all states it would look like one that waits. What is resolved is said by the head's button."""
    until = {"resolved": {"resolved_at": say.at(0)}, "snoozed": {"snoozed_until": say.at(9)}}.get(state, {})
    conversation = make.conversation(channel, state=state, **until)

    row = page.get("/b/lumen/inbox/query/rows/", {"q": "is:any"}).content.decode()
    head = page.get(f"/b/lumen/conversations/{conversation.public_id}/").content.decode()

    assert re.findall(r'class="chip chip--quiet">(\w*)<', row) == ([] if state == "open" else [state])
    assert re.findall(r'class="head__state">(\w*)<', head) == ([in_head] if in_head else [])


@pytest.mark.parametrize(
    ("role", "offered"),
    [(Role.AGENT, False), (Role.MANAGER, True), (Role.OPERATIONS, False), (Role.ADMINISTRATOR, True)],
)
def test_the_settings_are_offered_to_those_who_set_things_up(
    role: Role, offered: bool, page: Client, jo: Person, brand: Brand
) -> None:
    Membership.objects.filter(person=jo, brand=brand).update(role=role)

    assert ('href="/b/lumen/settings/"' in views_of(page)) is offered


def test_who_is_signed_out_and_comes_from_no_address_at_all_is_told_so(brand: Brand) -> None:
    headers = {"X-Parley-Fragment": "1", "Referer": "http://["}

    answer = Client().get("/b/lumen/inbox/open/", headers=headers)

    assert answer.status_code == 401
    assert "You have been signed out" in answer.content.decode()
