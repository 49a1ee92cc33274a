"""The audit log: who did what, from where, before and after; kept for good, read by those who run the brand."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_removed
from allauth.mfa.totp.internal.auth import TOTP
from django.db import Error, connection, transaction
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from hypothesis import given
from hypothesis import strategies as st

from analytics.models import Export, ReportMail
from connectors.actions import planning
from connectors.models import Credential, PlatformApp, SyncRun, SyncSchedule, Task
from inbox import auditing
from inbox.actions import hours, prioritising, recording
from inbox.models import (
    AuditEntry,
    Brand,
    BrandSequence,
    BusinessHours,
    CannedReply,
    Channel,
    Contact,
    Holiday,
    Macro,
    Person,
    Presence,
    Role,
    SavedView,
    SlaPolicy,
    Tag,
    Team,
    TeamMember,
)
from inbox.queries import audit
from inbox.rules.csv_cells import safe
from tests.factories import conversations as make
from tests.factories.people import BrandFactory, ChannelFactory, MembershipFactory, PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ops(brand: Brand) -> Person:
    return MembershipFactory(brand=brand, role=Role.OPERATIONS, person__name="Oona Operations").person


@pytest.fixture
def page(client: Client, ops: Person) -> Client:
    client.force_login(ops)
    return client


@pytest.fixture
def schedule(channel: Channel) -> SyncSchedule:
    planning.give_defaults(channel, timezone.now())
    return SyncSchedule.objects.get(channel=channel, task=Task.RECONCILE)


def address(name: str, brand: Brand, *more: object) -> str:
    return reverse(f"connectors:{name}", args=[brand.slug, *more])


def test_a_change_is_kept_with_who_made_it_from_where_and_what_was_before(
    page: Client, brand: Brand, schedule: SyncSchedule, ops: Person
) -> None:
    told = {
        "rhythm": "every",
        "every": "30m",
        "time_zone": "UTC",
        "jitter_seconds": "0",
        "overlap": "skip",
        "max_seconds": "20",
    }

    page.post(
        address("schedule", brand, schedule.pk),
        told,
        REMOTE_ADDR="203.0.113.9",
        headers={"X-Request-ID": "from-the-proxy-1"},
    )

    entry = AuditEntry.objects.filter(subject="schedule", act="changed").get()
    assert (entry.brand_id, entry.person_id, entry.address, entry.request) == (
        brand.pk,
        ops.pk,
        "203.0.113.9",
        "from-the-proxy-1",
    )
    assert (entry.before, entry.after) == ({"every_seconds": 900}, {"every_seconds": 1800})
    assert entry.subject_name == f"reconcile of {schedule.channel.name}"
    html = page.get(address("audit", brand)).content.decode()
    assert (
        "Oona Operations" in html
        and "203.0.113.9" in html
        and "<del>900</del>" in html
        and "<ins>1800</ins>" in html
    )


def test_it_is_told_in_words_and_not_as_the_tables_hold_it(
    page: Client, brand: Brand, channel: Channel, ops: Person, django_assert_max_num_queries: Any
) -> None:
    refund, angry = (Tag.objects.create(brand=brand, name=name, key=name) for name in ("refund", "angry"))
    reply = CannedReply.objects.create(brand=brand, name="On its way", text="Yes.", channels=[channel.pk])
    macro = Macro.objects.create(
        brand=brand, name="Sorry", reply=reply, puts_on=[refund.pk, angry.pk], assigns=f"person:{ops.pk}", priority=1
    )  # fmt: skip
    BusinessHours.objects.create(brand=brand, name="Office", week={"0": [[540, 1020]], "1": []})
    Channel.objects.filter(pk=channel.pk).update(state="needs_reconnect")
    channel.credential.scopes = ["dm.read", "dm.write"]
    channel.credential.save()
    run = SyncRun(channel=channel, task=Task.BACKFILL, asked_by=ops, started_at=timezone.now())
    run.until = datetime(2026, 11, 29, 10, 37, 1, 816817, tzinfo=UTC)
    run.save()

    with CaptureQueriesContext(connection) as asked:
        html = page.get(address("audit", brand)).content.decode()
        few = len(asked)
    for number in range(9):
        Macro.objects.create(brand=brand, name=f"Macro {number}", reply=reply, puts_on=[refund.pk])
    with django_assert_max_num_queries(few):
        page.get(address("audit", brand))

    for said in (
        "<ins>On its way</ins>", "<ins>refund, angry</ins>", f"<ins>{ops.short_name}</ins>", "<ins>Urgent</ins>",
        "<ins>Monday 9–17</ins>", "<ins>Needs to be connected again</ins>", "<ins>dm.read, dm.write</ins>", f"<ins>{escape(channel)}</ins>",
        '<local-time datetime="2026-11-29T10:37:01.816817+00:00" format="full">29 Nov 2026, 10:37 UTC</local-time>',
    ):  # fmt: skip
        assert said in html
    assert (
        "translations" not in html
        and "takes off" not in html
        and "[" not in "".join(re.findall("<ins>.*?</ins>", html))
    )

    reply.delete()
    answer = page.get(address("audit-export", brand), {"subject": "macro"})
    told = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert f"reply: number {macro.reply_id}, which is gone" in told[-1][7]
    assert "puts on: refund, angry" in told[-1][7]


def test_it_says_which_of_several_accounts_of_one_name_is_meant(
    page: Client, brand: Brand, channel: Channel, ops: Person, django_assert_max_num_queries: Any
) -> None:
    def told() -> list[list[str]]:
        answer = page.get(address("audit-export", brand))
        rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
        return [row[3:6] for row in rows[1:] if row[4] in ("channel", "grant", "schedule", "run")]

    def changed(one: Channel) -> None:
        planning.give_defaults(one, timezone.now())
        SyncSchedule.objects.filter(channel=one, task=Task.RECONCILE).update(every_seconds=1800)
        SyncRun.objects.create(channel=one, task=Task.PROFILES, asked_by=ops, started_at=timezone.now())

    Channel.objects.filter(pk=channel.pk).update(name="Acme", handle="acme.shop")
    Credential.objects.filter(channel=channel).update(scopes=["dm.read"])
    changed(channel)
    changed(ChannelFactory(brand=brand, platform="instagram", name="Acme", handle=""))
    for name, whose in (("sync", channel.public_id), ("look", channel.public_id)):
        page.post(address(name, brand, whose))
    page.post(address("schedule-run", brand, channel.schedules.get(task=Task.POLL).pk))

    with CaptureQueriesContext(connection) as asked:
        html = page.get(address("audit", brand)).content.decode()
        few = len(asked)
    rows = told()

    assert ["changed", "grant", "Acme on Fake (@acme.shop)"] in rows
    for act, subject in (("changed", "channel"), ("compared", "channel"), ("looked at", "channel")):
        assert [act, subject, "Acme on Fake (@acme.shop)"] in rows
    for where in ("on Fake (@acme.shop)", "on Instagram"):
        assert ["changed", "schedule", f"reconcile of Acme {where}"] in rows
        assert ["made", "run", f"profiles of Acme {where}"] in rows
        assert f"<bdi>{where}</bdi>" in html
    assert ["ran now", "schedule", "poll of Acme on Fake (@acme.shop)"] in rows

    SyncRun.objects.all().delete()
    for number in range(3):
        changed(ChannelFactory(brand=brand, name=f"Acme {number}"))
    with django_assert_max_num_queries(few):
        page.get(address("audit", brand))
    assert told().count(["made", "run", "profiles of Acme"]) == 2


def test_what_parley_does_itself_names_nobody_and_the_next_request_is_not_taken_for_the_last(
    page: Client, brand: Brand, schedule: SyncSchedule, channel: Channel
) -> None:
    page.post(address("schedule-pause", brand, schedule.pk))
    Channel.objects.filter(pk=channel.pk).update(name="Renamed by the platform")

    entry = AuditEntry.objects.get(subject="channel", act="changed")
    assert (entry.person_id, entry.person_name) == (None, "")
    assert entry.after == {"name": "Renamed by the platform"}


def test_what_parley_did_for_somebody_names_nobody_before_or_after(brand: Brand, ops: Person) -> None:
    def tag(name: str) -> None:
        Tag.objects.create(brand=brand, name=name, key=name)

    with auditing.as_caller(person_id=ops.pk, person_name="Oona", address="203.0.113.9"):
        tag("by Oona")
        with auditing.as_parley():
            tag("by Parley")
        tag("by Oona again")
        with contextlib.suppress(ZeroDivisionError), transaction.atomic(), auditing.as_parley():
            tag(str(1 // 0))
    tag("by nobody")

    found = AuditEntry.objects.filter(subject="tag").order_by("pk")
    assert list(found.values_list("subject_name", "person_name", "address")) == [
        ("by Oona", "Oona", "203.0.113.9"),
        ("by Parley", "", ""),
        ("by Oona again", "Oona", "203.0.113.9"),
        ("by nobody", "", ""),
    ]


def test_who_did_it_is_known_also_when_what_they_did_first_was_refused(brand: Brand, ops: Person) -> None:
    with auditing.as_caller(person_id=ops.pk, person_name="Oona", address="203.0.113.9"):
        with contextlib.suppress(Error), transaction.atomic():
            Tag.objects.create(brand=brand, name="angry", key="angry")
            Tag.objects.create(brand=brand, name="angry", key="angry")
        Tag.objects.create(brand=brand, name="furious", key="furious")

    entry = AuditEntry.objects.get(subject="tag")
    assert (entry.subject_name, entry.person_id) == ("furious", ops.pk)


def test_what_changes_by_the_second_is_no_entry(schedule: SyncSchedule) -> None:
    before = AuditEntry.objects.count()

    SyncSchedule.objects.filter(pk=schedule.pk).update(
        cursor="x", lease_until=timezone.now(), failures=3, waits=2
    )

    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE inbox_auditentry SET person_name = 'nobody'",
        "DELETE FROM inbox_auditentry",
        "TRUNCATE inbox_auditentry",
    ],
)
def test_the_database_refuses_to_change_or_remove_it(brand: Brand, statement: str) -> None:
    assert AuditEntry.objects.exists()

    with pytest.raises(Error, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_no_secret_reaches_it(channel: Channel) -> None:
    channel.credential.sealed = b"a sealed secret"
    channel.credential.scopes = ["dm.read"]
    channel.credential.save()

    entry = AuditEntry.objects.filter(subject="grant").latest("pk")
    assert entry.after == {"scopes": ["dm.read"]}
    assert not AuditEntry.objects.filter(after__has_key="sealed").exists()
    assert not AuditEntry.objects.filter(after__has_key="password").exists()


def test_signing_in_and_failing_to_are_entries(client: Client, brand: Brand, ops: Person) -> None:
    ops.set_password("correct horse")
    ops.save(update_fields=["password"])

    client.post("/accounts/login/", {"login": ops.email, "password": "wrong"})
    client.post("/accounts/login/", {"login": ops.email, "password": "correct horse"})

    acts = list(
        AuditEntry.objects.filter(brand=brand, subject="person")
        .exclude(act__in=["made", "changed"])
        .values_list("act", flat=True)
    )
    assert sorted(acts) == ["failed to sign in", "signed in"]


def test_so_they_are_of_people_without_a_brand_for_those_who_run_the_installation(client: Client) -> None:
    root = PersonFactory()
    root.set_password("correct horse")
    root.save(update_fields=["password"])

    client.post("/accounts/login/", {"login": root.email, "password": "correct horse"})
    key = Authenticator(user=root, type="totp", data={})
    whence = RequestFactory().post("/accounts/2fa/totp/deactivate/", REMOTE_ADDR="203.0.113.9")
    authenticator_removed.send(sender=Authenticator, request=whence, user=root, authenticator=key)

    entries = AuditEntry.objects.filter(subject="person", subject_id=root.pk).exclude(
        act__in=["made", "changed"]
    )
    assert list(entries.order_by("pk").values_list("brand", "act")) == [
        (None, "signed in"),
        (None, "removed a second factor of"),
    ]


def test_passwords_and_second_factors_are_entries(client: Client, brand: Brand, ops: Person) -> None:
    ops.set_password("correct horse battery")
    ops.save(update_fields=["password"])
    client.post("/accounts/login/", {"login": ops.email, "password": "correct horse battery"})
    told = {
        "oldpassword": "correct horse battery",
        "password1": "a staple, or two",
        "password2": "a staple, or two",
    }

    client.post("/accounts/password/change/", told, REMOTE_ADDR="203.0.113.9")
    key = Authenticator(user=ops, type="totp", data={})
    whence = RequestFactory().post("/accounts/2fa/totp/deactivate/", REMOTE_ADDR="203.0.113.9")
    authenticator_removed.send(sender=Authenticator, request=whence, user=ops, authenticator=key)

    changed, removed = AuditEntry.objects.filter(brand=brand, act__endswith=" of").order_by("pk")
    assert (changed.act, removed.act) == ("changed the password of", "removed a second factor of")
    assert {changed.address, removed.address} == {"203.0.113.9"} and removed.after == {"factor": "totp"}
    assert "staple" not in str([changed.before, changed.after])


def test_a_wrong_second_factor_is_an_entry(client: Client, brand: Brand, ops: Person) -> None:
    """Whoever tries them has the password."""
    ops.set_password("correct horse")
    ops.save(update_fields=["password"])
    TOTP.activate(ops, "JBSWY3DPEHPK3PXP")

    client.post("/accounts/login/", {"login": ops.email, "password": "correct horse"})
    client.post("/accounts/2fa/authenticate/", {"code": "000000"}, REMOTE_ADDR="203.0.113.9")

    entry = AuditEntry.objects.get(brand=brand, act="failed the second factor of")
    assert (entry.subject_id, entry.address, entry.after) == (ops.pk, "203.0.113.9", {"factor": "totp"})


def _signs_in(client: Client, person: Person) -> set[int | None]:
    """Whose logs say so."""
    client.post("/accounts/login/", {"login": person.email, "password": "correct horse"})
    said = AuditEntry.objects.filter(subject_id=person.pk, act="signed in")
    return set(said.values_list("brand_id", flat=True))


def _has_been_in(brand: Brand, person: Person) -> None:
    now = timezone.now()
    Presence.objects.create(brand=brand, person=person, since=now, last_seen_at=now)


def test_a_brand_that_invites_somebody_reads_nothing_of_how_they_sign_in_before_they_were_there(
    client: Client,
) -> None:
    person = PersonFactory()
    theirs, also_theirs, stranger = (MembershipFactory(person=person).brand for _ in range(3))
    _has_been_in(theirs, person)
    _has_been_in(also_theirs, person)

    assert _signs_in(client, person) == {theirs.pk, also_theirs.pk}
    assert not AuditEntry.objects.filter(brand=stranger, act="signed in").exists()


def test_nor_does_one_that_invites_whoever_runs_the_installation(client: Client) -> None:
    root = MembershipFactory(person__is_staff=True).person

    assert _signs_in(client, root) == {None}


def test_whoever_was_invited_by_two_brands_and_has_been_in_neither_is_nobodys_yet(client: Client) -> None:
    person = PersonFactory()
    MembershipFactory(person=person)
    MembershipFactory(person=person)

    assert _signs_in(client, person) == {None}


def test_who_works_for_two_brands_stands_in_both_logs(brand: Brand, ops: Person) -> None:
    other = MembershipFactory(brand=BrandFactory(), person=ops).brand

    Person.objects.filter(pk=ops.pk).update(name="Oona Ondes")

    found = AuditEntry.objects.filter(subject="person", act="changed", subject_id=ops.pk)
    assert set(found.values_list("brand_id", flat=True)) == {brand.pk, other.pk}


def test_what_concerns_no_one_brand_is_read_by_those_who_run_the_installation(
    page: Client, brand: Brand, ops: Person
) -> None:
    PlatformApp.objects.create(platform="fake-network", client_id="c", sealed=b"")
    assert "fake-network" not in page.get(address("audit", brand)).content.decode()

    Person.objects.filter(pk=ops.pk).update(is_staff=True)

    assert "fake-network" in page.get(address("audit", brand)).content.decode()


def test_it_is_narrowed_and_taken_out_safe_for_spreadsheets(
    page: Client, brand: Brand, channel: Channel, ops: Person
) -> None:
    Channel.objects.filter(pk=channel.pk).update(name='=HYPERLINK("https://evil.example")')

    query = {"subject": "channel", "since": (timezone.now() - timedelta(days=1)).date().isoformat()}
    answer = page.get(address("audit-export", brand), query)
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))

    assert rows[0][0] == f"When ({brand.time_zone})"
    assert {row[4] for row in rows[1:]} == {"channel"}
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert any("HYPERLINK" in cell for row in rows for cell in row)
    taken = AuditEntry.objects.get(act="took out")
    assert (taken.person_id, taken.subject, taken.after["subject"]) == (ops.pk, "audit log", "channel")
    assert "HYPERLINK" not in page.get(address("audit", brand), {"subject": "macro"}).content.decode()


@pytest.mark.parametrize("name", ["audit", "audit-export"])
@pytest.mark.parametrize(
    "asked",
    [
        {"since": "0001-01-01"}, {"until": "0001-01-01"}, {"since": "9999-12-31"}, {"until": "9999-12-30"}, {"until": "9999-12-31"},
        {"before": "²"}, {"before": "9" * 5000}, {"subject": "\0"},
    ],
    ids=str,
)  # fmt: skip
def test_an_address_that_nobody_was_given_is_answered(
    page: Client, brand: Brand, name: str, asked: dict[str, str]
) -> None:
    Brand.objects.filter(pk=brand.pk).update(time_zone="Asia/Tokyo")

    assert page.get(address(name, brand), asked).status_code == 200


def entry(brand: Brand | None, by: Person | None, name: str, *, at: datetime | None = None) -> None:
    recording.record(
        brand=brand, by=by, act="made", subject="tag", subject_name=name, now=at or timezone.now()
    )


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Auckland"])
def test_a_day_of_the_filter_is_one_of_the_times_that_are_shown(
    page: Client, brand: Brand, ops: Person, zone: str
) -> None:
    Brand.objects.filter(pk=brand.pk).update(time_zone=zone)
    midnights = [datetime(2026, 12, day, tzinfo=ZoneInfo(zone)) for day in (1, 2)]
    second = timedelta(seconds=1)
    for name, at in (
        ("the night before", midnights[0] - second), ("at its start", midnights[0]),
        ("at its end", midnights[1] - second), ("the night after", midnights[1]),
    ):  # fmt: skip
        entry(brand, ops, name, at=at)

    def told(**asked: str) -> list[list[str]]:
        answer = page.get(address("audit-export", brand), {"subject": "tag", **asked})
        return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))

    def names(**asked: str) -> list[str]:
        return [row[5] for row in told(**asked)[1:]]

    day = told(since="2026-12-01", until="2026-12-01")
    html = page.get(address("audit", brand), {"since": "2026-12-01", "until": "2026-12-01"}).content.decode()

    assert day[0][0] == f"When ({zone})"
    assert [(row[5], row[0][:19]) for row in day[1:]] == [
        ("at its end", "2026-12-01 23:59:59"), ("at its start", "2026-12-01 00:00:00"),
    ]  # fmt: skip
    assert [datetime.fromisoformat(row[0]) for row in day[1:]] == [midnights[1] - second, midnights[0]]
    assert names(since="2026-12-01") == ["the night after", "at its end", "at its start"]
    assert names(until="2026-12-01") == ["at its end", "at its start", "the night before"]
    assert "at its start" in html and "at its end" in html
    assert "the night before" not in html and "the night after" not in html
    assert f'data-zone="{zone}"' in html and f"Days and times are those of {zone}." in html


def test_who_left_and_parley_itself_can_be_asked_for_as_can_colleagues(
    page: Client, brand: Brand, ops: Person, django_assert_num_queries: Any
) -> None:
    gone = PersonFactory(name="Gone Girard")
    erased = PersonFactory(name="Erased Ewing")
    for by, name in ((gone, "of the gone"), (erased, "of the erased"), (ops, "of ops"), (None, "of nobody")):
        for _ in range(3):
            entry(brand, by, name)
    entry(None, PersonFactory(name="Root Rowan"), "of no brand")
    ref = str(erased.pk)
    erased.delete()
    with CaptureQueriesContext(connection) as asked:
        html = page.get(address("audit", brand)).content.decode()
        queries = len(asked)
    assert (
        html.count(">Gone Girard</option>") == html.count(f">{escape(recording.named(erased))}</option>") == 1
    )
    assert html.count(">Oona Operations</option>") == 1 and "Root Rowan" not in html

    for person, name in ((gone.public_id, "of the gone"), (ref, "of the erased"), ("parley", "of nobody")):
        answer = page.get(address("audit-export", brand), {"person": person, "subject": "tag"})
        told = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
        assert [row[5] for row in told[1:]] == [name] * 3
        shown = page.get(address("audit", brand), {"person": person}).content.decode()
        assert f'<option value="{person}" selected>' in shown
    assert page.get(address("audit", brand), {"person": "0"}).status_code == 404

    for number in range(9):
        entry(brand, PersonFactory(name=f"Gone {number}"), "of another")
    with django_assert_num_queries(queries):
        page.get(address("audit", brand))

    Person.objects.filter(pk=ops.pk).update(is_staff=True)
    assert ">Root Rowan</option>" in page.get(address("audit", brand)).content.decode()


def test_a_file_that_leaves_is_an_entry_with_whence_behind_the_proxies(
    client: Client, brand: Brand, settings: Any
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    page = client
    page.force_login(MembershipFactory(brand=brand, role=Role.ADMINISTRATOR).person)
    whence = {"X-Forwarded-For": "203.0.113.9", "X-Request-ID": "from-the-proxy-2"}

    page.get(address("audit-export", brand), headers=whence)
    page.get(f"/b/{brand.slug}/reports/files/conversations.csv", headers=whence)

    found = AuditEntry.objects.filter(act="took out").order_by("pk")
    assert [each.subject for each in found] == ["audit log", "file"]
    assert {(each.address, each.request, each.brand_id) for each in found} == {
        ("203.0.113.9", "from-the-proxy-2", brand.pk)
    }
    assert found[1].subject_name.endswith(".csv")


def test_runs_comparisons_and_looks_that_somebody_asked_for_are_entries(
    page: Client, brand: Brand, schedule: SyncSchedule, channel: Channel, ops: Person
) -> None:
    poll = SyncSchedule.objects.get(channel=channel, task=Task.POLL)

    page.post(address("schedule-run", brand, poll.pk), headers={"X-Request-ID": "from-the-proxy-3"})
    page.post(address("sync", brand, channel.public_id))
    page.post(address("look", brand, channel.public_id))

    found = AuditEntry.objects.filter(person_id=ops.pk, act__in=["ran now", "compared", "looked at"])
    assert [(each.act, each.subject, each.subject_name) for each in found.order_by("pk")] == [
        ("ran now", "schedule", f"poll of {channel.name}"),
        ("compared", "channel", channel.name),
        ("looked at", "channel", channel.name),
    ]
    assert found.earliest("pk").request == "from-the-proxy-3" and found.earliest("pk").address


def test_holidays_people_of_teams_shared_views_files_and_report_mails_are_entries(
    brand: Brand, ops: Person
) -> None:
    hours = BusinessHours.objects.create(brand=brand, name="Office")
    team = Team.objects.create(brand=brand, name="Support")
    before = AuditEntry.objects.latest("pk").pk

    Holiday.objects.create(hours=hours, day="2026-12-25", name="Christmas")
    TeamMember.objects.create(team=team, person=ops)
    SavedView.objects.create(brand=brand, name="Angry", owner=None)
    SavedView.objects.create(brand=brand, name="My own", owner=ops)
    Export.objects.create(brand=brand, person=ops, asked={"from": "2026-11-01"}, created_at=timezone.now())
    mail = ReportMail.objects.create(brand=brand, person=ops, cadence="daily", next_at=timezone.now())
    own = {"next_at": timezone.now(), "not_before": timezone.now(), "tries": 1, "failed": "No."}
    ReportMail.objects.filter(pk=mail.pk).update(**own)
    ReportMail.objects.filter(pk=mail.pk).update(hour=9)
    TeamMember.objects.all().delete()

    found = AuditEntry.objects.filter(brand=brand, pk__gt=before).order_by("pk")
    assert [(each.act, each.subject, each.subject_name) for each in found] == [
        ("made", "holiday", "Christmas of Office"),
        ("made", "team member", "Oona Operations of Support"),
        ("made", "view", "Angry"),
        ("made", "file", "Oona Operations"),
        ("made", "report mail", "daily of Oona Operations"),
        ("changed", "report mail", "daily of Oona Operations"),
        ("removed", "team member", "Oona Operations of Support"),
    ]
    assert set(found.values_list("subject", flat=True)) <= set(audit.SUBJECTS)


def test_who_marks_a_customer_stands_there_and_the_customers_name_does_not(
    client: Client, brand: Brand
) -> None:
    person = MembershipFactory(brand=brand, role=Role.AGENT, person__name="Ada Agent").person
    client.force_login(person)
    mara = Contact.objects.create(brand=brand, name="Mara Customer")
    conversation = make.conversation(ChannelFactory(brand=brand), contact=mara)
    there = reverse("inbox:vip", args=[brand.slug, conversation.public_id])

    for _ in range(2):
        client.post(there, REMOTE_ADDR="203.0.113.9")
    client.delete(there)
    Contact.objects.filter(pk=mara.pk).update(name="Mara Married", vip=False)

    marked, unmarked = AuditEntry.objects.filter(brand=brand, subject="customer").order_by("pk")
    assert (marked.act, marked.person_id, marked.address) == ("changed", person.pk, "203.0.113.9")
    assert (marked.before, marked.after, unmarked.after) == ({"vip": False}, {"vip": True}, {"vip": False})
    assert marked.subject_id == mara.pk and marked.subject_name == str(mara.pk)
    client.force_login(MembershipFactory(brand=brand, role=Role.OPERATIONS).person)
    html = client.get(address("audit", brand), {"subject": "customer"}).content.decode()
    assert "<del>no</del>" in html and "<ins>yes</ins>" in html and "Mara" not in html


def test_who_saves_hours_has_changed_no_weight_and_no_promise(brand: Brand, ops: Person) -> None:
    def save(row: BusinessHours | None, **week: list[list[int]]) -> BusinessHours:
        return hours.save(
            brand=brand, hours=row, name="Shop", time_zone="UTC", week=week, holidays=[], by=ops, now=timezone.now()
        )  # fmt: skip

    BrandSequence.objects.get_or_create(brand=brand)
    row = save(None)
    SlaPolicy.objects.create(brand=brand, name="Everybody", hours=row, first_response=600, position=0)
    before = AuditEntry.objects.latest("pk").pk
    save(row, **{"0": [[540, 1020]]})
    assert set(AuditEntry.objects.filter(pk__gt=before).values_list("subject", flat=True)) == {
        "business hours"
    }
    assert not AuditEntry.objects.filter(subject="priority weights").exists()

    prioritising.change_weights(brand=brand, facts={"unread": 7}, tags={}, by=ops, now=timezone.now())

    entry = AuditEntry.objects.get(subject="priority weights")
    assert (
        entry.act == "changed" and set(entry.after) == {"weights"} and entry.after["weights"]["unread"] == 7
    )


def test_only_those_who_run_the_brand_read_it(client: Client, brand: Brand) -> None:
    stranger = MembershipFactory(brand=BrandFactory(), role=Role.ADMINISTRATOR).person
    agent = MembershipFactory(brand=brand, role=Role.AGENT).person

    for person in (stranger, agent):
        client.force_login(person)
        assert client.get(address("audit", brand)).status_code == 404
        assert client.get(address("audit-export", brand)).status_code == 404


@given(st.text(max_size=30))
def test_no_cell_begins_a_formula(cell: str) -> None:
    written = safe(cell)

    assert written in (cell, f"'{cell}")
    if written[:1] in ("=", "+", "-", "@", "\t", "\r"):
        float(written)  # a number with its sign is all that may
