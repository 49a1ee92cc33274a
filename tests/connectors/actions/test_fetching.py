import errno
import os
import time
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.db import connection
from django.template.loader import render_to_string

from connectors import downloads, tasks
from connectors.actions import budgets, draining, fetching, scheduling, syncing
from connectors.contract import ConnectorError, Media, Party, RateNotice, Remedy, Unsent
from connectors.models import Credential, RunLine, SyncRun, SyncSchedule, Task
from connectors.rules import sniffing
from inbox import platforms
from inbox.actions import _by_brand, media, receiving
from inbox.actions.receiving import Arrival
from inbox.models import Attachment, FetchState, Handle, Message
from tests.connectors.conftest import NOW, message_item
from tests.factories.people import ChannelFactory
from tests.fakes.platform import manifest
from tests.inbox.actions.holding import held

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def picture(receipt, settings, tmp_path, channel):
    settings.MEDIA_ROOT = str(tmp_path)
    receipt(message_item("m1"))
    draining.drain(now=NOW)
    return Attachment.objects.create(
        message=Message.objects.get(), channel=channel, kind="image", url="https://cdn.example/1", fetch_state="pending",
        fetch_at=NOW,
    )  # fmt: skip


def fetched(picture, clock):
    fetching.fetch_due_media(clock=clock)
    picture.refresh_from_db()
    return picture


def test_a_picture_is_copied_before_its_address_dies(picture, platform, clock, tmp_path):
    platform.pictures["https://cdn.example/1"] = Media(PNG, "image/png")

    fetched(picture, clock)

    assert (picture.fetch_state, picture.mime, picture.size) == (FetchState.STORED, "image/png", len(PNG))
    assert (tmp_path / picture.path).read_bytes() == PNG
    assert [path.suffix for path in tmp_path.rglob("*") if path.is_file()] == [".png"]


def test_a_page_dressed_as_a_picture_is_only_ever_a_download(picture, platform, clock):
    platform.pictures["https://cdn.example/1"] = Media(b"<script>alert(1)</script>", "image/png")

    fetched(picture, clock)

    assert picture.mime == "application/octet-stream"
    assert Path(picture.path).suffix == ".bin"


@pytest.fixture
def full_disk(monkeypatch):
    """Half of it is written when the disk is full. Called, it has room again."""

    def write(self, content):
        with self.open("wb") as draft:
            draft.write(content[:8])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", write)
        yield full.undo


def test_no_picture_is_given_up_because_it_cannot_be_written(picture, platform, clock, tmp_path, full_disk):
    platform.pictures["https://cdn.example/1"] = Media(PNG, "image/png")
    for _ in range(fetching.MAX_TRIES * 2):
        assert fetched(picture, clock).fetch_state == FetchState.PENDING
        clock.passes(fetching.NOT_WRITABLE_WAIT.total_seconds())

    assert picture.fetch_attempts == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    full_disk()
    assert fetched(picture, clock).fetch_state == FetchState.STORED


def test_while_nothing_can_be_written_no_other_picture_is_asked_for(
    picture, platform, clock, monkeypatch, full_disk
):
    Attachment.objects.create(
        message=picture.message, channel=picture.channel, kind="image", url="https://cdn.example/2", fetch_state="pending",
        fetch_at=NOW, position=1,
    )  # fmt: skip
    asked = []
    monkeypatch.setattr(platform, "media", lambda ctx, url: asked.append(url) or Media(PNG, "image/png"))

    assert fetching.fetch_due_media(clock=clock) == 0

    assert asked == ["https://cdn.example/1"]
    later = clock() + fetching.NOT_WRITABLE_WAIT
    assert list(Attachment.objects.values_list("fetch_at", "fetch_attempts")) == [(later, 0)] * 2


