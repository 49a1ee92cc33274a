from __future__ import annotations

import html
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from connectors.actions import erasing
from inbox import media_links
from inbox.actions import attaching
from inbox.models import Attachment, Conversation, FetchState, Person
from tests.factories.people import agent_of

PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000")


@pytest.fixture(autouse=True)
def media(settings, tmp_path: Path) -> Path:  # type: ignore[no-untyped-def]
    settings.MEDIA_ROOT = str(tmp_path / "media")
    (tmp_path / "media").mkdir()
    (tmp_path / "secret.txt").write_text("not for you")
    return tmp_path / "media"


def stored(
    conversation: Conversation, media: Path, *, mime: str = "image/png", path: str = "a.png", **fields: object
) -> Attachment:
    (media / "a.png").write_bytes(PNG)
    return Attachment.objects.create(
        **{
            "message": conversation.messages.first(), "channel": conversation.channel, "kind": "image", "mime": mime, "path": path,
            "fetch_state": FetchState.STORED, "name": "a.png", **fields,
        }
    )  # fmt: skip


def body(answer) -> bytes:  # type: ignore[no-untyped-def]
    return b"".join(answer.streaming_content)


def test_a_picture_is_shown_and_may_run_nothing(
    page: Client, conversation: Conversation, media: Path
) -> None:
    answer = page.get(f"/media/{stored(conversation, media).public_id}/")

    assert body(answer) == PNG
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox")
    assert answer["Content-Disposition"].startswith("inline")


def test_a_browser_keeps_a_picture_for_an_hour_and_no_page(
    page: Client, conversation: Conversation, media: Path
) -> None:
    answer = page.get(f"/media/{stored(conversation, media).public_id}/")

    assert answer["Cache-Control"] == "private, max-age=3600"
    assert "no-store" in page.get("/", follow=True)["Cache-Control"]


def test_what_is_handed_to_a_platform_is_kept_by_nobody(
    client: Client, conversation: Conversation, media: Path, jo: Person
) -> None:
    file = stored(conversation, media, uploaded_by=jo)

    answer = client.get(media_links.outgoing_url(file, timezone.now()))

    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    "name", ["invoice.pdf\n", "invoice.pdf\r\nSet-Cookie: a=b", "\n", "Rechnung für März\u2028.pdf"]
)
def test_a_name_of_several_lines_is_told_in_one(
    name: str, page: Client, conversation: Conversation, media: Path
) -> None:
    answer = page.get(f"/media/{stored(conversation, media, name=name).public_id}/")

    assert (body(answer), "Set-Cookie" in answer) == (PNG, False)


@pytest.mark.parametrize("mime", ["text/html", "image/svg+xml", "application/pdf", ""])
def test_what_could_run_in_a_browser_is_only_handed_over(
    mime: str, page: Client, conversation: Conversation, media: Path
) -> None:
    answer = page.get(f"/media/{stored(conversation, media, mime=mime).public_id}/")

    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("path", ["../secret.txt", "/etc/hostname", "gone.png", ""])
def test_no_path_leads_out_of_the_media_folder(
    path: str, page: Client, conversation: Conversation, media: Path
) -> None:
    assert page.get(f"/media/{stored(conversation, media, path=path).public_id}/").status_code == 404


@pytest.mark.parametrize(
    ("wanted", "status", "given"),
    [
        ("bytes=0-3", 206, PNG[:4]),
        ("bytes=4-", 206, PNG[4:]),
        ("bytes=-5", 206, PNG[-5:]),
        ("bytes=2-9999", 206, PNG[2:]),
        ("bytes=9999-", 416, b""),
        ("bytes=5-2", 416, b""),
        ("bytes=-", 200, PNG),
        ("bytes=0-1,3-4", 200, PNG),
        ("pages=1-2", 200, PNG),
    ],
)
def test_a_player_is_given_the_part_it_asks_for(
    wanted: str, status: int, given: bytes, page: Client, conversation: Conversation, media: Path
) -> None:
    answer = page.get(f"/media/{stored(conversation, media).public_id}/", headers={"Range": wanted})

    assert (answer.status_code, body(answer) if answer.streaming else answer.content) == (status, given)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox")


