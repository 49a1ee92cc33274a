"""A person without a picture: two letters and one of eight hues, always the same for the same person."""

from __future__ import annotations

import unicodedata
import zlib
from dataclasses import dataclass

HUES = 8


@dataclass(frozen=True, slots=True)
class Face:
    initials: str
    hue: int


def of(name: str, seed: str = "") -> Face:
    return Face(_initials(name), zlib.crc32((seed or name).encode("utf-8", "surrogatepass")) % HUES)


def _initials(name: str) -> str:
    """The first letter of the first and of the last word. Marks, bidi controls and emoji are no letters."""
    letters = [letter for word in name.split() if (letter := next((c for c in word if c.isalnum()), ""))]
    picked = letters[:1] + letters[-1:] if len(letters) > 1 else letters
    return unicodedata.normalize("NFC", "".join(picked)).upper()[:2] or "·"
