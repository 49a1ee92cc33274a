"""How text is cut into what it can be found by, and what a search asks for. The same cutting for both, so that whatever is written can be found.

Case, accents and widths are folded. A word is letters and digits; an order number joined by punctuation (`#AB-1234`) is found whole
(`ab1234`) and in its pieces. Where a script writes no spaces (Chinese, Japanese, Thai), each two neighbouring characters are a word.
Each two neighbouring words leave a mark as well (`=1f3a9`), which is why a phrase of common words is found as quickly as a rare word.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

LONGEST_WORD = 64
LONGEST_TEXT = 20_000  # characters of a message by which it is found; a note is no longer
_KNOT = 8  # pieces that may be joined into one number
_PAIR_BITS = 0xFFFFF
# Scripts without spaces: Thai, Lao, Myanmar, Khmer, Kana, Han. Korean and the rest of the world leave some.
DENSE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003134f"
# Marks that change how a letter is said and not which it is: Latin, Greek, Cyrillic, Hebrew, Arabic; and what is not seen at all.
SILENT = (
    (0x0300, 0x036F), (0x0483, 0x0487), (0x0591, 0x05C7), (0x0610, 0x061A), (0x0640, 0x0640), (0x064B, 0x065F), (0x0670, 0x0670),
    (0x06D6, 0x06DC), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE0F), (0xFE20, 0xFE2F), (0x00AD, 0x00AD),
    (0x200B, 0x200F), (0x2060, 0x2064), (0xFEFF, 0xFEFF),
)  # fmt: skip
LETTERS = {
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "æ": "ae",
    "œ": "oe",
    "ı": "i",
    "ħ": "h",
    "ŧ": "t",
    "ŋ": "n",
    "ĸ": "k",
}


def _tables() -> tuple[str, dict[int, str | None]]:
    """Which characters continue a word without being letters, and what becomes of single characters."""
    marks = [
        chr(code) for code in range(0x300, 0x20000) if unicodedata.category(chr(code)) in ("Mn", "Mc")
    ]  # fmt: skip
    plain: dict[int, str | None] = {ord(letter): to for letter, to in LETTERS.items()}
    for code in range(0x660, 0x20000):
        if unicodedata.category(chr(code)) == "Nd":
            plain[code] = str(unicodedata.decimal(chr(code)))
    for first, last in SILENT:
        plain |= dict.fromkeys(range(first, last + 1))
    return "".join(map(re.escape, marks)), plain


_MARKS, _PLAIN = _tables()
_RUN = re.compile(rf"(?:[^\W_]|[{_MARKS}\u00ad\u200c\u200d])+")
_ASCII_RUN = re.compile(r"[a-z0-9]+")
_SEGMENT = re.compile(f"[{DENSE}]+|[^{DENSE}]+")
_IS_DENSE = re.compile(f"[{DENSE}]")
_JOINS = frozenset("-_./:+#")
_HAS_DIGIT = re.compile(r"\d")


def fold(text: str) -> str:
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_PLAIN).casefold()
    return unicodedata.normalize("NFC", plain.translate(_PLAIN)).replace(" ", "")


@dataclass(frozen=True, slots=True)
class Piece:
    """One word as it stands in a text. Of a dense script: one character."""

    word: str
    start: int
    end: int
    dense: bool = False
    joined: bool = False  # only a sign like - or / stands between it and the piece before it


def pieces(text: str) -> list[Piece]:
    if text.isascii():
        return _ascii_pieces(text)
    found: list[Piece] = []
    for run in _RUN.finditer(text):
        for segment in _SEGMENT.finditer(run.group()):
            start = run.start() + segment.start()
            if _IS_DENSE.match(segment.group()):
                found += _characters(segment.group(), start)
            elif word := fold(segment.group())[:LONGEST_WORD]:
                end = run.start() + segment.end()
                found.append(Piece(word, start, end, joined=_is_joined(text, found, start)))
    return found


def _ascii_pieces(text: str) -> list[Piece]:
    found: list[Piece] = []
    for run in _ASCII_RUN.finditer(text.lower()):
        start = run.start()
        found.append(
            Piece(run.group()[:LONGEST_WORD], start, run.end(), joined=_is_joined(text, found, start))
        )
    return found


def _characters(run: str, start: int) -> Iterator[Piece]:
    for at, character in enumerate(run, start):
        if word := fold(character):
            yield Piece(word, at, at + 1, dense=True)


def _is_joined(text: str, found: list[Piece], start: int) -> bool:
    return bool(found) and found[-1].end == start - 1 and text[start - 1] in _JOINS and not found[-1].dense


def knots(found: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Pieces that signs join; most stand alone."""
    knot: list[Piece] = []
    for piece in found:
        if knot and not piece.joined:
            yield knot
            knot = []
        knot.append(piece)
    if knot:
        yield knot


def whole(knot: list[Piece]) -> str:
    """An order number without its signs; empty where there is nothing to join."""
    if not 1 < len(knot) <= _KNOT:
        return ""
    joined = "".join(piece.word for piece in knot)
    return joined if len(joined) <= LONGEST_WORD and _HAS_DIGIT.search(joined) else ""


def pair(one: str, other: str) -> str:
    return f"={zlib.crc32(f'{one} {other}'.encode()) & _PAIR_BITS:x}"


def lexemes(text: str) -> set[str]:
    """Everything a message can be found by."""
    found = pieces(text[:LONGEST_TEXT])
    words = {piece.word for piece in found if not piece.dense}
    for one, other in pairwise(found):
        if one.dense and other.dense:
            words.add(one.word + other.word)
        elif one.dense:
            words.add(one.word)
        elif not other.dense:
            words.add(pair(one.word, other.word))
    if found and found[-1].dense:
        words.add(found[-1].word)
    words.update(joined for knot in knots(found) if (joined := whole(knot)))
    return words