def test_a_host_that_does_not_answer_holds_up_the_others_for_one_answer(
    picture, platform, clock, monkeypatch
):
    for place, url in enumerate(("https://cdn.example/2", "https://other.example/3"), start=1):
        Attachment.objects.create(
            message=picture.message, channel=picture.channel, kind="image", url=url, fetch_state="pending", fetch_at=NOW,
            position=place,
        )  # fmt: skip
    asked = []

    def hangs(ctx, url):
        asked.append(url)
        if "cdn" in url:
            raise ConnectorError("The platform did not answer in time.", remedy=Remedy.RETRY, code="timeout")
        return Media(PNG, "image/png")

    monkeypatch.setattr(platform, "media", hangs)

    fetching.fetch_due_media(clock=clock)

    assert asked == ["https://cdn.example/1", "https://other.example/3"]
    waiting = Attachment.objects.get(url="https://cdn.example/2")
    assert (waiting.fetch_at, waiting.fetch_attempts) == (NOW + fetching.HANGING_WAIT, 0)


@pytest.mark.parametrize("url", ["https://[x", "https://cdn.example／a", "https://ex℀mple/1"])
def test_what_is_no_address_holds_up_no_other_picture(picture, platform, clock, url):
    platform.pictures["https://cdn.example/2"] = Media(PNG, "image/png")
    Attachment.objects.update(url=url)
    Attachment.objects.create(
        message=picture.message, channel=picture.channel, kind="image", url="https://cdn.example/2", fetch_state="pending",
        fetch_at=NOW, position=1,
    )  # fmt: skip

    assert fetched(picture, clock).fetch_state == FetchState.GONE

    assert Attachment.objects.get(position=1).fetch_state == FetchState.STORED


def test_the_pictures_of_a_history_hold_up_no_new_one(picture, platform, clock, connect):
    def waiting(channel, url, since):
        platform.pictures[url] = Media(PNG, "image/png")
        return Attachment(
            message=picture.message, channel=channel, kind="image", url=url, fetch_state="pending", position=len(platform.pictures),
            fetch_at=NOW - timedelta(seconds=since),
        )  # fmt: skip

    old = [
        waiting(picture.channel, f"https://cdn.example/old/{number}", 60)
        for number in range(fetching.MEDIA_AT_ONCE)
    ]
    elsewhere = waiting(connect("acc-2"), "https://cdn.example/elsewhere", 90)
    Attachment.objects.bulk_create([*old, elsewhere])
    platform.pictures["https://cdn.example/1"] = Media(PNG, "image/png")

    assert fetched(picture, clock).fetch_state == FetchState.STORED

    assert Attachment.objects.get(url=elsewhere.url).fetch_state == FetchState.STORED


def test_what_a_killed_worker_left_half_written_is_cleared(tmp_path, settings):
    settings.MEDIA_ROOT = str(tmp_path)
    folder = tmp_path / "in" / "drafts"
    folder.mkdir(parents=True)
    left, written_at = folder / "left.part", folder / "now.part"
    for each in (left, written_at):
        each.write_bytes(PNG)
    os.utime(left, (1, 1))

    tasks.erase_files()

    assert list(folder.iterdir()) == [written_at]


def test_a_picture_whose_address_has_died_is_said_to_be_gone(picture, clock):
    assert fetched(picture, clock).fetch_state == FetchState.GONE


def test_a_picture_that_its_platform_shows_to_people_alone_is_not_gone(picture, platform, clock, monkeypatch):
    def refused(ctx, url):
        raise ConnectorError("Look there.", remedy=Remedy.TELL, code=downloads.SHOWN_THERE)

    monkeypatch.setattr(platform, "media", refused)

    shown = render_to_string("inbox/_attachment.html", {"file": fetched(picture, clock)})
    assert "Image: shown only in the platform’s own app" in shown


def test_one_that_is_over_by_its_own_word_is_not_asked_for(picture, platform, clock):
    platform.pictures["https://cdn.example/1"] = Media(PNG, "image/png")
    Attachment.objects.update(expires_at=NOW - timedelta(seconds=1))

    assert fetched(picture, clock).fetch_state == FetchState.GONE


