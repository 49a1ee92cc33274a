"""What a file is, from its first bytes, whichever way it came. A name or a declared type may lie.

The types are called as the platforms' manifests call them: one that is called otherwise here would be refused there.
"""

from __future__ import annotations

_SIGNS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypavis", "image/avif"),
    (4, b"ftyphei", "image/heic"),
    (4, b"ftyphev", "image/heic"),
    (4, b"ftypmif1", "image/heic"),
    (4, b"ftypmsf1", "image/heic"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf2", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftypM4B", "audio/mp4"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
)
# What a browser shows without running anything in it. All else is handed over as a download.
SHOWN_INLINE = frozenset(
    "image/png image/jpeg image/gif image/webp image/avif video/mp4 video/webm video/quicktime "
    "audio/mpeg audio/mp4 audio/aac audio/ogg audio/wav audio/x-wav audio/webm audio/amr".split()
)
# Its first page names the first stream, and the picture comes first where there is one.
_OGG = b"OggS"
_PICTURES_IN_OGG = (b"\x80theora", b"BBCD", b"OVP80")
_FIRST_PAGE = 64

_ENDINGS = {
    "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp", "image/heic": ".heic",
    "image/avif": ".avif",
    "application/pdf": ".pdf", "application/zip": ".zip",
    "audio/ogg": ".ogg", "audio/mpeg": ".mp3", "audio/aac": ".aac", "audio/wav": ".wav", "audio/mp4": ".m4a",
    "video/x-msvideo": ".avi", "video/webm": ".webm", "video/quicktime": ".mov", "video/mp4": ".mp4", "video/ogg": ".ogv",
}  # fmt: skip


def sniff(content: bytes) -> str | None:
    """The type the bytes show, or None."""
    if content.startswith(_OGG):
        pictures = any(name in content[:_FIRST_PAGE] for name in _PICTURES_IN_OGG)
        return "video/ogg" if pictures else "audio/ogg"
    for offset, sign, mime in _SIGNS:
        if content[offset : offset + len(sign)] == sign and (offset != 8 or content[:4] == b"RIFF"):
            return mime
    return None


def kind_of(mime: str) -> str:
    """The AttachmentKind value of a type."""
    family = mime.partition("/")[0]
    return family if family in ("image", "video", "audio") else "file"


def ending_of(mime: str) -> str:
    return _ENDINGS.get(mime, "")
