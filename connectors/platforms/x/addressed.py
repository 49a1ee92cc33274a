"""Whom an answer speaks to: X puts their names in front of its words. Names that its author wrote stay."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from connectors import wire

_NAMES: Final = re.compile(r"(?:@\w{1,50}\s+)+", re.ASCII)


def words(text: str, told: Mapping[str, Any], answered: str) -> str:
    """`told`: what holds the text that X shows, and where its words begin there; or, at the least, that a mention of whoever is answered
    stands first."""
    front = _front(wire.text(told.get("full_text")) or wire.text(told.get("text")), told, answered)
    said = text.removeprefix(front)
    return said if said and _NAMES.fullmatch(front) else text


def _front(text: str, told: Mapping[str, Any], answered: str) -> str:
    shown = told.get("display_text_range")
    if isinstance(shown, list):
        return text[: (wire.count(shown[0]) if shown else 0) or 0]
    end = _mention_in_front(wire.mapping(told.get("entities")), answered)
    return text[: len(text) - len(text[end:].lstrip())] if end else ""


def _mention_in_front(entities: Mapping[str, Any], answered: str) -> int:
    for each in (*wire.entries(entities.get("mentions")), *wire.entries(entities.get("user_mentions"))):
        given = each.get("indices")
        start, end = (
            given if isinstance(given, list) and len(given) == 2 else (each.get("start"), each.get("end"))
        )
        if wire.count(start) == 0 and answered and wire.exact_id(each) == answered:
            return wire.count(end) or 0
    return 0
