"""Files with one row a conversation: at once and in the background, by a worker that may die; and reports by mail."""

from __future__ import annotations

import contextlib
import csv
import re
import runpy
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.core import mail as outbox
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from rq.timeouts import JobTimeoutException

from analytics import jobs
from analytics.actions import exporting, mailing
from analytics.models import Cadence, Export, ExportState, Follower, Level, Period, ReportMail
from analytics.queries import asked, conversations
from analytics.queries import names as all_names
from analytics.queries.asked import Asked
from analytics.reports import letters
from analytics.rules import csv_text, mail_times
from analytics.views import exports
from inbox.models import Brand, Membership, Role, Team
from tests.analytics.conftest import Story

pytestmark = pytest.mark.django_db
FIRST, LAST = date(2026, 8, 6), date(2026, 8, 7)
ZONES = (
    "Pacific/Honolulu",
    "America/Los_Angeles",
    "America/Caracas",
    "UTC",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Pacific/Auckland",
)


@pytest.fixture
def told(story: Story, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    settings.MEDIA_ROOT = str(tmp_path)
    monkeypatch.setattr(conversations, "SLICE", 2)
    for number in range(5):
        story.write(f"c{number}", number)
        story.answer(f"c{number}", number + 3)
    story.brand.conversations.filter(thread_key="c1").update(contact_name='=HYPERLINK("http://evil.example")')
    story.count()
    return story


def asked_of(story: Story) -> Asked:
    return Asked(story.brand, FIRST, LAST)


def read(export: Export) -> list[list[str]]:
    text = exporting.place(export).read_text(encoding="utf-8").removeprefix("\ufeff")
    return list(csv.reader(text.splitlines()))


def test_a_file_has_one_row_a_conversation_and_no_formula(told: Story) -> None:
    ada = told.person("Ada")
    export = exporting.begin(brand=told.brand, by=ada, asks=asked_of(told), now=told.at(0))

    jobs.write_export(export_id=export.pk)

    export.refresh_from_db()
    head, *rows = read(export)
    assert (export.state, export.done, export.expected) == (ExportState.READY, 5, 5)
    assert head == list(conversations.HEAD)
    assert {row[head.index("First response (seconds)")] for row in rows} == {"180"}
    assert {row[head.index("First answered by")] for row in rows} == {"Ada"}
    assert '\'=HYPERLINK("http://evil.example")' in {row[head.index("Customer")] for row in rows}


def test_a_worker_that_dies_in_the_middle_of_a_slice_leaves_no_trace(told: Story) -> None:
    export = exporting.begin(brand=told.brand, by=told.person("Ada"), asks=asked_of(told), now=told.at(0))
    assert exporting.claim(export_id=export.pk, now=told.at(0))
    exporting.write_slice(export_id=export.pk, now=told.at(0))
    with exporting.place(export).open("ab") as file:
        file.write(b"half a row,")  # and it is gone

    assert exporting.to_write(now=told.at(1)) == []  # its lease stands
    assert exporting.to_write(now=told.at(5)) == [export.pk]
    assert exporting.claim(export_id=export.pk, now=told.at(5))
    while exporting.write_slice(export_id=export.pk, now=told.at(5)):
        pass

    export.refresh_from_db()
    assert export.state == ExportState.READY
    assert len(read(export)) == 1 + 5
    assert len({row[0] for row in read(export)}) == 6


def test_it_is_given_to_those_who_see_reports_and_forgotten_after_a_week(told: Story, client: Client) -> None:
    export = exporting.begin(brand=told.brand, by=told.person("Ada"), asks=asked_of(told), now=told.at(0))
    jobs.write_export(export_id=export.pk)
    url = reverse("analytics:export", args=[told.brand.slug, export.public_id])
    milo = told.person("Milo")
    client.force_login(milo)
    assert client.get(url).status_code == 404

    Membership.objects.filter(person=milo).update(role=Role.MANAGER)
    assert b"".join(client.get(url)).startswith("\ufeffConversation".encode())

    Export.objects.update(finished_at=told.at(0))
    assert exporting.forget(now=told.at(0) + timedelta(days=8)) == 1
    assert not exporting.place(export).exists()


def test_at_once_it_says_the_same(told: Story, client: Client) -> None:
    Membership.objects.filter(person=told.person("Ada")).update(role=Role.MANAGER)
    client.force_login(told.person("Ada"))
    url = reverse("analytics:conversations-file", args=[told.brand.slug])

    text = b"".join(client.get(url, {"from": str(FIRST), "to": str(LAST)}).streaming_content).decode()  # type: ignore[attr-defined]

    assert len(list(csv.reader(text.splitlines()))) == 6


def test_what_is_too_long_to_be_given_at_once_is_offered_in_the_background(
    told: Story, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    Membership.objects.filter(person=told.person("Ada")).update(role=Role.MANAGER)
    client.force_login(told.person("Ada"))
    url = reverse("analytics:conversations-file", args=[told.brand.slug])
    days = {"from": str(FIRST), "to": str(LAST)}
    monkeypatch.setattr(exports, "AT_ONCE", 5)
    assert client.get(url, days).status_code == 200
    monkeypatch.setattr(exports, "AT_ONCE", 4)

    refused = client.get(url, days)

    html = refused.content.decode()
    assert refused.status_code == 422 and refused["Content-Type"].startswith("text/html")
    assert "more than 4 conversations began in these days" in html and "evil.example" not in html
    action = re.search(r'<form method="post" action="([^"]+)">', html)
    assert action
    client.post(unescape(action[1]))
    assert Export.objects.get().asked == days


@pytest.mark.parametrize("agent", ["Ada", "none"])
def test_a_conversation_begins_with_nobody_so_no_agent_narrows_a_file(
    told: Story, client: Client, agent: str
) -> None:
    """Whoever comes from the response times brings the agent along in the address."""
    ada = told.person("Ada")
    Membership.objects.filter(person=ada).update(role=Role.MANAGER)
    client.force_login(ada)
    asks = {"from": str(FIRST), "to": str(LAST), "agent": str(ada.public_id) if agent == "Ada" else agent}

    page = client.get(reverse("analytics:files", args=[told.brand.slug]), asks)
    file = client.get(reverse("analytics:conversations-file", args=[told.brand.slug]), asks)

    html = page.content.decode()
    assert "Conversations began 5 times in these days" in html
    assert 'name="agent"' not in html and "agent=" not in page.context["whole_query"]
    rows = b"".join(file.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(rows) == 1 + 5


def test_how_often_conversations_began_is_not_said_to_be_how_many_they_are(
    told: Story, client: Client
) -> None:
    told.resolve("c0", 10)
    told.write("c0", 20)
    told.count(30)
    Membership.objects.filter(person=told.person("Ada")).update(role=Role.MANAGER)
    client.force_login(told.person("Ada"))
    asks = {"from": str(FIRST), "to": str(LAST)}

    html = client.get(reverse("analytics:files", args=[told.brand.slug]), asks).content.decode()
    file = client.get(reverse("analytics:conversations-file", args=[told.brand.slug]), asks)

    assert "Conversations began 6 times in these days. Each has one row" in html
    assert "6 conversations" not in html
    rows = b"".join(file.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(rows) == 1 + 5


def test_a_long_one_is_asked_for_and_shows_how_far_it_is(
    told: Story, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    monkeypatch.setattr(jobs, "start_export", begun.append)
    Membership.objects.filter(person=told.person("Ada")).update(role=Role.MANAGER)
    client.force_login(told.person("Ada"))
    url = reverse("analytics:files", args=[told.brand.slug]) + f"?from={FIRST}&to={LAST}"

    page = client.post(url, follow=True)

    export = Export.objects.get()
    assert begun == [export.pk]
    assert "0 of about 5" in page.content.decode()
    assert f"Times of {told.brand.time_zone}." in page.content.decode()
    for _ in range(3):
        page = client.post(url, follow=True)
    assert "Three of your files are being written" in page.content.decode()


@given(st.text(alphabet="=+-@ \t\r\n;|\"'a1＝", max_size=12))
def test_no_words_begin_like_a_formula_wherever_a_line_is_split(text: str) -> None:
    told = csv_text.safe(text)

    for cell in re.split(r"[;|\t\r\n]", told):
        assert _is_number(text) or not cell.lstrip(' "').startswith(("=", "+", "-", "@", "＝"))
    assert told.replace("'", "") == text.replace("'", "")


def _is_number(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"[+-]?[\w.+-]+", text)) and float(text) is not None
    except ValueError:
        return False


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('hi;=HYPERLINK("http://evil.example")', 'hi;\'=HYPERLINK("http://evil.example")'),
        ('hi; "=1+1', "hi; \"'=1+1"),
        ("hi\n-2", "hi\n'-2"),
        ("@everybody", "'@everybody"),
        ("a - b; c", "a - b; c"),
        ("-3", "-3"),
    ],
)
def test_a_formula_behind_a_semicolon_is_text_too(text: str, told: str) -> None:
    assert csv_text.safe(text) == told


def test_numbers_stay_numbers() -> None:
    assert [csv_text.safe(value) for value in (-3, 0.5, 12.0, None, True)] == ["-3", "0.5", "12", "", "yes"]


class Line:
    """A queue and its one worker, as far as the jobs of the reports know them."""

    def __init__(self) -> None:
        self.waiting: list[tuple[str, Any, dict[str, Any]]] = []
        self.longest = 0

    @property
    def job_ids(self) -> list[str]:
        return [each[0] for each in self.waiting]

    def enqueue(self, job: Any, *, job_id: str = "", **told: Any) -> None:
        apart = {"job_timeout", "result_ttl", "failure_ttl"}
        self.longest = told["job_timeout"]
        self.waiting.append((job_id, job, {name: told[name] for name in told if name not in apart}))

    def work(self) -> str:
        name, job, told = self.waiting.pop(0)
        job(**told)
        return name


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    """Each slice takes as long as it may, so a file needs several."""
    line = Line()
    monkeypatch.setattr(jobs.django_rq, "get_queue", lambda _name: line)
    monkeypatch.setattr(jobs, "SLICE", -1.0)
    return line


def test_a_long_file_stands_in_line_once_and_lets_others_and_mails_have_their_turns(
    told: Story, line: Line
) -> None:
    asks_for_one(told, "Ada")
    for _ in range(2):
        export = exporting.begin(brand=told.brand, by=told.person("Ada"), asks=asked_of(told), now=told.at(0))
        jobs.start_export(export.pk)
    worked: list[str] = []
    for _ in range(4):  # while a slice was written, ticks lined up
        jobs.tick()
    while line.waiting:
        worked.append(line.work())
        for _ in range(4):
            jobs.tick()

    first, second = Export.objects.order_by("pk").values_list("pk", flat=True)
    slices = [[f"export-{pk}-{done}" for pk in (first, second)] for done in (0, 2, 4)]
    assert worked == [*slices[0], "mails", *slices[1], *slices[2]]
    assert set(Export.objects.values_list("state", "done")) == {(ExportState.READY, 5)}
    assert len(outbox.outbox) == 1


def test_nobody_else_takes_a_file_up_while_a_slow_slice_may_be_written_still(told: Story, line: Line) -> None:
    export = exporting.begin(brand=told.brand, by=told.person("Ada"), asks=asked_of(told), now=told.at(0))
    jobs.start_export(export.pk)
    exporting.claim(export_id=export.pk, now=told.at(0))

    assert exporting.to_write(now=told.at(0) + timedelta(seconds=line.longest)) == []


def try_on(line: Line, times: int) -> None:
    """By ticks that come when whoever wrote is no longer waited for."""
    for _ in range(times):
        jobs.tick()
        while line.waiting:
            with contextlib.suppress(JobTimeoutException):
                line.work()
        Export.objects.update(lease_until=None)


def test_a_file_of_which_each_try_dies_is_given_up_and_makes_room_for_others(
    told: Story, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = told.person("Ada")
    for _ in range(3):
        exporting.begin(brand=told.brand, by=ada, asks=asked_of(told), now=told.at(0))

    def dies(*_: object, **__: object) -> None:
        raise JobTimeoutException("Task exceeded maximum timeout value (180 seconds)")

    monkeypatch.setattr(conversations, "rows", dies)
    try_on(line, exporting.MOST_TRIES)
    assert set(Export.objects.values_list("state", flat=True)) == {ExportState.RUNNING}
    try_on(line, 1)

    assert set(Export.objects.values_list("state", "tries")) == {(ExportState.FAILED, exporting.MOST_TRIES)}
    assert "begun 5 times and not ended" in Export.objects.earliest("pk").reason
    exporting.begin(brand=told.brand, by=ada, asks=asked_of(told), now=told.at(0))


def test_a_file_that_gets_on_between_two_deaths_is_not_given_up(
    told: Story, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MOST_TRIES", 2)
    export = exporting.begin(brand=told.brand, by=told.person("Ada"), asks=asked_of(told), now=told.at(0))
    rows, tried = conversations.rows, count(1)

    def dies_each_second_time(*given: Any, **more: Any) -> Any:
        if next(tried) % 2:
            raise JobTimeoutException("Task exceeded maximum timeout value (180 seconds)")
        return rows(*given, **more)

    monkeypatch.setattr(conversations, "rows", dies_each_second_time)
    try_on(line, 8)

    export.refresh_from_db()
    assert (export.state, export.done, export.tries) == (ExportState.READY, 5, 0)


def test_a_tick_of_the_reports_waits_behind_no_file() -> None:
    [ticks] = [job for job in cron_jobs() if job["func"] is jobs.tick]
    served = next(
        row for row in (settings.BASE_DIR / "Procfile").read_text().splitlines() if row.startswith("reports:")
    )

    assert f"rqworkers {ticks['queue_name']} {jobs.QUEUE} " in served and ticks["queue_name"] != jobs.QUEUE


def cron_jobs() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            "rq.cron.register",
            lambda func, queue_name, **told: found.append({"func": func, "queue_name": queue_name}),
        )
        runpy.run_path(str(settings.BASE_DIR / "config" / "cron.py"))
    return found


def test_a_file_whose_team_is_gone_is_given_up_and_holds_nobody_elses_rows(
    told: Story, client: Client
) -> None:
    team = Team.objects.create(brand=told.brand, name="Returns")
    names = all_names.of(told.brand)
    days = {"from": str(FIRST), "to": str(LAST)}
    asks = asked.read({**days, "team": str(team.public_id)}, brand=told.brand, names=names, now=told.at(0))
    export = exporting.begin(brand=told.brand, by=told.person("Ada"), asks=asks, now=told.at(0))
    Membership.objects.filter(person=told.person("Ada")).update(role=Role.MANAGER)
    client.force_login(told.person("Ada"))
    list_of_files = reverse("analytics:files", args=[told.brand.slug])
    assert "Team: Returns" in client.get(list_of_files).content.decode()

    team.delete()
    jobs.write_export(export_id=export.pk)

    export.refresh_from_db()
    assert (export.state, export.done) == (ExportState.FAILED, 0)
    assert "The team that it was narrowed by is gone" in client.get(list_of_files).content.decode()


def test_a_mail_leaves_once_at_its_hour_by_the_brands_clock(story: Story) -> None:
    ada = story.person("Ada")
    Membership.objects.filter(person=ada).update(role=Role.MANAGER)
    story.write("mara", 0)
    story.answer("mara", 4)
    story.count()
    mail = mailing.ask_for(
        brand=story.brand, person=ada, cadence=Cadence.DAILY, weekday=0, hour=8, now=story.at(600)
    )
    assert mail.next_at == datetime(2026, 8, 7, 6, tzinfo=UTC)  # eight in Berlin

    letter = letters.write(mail, now=mail.next_at)
    jobs.send_mails()  # long overdue: it leaves once
    jobs.send_mails()

    assert "Thursday, 6 August 2026" in letter.subject
    assert "First response time: half within: 4 m" in letter.text
    [sent] = outbox.outbox
    assert sent.to == [ada.email]
    assert ReportMail.objects.get().next_at > datetime.now(UTC)


def asks_for_one(story: Story, name: str, hour: int = 8) -> ReportMail:
    """A manager who gets the report at an hour of each day, the first one when it is next that late."""
    Membership.objects.filter(person=story.person(name)).update(role=Role.MANAGER)
    return mailing.ask_for(
        brand=story.brand,
        person=story.person(name),
        cadence=Cadence.DAILY,
        weekday=0,
        hour=hour,
        now=story.at(600),
    )


def test_a_worker_that_dies_keeps_back_none_but_its_own_and_that_not_for_long(story: Story) -> None:
    first, second = asks_for_one(story, "Ada"), asks_for_one(story, "Bo")
    at = first.next_at

    claimed = mailing.claim(now=at)
    assert claimed == first  # and it is gone

    assert mailing.claim(now=at) == second
    assert mailing.claim(now=at) is None
    assert mailing.claim(now=at + mailing.LEASE) == first


@pytest.mark.parametrize(
    "why", ["days wait to be summed", "all is counted anew", "the evening is not counted"]
)
def test_a_mail_waits_while_its_figures_are_not_right(story: Story, why: str) -> None:
    """It leaves once: with half of the days it would be wrong for good."""
    mail = asks_for_one(story, "Ada")
    story.count()
    if why == "days wait to be summed":
        Period.objects.create(
            brand=story.brand, level=Level.DAY, at=story.at(0), due_at=timezone.now() - timedelta(hours=1)
        )
    elif why == "all is counted anew":
        Follower.objects.update(again_after=0)
    else:
        story.write("mara", 0)

    jobs.send_mails()

    waiting = ReportMail.objects.get()
    assert (outbox.outbox, waiting.next_at, waiting.tries) == ([], mail.next_at, 0)
    assert "has been counted" in waiting.failed
    Period.objects.all().delete()
    Follower.objects.update(again_after=None)
    story.count()
    ReportMail.objects.update(not_before=None)
    jobs.send_mails()
    assert len(outbox.outbox) == 1 and not ReportMail.objects.get().failed


def test_a_mail_at_midnight_waits_until_its_day_is_counted(story: Story) -> None:
    mail = asks_for_one(story, "Ada", hour=0)

    assert not mailing.due(now=mail.next_at + timedelta(seconds=30)).exists()
    assert mailing.claim(now=mail.next_at + timedelta(minutes=1)) == mail


def test_a_mail_that_cannot_leave_is_tried_again_and_then_left_for_the_next_day(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asks_for_one(story, "Ada")
    now, begun = asked.next_at, []
    monkeypatch.setattr(jobs.timezone, "now", lambda: now)

    def refuse(mail: ReportMail) -> None:
        begun.append(now - asked.next_at)
        raise OSError("the server is away")

    monkeypatch.setattr(jobs, "_send", refuse)
    for _ in range(100):
        jobs.send_mails()
        now += timedelta(minutes=1)

    assert begun == [timedelta(minutes=minutes) for minutes in (0, 5, 20, 80)]
    mail = ReportMail.objects.get()
    assert (mail.next_at, mail.tries) == (asked.next_at + timedelta(days=1), 0)
    assert mail.failed == "It could not be sent: the server is away. The next one leaves as planned."


def test_where_no_mail_can_leave_none_is_said_to_have_left(story: Story, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    asks_for_one(story, "Ada")

    jobs.send_mails()

    mail = ReportMail.objects.get()
    assert mail.sent_at is None and "it has no mail server" in mail.failed


def test_a_mail_follows_the_brands_clock(story: Story) -> None:
    mail = asks_for_one(story, "Ada")
    assert mail.next_at == datetime(2026, 8, 7, 6, tzinfo=UTC)  # eight in Berlin

    Brand.objects.filter(pk=story.brand.pk).update(time_zone="America/New_York")
    mailing.follow_clocks(now=story.at(610))

    mail.refresh_from_db()
    assert mail.next_at == datetime(2026, 8, 7, 12, tzinfo=UTC)


@pytest.mark.parametrize("cadence", Cadence.values)
@pytest.mark.parametrize("later", [1, 14])  # hours after a mail has left
@pytest.mark.parametrize(
    ("zone", "hour"),
    [
        ("America/New_York", 8),
        ("Pacific/Honolulu", 0),
        ("Asia/Tokyo", 8),
        ("Asia/Tokyo", 23),
        ("Pacific/Auckland", 0),
    ],
)
def test_no_day_is_told_of_twice_or_left_out_where_the_clock_is_changed(
    story: Story, zone: str, hour: int, later: int, cadence: str
) -> None:
    mail = asks_for_one(story, "Ada", hour=hour)
    ReportMail.objects.update(
        cadence=cadence, weekday=mail.next_at.astimezone(ZoneInfo("Europe/Berlin")).weekday()
    )
    span = timedelta(days=7 if cadence == Cadence.WEEKLY else 1)
    changed = mail.next_at + timedelta(hours=later)

    told = days_told(story, mail.next_at, changed)
    Brand.objects.filter(pk=story.brand.pk).update(time_zone=zone)
    told += days_told(story, changed, changed + 3 * span)

    assert len(told) >= 3
    assert told == [told[0] + number * span for number in range(len(told))]


@pytest.mark.parametrize("cadence", Cadence.values)
@pytest.mark.parametrize("hour", [8, 20])
@pytest.mark.parametrize("before", [5, 11])  # hours before a mail leaves
def test_no_day_is_left_out_where_the_clock_goes_far_to_the_east(
    story: Story, before: int, hour: int, cadence: str
) -> None:
    Brand.objects.filter(pk=story.brand.pk).update(time_zone="Pacific/Honolulu")
    story.brand.refresh_from_db()
    mail = asks_for_one(story, "Ada", hour=hour)
    local = mail.next_at.astimezone(ZoneInfo("Pacific/Honolulu"))
    ReportMail.objects.update(cadence=cadence, weekday=local.weekday())
    span = timedelta(days=7 if cadence == Cadence.WEEKLY else 1)
    changed = mail.next_at - timedelta(hours=before)

    Brand.objects.filter(pk=story.brand.pk).update(time_zone="Asia/Tokyo")  # 19 hours: its hour is over there
    told = days_told(story, changed, changed + 3 * span)

    due = letters.period(story.brand, Cadence(cadence), mail.next_at).last  # by the clock of before
    assert told == [due + number * span for number in range(len(told))]
    assert len(told) >= 3


def days_told(story: Story, begins: datetime, ends: datetime) -> list[date]:
    """The last day of each report that leaves meanwhile."""
    told, now = [], begins
    while now < ends:
        mailing.follow_clocks(now=now)
        if mail := mailing.claim(now=now + timedelta(minutes=2)):
            at = mailing.as_of(mail, now=now)
            told.append(letters.period(mail.brand, Cadence(mail.cadence), at).last)
            mailing.note_sent(mail=mail, now=now + timedelta(minutes=2))
        now += timedelta(hours=4)
    return told


@given(
    st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(0, 23), st.sampled_from(ZONES), st.sampled_from(ZONES)
)  # fmt: skip
def test_by_another_clock_it_is_the_same_hour_of_the_same_day(
    day: date, hour: int, old: str, new: str
) -> None:
    planned, same = (datetime.combine(day, time(hour), ZoneInfo(each)).astimezone(UTC) for each in (old, new))

    assert mail_times.moved(planned, hour=hour, zone=ZoneInfo(new)) == same
    assert mail_times.moved(same, hour=hour, zone=ZoneInfo(new)) == same


def test_a_mail_that_waits_while_the_clock_is_changed_leaves_once_for_its_day(story: Story) -> None:
    mail = asks_for_one(story, "Ada")
    claimed = mailing.claim(now=mail.next_at)
    assert claimed is not None
    mailing.wait(mail=claimed, now=mail.next_at)
    Brand.objects.filter(pk=story.brand.pk).update(time_zone="America/New_York")

    claimed = mailing.claim(now=mail.next_at + timedelta(minutes=5))
    assert claimed is not None
    mailing.note_sent(mail=claimed, now=mail.next_at + timedelta(minutes=5))

    mail.refresh_from_db()
    assert mail.next_at == datetime(2026, 8, 8, 12, tzinfo=UTC)


def test_a_mail_that_leaves_after_midnight_tells_of_its_own_day(story: Story) -> None:
    mail = asks_for_one(story, "Ada")

    assert mailing.as_of(mail, now=mail.next_at + timedelta(hours=1)) == mail.next_at
    late = mail.next_at + timedelta(days=3)
    assert mailing.as_of(mail, now=late) == late


def test_whoever_may_no_longer_see_reports_gets_none(story: Story) -> None:
    mailing.ask_for(
        brand=story.brand,
        person=story.person("Ada"),
        cadence=Cadence.DAILY,
        weekday=0,
        hour=8,
        now=story.at(0),
    )

    jobs.send_mails()

    assert outbox.outbox == []
    assert not ReportMail.objects.exists()


def test_a_week_is_the_one_that_is_over(story: Story) -> None:
    week = letters.period(story.brand, Cadence.WEEKLY, datetime(2026, 8, 10, 6, tzinfo=UTC))

    assert (week.first, week.last) == (date(2026, 8, 3), date(2026, 8, 9))


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
    st.integers(0, 23),
    st.integers(0, 6),
    st.booleans(),
)
def test_the_next_mail_is_ahead_and_at_its_hour(
    after: datetime, hour: int, weekday: int, weekly: bool
) -> None:
    zone, begun = ZoneInfo("Europe/Berlin"), after.replace(tzinfo=UTC)

    at = mail_times.next_at(weekly=weekly, weekday=weekday, hour=hour, zone=zone, after=begun)

    local = at.astimezone(zone)
    assert begun < at <= begun + timedelta(days=8 if weekly else 2)
    assert local.hour == hour or (local.hour == 3 and hour == 2)  # the night that skips two o'clock
    assert not weekly or local.weekday() == weekday


class Hours:
    """Time that passes while a slice is written, and while the job rests."""

    def __init__(self) -> None:
        self.now = 0.0
        self.rests: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.rests.append(seconds)


@pytest.mark.parametrize(("slices", "rests"), [(2, []), (4, [3.0, 3.0])])
def test_a_long_file_rests_between_its_slices_and_a_short_one_is_written_at_once(
    told: Story, monkeypatch: pytest.MonkeyPatch, slices: int, rests: list[float]
) -> None:
    hours, left = Hours(), list(range(slices))

    def write_slice(**_: object) -> bool:
        hours.now += 1.5
        return bool(left.pop())

    monkeypatch.setattr(jobs, "time", hours)
    monkeypatch.setattr(exporting, "write_slice", write_slice)
    export = exporting.begin(brand=told.brand, by=told.person("Ada"), asks=asked_of(told), now=told.at(0))

    jobs.write_export(export_id=export.pk)

    assert hours.rests == pytest.approx(rests)