def test_one_that_no_worker_survives_is_given_up_and_the_others_are_fetched(
    picture, platform, clock, monkeypatch
):
    asked = []

    def killed(ctx, url):
        asked.append(url)
        raise SystemExit

    monkeypatch.setattr(platform, "media", killed)
    for _ in range(fetching.MAX_TRIES):
        with pytest.raises(SystemExit):
            fetching.fetch_due_media(clock=clock)
        clock.passes(media.LEASE.total_seconds())

    assert fetched(picture, clock).fetch_state == FetchState.GONE
    assert len(asked) == fetching.MAX_TRIES


@pytest.mark.parametrize("waits_for", ["the grant", "the platform"])
def test_what_waits_for_something_else_is_not_given_up(picture, platform, clock, monkeypatch, waits_for):
    error = ConnectorError("Not yet.", remedy=Remedy.RECONNECT)
    if waits_for == "the platform":
        error = ConnectorError("Slower.", remedy=Remedy.RETRY, retry_at=NOW)

    def refused(ctx, url):
        raise error

    monkeypatch.setattr(platform, "media", refused)
    for _ in range(fetching.MAX_TRIES * 2):
        clock.passes(600)
        assert fetched(picture, clock).fetch_state == FetchState.PENDING
    assert picture.fetch_attempts == 0


def test_what_waited_before_only_tries_were_counted_is_fetched_after_the_upgrade(picture, platform, clock):
    platform.pictures["https://cdn.example/1"] = Media(PNG, "image/png")
    Attachment.objects.update(fetch_attempts=20)

    with connection.cursor() as cursor:
        cursor.execute(import_module("inbox.migrations.0040_only_tries_of_a_file_are_counted").AFRESH)

    assert fetched(picture, clock).fetch_state == FetchState.STORED


def test_a_fault_that_lasts_ends_in_as_many_tries(picture, platform, clock, monkeypatch):
    def refused(ctx, url):
        raise ConnectorError("Broken off.", remedy=Remedy.RETRY)

    monkeypatch.setattr(platform, "media", refused)
    for _ in range(fetching.MAX_TRIES - 1):
        assert fetched(picture, clock).fetch_state == FetchState.PENDING
        clock.passes(3600)

    assert fetched(picture, clock).fetch_state == FetchState.GONE


def test_an_unsent_pictures_copy_does_not_stay(picture, platform, clock, tmp_path, monkeypatch):
    def unsent_meanwhile(ctx, url):
        Attachment.objects.update(fetch_state=FetchState.GONE)
        return Media(PNG, "image/png")

    monkeypatch.setattr(platform, "media", unsent_meanwhile)

    fetched(picture, clock)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.fixture
def copied_in_vain(picture, platform, clock, monkeypatch):
    """Somebody held its brand when the copy was whole."""
    monkeypatch.setattr(_by_brand, "PATIENCE", "20ms")
    platform.pictures["https://cdn.example/1"] = Media(PNG, "image/png")
    with held(picture.channel.brand_id):
        assert fetched(picture, clock).fetch_state == FetchState.PENDING
    clock.passes(60)
    return picture


def test_a_picture_whose_brand_is_held_is_no_worse_for_it(copied_in_vain):
    assert (copied_in_vain.fetch_attempts, copied_in_vain.fetch_at) == (0, NOW + fetching.HELD_WAIT)


def test_a_copy_that_could_not_be_told_of_is_written_over_by_the_next(
    copied_in_vain, platform, clock, tmp_path
):
    platform.pictures["https://cdn.example/1"] = Media(b"GIF89a" + bytes(40), "image/gif")

    assert fetched(copied_in_vain, clock).fetch_state == FetchState.STORED

    assert Path(copied_in_vain.path).suffix == ".gif"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / copied_in_vain.path]


