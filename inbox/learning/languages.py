"""Which of a brand's languages a message is written in."""

from __future__ import annotations

import copy
import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import Any

from inbox import learning
from inbox.rules import language_names

LONGEST = 600  # characters; more of the same language says nothing new
# So many times as likely as the next language a guess must be to be gone by. "Hi" is as likely in each of them.
EVIDENCE = 5
# An address is looked for where a word begins only: otherwise each sign of a long word would begin a search of its own.
_NOT_WORDS = re.compile(r"https?://\S+|www\.\S+|[@#]\w+|(?<!\S)[^\s@]+@[^\s@]+\.\S+")
# Who writes in an alphabet that is not Latin, by the first word of its characters' Unicode names. All others write in Latin letters…
_WRITTEN_IN = {
    "CJK": {"zh", "ja", "yue", "wuu"}, "HIRAGANA": {"ja"}, "KATAKANA": {"ja"}, "HANGUL": {"ko"},
    "ARABIC": {"ar", "fa", "ur", "ps", "arz", "ary", "sdh", "ug", "uzs"}, "HEBREW": {"he", "hbo"}, "GREEK": {"el", "grc"},
    "CYRILLIC": {"ru", "uk", "bg", "sr", "mk", "be", "kk", "mn", "ky", "tg", "tt", "ba", "uz"}, "ARMENIAN": {"hy"}, "GEORGIAN": {"ka"},
    "DEVANAGARI": {"hi", "mr", "ne", "sa", "gom"}, "BENGALI": {"bn", "as"}, "GUJARATI": {"gu"}, "GURMUKHI": {"pa"}, "ORIYA": {"or"},
    "TAMIL": {"ta"}, "TELUGU": {"te"}, "KANNADA": {"kn"}, "MALAYALAM": {"ml"}, "SINHALA": {"si"}, "TIBETAN": {"dz"},
    "THAI": {"th"}, "LAO": {"lo"}, "KHMER": {"km"}, "MYANMAR": {"my"}, "ETHIOPIC": {"am"},
}  # fmt: skip
_IN_LATIN_TOO = {"sr", "uz"}  # …and these in both
_WITHOUT_BLANKS = {"CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN"}
_LETTERS_OF_A_WORD = 2  # in these, about
_AFTER_LATIN = "\u0250"

_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Heard:
    """`language`: the likeliest of them, however unlikely. Empty: it is written in none of them, or has no words. `sure` is between 0 and 1;
    `odds`: how many times as likely it is as the next."""

    language: str = ""
    sure: float = 0.0
    odds: float = 1.0

    @property
    def told(self) -> str:
        """What may decide something. Empty where the words do not say enough."""
        return self.language if self.odds >= EVIDENCE else ""

    def among(self, spoken: str) -> str:
        """What a message is in where `spoken` is spoken: a few words that could be any language are in that one."""
        return self.told or (self.language and spoken)


UNHEARD = Heard()


def hear(text: str, among: tuple[str, ...]) -> Heard:
    """The language of a text, of these. Names of people and addresses of pages are left out: they belong to no language. So is what is none,
    and was kept where nothing could check it."""
    words, letters = _words_and_letters(text)
    if not among or not letters:
        return UNHEARD
    can_be_told = known()
    possible = tuple(language for language in _written_like(letters, among) if language in can_be_told)
    if not possible:
        return UNHEARD
    if len(possible) == 1:
        # One language with this alphabet is the answer only where the alphabet says something.
        return Heard(possible[0], 1.0, inf)
    (language, sure), *others = _identifier(possible).rank(words)
    return Heard(language, float(sure), sure / others[0][1] if others and others[0][1] else inf)


def is_foreign(text: str, among: tuple[str, ...]) -> bool:
    """Whether it is in an alphabet that none of these is written in. Needs no model. Without letters, and without languages, nothing is. What is
    no language counts for none.

    Nothing in Latin letters is either: "ok" and the number of a part are said in every language, and many write their own in them.
    """
    spoken = tuple(language for language in among if language in language_names.NAMES)
    _, letters = _words_and_letters(
        unicodedata.normalize("NFKC", text[:LONGEST])
    )  # wide and adorned ones, too
    return bool(spoken and letters) and not _is_latin(letters) and not _written_like(letters, spoken)


def _words_and_letters(text: str) -> tuple[str, list[str]]:
    words = _NOT_WORDS.sub(" ", text)[:LONGEST]
    return words, [character for character in words if character.isalpha()]


def count_words(text: str) -> int:
    """Between blanks, and by the letters where a language has none between its words."""
    without = sum(letter.isalpha() and _alphabet(letter) in _WITHOUT_BLANKS for letter in text[:LONGEST])
    return max(len(text.split()), without // _LETTERS_OF_A_WORD)


def _written_like(letters: list[str], among: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the languages that use the alphabet of most of these letters."""
    if _is_latin(letters):
        elsewhere = set().union(*_WRITTEN_IN.values()) - _IN_LATIN_TOO
        return tuple(language for language in among if language not in elsewhere)
    alphabets = {_alphabet(letter) for letter in letters if letter >= _AFTER_LATIN}
    users = set().union(*(_WRITTEN_IN.get(name, set()) for name in alphabets))
    return tuple(language for language in among if language in users)


def _is_latin(letters: list[str]) -> bool:
    """Half of them at least."""
    latin = sum(letter < _AFTER_LATIN or _alphabet(letter) == "LATIN" for letter in letters)
    return latin * 2 >= len(letters)


@lru_cache(maxsize=4096)
def _alphabet(letter: str) -> str:
    return unicodedata.name(letter, "UNKNOWN").split(" ")[0].split("-")[0]


def known() -> frozenset[str]:
    """Codes of all languages that can be told apart. Empty where the packages are not installed."""
    return _told_apart() if learning.LANGUAGES_INSTALLED else frozenset()


@lru_cache(maxsize=1)
def _told_apart() -> frozenset[str]:
    return frozenset(_full_model().nb_classes) - {"zxx"}  # which stands for words of none


def _full_model() -> Any:
    with _lock:
        return _load()


@lru_cache(maxsize=1)
def _load() -> Any:
    from py3langid.langid import (
        MODEL_FILE,
        LanguageIdentifier,
    )  # a second to load; only where it is asked for

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@lru_cache(maxsize=64)
def _identifier(among: tuple[str, ...]) -> Any:
    """The shared model seen through a few languages. Reading from it changes nothing, so threads may share it."""
    full = _full_model()
    narrow = copy.copy(full)
    narrow.set_languages(list(among))
    return narrow
