"""Text as PostgreSQL can keep it: NUL and lone surrogates become U+FFFD, nothing else is touched."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

# Signs of a message that are kept. No platform lets anybody write as many, and each opening of the thread shows them all.
LONGEST: Final = 100_000
DEEPEST: Final = 100  # levels of JSON that are kept as they are


def clean(text: str) -> str:
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)
    return text


def in_one_line(text: str) -> str:
    """As a name is shown, and told in a header, where a line that ends is another header."""
    return " ".join(clean(text).split())


def clean_json(value: Any, depth: int = 0) -> Any:
    """Any value as JSON that PostgreSQL can keep: a number beyond all floats is null, what JSON has no form for is its text, and what
    lies deeper than anybody nests it is left out."""
    match value:
        case str():
            return clean(value)
        case Mapping() if depth < DEEPEST:
            return {clean(str(key)): clean_json(item, depth + 1) for key, item in value.items()}
        case list() | tuple() if depth < DEEPEST:
            return [clean_json(item, depth + 1) for item in value]
        case Mapping() | list() | tuple():
            return "\u2026"
        case float():
            return value if math.isfinite(value) else None
        case None | bool() | int():
            return value
        case _:
            return clean(str(value))