def test_a_copy_that_could_not_be_told_of_goes_with_its_message(copied_in_vain, channel, tmp_path):
    receiving.receive(arrivals=[Arrival(channel.pk, Unsent("m1", at=NOW))], now=NOW)

    tasks.erase_files()

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("head", "claimed", "mime"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg", "image/jpeg"),
        (b"GIF89a", "text/html", "image/gif"),
        (b"\0\0\0\x18ftypmp42", "video/mp4", "video/mp4"),
        (b"\0\0\0\x18ftypmp42", "audio/mp4", "audio/mp4"),
        (b"\0\0\0\x18ftypmp42", "text/html", "video/mp4"),
        (b"RIFF\0\0\0\0WEBP", "image/webp", "image/webp"),
        (b"<svg onload=1>", "image/svg+xml", "application/octet-stream"),
        (b"", "image/png", "application/octet-stream"),
    ],
)
def test_bytes_are_believed_and_claims_are_not(head, claimed, mime):
    assert sniffing.safe_mime(head, claimed=claimed) == mime


def test_people_are_looked_up_once(receipt, platform, clock):
    platform.profiles["mara"] = Party("mara", name="Mara Kovač", username="mara.k", followers=97)
    receipt(message_item("m1"), message_item("m2", thread="ghost", seconds=1))
    draining.drain(now=clock())

    assert fetching.fetch_due_profiles(clock=clock) == 2
    assert fetching.fetch_due_profiles(clock=clock) == 0

    mara = Handle.objects.get(external_id="mara")
    assert (mara.name, mara.username, mara.followers) == ("Mara Kovač", "mara.k", 97)
    assert sorted(platform.asked_profiles) == ["ghost", "mara"]


def written_by(receipt, channel, *people):
    for seconds, who in enumerate(people):
        receipt(message_item(f"m-{who}", thread=who, seconds=seconds), at=channel)
    draining.drain(now=NOW)


@pytest.mark.parametrize("cause", ["throttled", "no grant"])
def test_an_account_that_cannot_be_asked_takes_no_others_turn(
    cause, connect, channel, receipt, platform, clock
):
    written_by(receipt, channel, "mara")
    ill = connect("acc-2")
    written_by(receipt, ill, *(f"p{number}" for number in range(fetching.PROFILES_AT_ONCE)))
    if cause == "throttled":
        pause = RateNotice("profile", remaining=0, resets_at=NOW + timedelta(hours=1))
        budgets.keep(channel_id=ill.pk, notices=[pause], now=NOW)
    else:
        Credential.objects.filter(channel=ill).delete()

    assert fetching.fetch_due_profiles(clock=clock) == 1

    assert platform.asked_profiles == ["mara"]


def test_an_account_that_says_no_is_asked_no_more_and_the_others_are(
    connect, channel, receipt, platform, clock, monkeypatch
):
    written_by(receipt, channel, "mara", "noor")
    written_by(receipt, connect("acc-2"), *(f"p{number}" for number in range(fetching.PROFILES_AT_ONCE)))
    profile = platform.profile

    def refused(ctx, external_id):
        if ctx.account.external_id == "acc-2":
            platform.asked_profiles.append(external_id)
            raise ConnectorError("Slower.", remedy=Remedy.RETRY, retry_at=NOW + timedelta(hours=1))
        return profile(ctx, external_id)

    monkeypatch.setattr(platform, "profile", refused)

    fetching.fetch_due_profiles(clock=clock)

    assert sorted(platform.asked_profiles) == ["mara", "noor", f"p{fetching.PROFILES_AT_ONCE - 1}"]


def faults_for(platform, monkeypatch, *people):
    """The platform has a passing fault whenever it is asked about one of these."""
    profile = platform.profile

    def asked(ctx, external_id):
        if external_id in people:
            platform.asked_profiles.append(external_id)
            raise ConnectorError("It had a passing fault.", remedy=Remedy.RETRY)
        return profile(ctx, external_id)

    monkeypatch.setattr(platform, "profile", asked)


