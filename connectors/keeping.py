"""An event as JSON and back, whole: what a poll or a history brought exists nowhere else once the cursor has moved on."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from connectors.contract import InboundEvent, Malformed

_KINDS = {kind.__name__: kind for kind in typing.get_args(InboundEvent)}


def written(event: InboundEvent) -> dict[str, Any]:
    return {"parley_event": type(event).__name__, "fields": _plain(event)}


def is_written(payload: Mapping[str, Any]) -> bool:
    return set(payload) == {"parley_event", "fields"}


def read(payload: Mapping[str, Any]) -> InboundEvent:
    """Raises Malformed for what was written by a version that knew other events."""
    try:
        event: InboundEvent = _revived(payload["fields"], _KINDS[payload["parley_event"]])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Malformed(f"The kept event cannot be read ({type(error).__name__}).") from error
    return event


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    match value:
        case datetime():
            return value.isoformat()
        case StrEnum():
            return value.value
        case list() | tuple():
            return [_plain(each) for each in value]
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)


@lru_cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _revived(value: Any, kind: Any) -> Any:
    """The value as its annotation says."""
    origin = typing.get_origin(kind)
    if origin is types.UnionType:
        inner = next(each for each in typing.get_args(kind) if each is not types.NoneType)
        return None if value is None else _revived(value, inner)
    if origin is tuple:
        return tuple(_revived(each, typing.get_args(kind)[0]) for each in value)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        return kind(**{name: _revived(each, hints[name]) for name, each in value.items()})
    if kind is datetime:
        return datetime.fromisoformat(value)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(value)
    return value
