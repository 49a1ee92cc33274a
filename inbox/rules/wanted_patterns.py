"""What is looked for as patterns of PostgreSQL, for texts that no index has read. They mean what `Term.find` means. All that `search_words.fold` does to a
text is in the pattern, but for `FOLDED`, which is quick.

What they do not know: digits of other scripts; and capitals beyond Latin, where the locale of the database does not.
"""

from __future__ import annotations

import re
import unicodedata

from inbox.rules import search_words
from inbox.rules.wanted_words import Term, Wanted

# SQL; %(expressions)s is the text. Most have nothing to take apart.
FOLDED = (
    "lower(CASE WHEN octet_length(%(expressions)s) = char_length(%(expressions)s) THEN %(expressions)s"
    " ELSE normalize(%(expressions)s, NFKD) END)"
)
_SIGNS = "[-_./:+#]?"  # search_words._JOINS


def _letters() -> str:
    """Ranges of all that continues a word, without the scripts that write no spaces. Written out: what a database takes for a letter depends on
    its locale."""
    found: list[list[int]] = []
    for code in range(0x80, 0x10000):
        letter = chr(code)
        if unicodedata.category(letter)[0] in "PSZ" or _IS_OTHER.match(letter):
            continue
        if not found or found[-1][1] != code - 1:
            found.append([code, code])
        found[-1][1] = code
    return "0-9a-z" + "".join(rf"\u{first:04X}-\u{last:04X}" for first, last in found)


_IS_OTHER = re.compile(rf"[{search_words.DENSE}\x80-\x9f\ud800-\uf8ff]")
_LETTERS = _letters()
_BEGINS, _ENDS = f"(?<![{_LETTERS}])", f"(?![{_LETTERS}])"
_BETWEEN = f"[^{_LETTERS}{search_words.DENSE}]"
_SILENT = "[{}]*".format("".join(rf"\u{first:04X}-\u{last:04X}" for first, last in search_words.SILENT))
_LIKE: dict[str, str] = {}  # letters, one or two of them → what is read as they are
for _letter, _to in [("ß", "ss"), *search_words.LETTERS.items()]:
    _LIKE[_to] = _LIKE.get(_to, "") + _letter + (_letter.upper() if len(_letter.upper()) == 1 else "")


def of(wanted: Wanted) -> list[str]:
    """All of them must be in the text."""
    return [_of(term) for term in wanted.terms]


def _of(term: Term) -> str:
    ways = [_side_by_side(term)]
    number = term.whole or (term.pieces[0].word if len(term.pieces) == 1 else "")
    if re.search(r"\d", number):  # however it was written: AB1234, #AB-1234
        signs = _SIGNS.join(_word(letter) for letter in number)
        end = "" if term.open else f"(?!{_SIGNS}[{_LETTERS}])"
        ways.append(f"{_BEGINS}(?<![{_LETTERS}][-_./:+#]){signs}{end}")
    return "|".join(ways)


def _side_by_side(term: Term) -> str:
    first, last = term.pieces[0], term.pieces[-1]
    found = "" if first.dense else _BEGINS
    for before, piece in zip((None, *term.pieces), term.pieces, strict=False):
        if before is not None:
            found += f"{_BETWEEN}*" if piece.dense or before.dense else f"{_BETWEEN}+"
        found += _word(piece.word)
    return found if last.dense or term.open else f"{found}{_ENDS}"


def _word(word: str) -> str:
    """Each letter, whatever marks it bears, or what is read as it is."""
    apart, found = unicodedata.normalize("NFKD", word), ""
    at = 0
    while at < len(apart):
        letters = apart[at : at + 2] if apart[at : at + 2] in _LIKE else apart[at]
        plain = "".join(re.escape(letter) + _SILENT for letter in letters)
        found += f"(?:{plain}|[{_LIKE[letters]}]{_SILENT})" if letters in _LIKE else plain
        at += len(letters)
    return found
