"""Words that nobody would see."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
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


@cache
def seen_sql() -> str:
    """A regular expression of PostgreSQL that finds what somebody would see."""
    return f"[^{''.join(_ranges())}]"


def _ranges() -> Iterator[str]:
    """All that is blank, as \\uwxyz or spans of it. Whatever is drawn as nothing stands in the first 65,536, but for tags of flags."""
    begun = None
    for code in range(1, 0x10001):
        if code < 0x10000 and not 0xD800 <= code < 0xE000 and is_blank(chr(code)):
            begun = code if begun is None else begun
        elif begun is not None:
            yield f"\\u{begun:04x}-\\u{code - 1:04x}"
            begun = None
