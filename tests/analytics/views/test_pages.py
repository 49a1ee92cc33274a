"""Pages of the figures: who may see them, and that what they count is what they list."""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import date, datetime, timedelta
from html import unescape
from itertools import combinations
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from analytics import metrics
from analytics.actions import following, recounting
from analytics.models import Export, Level, Period, ReportMail
from analytics.queries import asked as asked_for
from analytics.queries import behind, catching_up, missed
from analytics.queries import names as all_names
from analytics.reports import words
from analytics.views import _door
from inbox.actions import closing
from inbox.models import (
    Brand,
    Desk,
    Event,
    Membership,
    Person,
    Presence,
    PresenceState,
    Role,
    SlaPolicy,
    Team,
)
from tests.analytics.conftest import Story
from tests.analytics.counting import be_there
from tests.factories.people import BrandFactory, ChannelFactory, agent_of

pytestmark = pytest.mark.django_db
DAYS = {"from": "2026-08-04", "to": "2026-08-08"}
REPORTS = ["responses", "volume", "agents", "tags", "sla"]
QUERIES: tuple[dict[str, str], ...] = (
    {},
    {"hours": "business", "channel": "first"},
    {"tag": "refund", "agent": "Bo"},
    {"from": "2026-08-06", "to": "2026-08-06"},
)
# Time there is about no conversation, as its definition says.
OPENS_NOTHING = {metrics.METRICS["online"].name, "Online"}
CHOICES: dict[str, list[dict[str, str]]] = {
    "responses": [
        {"metric": metrics.FIRST, "by": "channel"}, {"metric": metrics.NEXT, "by": "agent"},
        {"metric": metrics.RESOLUTION, "by": "tag"}, {"metric": metrics.ASSIGNMENT, "by": "team"},
    ],
    "sla": [{"by": "priority"}],
}  # fmt: skip


def address(story: Story, name: str) -> str:
    if name in REPORTS:
        return reverse("analytics:report", args=[story.brand.slug, name])
    return reverse(f"analytics:{name}", args=[story.brand.slug])


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
    for number in range(6):
        who, start = f"c{number}", number * 600 - 1500
        story.write(who, start, channel=other if number % 3 == 0 else story.channel)
        story.answer(who, start + 0.5, by="", origin="automation")
        story.assign(who, start + 2, "Ada" if number % 2 else "Bo")
        story.answer(who, start + (3 if number % 4 else 25), by="Ada" if number % 2 else "Bo")
        story.write(who, start + 40)
        story.answer(who, start + 44 + number * 4, by="Bo")
        if number != 5:
            story.resolve(who, start + 66, by="Bo")
        if number == 3:
            story.write(who, start + 90)
    story.triage(2000)
    story.sweep(6000)
    found = story.brand.conversations
    found.filter(thread_key__in=["c1", "c2"]).update(team=team, tags=["refund", "vip"], sentiment="negative")
    found.filter(thread_key="c3").update(priority=1)
    story.brand.tags.create(name="refund")
    story.count(6001)
    return story


def told(client: Client, url: str, asked: dict[str, str] | None = None) -> list[list[str]]:
    """The rows of a file."""
    text = b"".join(client.get(url, asked or {}).streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.reader(text.removeprefix("\ufeff").splitlines()))


def listed(client: Client, url: str) -> int:
    """How many there are when one reads the list to its end."""
    found = 0
    while url:
        html = client.get(url).content.decode()
        found += len(re.findall(r"data-fact=|data-conversation=", html))
        more = re.search(r'href="\?([^"]+)" rel="next"', html)
        url = url.split("?")[0] + "?" + unescape(more[1]) if more else ""
    return found


def test_only_those_who_see_reports_come_in(client: Client, story: Story) -> None:
    names = ("now", "definitions", "files", "mails", "conversations-file", *REPORTS)
    pages = [(address(story, name), 200) for name in names]
    pages += [
        (address(story, "home"), 302),
        (address(story, "behind"), 422),
        (reverse("analytics:waiting", args=[story.brand.slug, "late"]), 200),
        (reverse("analytics:chart-file", args=[story.brand.slug, "responses", "by"]), 200),
        *(
            (reverse("analytics:board-file", args=[story.brand.slug, table]), 200)
            for table in ("team", "channel", "agents")
        ),
        (reverse("analytics:missed-file", args=[story.brand.slug]), 200),
    ]
    assert {client.get(asks).status_code for asks, _ in pages} == {302}  # to the sign-in

    for role, allowed in (
        (Role.AGENT, False), (Role.OPERATIONS, False), (Role.MANAGER, True), (Role.ADMINISTRATOR, True),
    ):  # fmt: skip
        person = agent_of(story.brand)
        Membership.objects.filter(person=person).update(role=role)
        client.force_login(person)
        for asks, status in pages:
            assert (asks, client.get(asks).status_code) == (asks, status if allowed else 404)

    outsider = agent_of(BrandFactory())
    Membership.objects.filter(person=outsider).update(role=Role.ADMINISTRATOR)
    client.force_login(outsider)
    assert {client.get(asks).status_code for asks, _ in pages} == {404}
    assert client.post(address(story, "files")).status_code == 404
    assert client.post(address(story, "mails"), {"cadence": "daily", "hour": 8}).status_code == 404