def test_a_person_of_whom_the_platform_never_answers_keeps_nobody_elses_name_away(
    channel, receipt, platform, clock, monkeypatch, hourly
):
    written_by(receipt, channel, "mara", "noor", "poison")
    platform.profiles |= {who: Party(who, name="A name") for who in ("mara", "noor")}
    faults_for(platform, monkeypatch, "poison")

    fetching.fetch_due_profiles(clock=clock)
    fetching.fetch_due_profiles(clock=clock)

    assert platform.asked_profiles == ["poison", "noor", "mara", "poison"]
    assert set(Handle.objects.exclude(external_id="poison").values_list("name", flat=True)) == {"A name"}
    clock.passes(3600)
    turn(hourly, clock)
    assert platform.asked_profiles[4:] == ["poison"] * 5  # patiently, and no more in this run


def test_one_person_of_whom_the_platform_never_answers_is_asked_about_ever_more_seldom(
    channel, receipt, platform, clock, monkeypatch, hourly
):
    written_by(receipt, channel, "mara", "poison")
    Handle.objects.filter(external_id="mara").update(looked_up_at=NOW - timedelta(days=20))
    faults_for(platform, monkeypatch, "poison")

    for _ in range(40):
        fetching.fetch_due_profiles(clock=clock)
        clock.passes(30)

    assert platform.asked_profiles == ["poison"] * 6  # within twenty minutes
    turn(hourly, clock, max_seconds=0)
    assert platform.asked_profiles[6:] == ["mara"]


def test_a_platform_in_trouble_is_not_asked_about_everybody(channel, receipt, platform, clock, monkeypatch):
    people = [f"p{number}" for number in range(5)]
    written_by(receipt, channel, *people)
    faults_for(platform, monkeypatch, *people)

    for _ in range(2):
        fetching.fetch_due_profiles(clock=clock)

    assert platform.asked_profiles == ["p4", "p3", "p2"]
    assert not Handle.objects.exclude(looked_up_at=None).exists()


def test_accounts_are_asked_in_turn(connect, channel, receipt, platform, clock):
    written_by(receipt, channel, "mara", "noor")
    written_by(receipt, connect("acc-2"), *(f"p{number}" for number in range(30)))

    assert fetching.fetch_due_profiles(clock=clock) == fetching.PROFILES_AT_ONCE

    assert platform.asked_profiles[:5] == ["p29", "noor", "p28", "mara", "p27"]


def test_a_profile_that_cannot_be_kept_holds_up_no_other(connect, channel, receipt, platform, clock):
    elsewhere = connect("acc-2", brand=ChannelFactory().brand)
    written_by(receipt, elsewhere, "noor")
    written_by(receipt, channel, "mara")
    platform.profiles |= {"mara": Party("mara", followers=2**70), "noor": Party("noor", name="Noor Aziz")}

    fetching.fetch_due_profiles(clock=clock)

    assert dict(Handle.objects.values_list("external_id", "looked_up_at")) == {"mara": NOW, "noor": NOW}
    assert Handle.objects.get(external_id="noor").name == "Noor Aziz"


def test_a_brand_that_somebody_holds_takes_a_moment_of_the_others_turn_however_many_accounts_it_has(
    connect, channel, receipt, platform, clock, monkeypatch
):
    """A statement waits for a lock for ten seconds otherwise, and what was asked is asked again."""
    monkeypatch.setattr(_by_brand, "PATIENCE", "20ms")
    written_by(receipt, connect("acc-2", brand=ChannelFactory().brand), "noor")
    for number, account in enumerate((channel, connect("acc-3"), connect("acc-4"))):
        written_by(receipt, account, f"p{number}")
    platform.profiles |= {who: Party(who, name="A name") for who in ("noor", "p0", "p1", "p2")}
    began = time.monotonic()

    with held(channel.brand_id):
        fetching.fetch_due_profiles(clock=clock)

    assert time.monotonic() - began < 9
    [noor] = Handle.objects.filter(looked_up_at=NOW)
    assert noor.external_id == "noor" and len(platform.asked_profiles) == 2


