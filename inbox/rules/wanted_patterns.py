"""What is looked for as patterns of PostgreSQL, for texts that no index has read. They mean what `Term.find` means; the texts are to be folded first,
nearly as `search_words.fold` does it (`FOLDED`).

What they do not know: digits of other scripts; and capitals beyond Latin, where the locale of the database does not.
"""

from __future__ import annotations

import re

from inbox.rules import search_words
from inbox.rules.wanted_words import Term, Wanted

_SIGNS = "[-_./:+#]"  # search_words._JOINS
# Written out, for what a database takes for a letter depends on its locale. Scripts without spaces are not among them.
_LETTERS = (
    r"0-9a-z\u00AA\u00B5\u00BA\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u0DFF\u0F00-\u0FFF\u10A0-\u177F\u1800-\u1FFF\u2C00-\u2DFF\uA000-\uD7FF"
    r"\uFB00-\uFDFF\uFE70-\uFEFC"
)
_BEGINS, _ENDS = f"(?<![{_LETTERS}])", f"(?![{_LETTERS}])"
_BETWEEN = f"[^{_LETTERS}{search_words.DENSE}]"
_SINGLE = {letter: to for letter, to in search_words.LETTERS.items() if len(to) == 1}
_SINGLE |= {letter.upper(): to for letter, to in _SINGLE.items() if len(letter.upper()) == 1}
_SEVERAL = {"ß": "ss", "ẞ": "ss"} | {letter: to for letter, to in search_words.LETTERS.items() if len(to) > 1}
_SEVERAL |= {letter.upper(): to for letter, to in _SEVERAL.items() if len(letter.upper()) == 1}


def _folded() -> str:
    silent = "".join(rf"\u{first:04X}-\u{last:04X}" for first, last in search_words.SILENT)
    bare = f"regexp_replace(lower(normalize(%(expressions)s, NFKD)), '[{silent}]+', '', 'g')"
    plain = f"translate(normalize({bare}, NFC), '{''.join(_SINGLE)}', '{''.join(_SINGLE.values())}')"
    for letter, to in _SEVERAL.items():
        plain = f"replace({plain}, '{letter}', '{to}')"
    # Most texts have nothing to fold but capitals.
    is_ascii = "octet_length(%(expressions)s) = char_length(%(expressions)s)"
    return f"CASE WHEN {is_ascii} THEN lower(%(expressions)s) ELSE {plain} END"


FOLDED = _folded()  # SQL; %(expressions)s is the text


def of(wanted: Wanted) -> list[str]:
    """All of them must be in the text."""
    return [_of(term) for term in wanted.terms]


def _of(term: Term) -> str:
    ways = [_side_by_side(term)]
    number = term.whole or (term.pieces[0].word if len(term.pieces) == 1 else "")
    if re.search(r"\d", number):  # however it was written: AB1234, #AB-1234
        signs = f"{_SIGNS}?".join(re.escape(letter) for letter in number)
        end = "" if term.open else f"(?!{_SIGNS}?[{_LETTERS}])"
        ways.append(f"{_BEGINS}(?<![{_LETTERS}]{_SIGNS}){signs}{end}")
    return "|".join(ways)


def _side_by_side(term: Term) -> str:
    first, last = term.pieces[0], term.pieces[-1]
    found = "" if first.dense else _BEGINS
    for before, piece in zip((None, *term.pieces), term.pieces, strict=False):
        if before is not None:
            found += f"{_BETWEEN}*" if piece.dense or before.dense else f"{_BETWEEN}+"
        found += re.escape(piece.word)
    return found if last.dense or term.open else f"{found}{_ENDS}"
