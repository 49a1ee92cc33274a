"""What the descriptors promise of files: the bytes tell each type by the same name, and the simulators take no more and no less."""

from __future__ import annotations

import pytest

from connectors import registry
from inbox.platforms import Unit
from inbox.rules import file_types
from simulator import media
from simulator.platforms.instagram import sending as instagram
from simulator.platforms.linkedin import sending as linkedin
from simulator.platforms.x import files as x_files
from simulator.platforms.x import sending as x

HEADS = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff\xe0",
    "image/gif": b"GIF89a",
    "image/webp": b"RIFF\0\0\0\0WEBPVP8 ",
    "video/mp4": b"\0\0\0\x18ftypisom",
    "video/ogg": b"OggS" + bytes(24) + b"\x80theora",
    "video/x-msvideo": b"RIFF\0\0\0\0AVI LIST",
    "video/quicktime": b"\0\0\0\x14ftypqt  ",
    "video/webm": b"\x1aE\xdf\xa3",
    "audio/aac": b"\xff\xf1\x50\x80",
    "audio/mp4": b"\0\0\0\x18ftypM4A ",
    "audio/wav": b"RIFF\0\0\0\0WAVEfmt ",
    "application/pdf": b"%PDF-1.7",
}
OTHER_NAMES = {"audio/x-m4a", "audio/x-wav"}  # of browsers; the bytes tell the plain ones
PROMISED = sorted(
    (platform, kind, mime)
    for platform in ("instagram", "x")
    for kind, limit in registry.get(platform).manifest.send.files.items()
    for mime in limit.mimes
    if mime not in OTHER_NAMES
)


@pytest.mark.parametrize(("platform", "kind", "mime"), PROMISED)
def test_each_type_a_platform_takes_is_known_by_its_bytes(platform: str, kind: str, mime: str) -> None:
    assert file_types.sniff(HEADS[mime]) == mime
    assert file_types.kind_of(mime) == kind
    assert file_types.ending_of(mime)


@pytest.mark.parametrize(("platform", "kind", "mime"), [each for each in PROMISED if each[0] == "instagram"])
def test_the_simulated_instagram_takes_what_the_descriptor_promises(
    platform: str, kind: str, mime: str
) -> None:
    most, mimes = instagram.LIMITS[kind]

    assert media.sniff(HEADS[mime], declared=mime) in mimes
    assert most == registry.get(platform).manifest.send.files[kind].most(mime)


@pytest.mark.parametrize(("platform", "kind", "mime"), [each for each in PROMISED if each[0] == "x"])
def test_the_simulated_x_takes_what_the_descriptor_promises(platform: str, kind: str, mime: str) -> None:
    category = "dm_gif" if mime == "image/gif" else f"dm_{kind}"
    most, mimes = x_files._LIMITS[category]

    assert mime in mimes
    assert most == registry.get(platform).manifest.send.files[kind].most(mime)


MEGABYTE = 1024 * 1024
# As the platforms' pages say it, in their own units; nothing here is read from a descriptor.
TEXTS = {
    "instagram": (1000, Unit.UTF8_BYTES),
    "x": (10_000, Unit.CODE_POINTS),
    "linkedin": (8000, Unit.CODE_POINTS),
}
PUBLIC_TEXTS = {
    "instagram": (2200, Unit.CODE_POINTS),
    "x": (280, Unit.WEIGHTED),
    "linkedin": (1250, Unit.CODE_POINTS),
}
FILES = {
    "instagram": {
        "image": ({"png", "jpeg", "gif"}, 8), "video": ({"mp4", "ogg", "x-msvideo", "quicktime", "webm"}, 25),
        "audio": ({"aac", "mp4", "x-m4a", "wav", "x-wav"}, 25), "file": ({"pdf"}, 25),
    },
    "x": {"image": ({"jpeg", "png", "gif", "webp"}, 5), "video": ({"mp4"}, 512)},
    "linkedin": {kind: (set[str](), 20) for kind in ("image", "video", "audio", "file")},
}  # fmt: skip
AT_ONCE = {
    "instagram": (10, False),
    "x": (1, True),
    "linkedin": (10, True),
}  # files of a message, and whether words go with them


@pytest.mark.parametrize("platform", FILES)
def test_a_descriptor_promises_what_the_platforms_pages_say(platform: str) -> None:
    send = registry.get(platform).manifest.send

    assert (send.text.max, send.text.unit) == TEXTS[platform]
    assert send.public_text is not None
    assert (send.public_text.max, send.public_text.unit) == PUBLIC_TEXTS[platform]
    assert {
        kind: ({mime.partition("/")[2] for mime in limit.mimes}, limit.max_bytes / MEGABYTE)
        for kind, limit in send.files.items()
    } == FILES[platform]
    assert (send.files_per_message, send.text_with_files) == AT_ONCE[platform]


def test_x_takes_pictures_that_move_of_fifteen_megabytes() -> None:
    assert registry.get("x").manifest.send.files["image"].most("image/gif") == 15 * MEGABYTE


def test_the_simulators_take_what_the_platforms_pages_say() -> None:
    most = {"instagram": instagram.TEXT_BYTES, "x": x.TEXT_MOST, "linkedin": linkedin.TEXT_MOST}

    assert most == {platform: limit for platform, (limit, _) in TEXTS.items()}
    assert {kind: limit / MEGABYTE for kind, (limit, _) in instagram.LIMITS.items()} == {
        kind: limit for kind, (_, limit) in FILES["instagram"].items()
    }
    assert FILES["linkedin"]["file"][1] * MEGABYTE == linkedin.FILE_MOST
