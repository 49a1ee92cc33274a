"""By what a person is found: each name the platforms gave, and each handle whole (`@mara.kovac92`), without its signs, and in pieces."""

from __future__ import annotations

from collections.abc import Iterable

from inbox.rules import eras, search_words, wanted_words
from inbox.rules.wanted_words import NothingToFind

_HANDLE = "@h"  # no word begins with an @
_LONGEST = 120


def lexemes(brand_id: int, *, names: Iterable[str], usernames: Iterable[str]) -> set[str]:
    found = {eras.brand_mark(brand_id)}
    for name in names:
        found |= _words(name)
    for username in usernames:
        if handle := _handle(username):
            found |= {_HANDLE + handle, *_words(username)}
            found.add("".join(piece.word for piece in search_words.pieces(username))[:_LONGEST] or handle)
    return found


def _words(text: str) -> set[str]:
    return {word for word in search_words.lexemes(text) if not word.startswith("=")}


def _handle(username: str) -> str:
    """As it is typed after an @; what cannot stand in a handle is left out."""
    return "".join(search_words.fold(username.strip().lstrip("@")).split())[:_LONGEST]


def exact(brand_id: int, words: Iterable[str]) -> str:
    """Who has just this handle, as a tsquery; empty where more than a handle was typed."""
    typed = [word for word in words if word.strip()]
    if len(typed) != 1 or not (handle := _handle(typed[0])):
        return ""
    return f"{_quoted(eras.brand_mark(brand_id))} & {_quoted(_HANDLE + handle)}"


def beginning(brand_id: int, words: Iterable[str]) -> str:
    """Who has all of these words, or words that begin so, in names and handles. Empty where there is nothing to look for."""
    clauses = []
    for word in words:
        handle = _handle(word)
        try:
            terms = wanted_words.wanted([word.lstrip("@")]).terms
        except NothingToFind:
            continue
        pieces = [piece for term in terms for piece in term.pieces]
        if len(pieces) == 1 and len(pieces[0].word) < 2 and not pieces[0].dense:
            clauses.append(_quoted(pieces[0].word))
            continue
        if pieces[0].dense:
            clauses += [term.clause for term in terms]
            continue
        joined = "".join(piece.word for piece in pieces)
        apart = " & ".join([*(_quoted(piece.word) for piece in pieces[:-1]), f"{_quoted(pieces[-1].word)}:*"])
        clauses.append(f"({_quoted(_HANDLE + handle)}:* | {_quoted(joined)}:* | ({apart}))")
    return " & ".join([*clauses, _quoted(eras.brand_mark(brand_id))]) if clauses else ""


def _quoted(lexeme: str) -> str:
    return "'{}'".format(lexeme.replace("\\", "\\\\").replace("'", "''"))