def test_no_report_is_promised_where_no_mail_can_leave(manager: Client, story: Story, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

    page = manager.get(address(story, "mails")).content.decode()
    answer = manager.post(address(story, "mails"), {"cadence": "daily", "hour": 8})

    assert "it has no mail server" in page and "Send it to me" not in page
    assert answer.status_code == 422
    assert not ReportMail.objects.exists()


def test_the_count_shown_is_the_count_listed(manager: Client, lively: Story) -> None:
    """Over every metric, on every page, in each of its cells."""
    seen: dict[str, int] = {}
    for name in REPORTS:
        for query in QUERIES:
            for more in CHOICES.get(name, [{}]):
                collect(manager, lively, name, {**DAYS, **query, **more}, seen)

    names = all_names.of(lively.brand)
    for url, count in seen.items():
        said = dict(parse_qsl(urlsplit(url).query))
        asks = asked_for.read(said, brand=lively.brand, names=names, now=lively.at(0))
        narrow = behind.read(said)
        assert (behind.count(asks, narrow), len(behind.page(asks, narrow).rows)) == (count, count), url
        assert asks.faults == ()
    shown = {dict(parse_qsl(urlsplit(url).query))["metric"] for url in seen}
    assert shown == {key for key, metric in metrics.METRICS.items() if metric.fact}


def hear(story: Story, minutes: float) -> None:
    """What happened is counted, and no day is summed yet."""
    story.triage(minutes)
    while not (heard := following.next_batch(story.brand.pk)).is_empty:
        following.follow(heard, now=story.at(minutes))


def test_a_list_has_as_many_as_it_says_also_before_its_days_are_summed(
    manager: Client, lively: Story
) -> None:
    """For some twenty seconds after each event."""
    seen: dict[str, int] = {}
    for name in REPORTS:
        for query in QUERIES:
            collect(manager, lively, name, {**DAYS, **query}, seen)
    lively.write("late", 300)
    lively.assign("late", 302, "Bo")
    lively.answer("late", 303, by="Bo")
    closing.mark_spam(conversation=lively.conversation("c2"), by=lively.person("Ada"), now=lively.at(330))
    hear(lively, 340)
    assert Period.objects.filter(level=Level.DAY).exists()

    names = all_names.of(lively.brand)
    moved = set()
    for url, count in seen.items():
        said = dict(parse_qsl(urlsplit(url).query))
        asks = asked_for.read(said, brand=lively.brand, names=names, now=lively.at(0))
        narrow = behind.read(said)
        number, page = behind.look(asks, narrow)
        assert number == len(page.rows), url
        if number != count:
            moved.add(narrow.metric.key)
    assert {
        "messages_in",
        "messages_out",
        metrics.FIRST,
        metrics.RESOLUTION,
        metrics.OPENED,
        "backlog",
    } <= moved


def test_the_first_of_a_day_is_there_as_soon_as_it_is_counted(manager: Client, story: Story) -> None:
    story.write("mara", 0)
    story.answer("mara", 2)
    hear(story, 3)

    html = manager.get(address(story, "behind"), {**DAYS, "metric": metrics.FIRST}).content.decode()

    assert 'data-count="1"' in html and html.count("data-fact=") == 1


def test_a_list_asks_as_little_for_many_as_for_few(manager: Client, story: Story) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            html = manager.get(address(story, "behind"), {**DAYS, "metric": metrics.IN}).content.decode()
        assert html.count("data-fact=") == story.brand.conversations.count()
        return len(captured)

    story.write("c0", 0)
    story.count()
    few = asked()
    for number in range(1, 12):
        story.write(f"c{number}", number)
    hear(story, 20)
    waiting = asked()
    story.count(30)

    # How many facts the day had, those that it has, and the sums before it and behind it instead of all of them.
    assert (asked(), waiting) == (few, few + 3)


@pytest.mark.parametrize("was_summed", [True, False])
def test_where_too_much_waits_to_be_summed_no_number_is_said_and_all_are_listed(
    manager: Client, story: Story, monkeypatch: pytest.MonkeyPatch, was_summed: bool
) -> None:
    monkeypatch.setattr(behind, "AT_ONCE", 0)
    story.write("mara", 0)
    if was_summed:
        story.count()
    story.write("mara", 1)
    hear(story, 2)

    html = manager.get(address(story, "behind"), {**DAYS, "metric": metrics.IN}).content.decode()

    assert "data-count" not in html and "is being summed" in html and html.count("data-fact=") == 2


def collect(manager: Client, story: Story, name: str, asked: dict[str, Any], seen: dict[str, int]) -> None:
    """What the page says of each of its cells: the address behind it, and how many are there."""
    if "channel" in asked:
        asked["channel"] = str(story.channel.public_id)
    if "agent" in asked:
        asked["agent"] = str(story.person("Bo").public_id)
    page = manager.get(address(story, name), asked)
    assert page.status_code == 200
    found: list[tuple[str, str, int | None]] = []
    for tile in page.context["tiles"]:
        found += [(tile.label, tile.url, tile.count), (tile.label, tile.before_url, tile.before_count)]
        assert tile.url or tile.label in OPENS_NOTHING
        assert tile.before_url or tile.label in OPENS_NOTHING or tile.before == words.NOTHING
    for chart in page.context["charts"]:
        for row in chart.rows:
            for column, cell in zip(chart.columns, row.cells, strict=True):
                found.append((column.label, cell.url, cell.count))
                assert not cell.url or cell.value or cell.count, (chart.title, column.label)
                assert cell.url or not cell.value or column.label in OPENS_NOTHING, (
                    chart.title,
                    column.label,
                )
    for label, url, count in found:
        if url:
            assert count is not None, label
            assert seen.setdefault(url, count) == count, (label, url)


def test_no_page_with_figures_reads_facts_one_by_one(manager: Client, lively: Story) -> None:
    """Facts are millions: a page that reads them takes seconds."""
    values = {
        "channel": str(lively.channel.public_id), "agent": str(lively.person("Bo").public_id),
        "team": str(Team.objects.get(brand=lively.brand).public_id), "tag": "refund", "priority": "high",
    }  # fmt: skip
    offered = {name: filters for name, _, filters in _door.PAGES}
    for name in ("responses", "volume", "agents", "tags"):
        for chosen in [(), *combinations(offered[name], 1), *combinations(offered[name], 2), offered[name]]:
            with CaptureQueriesContext(connection) as captured:
                manager.get(address(lively, name), {**DAYS, **{each: values[each] for each in chosen}})
            read = [each["sql"] for each in captured if "analytics_fact" in each["sql"]]
            assert (name, chosen, read) == (name, chosen, [])


def test_where_the_sums_know_of_none_no_fact_is_read(manager: Client, lively: Story) -> None:
    """To find no missed target of an agent among the facts would take reading all of them."""
    newcomer = lively.person("Nia")
    asks = {**DAYS, "agent": str(newcomer.public_id)}

    for name, query in (("sla", asks), ("behind", {**asks, "metric": metrics.FIRST})):
        with CaptureQueriesContext(connection) as captured:
            html = manager.get(address(lively, name), query).content.decode()
        assert [each["sql"] for each in captured if "analytics_fact f" in each["sql"]] == [], (name, query)
        assert "None of these targets was missed" in html or 'data-count="0"' in html


def test_a_tag_may_be_called_none(manager: Client, story: Story) -> None:
    for number, tags in enumerate((["none"], ["none"], ["=none"], [])):
        story.write(f"c{number}", number)
        story.brand.conversations.filter(thread_key=f"c{number}").update(tags=tags)
    story.count()

    page = manager.get(address(story, "tags"), DAYS)
    [tags] = [chart for chart in page.context["charts"] if chart.key == "tags"]

    assert {(row.label, row.cells[2].count) for row in tags.rows} == {
        ("none", 2),
        ("=none", 1),
        ("Without a tag", 1),
    }
    for row in tags.rows:
        assert listed(manager, row.cells[2].url) == row.cells[2].count


def test_what_was_written_outside_parley_stands_beside_what_each_agent_wrote(
    manager: Client, story: Story
) -> None:
    people = ["Ada", "Bo", "Cy", "Dee", "Eve", "Fay"]
    for number, by in enumerate(["", "", "", *people]):
        story.write(f"c{number}", number * 10)
        story.answer(f"c{number}", number * 10 + 3, by=by, origin="agent" if by else "external")
    story.count()

    [written] = [
        chart
        for chart in manager.get(address(story, "agents"), DAYS).context["charts"]
        if chart.key == "written"
    ]

    totals: Counter[str] = Counter()
    for row in written.rows:
        for column, cell in zip(written.columns, row.cells, strict=True):
            totals[column.label] += cell.count or 0
            assert not cell.url or listed(manager, cell.url) == cell.count
    assert totals == {"Nobody in Parley": 3, **dict.fromkeys(people, 1)}
    assert "the platform's own app" in written.note and "Those who wrote most" not in written.note
    out = manager.get(address(story, "behind"), {**DAYS, "metric": metrics.OUT}).content.decode()
    assert f'data-count="{sum(totals.values())}"' in out


def test_where_all_was_written_outside_parley_the_agents_page_says_how_much(
    manager: Client, story: Story
) -> None:
    story.write("mara", 0)
    story.answer("mara", 3, by="", origin="external")
    story.count()

    url = reverse("analytics:chart-file", args=[story.brand.slug, "agents", "written"])
    head, *rows = told(manager, url, DAYS)

    assert head[1:] == ["Nobody in Parley"]
    assert sum(int(row[1] or 0) for row in rows) == 1


@pytest.mark.parametrize("key", [key for key, metric in metrics.METRICS.items() if metric.fact])
def test_from_a_list_one_goes_back_to_a_report_that_tells_its_figure(
    manager: Client, lively: Story, key: str
) -> None:
    html = manager.get(address(lively, "behind"), {**DAYS, "metric": key, "tag": "refund"}).content.decode()
    [back] = re.findall(r'<a href="([^"]+)">Back to the report', html)

    page = manager.get(unescape(back))

    told = [tile.metric for tile in page.context["tiles"]]
    told += [each for chart in page.context["charts"] for each in chart.metrics]
    assert metrics.METRICS[key] in told
    assert page.context["asked"].first == date.fromisoformat(DAYS["from"])


def test_a_list_is_read_to_its_end(manager: Client, story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behind, "PAGE", 4)
    for number in range(9):
        story.write("mara", number // 2)  # two at a time
    story.count()
    url = address(story, "behind") + "?metric=messages_in&from=2026-08-04&to=2026-08-09"

    count = re.search(r'data-count="(\d+)"', manager.get(url).content.decode())

    assert count and int(count[1]) == 9 == listed(manager, url)


def test_what_was_missed_shows_its_timeline(manager: Client, story: Story) -> None:
    SlaPolicy.objects.create(brand=story.brand, name="Standard", first_response=600)
    for who in ("mara", "noor"):
        story.write(who, 0)
    story.triage(1)
    story.answer("mara", 25)
    story.triage(26)
    story.sweep(30)
    story.count(31)

    html = manager.get(address(story, "sla"), DAYS).content.decode()

    assert "15 m 00 s late" in html and "of 10 m 00 s promised by <bdi>Standard</bdi>, version 1" in html
    assert html.count("the customer waits") == 2
    assert 'data-meaning="missed-target_first"' in html
    for target in (metrics.TARGET_FIRST, metrics.TARGET_NEXT, metrics.TARGET_RESOLUTION):
        assert (
            f">? {metrics.METRICS[target].name}</summary>" in html
        )  # three signs beside one title are told apart
    assert "still running" in html and "goes on" in html  # nobody has answered Noor
    head, *rows = told(manager, reverse("analytics:missed-file", args=[story.brand.slug]), DAYS)
    assert {(row[head.index("Customer")], row[head.index("Answered by")]) for row in rows} == {
        ("Mara", "Ada"),
        ("Noor", ""),
    }
    assert {row[head.index("Late (seconds)")] for row in rows if "Mara" in row} == {"900"}


def test_the_file_of_what_was_missed_goes_on_slice_by_slice_and_counts_nothing(
    manager: Client, lively: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = reverse("analytics:missed-file", args=[lively.brand.slug])
    asked = {**DAYS, "metric": metrics.TARGET_NEXT}
    with CaptureQueriesContext(connection) as queries:
        whole = told(manager, url, asked)
    assert len(whole) > 3
    assert not [query["sql"] for query in queries if "analytics_rollup" in query["sql"]]

    for size in (1, 2, len(whole) - 1):
        monkeypatch.setattr(missed, "SLICE", size)
        again = told(manager, url, asked)
        assert [row[:6] for row in again] == [row[:6] for row in whole]  # what still runs is later by then


@pytest.mark.parametrize(
    ("by", "silent", "quick", "before"),
    [("channel", "Silent · X", "Quick · X", "Old · X"), ("agent", "Nobody in Parley", "Ada", "Cy")],
)
def test_who_only_missed_targets_and_whom_the_period_before_alone_knows_have_a_row(
    manager: Client, story: Story, by: str, silent: str, quick: str, before: str
) -> None:
    SlaPolicy.objects.create(brand=story.brand, name="Standard", first_response=600)
    channels = {
        name: ChannelFactory(brand=story.brand, platform="x", name=name)
        for name in ("Silent", "Quick", "Old")
    }
    story.write("olga", -5760, channel=channels["Old"])
    story.triage(-5759)
    story.answer("olga", -5758, by="Cy")
    for who in ("mara", "noor", "omar"):
        story.write(who, 0, channel=channels["Silent"])
    story.write("pia", 1, channel=channels["Quick"])
    story.triage(2)
    story.answer("pia", 3, by="Ada")
    story.triage(4)
    story.sweep(30)
    story.count(31)
    asked = {**DAYS, "by": by}

    page = manager.get(address(story, "responses"), asked).content.decode()
    head, *rows = told(
        manager, reverse("analytics:chart-file", args=[story.brand.slug, "responses", "by"]), asked
    )

    columns = [metrics.METRICS[metrics.FIRST].of.capitalize(), "Targets kept (percent)", "Targets missed"]
    assert {row[0]: [row[head.index(each)] for each in columns] for row in rows} == {
        quick: ["1", "100", "0"], silent: ["0", "0", "3"], before: ["0", "", "0"],
    }  # fmt: skip
    assert [row[0] for row in rows if row[head.index("Half within, before (seconds)")]] == [before]
    assert "1 of 4 kept" in page
    for name in (silent, quick, before):
        assert f'<th scope="row" dir="auto">{name}</th>' in page
    seen: dict[str, int] = {}
    collect(manager, story, "responses", asked, seen)
    assert [listed(manager, url) for url in seen if "hit=0" in url and f"{by}=" in url] == [3]


def test_a_board_says_who_waits_and_opens_it(manager: Client, story: Story) -> None:
    now = timezone.now()
    minutes = (now - story.at(0)).total_seconds() / 60
    SlaPolicy.objects.create(brand=story.brand, name="Standard", first_response=1800)
    for who, ago in (("mara", 45), ("noor", 20), ("olu", 3)):
        story.write(who, minutes - ago)
    story.count(minutes)

    story.write("pia", minutes - 90)
    story.answer("pia", minutes - 10)
    story.write("pia", minutes - 9)
    story.answer("pia", minutes - 8)
    story.assign("olu", minutes, "Ada")
    SlaPolicy.objects.update(next_response=1800)
    story.count(minutes)
    ada = story.person("Ada")
    Presence.objects.create(
        brand=story.brand, person=ada, state=PresenceState.ONLINE, since=now, last_seen_at=now
    )

    page = manager.get(address(story, "now"))
    board, html = page.context["board"], page.content.decode()

    assert (board.whole.waiting, board.whole.late, board.whole.due15, board.whole.due60) == (3, 1, 1, 2)
    assert board.expected == 2  # nobody answers
    assert not re.search(r"data-full|low=", html)
    Desk.objects.update_or_create(brand=story.brand, person=ada, defaults={"capacity": 1})
    full = manager.get(address(story, "now")).content.decode()
    assert re.search(r'<meter min="0" max="1" value="1" low="0.5" optimum="0".*data-full>1 of 1<', full)
    for what, count in (("waiting", 3), ("late", 1), ("due15", 1), ("due60", 2), ("expected", 2)):
        assert listed(manager, reverse("analytics:waiting", args=[story.brand.slug, what])) == count
    by_channel = f"?channel={story.channel.public_id}"
    waiting = reverse("analytics:waiting", args=[story.brand.slug, "open"])
    assert listed(manager, f"{waiting}?agent={ada.public_id}") == board.people[0][1] == 1
    assert (
        listed(manager, reverse("analytics:waiting", args=[story.brand.slug, "answered"]))
        == board.answers
        == 2
    )
    assert board.whole.first == story.conversation("mara").public_id
    head, row = told(manager, reverse("analytics:board-file", args=[story.brand.slug, "channel"]))
    assert dict(zip(head, row, strict=True))["Late"] == "1"
    assert told(manager, reverse("analytics:board-file", args=[story.brand.slug, "agents"]))[1][:3] == [
        "Ada",
        "online",
        "1",
    ]
    meanings = re.findall(r'data-meaning="([\w-]+)"', html)
    assert sorted(meanings) == sorted(
        ["waiting-waiting", "late-waiting", "due15-waiting", "due60-waiting", "expected", "answered", "there", "team-waiting",
         "channel-waiting", "load"]
    )  # fmt: skip
    assert f"?agent={ada.public_id}" in re.search(r"<meter.*?</td>", html)[0]  # type: ignore[index]
    for what, name in (
        ("late", "waiting"),
        ("expected", "expected"),
        ("answered", "answered"),
        ("open", "load"),
    ):
        list_of = manager.get(reverse("analytics:waiting", args=[story.brand.slug, what])).content.decode()
        assert re.findall(r'data-meaning="(\w+)"', list_of) == [name]
    for cell in re.findall(r'<td[^>]*>(.*?)</td>|<p class="tile__figure">(.*?)</p>', html):
        html = "".join(cell)
        assert re.fullmatch(r"[0–]|online|away|<meter.*", html) or "<a " in html, html
    assert listed(manager, reverse("analytics:waiting", args=[story.brand.slug, "late"]) + by_channel) == 1


def test_what_took_longer_than_the_scale_reaches_is_told_as_longer_wherever_it_is_a_percentile(
    manager: Client, story: Story
) -> None:
    story.write("mara", -200 * 24 * 60)
    story.resolve("mara", 0)
    story.count(30)

    asked = {"metric": metrics.RESOLUTION, "from": "2026-08-06", "to": "2026-08-06"}
    page = manager.get(address(story, "responses"), asked)

    assert [tile.text for tile in page.context["tiles"][:3]] == ["over 90 d"] * 3
    html = page.content.decode()
    assert "90 d 0 h" not in html and html.count("over 90 d") > 6
    agents = manager.get(address(story, "agents"), asked).content.decode()
    assert "90 d 0 h" not in agents and agents.count("over 90 d") == 1
    listed_as = manager.get(address(story, "behind"), asked).content.decode()
    assert "200 d 0 h" in listed_as


def test_the_board_asks_as_little_for_many_as_for_few(
    manager: Client, story: Story, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        story.write(f"c{number}", number)

    with django_assert_max_num_queries(26):
        manager.get(address(story, "now"))


def test_the_times_of_a_list_lie_in_the_days_of_its_figure(manager: Client, story: Story) -> None:
    """Thursday's noon (UTC) is Friday on the other side of the earth, where the brand lives."""
    Brand.objects.filter(pk=story.brand.pk).update(time_zone="Pacific/Auckland")
    story.write("mara", 0)
    story.answer("mara", 20)
    story.count(30)

    asked = {"metric": metrics.FIRST, "from": "2026-08-07", "to": "2026-08-07"}
    page = manager.get(address(story, "behind"), asked).content.decode()

    assert re.findall(r"<local-time[^>]*>(.*?)</local-time>", page) == ["7 Aug 2026 00:20"]
    assert 'data-zone="Pacific/Auckland"' in page and "Times of Pacific/Auckland." in page


def test_the_longest_wait_may_end_while_the_board_is_read(manager: Client, story: Story) -> None:
    story.write("mara", 0)
    told = []

    def answered(execute: Any, sql: str, *rest: Any) -> Any:
        found = execute(sql, *rest)
        if not told and 'MIN("inbox_conversation"."waiting_since")' in sql:
            told.append(sql)
            story.brand.conversations.update(waiting_since=None)
        return found

    with connection.execute_wrapper(answered):
        page = manager.get(address(story, "now"))

    assert told and page.status_code == 200
    assert (page.context["board"].whole.waiting, page.context["board"].whole.first) == (1, None)
    assert 'data-key="oldest"' not in page.content.decode() and "the oldest for" in page.content.decode()


def test_what_cannot_be_read_is_said(manager: Client, story: Story) -> None:
    asks, lists = address(story, "responses"), address(story, "behind")

    assert "A day is written like" in manager.get(asks, {"from": "yesterday-ish"}).content.decode()
    assert "There is no such team" in manager.get(asks, {"team": "x"}).content.decode()
    assert manager.get(lists, {"metric": "nonsense"}).status_code == 422
    assert manager.get(lists, {"metric": "first_response", "bar": "x"}).status_code == 422
    assert manager.get(lists, {"metric": "first_response", "after": "x_y"}).status_code == 200
    assert manager.get(reverse("analytics:report", args=[story.brand.slug, "nothing"])).status_code == 404


def test_no_file_holds_everybodys_rows_because_what_it_was_narrowed_by_is_gone(
    manager: Client, lively: Story
) -> None:
    """Its page would say so; a file has no place for it."""
    team = Team.objects.get()
    asked = {**DAYS, "team": str(team.public_id)}
    slug = lively.brand.slug
    files = [
        reverse("analytics:chart-file", args=[slug, "responses", "by"]), reverse("analytics:missed-file", args=[slug]),
        reverse("analytics:conversations-file", args=[slug]),
    ]  # fmt: skip
    assert [manager.get(each, asked).status_code for each in files] == [200] * 3
    page = address(lively, "files") + "?" + "&".join(f"{name}={value}" for name, value in asked.items())

    offers = [address(lively, name) for name in ("responses", "sla", "files")]
    assert all("download>" in manager.get(each, asked).content.decode() for each in offers)

    team.delete()

    for each in offers:
        html = manager.get(each, asked).content.decode()
        assert "There is no such team any more; it is left out." in html and "download>" not in html
    for each in files:
        answer = manager.get(each, asked)
        assert (answer.status_code, answer.content) == (
            422,
            b"There is no such team any more; it is left out.",
        )
    assert "No file is written. There is no such team" in manager.post(page, follow=True).content.decode()
    assert not Export.objects.exists()


@pytest.mark.parametrize(
    "asked",
    [{"from": "2023-01-01", "to": DAYS["to"]}, {**DAYS, "agent": "gone"}],
    ids=["more days than are shown at once", "of a filter that narrows none"],
)
def test_a_file_is_given_where_nothing_was_left_out_that_narrows_it(
    manager: Client, lively: Story, asked: dict[str, str]
) -> None:
    file = reverse("analytics:conversations-file", args=[lively.brand.slug])

    assert manager.get(file, asked).status_code == 200
    assert "Download the file" in manager.get(address(lively, "files"), asked).content.decode()


def test_a_page_that_is_narrowed_by_what_is_gone_says_by_what(manager: Client, lively: Story) -> None:
    """Its lists open it, and *Show* would otherwise take the filter away that nobody sees."""
    bo, team = lively.person("Bo"), Team.objects.get()
    Membership.objects.filter(person=bo).delete()
    Team.objects.all().delete()
    lively.brand.tags.all().delete()
    gone = {
        "agent": (str(bo.pk), "Bo"),
        "team": (str(team.pk), "A team that is gone"),
        "tag": ("vip", "vip"),
        "channel": ("none", "Channel that is gone"),
    }

    for name, (text, label) in gone.items():
        for chosen in (text, f"={text}") if name == "tag" else (text,):
            page = manager.get(address(lively, "responses"), {**DAYS, name: chosen}).content.decode()

            [options] = re.findall(rf'<select name="{name}">(.*?)</select>', page, re.DOTALL)
            assert re.findall(r'value="([^"]*)" selected>([^<]*)<', options) == [(text, label)]


def test_those_who_left_keep_their_names_and_nobody_elses_is_told(manager: Client, lively: Story) -> None:
    be_there(lively, "Nia", -30, 30)  # and did nothing
    lively.sum(lively.at(6001))
    gone = [lively.person(name) for name in ("Ada", "Bo", "Nia")]
    Membership.objects.filter(person__in=gone).delete()
    stranger = agent_of(BrandFactory(), name="Somebody Else")

    charts = {each.key: each for each in manager.get(address(lively, "agents"), DAYS).context["charts"]}
    rows = told(manager, address(lively, "conversations-file"), DAYS)
    lists = manager.get(address(lively, "behind"), {**DAYS, "metric": metrics.OUT, "agent": str(stranger.pk)})

    assert {"Ada", "Bo", "Nia"} <= {row.label for row in charts["work"].rows}
    assert {"Ada", "Bo"} <= {column.label for column in charts["written"].columns}
    assert {"Ada", "Bo"} <= {cell for row in rows for cell in row}
    assert "Somebody who left" in lists.content.decode() and "Somebody Else" not in lists.content.decode()


# Nobody was given these.
STRANGE: tuple[dict[str, str], ...] = (
    {"agent": "²"}, {"team": "²"}, {"channel": "①"}, {"priority": "²"}, {"agent": "9" * 5000}, {"tag": "\0"}, {"mood": "\0"},
    {"slot": "²"}, {"after": "²_²"}, {"after": f"1e400_{'9' * 30}"}, {"from": "9999-12-31"}, {"to": "0001-01-01"},
    {"open_on": "9999-12-31", "metric": "backlog"}, {"open_on": "0001-01-01", "metric": "backlog"},
)  # fmt: skip


@pytest.mark.parametrize("name", ["now", "behind", "files", "mails", *REPORTS])
def test_a_strange_address_is_answered_in_words(manager: Client, story: Story, name: str) -> None:
    story.write("mara", 0)
    story.answer("mara", 3)
    story.count()

    for asked in STRANGE:
        answer = manager.get(address(story, name), {**DAYS, "metric": metrics.FIRST, **asked})
        assert answer.status_code in (200, 422), asked


@pytest.mark.parametrize("what", ["waiting", "answered"])
def test_a_place_in_a_list_that_is_none_begins_it(manager: Client, story: Story, what: str) -> None:
    url = reverse("analytics:waiting", args=[story.brand.slug, what])

    for after in ("²_²", f"1e400_{'9' * 30}", "9" * 400 + "_1", "-1_1"):
        assert manager.get(url, {"after": after}).status_code == 200


@pytest.mark.parametrize(
    ("asked", "label", "in_file"),
    [
        ({"from": "2026-08-04", "to": "2026-08-05"}, "Tue 4 Aug", "2026-08-04"),
        ({"from": "2025-12-31", "to": "2026-01-01"}, "Wed 31 Dec 2025", "2025-12-31"),
        ({"from": "2025-08-04", "to": "2025-08-05"}, "Mon 4 Aug 2025", "2025-08-04"),
        ({"from": "2025-01-01", "to": "2026-08-05"}, "Mon 30 Dec 2024", "2024-12-30"),
        ({"from": "2026-08-06", "to": "2026-08-06"}, "00:00", "00:00"),
    ],
)
def test_days_have_their_year_in_files_always_and_on_pages_where_it_is_another(
    manager: Client,
    lively: Story,
    asked: dict[str, str],
    label: str,
    in_file: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: lively.at(0))  # in August 2026
    over_time = {"responses": "over-time", "volume": "backlog", "sla": "attainment", "tags": "mood-over-time"}

    for report, chart in over_time.items():
        html = manager.get(address(lively, report), asked).content.decode()
        _, *rows = told(
            manager, reverse("analytics:chart-file", args=[lively.brand.slug, report, chart]), asked
        )
        shown = label if report != "volume" or ":" not in label else "Thu 6 Aug"  # that of a day has its end
        assert re.search(rf'<th scope="row" dir="auto">(<a [^>]*>)?{shown}(</a>)?</th>', html), report
        assert rows[0][0] == (in_file if shown == label else "2026-08-06"), report


def test_a_chart_is_a_file_without_formulas(manager: Client, story: Story) -> None:
    story.write("mara", 0)
    story.answer("mara", 3)
    story.count()
    story.channel.name = "=cmd()"
    story.channel.save(update_fields=["name"])
    url = reverse("analytics:chart-file", args=[story.brand.slug, "responses", "by"])

    answer = manager.get(url, DAYS)
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]

    assert answer["Content-Disposition"].startswith("attachment")
    assert "'=cmd()" in text and "\n=cmd" not in text
    assert text.startswith("\ufeffChannel,Half within (seconds)")


def test_the_page_of_the_definitions_says_all_that_counts(manager: Client, story: Story) -> None:
    page = unescape(manager.get(address(story, "definitions")).content.decode())

    for metric in [*metrics.METRICS.values(), *metrics.LIVE.values()]:
        assert f"<strong>What counts.</strong> {metric.what_counts}</p>" in page


def test_a_name_that_is_read_from_the_right_turns_nothing_around_that_stands_beside_it(
    manager: Client, lively: Story
) -> None:
    Person.objects.filter(pk=lively.person("Bo").pk).update(name="سامي")
    bo = str(lively.person("Bo").public_id)
    shown = "<bdi>سامي</bdi>"

    behind_it = manager.get(
        address(lively, "behind"), {**DAYS, "metric": metrics.NEXT, "agent": bo}
    ).content.decode()
    waiting = manager.get(
        reverse("analytics:waiting", args=[lively.brand.slug, "open"]), {"agent": bo}
    ).content.decode()
    late = manager.get(address(lively, "sla"), {**DAYS, "metric": metrics.TARGET_NEXT}).content.decode()

    assert f"<bdi>4 Aug 2026 – 8 Aug 2026</bdi> · {shown}" in behind_it
    assert f'<p class="figures__muted">{shown}</p>' in waiting
    assert f"; answered by {shown}" in late and "promised by <bdi>" in late


def test_a_name_is_shown_as_it_is_and_never_as_html(manager: Client, lively: Story) -> None:
    Person.objects.filter(pk=lively.person("Bo").pk).update(name='<b>Bo</b> & "Co"')

    html = manager.get(address(lively, "agents"), DAYS).content.decode()

    assert "&lt;b&gt;Bo&lt;/b&gt; &amp; &quot;Co&quot;" in html and "<b>Bo" not in html
    assert re.search(r'<td data-label="[^"]+"><a href="[^"<>]*&amp;metric=[^"<>]*">', html)


def test_days_that_are_not_summed_yet_are_spoken_of(manager: Client, lively: Story) -> None:
    """After an upgrade older days are missing until they have been summed anew."""
    told = "Figures are being counted anew"
    assert told not in manager.get(address(lively, "volume"), DAYS).content.decode()

    now = timezone.now()
    waits = Period.objects.create(
        brand=lively.brand, level=Level.DAY, at=lively.at(0), due_at=now - timedelta(minutes=1)
    )
    assert told not in manager.get(address(lively, "volume"), DAYS).content.decode()
    waits.due_at = now - timedelta(minutes=6)
    waits.save()

    html = manager.get(address(lively, "volume"), DAYS).content.decode()
    assert html.index(told) < html.index('class="tiles"')  # before the figures that it is about


def test_while_all_is_counted_anew_the_figures_of_before_are_not_said_to_be_missing(
    manager: Client, lively: Story
) -> None:
    """After an upgrade with other definitions, and where somebody asks for it, they stand until the new ones are there."""
    before = manager.get(address(lively, "volume"), DAYS).context["tiles"]

    recounting.ask(brand=lively.brand, now=lively.at(6002))

    page = manager.get(address(lively, "volume"), DAYS)
    assert page.context["tiles"] == before
    assert "parts may be old or missing" in page.content.decode()


def test_what_no_sum_holds_yet_is_not_said_to_be_counted(story: Story) -> None:
    story.write("mara", 0)
    story.count(10)
    now = timezone.now()
    assert catching_up.of(story.brand, now=now).upto == now

    changed = now - timedelta(seconds=15)
    Period.objects.create(
        brand=story.brand, level=Level.DAY, at=story.at(0), due_at=changed + Level.DAY.delay
    )

    standing = catching_up.of(story.brand, now=now)
    assert (standing.upto, standing.is_right) == (changed, True)
    assert not catching_up.of(story.brand, now=now + timedelta(minutes=1)).is_right


def test_what_no_sum_of_agents_hours_holds_yet_is_not_said_to_be_counted_where_they_are_shown(
    manager: Client, story: Story
) -> None:
    """All of them wait after an upgrade that counts them otherwise; no other page shows any."""
    story.write("mara", 0)
    story.count(10)
    now = timezone.now()
    Period.objects.create(
        brand=story.brand, level=Level.HOUR, at=story.at(0), due_at=now - timedelta(minutes=10)
    )

    for name in REPORTS:
        html = manager.get(address(story, name), DAYS).content.decode()
        assert ("is being counted anew" in html) is (name == "agents"), name
        assert ("everything else is exact" in html and "Counted up to" in html) is (name != "agents"), name


def test_a_page_says_up_to_when_what_happened_is_counted(manager: Client, story: Story) -> None:
    """By the events that are counted, and not by when somebody last counted some."""

    def counted() -> str:
        html = manager.get(address(story, "volume"), DAYS).content.decode()
        return re.search(r'class="figures__counted">(.*?)</p>', html, re.DOTALL)[1]  # type: ignore[index]

    assert "Nothing has been counted yet" in counted()
    story.write("mara", 0)
    story.count(10)
    before = timezone.now()
    said = counted()
    upto = re.search(r'datetime="([^"]+)"', said)[1]  # type: ignore[index]
    assert datetime.fromisoformat(upto) >= before and "still being counted" not in said
    story.write("mara", 20)
    story.write("noor", 30)
    story.triage(40)

    batch = following.next_batch(story.brand.pk, limit=2)
    following.follow(batch, now=timezone.now())

    assert Event.objects.filter(brand=story.brand, seq__gt=batch.upto).exists()
    first = Event.objects.filter(brand=story.brand, seq__gt=batch.upto).earliest("seq").at
    assert f"{first:%Y-%m-%d}" in counted() and "what happened since is still being counted" in counted()
    assert "Answers are counted up to" in manager.get(address(story, "now")).content.decode()
    story.count(50)
    assert "still being counted" not in counted()
