"""Words that nobody would see."""

from __future__ import annotations

import unicodedata
from typing import Final

# Letters and a sign that are drawn as nothing (fillers of Hangul, the empty cell of Braille); to Unicode they are no white space.
_DRAWN_EMPTY: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# Marks that only change or join what stands beside them, such as the one that makes a sign an emoji.
_ONLY_CHANGES: Final = frozenset("\u034f\u180b\u180c\u180d\u180f") | {
    chr(code) for code in range(0xFE00, 0xFE10)
}
_NOTHING_ALONE: Final = _DRAWN_EMPTY | _ONLY_CHANGES


def is_blank(text: str) -> bool:
    """Whether all of it is white space, signs without width (U+200B), letters that are drawn empty, or marks that show nothing alone."""
    return all(
        character.isspace() or character in _NOTHING_ALONE or unicodedata.category(character) in {"Cc", "Cf"}
        for character in text
    )
