from datetime import timedelta
from pathlib import Path

import pytest

from connectors.actions import draining, fetching
from connectors.contract import Media, Party
from connectors.rules import sniffing
from inbox.models import Attachment, FetchState, Handle, Message
from tests.connectors.conftest import NOW, message_item

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


def test_a_picture_whose_address_has_died_is_said_to_be_gone(picture, clock):
    assert fetched(picture, clock).fetch_state == FetchState.GONE


def test_one_that_is_over_by_its_own_word_is_not_asked_for(picture, platform, clock):
    platform.pictures["https://cdn.example/1"] = Media(PNG, "image/png")
    Attachment.objects.update(expires_at=NOW - timedelta(seconds=1))

    assert fetched(picture, clock).fetch_state == FetchState.GONE


def test_an_unsent_pictures_copy_does_not_stay(picture, platform, clock, tmp_path, monkeypatch):
    def unsent_meanwhile(ctx, url):
        Attachment.objects.update(fetch_state=FetchState.GONE)
        return Media(PNG, "image/png")

    monkeypatch.setattr(platform, "media", unsent_meanwhile)

    fetched(picture, clock)

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
