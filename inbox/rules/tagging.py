"""Which tag rules a customer's message meets.

A rule's condition has up to five parts, and all that are given must hold: `words` (one of these is said), `without` (none of these
is said), `languages`, `platforms` and `kinds` (direct, group, comment). A word is compared whole, whatever its case and accents;
`refund*` means every word that begins so; several words stand next to each other. A rule without any of the first, third, fourth or
fifth part would mean every message, and is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MOST_WORDS = 200
LONGEST_WORD = 80
LISTS = ("words", "without", "languages", "platforms", "kinds")

_TOKEN = re.compile(r"\w+")
_TOKEN_AND_SIGNS = re.compile(r"(\w+)([+#]*)")
# Writing that puts no spaces between words: a word is looked for anywhere.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


# Asks for an emoji as a picture, or as a sign of the text; phones write "❤" with it and without it.
_AS_PICTURE = "\ufe0f\ufe0e"
# C++, C#, A+: what is meant is more than the letter before. Behind longer words (18+, Disney+) and between words (black+white) people
# write the sign or not, and mean the same.
_SIGNED = re.compile(r"(?<!\w)[^\W\d_][+#]+(?![\w+#])")


class InvalidCondition(ValueError):
    """The condition cannot be read; says why in words a manager understands."""


@dataclass(frozen=True, slots=True)
class Condition:
    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    languages: frozenset[str] = frozenset()
    platforms: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()

    def as_json(self) -> dict[str, list[str]]:
        """What is kept in the rule's row; parts that ask nothing are left out."""
        return {name: sorted(part) if isinstance(part, frozenset) else list(part)
                for name in LISTS if (part := getattr(self, name))}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A customer's message, as far as rules look at it."""

    text: str
    language: str = ""
    platform: str = ""
    kind: str = "direct"


@dataclass(frozen=True, slots=True)
class Hit:
    rule_id: int
    because: str  # the word that was said, or what else was met


def parse(given: Mapping[str, Any]) -> Condition:
    """Read a condition, or say what is wrong with it."""
    if unknown := set(given) - set(LISTS):
        raise InvalidCondition(f"Nothing is known of “{min(unknown)}”.")
    parts: dict[str, list[str]] = {}
    for name in LISTS:
        values = given.get(name, [])
        if not isinstance(values, list | tuple) or not all(isinstance(value, str) for value in values):
            raise InvalidCondition(f"“{name}” must be a list of words.")
        cleaned = [" ".join(value.split()) for value in values]
        parts[name] = list(dict.fromkeys(value for value in cleaned if value))
    for word in (*parts["words"], *parts["without"]):
        if len(word) > LONGEST_WORD:
            raise InvalidCondition(f"“{word[:30]}…” is longer than {LONGEST_WORD} characters.")
        if not _phrase(word).means_something:
            raise InvalidCondition(f"“{word}” holds nothing that could be looked for.")
    if len(parts["words"]) + len(parts["without"]) > MOST_WORDS:
        raise InvalidCondition(f"A rule holds at most {MOST_WORDS} words.")
    if not any(parts[name] for name in LISTS if name != "without"):
        raise InvalidCondition("A rule needs words, a language, a network or a kind; otherwise it would mean every message.")  # fmt: skip
    return Condition(
        words=tuple(parts["words"]),
        without=tuple(parts["without"]),
        languages=frozenset(parts["languages"]),
        platforms=frozenset(parts["platforms"]),
        kinds=frozenset(parts["kinds"]),
    )


def fold(text: str) -> str:
    """Letters without case and accents, apostrophes of one kind: how customers type is not how words are spelled."""
    text = text.casefold()
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKD", text)
    kept = (each for each in plain if not unicodedata.combining(each) and each not in _AS_PICTURE)
    return "".join(kept).casefold()


