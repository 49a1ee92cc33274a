"""What the doctor finds of secrets, connectors and figures, each with its fix."""

import json
import socketserver
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.utils import timezone

from config import broker, doctor, health
from config.rq import Pool
from connectors import registry, sealing
from connectors.figures import VARIABLE
from connectors.models import Credential, PlatformApp, Receipt, ReceiptState
from inbox import platforms
from inbox.models import Brand, Channel, Timer, ViewDrift
from tests.factories import conversations
from tests.factories.people import BrandFactory, ChannelFactory, PersonFactory
from tests.house.source import ROOT

pytestmark = pytest.mark.django_db(transaction=True)


def line(name: str) -> doctor.Line:
    return next(each for each in doctor.examine() if each.name == name)


def test_secrets_under_a_key_that_is_gone_are_counted_by_kind() -> None:
    gone = Fernet(Fernet.generate_key())
    PlatformApp.objects.create(platform="instagram", client_id="1", sealed=gone.encrypt(b"{}"))
    data = {"secret": gone.encrypt(b"S").decode()}
    Authenticator.objects.create(user=PersonFactory(), type=Authenticator.Type.TOTP, data=data)

    found = line("stored secrets")

    assert not found.ok
    assert "1 of platform apps, 1 of second factors open with none of PARLEY_SEAL_KEYS" in found.found
    assert "PARLEY_SEAL_KEYS" in found.fix


def test_a_connector_that_channels_need_is_missed() -> None:
    ChannelFactory(platform="gone")

    found = line("connectors")

    assert (found.ok, "“gone”" in found.found) == (False, True)


def granted(brand: Brand, name: str, *, ends_in: timedelta | None = None, **state: str) -> Channel:
    app, _ = PlatformApp.objects.get_or_create(platform="instagram", defaults={"sealed": sealing.seal({})})
    channel, now = ChannelFactory(brand=brand, name=name, **state), timezone.now()
    Credential.objects.create(
        channel=channel, app=app, sealed=sealing.seal({"access": "", "refresh": ""}), issued_at=now - timedelta(days=60),
        expires_at=now + ends_in if ends_in else None,
    )  # fmt: skip
    return channel


def test_a_channel_whose_token_has_ended_is_named_with_its_fix(
    capsys: pytest.CaptureFixture[str], settings: Any
) -> None:
    brand = BrandFactory(name="Lumen")
    granted(brand, "Lumen Care")
    granted(brand, "Lumen Old", state="disconnected", ends_in=-timedelta(days=90))
    assert line("channels").ok
    ended = granted(brand, "Lumen Shop", ends_in=-timedelta(hours=1))
    parked = granted(brand, "Lumen Gifts", state="needs_reconnect", state_reason="The password changed.")

    with pytest.raises(SystemExit) as left:
        call_command("doctor")

    found = line("channels")
    assert left.value.code == 1
    assert f"fix: {found.fix}" in capsys.readouterr().out
    assert found.found.count("“") == 2
    assert "“Lumen Shop” of Lumen: It has ended" in found.found
    assert "“Lumen Gifts” of Lumen: Needs to be connected again: The password changed." in found.found
    for channel in (ended, parked):
        page = f"{settings.PARLEY_PUBLIC_URL}/b/{brand.slug}/channels/{channel.public_id}/"
        assert f"“{channel.name}” of Lumen: Connect the account again. {page}" in found.fix


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{bad", "no JSON object"),
        (json.dumps({"instagramm": {"text_max": 5}}), "instagramm, which no connector"),
    ],
)
def test_a_mistyped_figure_is_named(text: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, text)

    found = line("platform figures")

    assert not found.ok
    assert words in found.found and VARIABLE in found.fix


