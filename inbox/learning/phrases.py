"""Sentences of our own writing, in six languages: what a model knows before a brand has corrected anything."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "sentences"
TAGS = "tags"
SENTIMENT = "sentiment"
OTHER = "other"  # of sentences that none of the labels is about: an example against all of them


@lru_cache(maxsize=2)
def of(kind: str) -> tuple[tuple[str, str, str], ...]:
    """(language, label, sentence) of every one of them, in a fixed order."""
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        for label, sentences in tomllib.loads(path.read_text(encoding="utf-8"))[kind].items():
            found += [(path.stem, label, sentence) for sentence in sentences]
    return tuple(found)