@pytest.fixture
def hourly(channel):
    return SyncSchedule.objects.create(
        channel=channel, task=Task.PROFILES, every_seconds=3600, max_seconds=300, next_run_at=NOW
    )


def known(receipt, platform, *days):
    """People by the days since somebody asked who they are; the platform has new names for them."""
    for number in range(len(days)):
        name = f"p{number}"
        receipt(message_item(f"m-{name}", thread=name, seconds=number))
        platform.profiles[name] = Party(name, name=f"New name {number}")
    draining.drain(now=NOW)
    for number, age in enumerate(days):
        asked = NOW - timedelta(days=age) if age is not None else None
        Handle.objects.filter(external_id=f"p{number}").update(looked_up_at=asked, name="Old name")


def turn(schedule, clock, **options):
    done = syncing.run(schedule_id=schedule.pk, clock=clock, **{"pause": lambda seconds: None} | options)
    schedule.refresh_from_db()
    return done


def test_who_was_asked_about_long_ago_is_asked_about_anew(hourly, receipt, platform, clock):
    known(receipt, platform, 13, 20, 15, None)

    done = turn(hourly, clock)

    assert platform.asked_profiles == [
        "p1",
        "p2",
    ]  # who was never asked about is asked about at once, elsewhere
    names = dict(Handle.objects.order_by("external_id").values_list("external_id", "name"))
    assert names == {"p0": "Old name", "p1": "New name 1", "p2": "New name 2", "p3": "Old name"}
    assert (done.events, SyncRun.objects.get().state) == (2, "done")
    turn(hourly, clock)
    assert len(platform.asked_profiles) == 2


def test_whoever_took_no_messages_is_asked_about_with_each_run_where_that_is_told(
    hourly, receipt, platform, clock
):
    known(receipt, platform, 1, 1)
    Handle.objects.filter(external_id="p1").update(unavailable_reason="They take no messages.")
    platform.profiles["p1"] = Party("p1", name="Old name", takes_messages=True)
    rules = replace(platform.manifest.send, reach_in_profile=True)
    platforms.register(manifest(send=rules))

    turn(hourly, clock)

    assert platform.asked_profiles == ["p1"]
    assert Handle.objects.get(external_id="p1").unavailable_reason == ""


def test_the_platforms_own_limit_holds_and_a_schedule_may_only_be_stricter(hourly, receipt, platform, clock):
    known(receipt, platform, 0.5, 1.5, 4)
    SyncSchedule.objects.update(days=3)
    turn(hourly, clock)
    assert platform.asked_profiles == ["p2"]

    platforms.register(manifest(profile_cache=timedelta(days=1)))
    turn(hourly, clock)

    assert platform.asked_profiles == ["p2", "p1"]


def test_a_profile_that_is_withheld_is_not_asked_for_again_at_once(hourly, receipt, platform, clock):
    known(receipt, platform, 20, 21)
    del platform.profiles["p0"]

    for _ in range(2):
        turn(hourly, clock)

    assert platform.asked_profiles == ["p1", "p0"]


def test_a_turn_that_is_over_goes_on_with_those_who_are_left(hourly, receipt, platform, clock):
    known(receipt, platform, 20, 21, 22)

    for _ in range(2):
        assert not turn(hourly, clock, max_seconds=0).complete
        assert hourly.next_run_at == clock()
    turn(hourly, clock)

    assert platform.asked_profiles == ["p2", "p1", "p0"]
    run = SyncRun.objects.get()
    assert (run.state, run.events) == ("done", 3)


