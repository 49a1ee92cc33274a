"""As what a fetched file is served: what a server claims is believed only where the bytes leave it open."""

from __future__ import annotations

from inbox.rules import file_types

UNKNOWN = "application/octet-stream"
# Containers hold sound or pictures; there, and only there, the claim decides between the two.
_MAY_BE_SOUND = {"video/mp4": "audio/mp4", "video/webm": "audio/webm"}


def safe_mime(head: bytes, *, claimed: str) -> str:
    """The type to serve the file as. One that we cannot tell is only ever offered for download."""
    found = file_types.sniff(head) or UNKNOWN
    claimed = claimed.partition(";")[0].strip().lower()
    return claimed if _MAY_BE_SOUND.get(found) == claimed else found


def suffix_of(mime: str) -> str:
    return file_types.ending_of(mime) or ".bin"