@pytest.mark.parametrize("state", [FetchState.GONE, FetchState.PENDING])
def test_a_file_that_is_gone_or_not_whole_yet_is_not_found(
    state: FetchState, page: Client, conversation: Conversation, media: Path
) -> None:
    file = stored(conversation, media, fetch_state=state)

    assert page.get(f"/media/{file.public_id}/").status_code == 404


def test_a_file_in_a_composer_is_its_uploaders_alone(
    page: Client, conversation: Conversation, media: Path, jo: Person
) -> None:
    file = stored(conversation, media, message=None, uploaded_by=agent_of(conversation.brand))

    assert page.get(f"/media/{file.public_id}/").status_code == 404


def test_a_platform_fetches_what_we_send_for_a_day(
    client: Client, conversation: Conversation, media: Path, jo: Person
) -> None:
    now = timezone.now()
    file = stored(conversation, media, uploaded_by=jo)
    fresh, stale = (media_links.outgoing_url(file, at) for at in (now, now - timedelta(days=2)))

    assert body(client.get(fresh)) == PNG
    assert client.get(stale).status_code == 404
    assert client.get(fresh.replace("/out/", "/out/x")).status_code == 404


def test_a_platform_is_told_what_it_fetches_and_a_browser_opens_nothing(
    client: Client, conversation: Conversation, media: Path, jo: Person
) -> None:
    file = stored(conversation, media, uploaded_by=jo, mime="application/pdf")

    answer = client.get(media_links.outgoing_url(file, timezone.now()))

    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment")


def test_a_customers_file_is_handed_to_no_platform(
    client: Client, conversation: Conversation, media: Path
) -> None:
    file = stored(conversation, media)

    assert client.get(media_links.outgoing_url(file, timezone.now())).status_code == 404


def upload(page: Client, conversation: Conversation, content: bytes) -> HttpResponse:
    there = reverse("inbox:attachments", args=["lumen", conversation.public_id])
    return page.post(there, {"file": SimpleUploadedFile("cat.png", content, "image/png")} if content else {})


def test_an_upload_is_checked_by_its_bytes(page: Client, conversation: Conversation) -> None:
    refused, empty = (upload(page, conversation, content) for content in (b"<script>", b""))

    assert (refused.status_code, empty.status_code) == (422, 422)
    assert "does not know this kind" in refused.content.decode()


@contextmanager
def no_room_for_more_than(size: int) -> Iterator[None]:
    """The kernel takes so much of any file and refuses the rest, as where a disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_that_the_disk_does_not_hold_is_refused_in_words_and_leaves_nothing_behind(
    page: Client, conversation: Conversation, media: Path
) -> None:
    content = PNG + bytes(200_000)

    with no_room_for_more_than(100_000):
        refused = upload(page, conversation, content)

    assert (refused.status_code, attaching.NOT_KEPT in html.unescape(refused.content.decode())) == (422, True)
    assert not Attachment.objects.exists()
    assert [path for path in media.rglob("*") if path.is_file()] == []
    assert upload(page, conversation, content).status_code == 200
    assert (media / Attachment.objects.get().path).read_bytes() == content


def test_what_was_being_sent_up_when_its_process_died_goes_after_a_day(
    conversation: Conversation, media: Path, jo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = FileSystemStorage._save

    def killed(self: FileSystemStorage, name: str, content: object) -> None:
        save(self, name, content)
        raise SystemExit

    monkeypatch.setattr(FileSystemStorage, "_save", killed)
    now = timezone.now()
    with pytest.raises(SystemExit):
        attaching.store_upload(conversation=conversation, by=jo, name="a.png", content=PNG, now=now)
    assert len(list(media.rglob("*.png"))) == 1

    assert attaching.forget_unsent(now=now + attaching.UNSENT_KEPT + timedelta(minutes=1)) == 1
    assert erasing.erase_files() == 1

    assert list(media.rglob("*.png")) == []


def test_a_token_says_until_when_it_holds(conversation: Conversation, media: Path, jo: Person) -> None:
    file = stored(conversation, media, uploaded_by=jo)
    made = datetime.fromisoformat("2026-03-02T09:30:00+00:00")
    token = media_links.outgoing_url(file, made).rstrip("/").rsplit("/", 1)[-1]

    assert media_links.read(token, now=made + timedelta(hours=23)) == file.public_id
    assert media_links.read(token, now=made + timedelta(hours=25)) is None