@dataclass(frozen=True, slots=True)
class _Phrase:
    given: str
    tokens: tuple[str, ...] = ()
    begins: tuple[bool, ...] = ()  # of each token: it need only be the beginning of what was said
    anywhere: str = ""  # for writing without spaces, and for emoji
    signs: tuple[
        str, ...
    ] = ()  # of each token: what must stand right behind it; empty where signs count for nothing

    @property
    def means_something(self) -> bool:
        return bool(self.tokens or self.anywhere)

    def stands_at(self, said: list[tuple[str, str]], place: int) -> bool:
        """`said`: each token with the signs right behind it."""
        if place + len(self.tokens) > len(said):
            return False
        return all(
            (word.startswith(token) if begins else word == token) and (not signs or behind == signs)
            for (word, behind), token, begins, signs in zip(
                said[place : place + len(self.tokens)], self.tokens, self.begins, self.signs, strict=True
            )
        )


def _phrase(given: str) -> _Phrase:
    folded = fold(given)
    if _UNSPACED.search(folded) or not _TOKEN.search(folded):
        return _Phrase(given, anywhere=folded.replace("*", "").strip())
    tokens: list[str] = []
    begins: list[bool] = []
    signs: list[str] = []
    for match in _TOKEN.finditer(folded):
        tokens.append(match.group())
        begins.append(folded[match.end() : match.end() + 1] == "*")
        signed = _SIGNED.match(folded, match.start())
        signs.append(signed.group()[1:] if signed else "")
    return _Phrase(given, tuple(tokens), tuple(begins), signs=tuple(signs))


class Rules:
    """The rules of a brand, made ready once: a message costs a look-up per word, however many rules there are."""

    def __init__(self, rules: Iterable[tuple[int, Condition]]) -> None:
        self._rules = list(rules)
        self._whole: dict[str, list[tuple[int, bool, _Phrase]]] = defaultdict(list)
        self._beginnings: dict[str, list[tuple[int, bool, _Phrase]]] = defaultdict(list)
        self._anywhere: list[tuple[int, bool, _Phrase]] = []
        for place, (_, condition) in enumerate(self._rules):
            for wanted, words in ((True, condition.words), (False, condition.without)):
                for word in words:
                    self._file(place, wanted, _phrase(word))
        self._lengths = sorted({len(beginning) for beginning in self._beginnings})
        self.ask_language = any(condition.languages for _, condition in self._rules)

    def _file(self, place: int, wanted: bool, phrase: _Phrase) -> None:
        if phrase.anywhere:
            self._anywhere.append((place, wanted, phrase))
        elif phrase.tokens:
            index = self._beginnings if phrase.begins[0] else self._whole
            index[phrase.tokens[0]].append((place, wanted, phrase))

    def hits(self, said: Said) -> list[Hit]:
        """Every rule that the message meets, in the rules' order."""
        if not self._rules:
            return []
        found, unwanted = self._words_of(fold(said.text))
        met = []
        for place, (rule_id, condition) in enumerate(self._rules):
            if place in unwanted or (condition.words and place not in found):
                continue
            if condition.languages and said.language not in condition.languages:
                continue
            if condition.platforms and said.platform not in condition.platforms:
                continue
            if condition.kinds and said.kind not in condition.kinds:
                continue
            met.append(Hit(rule_id, found.get(place, "")))
        return met

    def _words_of(self, folded: str) -> tuple[dict[int, str], set[int]]:
        """Of each rule the first of its words that is said, and the rules of which an unwanted one is."""
        found: dict[int, str] = {}
        unwanted: set[int] = set()
        tokens: list[tuple[str, str]] = _TOKEN_AND_SIGNS.findall(folded)
        for at, (token, _) in enumerate(tokens):
            candidates = list(self._whole.get(token, ()))
            for length in self._lengths:
                candidates += self._beginnings.get(token[:length], ()) if len(token) >= length else ()
            for place, wanted, phrase in candidates:
                if phrase.stands_at(tokens, at):
                    if wanted:
                        found.setdefault(place, phrase.given)
                    else:
                        unwanted.add(place)
        for place, wanted, phrase in self._anywhere:
            if phrase.anywhere in folded:
                if wanted:
                    found.setdefault(place, phrase.given)
                else:
                    unwanted.add(place)
        return found, unwanted