def test_a_platform_that_refuses_everybody_ends_the_turn(hourly, receipt, platform, clock, monkeypatch):
    known(receipt, platform, 20, 21)
    later = NOW + timedelta(hours=1)

    def throttled(ctx, external_id):
        platform.asked_profiles.append(external_id)
        raise ConnectorError("The limit is used up.", remedy=Remedy.RETRY, retry_at=later, throttled=True)

    monkeypatch.setattr(platform, "profile", throttled)

    turn(hourly, clock)

    assert platform.asked_profiles == ["p1"]
    assert (hourly.next_run_at, hourly.failures) == (later, 0)


def test_a_person_of_whom_the_platform_never_answers_is_passed_over_by_the_refresh(
    hourly, receipt, platform, clock, monkeypatch
):
    known(receipt, platform, 20, 22, 21)
    faults_for(platform, monkeypatch, "p1")

    done = turn(hourly, clock)

    assert (done.error, done.events, hourly.failures) == ("", 2, 0)
    assert dict.fromkeys(platform.asked_profiles) == {"p1": None, "p2": None, "p0": None}
    assert RunLine.objects.filter(text__startswith="One person was passed over").exists()


def test_three_of_whom_the_platform_never_answers_keep_nobody_elses_name_old(
    hourly, receipt, platform, clock, monkeypatch
):
    known(receipt, platform, 20, 22, 24, 23)
    faults_for(platform, monkeypatch, "p1", "p2", "p3")

    done = [turn(hourly, clock), turn(hourly, clock)]
    SyncSchedule.objects.update(failures=0)
    clock.passes(15 * 86400)
    done.append(turn(hourly, clock))

    assert [each.error for each in done] == ["It had a passing fault.", "", ""]
    assert list(dict.fromkeys(platform.asked_profiles)) == ["p2", "p3", "p1", "p0"]
    assert platform.asked_profiles[-16] == "p0"  # first, and then five times each of the three
    assert Handle.objects.get(external_id="p0").looked_up_at == clock()


def test_where_nobody_at_all_is_answered_it_is_the_platform_whoever_was_passed_over_before(
    hourly, receipt, platform, clock, monkeypatch
):
    known(receipt, platform, 20, 21, 22, 23)
    faults_for(platform, monkeypatch, "p0", "p1", "p2", "p3")
    turn(hourly, clock)
    turn(hourly, clock)
    clock.passes(15 * 86400)
    platform.asked_profiles.clear()

    done = turn(hourly, clock)

    assert done.error == "It had a passing fault."
    assert len(set(platform.asked_profiles)) == 3


def test_a_long_turn_over_many_people_is_not_taken_for_dead(hourly, receipt, platform, clock, monkeypatch):
    known(receipt, platform, *range(20, 28))
    profile = platform.profile

    def slowly(ctx, external_id):
        clock.passes(20)
        assert scheduling.claim_due(now=clock()) == []
        return profile(ctx, external_id)

    monkeypatch.setattr(platform, "profile", slowly)
    scheduling.claim_due(now=clock())

    done = turn(hourly, clock, max_seconds=300)

    assert (done.events, len(platform.asked_profiles)) == (8, 8)
    assert (hourly.failures, hourly.is_slow, hourly.last_error) == (0, False, "")


def test_a_turn_that_lost_its_lease_at_its_last_question_ends_no_run(
    hourly, receipt, platform, clock, monkeypatch
):
    known(receipt, platform, 20)
    profile = platform.profile

    def meanwhile(ctx, external_id):
        SyncSchedule.objects.update(lease_owner="another", lease_until=clock() + scheduling.LEASE)
        return profile(ctx, external_id)

    monkeypatch.setattr(platform, "profile", meanwhile)

    turn(hourly, clock)

    assert (hourly.lease_owner, hourly.last_success_at) == ("another", None)
    assert SyncRun.objects.get().state == "running"
