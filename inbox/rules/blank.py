"""Words that nobody would see."""

from __future__ import annotations

import unicodedata
from typing import Final

# Letters and a sign that are drawn as nothing (fillers of Hangul, the empty cell of Braille); to Unicode they are no white space.
_DRAWN_EMPTY: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800")


def is_blank(text: str) -> bool:
    """Whether all of it is white space, signs without width (U+200B), or letters that are drawn empty."""
    return all(
        character.isspace() or character in _DRAWN_EMPTY or unicodedata.category(character) in {"Cc", "Cf"}
        for character in text
    )
