"""By what `from:` finds a customer: a part of their name or handle.

Capitals, accents, widths and which apostrophe it is do not matter, as in search (rules/search_words.py). Each character is read by itself, so that
PostgreSQL can be asked by a pattern for what stands in its columns: names that were taken apart anew for each row would make a list slow. What several
characters make together is therefore no other character: an accent behind its letter is left out, but か and a mark behind it stay two.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterator

from inbox.rules import search_words

_APOSTROPHES = "'`\u00b4\u02b9\u02bb\u02bc\u02bd\u02c8\u0374\u2018\u2019\u201b\u2032\u1fef\uff07\uff40"
_TWO = {"ae", "oe", "th", "ss"}  # a letter may be read as
_BEYOND = 0x20000  # stand ideographs, which no other character is read as
_SILENT = frozenset(code for first, last in search_words.SILENT for code in range(first, last + 1))
_ANY_SILENT = "[{}]*".format("".join(f"{chr(first)}-{chr(last)}" for first, last in search_words.SILENT))
_SIGNS = frozenset(string.punctuation)  # some of which mean something among letters
_NEVER = r"\Z."
_MANY_S = re.compile("s{3,}")  # are two, since each two of them may be one ß


def _read(letter: str) -> str:
    """As what a character is read, nothing where it is silent. A sign for several (㎏, ½, ﬁ) stays a sign."""
    if letter in _APOSTROPHES:
        return "'"
    if ord(letter) in _SILENT:
        return ""
    apart = [each for each in unicodedata.normalize("NFKD", letter) if ord(each) not in _SILENT]
    bare = unicodedata.normalize("NFC", "".join(apart))
    read = search_words.fold(bare) if len(bare) == 1 and bare != " " else bare
    small = letter.casefold()
    return read if len(read) == 1 or read in _TWO else small if len(small) == 1 else letter


def _read_otherwise() -> Iterator[tuple[int, str]]:
    """The characters that are read as others, with these."""
    for code in range(0x20, _BEYOND):
        letter = chr(code)
        is_plain = letter.casefold() == letter and unicodedata.is_normalized("NFKD", letter)
        if is_plain and letter not in _APOSTROPHES and search_words.fold(letter) == letter:
            continue
        if (read := _read(letter)) != letter:
            yield code, read


_READ = dict(_read_otherwise())
_ALIKE: dict[str, list[str]] = {}  # one letter, or two → the characters that are read so
for _code, _to in _READ.items():
    _ALIKE.setdefault(_to, []).append(chr(_code))


def folded(text: str) -> str:
    """What names and handles are compared by."""
    return _MANY_S.sub("ss", text.translate(_READ))


def wanted(typed: str) -> str:
    """What is looked for, without the sign of a handle. Empty where nothing is left. The same again for what it gives."""
    return " ".join(folded(" ".join(typed.split())).lstrip("@ ").split())


def pattern(words: str) -> str:
    """Of PostgreSQL, for the texts of which `folded` has `words` in it; these are folded already."""
    if not words or folded(words) != words:
        return _NEVER
    parts, at = [], 0
    while at < len(words):
        both = words[at : at + 2]
        if both == "ss":  # or more of them
            parts.append(
                f"(?:{_one('s')}{_ANY_SILENT}{_one('s', 'ss')}|{_one('ss')})(?:{_ANY_SILENT}{_one('s', 'ss')})*"
            )
        elif both in _TWO:
            parts.append(f"(?:{_one(both[0])}{_ANY_SILENT}{_one(both[1])}|{_one(both)})")
        else:
            both = words[at]
            parts.append(_one(both, *_parted(both, begins=at == len(words) - 1, ends=at == 0)))
        at += len(both)
    return _ANY_SILENT.join(parts)


def is_plain(words: str) -> bool:
    """Whether the texts that have it and are of ASCII alone have it letter for letter, but for capitals."""
    return "ss" not in words and "'" not in words


def _parted(letter: str, *, begins: bool, ends: bool) -> list[str]:
    """Of what is read as two letters only one is looked for, where it is the last letter that is, or the first."""
    return [two for two in sorted(_TWO) if (begins and two[0] == letter) or (ends and two[1] == letter)]


def _one(*read: str) -> str:
    """Any character that is read as one of these."""
    letters = {each for each in read if len(each) == 1}.union(*(_ALIKE.get(each, ()) for each in read))
    return "[{}]".format("".join(f"\\{each}" if each in _SIGNS else each for each in sorted(letters)))
