"""A payload as operations may see it: its shape, ids and times, and nothing of what people wrote, of where they are, or may do with a token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SHOWN_TEXT = 4  # characters of a long word that is an id
# What tells of shape and order. Everything else that is text is somebody's words, a name or a secret, and a number may be where they are.
_PLAIN = frozenset(
    "kind type event event_type event_name object field item action code state status id ids mid pk parley_event account_ids"
    " timestamp time at created_at sent_at created_time version platform external_id thread_id target reply_to order_key mime".split()
)
DEPTH = 12


def masked(value: Any, name: str = "", depth: int = 0) -> Any:
    if depth > DEPTH:
        return "…"
    if isinstance(value, Mapping):
        return {str(key)[:60]: masked(inner, str(key), depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [masked(inner, name, depth + 1) for inner in value[:50]]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if _is_plain(name) else "[a number]"
    return _masked_text(str(value), name)


def _masked_text(text: str, name: str) -> str:
    if not text:
        return text
    if _is_plain(name):
        return text if len(text) <= 60 else text[:56] + "…"
    return f"[{len(text)} characters]"


def _is_plain(name: str) -> bool:
    lowered = name.lower()
    return lowered in _PLAIN or lowered.endswith(("_id", "_at"))
