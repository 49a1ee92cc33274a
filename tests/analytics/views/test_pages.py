"""Pages of the figures: who may see them, and that what they count is what they list."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analytics import metrics
from analytics.queries import asked as asked_for
from analytics.queries import behind
from analytics.queries import names as all_names
from inbox.models import Membership, Role, SlaPolicy, Team
from tests.analytics.conftest import Story
from tests.factories.people import BrandFactory, ChannelFactory, agent_of

pytestmark = pytest.mark.django_db
DAYS = {"from": "2026-08-04", "to": "2026-08-08"}
REPORTS = ["responses"]


def address(story: Story, name: str, **query: str) -> str:
    if name in ("now", "definitions"):
        return reverse(f"analytics:{name}", args=[story.brand.slug])
    return reverse("analytics:report", args=[story.brand.slug, name])


@pytest.fixture
def manager(story: Story, client: Client) -> Client:
    person = story.person("Milo")
    Membership.objects.filter(person=person).update(role=Role.MANAGER)
    client.force_login(person)
    return client


@pytest.fixture
def lively(story: Story) -> Story:
    """Several days, channels, people, teams, tags; kept and missed targets; conversations that came back, and one that is open."""
    SlaPolicy.objects.create(
        brand=story.brand, name="Standard", first_response=600, next_response=900, resolution=7200
    )
    other = ChannelFactory(brand=story.brand, platform="x", name="lumen on X")
    team = Team.objects.create(brand=story.brand, name="Refunds")
    for number in range(9):
        who, start = f"c{number}", number * 400 - 1800
        story.write(who, start, channel=other if number % 3 == 0 else story.channel)
        story.answer(who, start + 0.5, by="", origin="automation")
        story.assign(who, start + 2, "Ada" if number % 2 else "Bo")
        story.answer(who, start + (3 if number % 4 else 25), by="Ada" if number % 2 else "Bo")
        story.write(who, start + 40)
        story.answer(who, start + 48 + number, by="Bo")
        if number != 5:
            story.resolve(who, start + 90, by="Bo")
        if number == 7:
            story.write(who, start + 300)
    story.count(1000)
    story.sweep(6000)
    found = story.brand.conversations
    found.filter(thread_key__in=["c1", "c2"]).update(team=team, tags=["refund", "vip"], sentiment="negative")
    found.filter(thread_key="c3").update(priority=1)
    story.brand.tags.create(name="refund")
    from analytics.actions import following

    following.forget(brand=story.brand)
    story.count(6001)
    return story


def listed(client: Client, url: str) -> int:
    """How many there are when one reads the list to its end."""
    found = 0
    while url:
        html = client.get(url).content.decode()
        found += len(re.findall(r"data-fact=|data-conversation=", html))
        more = re.search(r'href="\?([^"]+)" rel="next"', html)
        url = url.split("?")[0] + "?" + unescape(more[1]) if more else ""
    return found


@pytest.mark.parametrize("name", ["now", "definitions", *REPORTS])
def test_only_those_who_see_reports_come_in(client: Client, story: Story, name: str) -> None:
    asks = address(story, name)
    assert client.get(asks).status_code == 302

    for role, status in (
        (Role.AGENT, 404),
        (Role.OPERATIONS, 404),
        (Role.MANAGER, 200),
        (Role.ADMINISTRATOR, 200),
    ):
        person = agent_of(story.brand)
        Membership.objects.filter(person=person).update(role=role)
        client.force_login(person)
        assert client.get(asks).status_code == status

    outsider = agent_of(BrandFactory())
    Membership.objects.filter(person=outsider).update(role=Role.ADMINISTRATOR)
    client.force_login(outsider)
    assert client.get(asks).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"hours": "business"},
        {"channel": "first"},
        {"tag": "refund", "agent": "Bo"},
        {"from": "2026-08-06", "to": "2026-08-06"},
    ],
)
@pytest.mark.parametrize("name", REPORTS)
def test_the_count_shown_is_the_count_listed(
    manager: Client, lively: Story, name: str, query: dict[str, str]
) -> None:
    """Over every metric of the page, in each of its cells."""
    asked: dict[str, Any] = {**DAYS, **query}
    if "channel" in asked:
        asked["channel"] = str(lively.channel.public_id)
    if "agent" in asked:
        asked["agent"] = str(lively.person("Bo").public_id)
    choices: dict[str, list[dict[str, str]]] = {
        "responses": [
            {"metric": key, "by": by}
            for key, by in zip(
                (metrics.FIRST, metrics.NEXT, metrics.RESOLUTION, metrics.ASSIGNMENT),
                ("channel", "agent", "tag", "team"),
                strict=True,
            )
        ]
    }
    seen: dict[str, int] = {}
    for more in choices.get(name, [{}]):
        page = manager.get(address(lively, name), {**asked, **more})
        assert page.status_code == 200
        for chart in page.context["charts"]:
            for row in chart.rows:
                for cell in row.cells:
                    if cell.url and cell.count is not None:
                        assert seen.setdefault(cell.url, cell.count) == cell.count

    assert seen or query
    for url, count in seen.items():
        told = dict(parse_qsl(urlsplit(url).query))
        asks = asked_for.read(told, brand=lively.brand, names=all_names.of(lively.brand), now=lively.at(0))
        narrow = behind.read(told)
        assert (asks.faults, behind.count(asks, narrow), len(behind.page(asks, narrow).rows)) == (
            (),
            count,
            count,
        ), url


def test_a_list_is_read_to_its_end(manager: Client, lively: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behind, "PAGE", 4)
    url = (
        reverse("analytics:behind", args=[lively.brand.slug])
        + "?metric=messages_in&from=2026-08-04&to=2026-08-09"
    )

    count = re.search(r'data-count="(\d+)"', manager.get(url).content.decode())

    assert count and int(count[1]) == 19 == listed(manager, url)


def test_a_board_says_who_waits_and_opens_it(manager: Client, story: Story) -> None:
    now = timezone.now()
    minutes = (now - story.at(0)).total_seconds() / 60
    SlaPolicy.objects.create(brand=story.brand, name="Standard", first_response=1800)
    for who, ago in (("mara", 45), ("noor", 20), ("olu", 3)):
        story.write(who, minutes - ago)
    story.count(minutes)

    page = manager.get(address(story, "now"))
    board = page.context["board"]

    assert (board.whole.waiting, board.whole.late, board.whole.due15, board.whole.due60) == (3, 1, 1, 2)
    assert board.expected == 2  # nobody answers
    for what, count in (("waiting", 3), ("late", 1), ("due15", 1), ("due60", 2), ("expected", 2)):
        assert listed(manager, reverse("analytics:waiting", args=[story.brand.slug, what])) == count
    by_channel = f"?channel={story.channel.public_id}"
    assert listed(manager, reverse("analytics:waiting", args=[story.brand.slug, "late"]) + by_channel) == 1


def test_what_cannot_be_read_is_said(manager: Client, story: Story) -> None:
    asks = address(story, "responses")

    assert "A day is written like" in manager.get(asks, {"from": "yesterday-ish"}).content.decode()
    assert "There is no such team" in manager.get(asks, {"team": "x"}).content.decode()
    assert (
        manager.get(reverse("analytics:behind", args=[story.brand.slug]), {"metric": "nonsense"}).status_code
        == 422
    )
    assert (
        manager.get(
            reverse("analytics:behind", args=[story.brand.slug]), {"metric": "first_response", "bar": "x"}
        ).status_code
        == 422
    )
    assert manager.get(address(story, "nothing")).status_code == 404


def test_a_chart_is_a_file_without_formulas(manager: Client, lively: Story) -> None:
    lively.channel.name = "=cmd()"
    lively.channel.save(update_fields=["name"])
    url = reverse("analytics:chart-file", args=[lively.brand.slug, "responses", "by"])

    answer = manager.get(url, DAYS)
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]

    assert answer["Content-Disposition"].startswith("attachment")
    assert "'=cmd()" in text and "\n=cmd" not in text
    assert text.startswith("\ufeffChannel,Half within (seconds)")
