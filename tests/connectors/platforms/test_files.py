"""What the descriptors promise of files: the bytes tell each type by the same name, and the simulators take no more and no less."""

from __future__ import annotations

import pytest

from connectors import registry
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


def test_the_simulators_count_texts_as_the_descriptors_do() -> None:
    most = {key: registry.get(key).manifest.send.text.max for key in ("instagram", "x", "linkedin")}

    assert most == {"instagram": instagram.TEXT_BYTES, "x": x.TEXT_MOST, "linkedin": linkedin.TEXT_MOST}
