"""What somebody looks for, as clauses for the index and as a test of a text: the index brings candidates, the text has the last word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inbox.rules import search_words
from inbox.rules.search_words import Piece

SHORTEST_BEGINNING = (
    3  # letters; a shorter last word is meant whole, or nearly everything would begin with it
)
MOST_TERMS = 12
Span = tuple[int, int]


class NothingToFind(ValueError):
    """The words of a search are only signs. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must stand side by side; mostly one. `open`: the last may go on."""

    pieces: tuple[Piece, ...]
    open: bool = False

    @property
    def whole(self) -> str:
        return search_words.whole(list(self.pieces)) if all(p.joined for p in self.pieces[1:]) else ""

    @property
    def is_loose(self) -> bool:
        """Its index entries are a range and not a few, so that it must not lead the search."""
        return self.open or (len(self.pieces) == 1 and self.pieces[0].dense)

    @property
    def is_exact(self) -> bool:
        """Whether the index knows for certain: of words side by side it knows marks, which others may share."""
        return len(self.pieces) == 1

    @property
    def clause(self) -> str:
        side_by_side = " & ".join(self._entries())
        if not self.whole:
            return f"({side_by_side})"
        return f"({_quoted(self.whole, begins=self.open)} | ({side_by_side}))"

    def _entries(self) -> list[str]:
        if len(self.pieces) == 1:
            [piece] = self.pieces
            return [_quoted(piece.word, begins=self.is_loose)]
        entries = []
        for one, other in zip(self.pieces, self.pieces[1:], strict=False):
            if one.dense and other.dense:
                entries.append(_quoted(one.word + other.word))
            elif not one.dense and not other.dense and not (self.open and other is self.pieces[-1]):
                entries.append(_quoted(search_words.pair(one.word, other.word)))
        entries += [
            _quoted(piece.word, begins=self.open and piece is self.pieces[-1])
            for piece in self.pieces
            if not piece.dense
        ]
        return entries

    def find(self, found: Sequence[Piece]) -> list[Span]:
        """Where it stands in a text that was cut into these pieces."""
        spans = []
        width = len(self.pieces)
        for at in range(len(found) - width + 1):
            if all(
                self._fits(wanted, found[at + n], last=n == width - 1) for n, wanted in enumerate(self.pieces)
            ):
                spans.append((found[at].start, found[at + width - 1].end))
        return spans or self._find_whole(found)

    def _fits(self, wanted: Piece, piece: Piece, *, last: bool) -> bool:
        return piece.word.startswith(wanted.word) if self.open and last else piece.word == wanted.word

    def _find_whole(self, found: Sequence[Piece]) -> list[Span]:
        """`AB1234` and `#AB-1234` are the same number, whichever of them was typed and whichever was written."""
        wanted = self.whole or (self.pieces[0].word if len(self.pieces) == 1 else "")
        if not wanted:
            return []
        # What the index keeps, a piece and a number without its signs, must be found here as well, or what it brings is dropped.
        spans = [(piece.start, piece.end) for piece in found if self._is(wanted, piece.word)]
        for knot in search_words.knots(found):
            if (joined := search_words.whole(knot)) and self._is(wanted, joined):
                spans.append((knot[0].start, knot[-1].end))
        return spans

    def _is(self, wanted: str, word: str) -> bool:
        return word.startswith(wanted) if self.open else word == wanted


@dataclass(frozen=True, slots=True)
class Wanted:
    terms: tuple[Term, ...]
    without: tuple[Term, ...] = ()

    @property
    def every(self) -> str:
        """All clauses, as a tsquery."""
        unwanted = [f"!{term.clause}" for term in self.without if term.is_exact]
        return " & ".join([*(term.clause for term in self.terms), *unwanted])

    @property
    def leading(self) -> str:
        """Those the index should be asked for; empty where all of them are beginnings of words."""
        return " & ".join(term.clause for term in self.terms if not term.is_loose)

    def find(self, text: str) -> list[Span] | None:
        """Where the text says it, in order and without overlaps. None: it does not say all of it (any more)."""
        found = search_words.pieces(text)
        spans: list[Span] = []
        for term in self.terms:
            here = term.find(found)
            if not here:
                return None
            spans += here
        if any(term.find(found) for term in self.without):
            return None
        return _merged(spans)


def wanted(words: Iterable[str], without: Iterable[str] = (), *, goes_on: bool = False) -> Wanted:
    """`goes_on`: the last of the words may be the beginning of one. Raises NothingToFind."""
    words = [word for word in words if word.strip()]
    terms: list[Term] = []
    for word in words:
        begins = word.endswith("*") or (goes_on and word is words[-1])
        terms += _terms(word, begins=begins)
    if not terms:
        raise NothingToFind("Type a word, a name or a number; signs alone cannot be found.")
    if len(terms) > MOST_TERMS:
        raise NothingToFind(f"Search for at most {MOST_TERMS} words at a time; this is {len(terms)}.")
    unwanted = [term for word in without for term in _terms(word, begins=word.endswith("*"))]
    return Wanted(tuple(dict.fromkeys(terms)), tuple(dict.fromkeys(unwanted)))


def _terms(text: str, *, begins: bool = False) -> list[Term]:
    """What was typed without a space, or between quotes, stands side by side: `e-mail`, `l'été`, `AB-1234`, 返金してください."""
    found = search_words.pieces(text[: search_words.LONGEST_TEXT])
    if not found:
        return []
    return [Term(tuple(_bare(found)), open=begins and _may_go_on(found))]


def _may_go_on(found: list[Piece]) -> bool:
    """Of a number whose first piece is known already, one digit more is enough; a Korean syllable holds several letters."""
    last = found[-1]
    says_much = len(last.word) >= SHORTEST_BEGINNING or "\uac00" <= last.word[0] <= "\ud7a3"
    return not last.dense and (len(found) > 1 or says_much)


def _bare(group: list[Piece]) -> list[Piece]:
    """Pieces without their places, so that the same word asked twice is one term."""
    return [Piece(piece.word, 0, 0, piece.dense, piece.joined and at > 0) for at, piece in enumerate(group)]


def _quoted(lexeme: str, *, begins: bool = False) -> str:
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}':*" if begins else f"'{escaped}'"


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