@pytest.fixture
def linkedin_is_left_out(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """As in a process that begins with these figures."""

    def begin(text: str) -> None:
        monkeypatch.setenv(VARIABLE, text)
        monkeypatch.delitem(sys.modules, "connectors.platforms.linkedin.manifest")
        monkeypatch.delitem(platforms._register, "linkedin")
        registry.forget()

    yield begin
    monkeypatch.undo()
    registry.forget()
    registry.register_manifests()


def test_a_figure_that_nothing_of_a_platform_goes_by_is_named_and_not_its_platform(
    linkedin_is_left_out: Callable[[str], None],
) -> None:
    linkedin_is_left_out(json.dumps({"linkedin": {"send_per_s": 5}}))

    found, loaded = line("platform figures"), line("connectors")

    reason = f"{VARIABLE}, linkedin: nothing of it goes by send_per_s"
    for told in (found, loaded):
        assert not told.ok and told.found.endswith(reason)
        assert told.fix == doctor.MEND_FIGURES


def test_a_broken_connector_is_no_stranger_to_the_figures_that_name_it(
    linkedin_is_left_out: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    linkedin_is_left_out(json.dumps({"linkedin": {"text_max": 5}}))
    monkeypatch.setitem(sys.modules, "connectors.platforms.linkedin.manifest", None)

    found, loaded = line("platform figures"), line("connectors")

    assert (found.ok, found.found) == (True, "set for linkedin")
    assert (loaded.ok, loaded.fix) == (False, "mend or remove linkedin")


def test_a_timer_that_nobody_fires_is_told_with_its_age() -> None:
    channel = ChannelFactory()
    timer = Timer.objects.create(
        brand=channel.brand, conversation=conversations.conversation(channel), kind="breach", due_at=timezone.now()
    )  # fmt: skip
    assert line("timers").ok

    Timer.objects.update(due_at=timezone.now() - timedelta(seconds=90))
    found = line("timers")
    assert not found.ok
    assert "due for 90 s" in found.found and "worker" in found.fix

    Timer.objects.filter(pk=timer.pk).update(fired_at=timezone.now())
    assert line("timers").ok


def test_a_delivery_that_nobody_reads_is_told_although_the_worker_says_that_it_lives() -> None:
    health.beat_heart("worker")
    now = timezone.now()
    channel = ChannelFactory()
    for age, state in ((3600, ReceiptState.DONE), (5, ReceiptState.NEW)):
        Receipt.objects.create(
            channel=channel, received_at=now - timedelta(seconds=age), body=b"", state=state
        )
    assert line("deliveries").ok

    Receipt.objects.filter(state=ReceiptState.NEW).update(received_at=now - timedelta(seconds=90))

    found = line("deliveries")
    assert (line("worker").ok, found.ok) == (True, False)
    assert "one has waited for 90 s" in found.found and "worker" in found.fix


def test_what_is_read_again_has_not_waited_since_it_came() -> None:
    came = timezone.now() - timedelta(days=3)
    channel = ChannelFactory()
    receipt = Receipt.objects.create(
        channel=channel, received_at=came, body=b"", state=ReceiptState.NEW, drained_at=came
    )
    assert line("deliveries").ok

    Receipt.objects.filter(pk=receipt.pk).update(drained_at=None)
    assert not line("deliveries").ok


def test_counters_that_had_drifted_are_told_for_a_week() -> None:
    brand = ChannelFactory(brand__name="Lumen").brand
    today = timezone.localdate()
    ViewDrift.objects.create(
        brand=brand, found_on=today - timedelta(days=9), view="open", label="open", total=2
    )
    assert line("view counters").ok

    ViewDrift.objects.create(
        brand=brand, found_on=today, view="saved:4.1", label="Refunds", total=3, unread=-1
    )

    found = line("view counters")
    assert not found.ok
    assert f"Lumen: Refunds on {today}: +3, -1 unread" in found.found


@pytest.mark.parametrize(
    "process", ["web", "edge", "worker", "triage", "beat", "sync", "reports", "reports-tick"]
)
def test_each_process_that_does_not_live_is_told(process: str) -> None:
    """Whatever RQ's register says: it is lost with a flushed broker, and outlives workers that were killed."""
    broker.client().delete(health.HEARTBEAT_KEY.format(process=process))
    away = line(process)

    health.beat_heart(process)

    assert (away.ok, away.fix) == (False, f"start it: the Procfile's line {process.removesuffix('-tick')}")
    assert line(process).ok


def test_a_pool_of_workers_says_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    broker.client().delete(health.HEARTBEAT_KEY.format(process="reports"))
    pool = Pool(queues=["reports"], connection=broker.client(), num_workers=0)

    pool.check_workers()

    assert line("reports").ok


class PolitePost(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"220 post.example\r\n")
        while line := self.rfile.readline():
            self.wfile.write(b"221 bye\r\n" if line.startswith(b"quit") else b"250 post.example\r\n")


def test_the_mail_server_is_greeted_and_not_only_named(settings: Any) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), PolitePost) as post:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = *post.server_address, False
        threading.Thread(target=post.handle_request, daemon=True).start()
        assert line("mail").ok

    found = line("mail")

    assert not found.ok
    assert f"127.0.0.1:{settings.EMAIL_PORT}: " in found.found and "EMAIL_PORT" in found.fix


def test_static_files_of_another_version_are_missed(settings: Any, tmp_path: Path) -> None:
    settings.PRODUCTION, settings.STATIC_ROOT = True, str(tmp_path / "collected")
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    }
    finders.get_finder.cache_clear()
    call_command("collectstatic", interactive=False, verbosity=0)
    whole = line("static files")
    page = next((tmp_path / "collected" / "js").glob("workspace.js"))
    page.write_text("// of the version before", encoding="utf-8")

    found = line("static files")

    assert whole.ok, whole.found
    assert (found.ok, found.found) == (False, "1 files are not those of this version, first js/workspace.js")


def test_the_upgrade_as_it_is_written_asks_the_doctor_once_the_new_processes_run() -> None:
    """The version before tells less of itself than this one looks for."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    upgrade = page.partition("## Upgrade")[2].partition("\n## ")[0]

    assert upgrade.index("restart `worker`") < upgrade.index("then `web`") < upgrade.index("`doctor`")
