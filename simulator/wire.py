"""JSON the way each side of the wire writes it."""

import json
from dataclasses import asdict, is_dataclass
from typing import Any

import orjson
from starlette.responses import Response


def escaped(payload: Any) -> bytes:
    r"""Meta signs non-ASCII as lowercase \uXXXX, so the bytes hold nothing but ASCII."""
    return json.dumps(payload, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def plain(payload: Any) -> bytes:
    """UTF-8 JSON. A lone surrogate has no UTF-8 form, so such a payload falls back to escapes."""
    try:
        return orjson.dumps(payload)
    except (TypeError, ValueError):
        return escaped(_plain_types(payload))


def _plain_types(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, dict):
        return {str(key): _plain_types(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_types(item) for item in value]
    return value


def turned(value: Any) -> Any:
    """The same JSON in other bytes: the members of each object stand the other way round."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    return [turned(item) for item in value] if isinstance(value, list) else value


def loads(data: bytes | str) -> Any:
    """The stdlib reader keeps lone surrogates and NUL, which orjson refuses."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return json.loads(data)


def answer(
    payload: Any,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    media_type: str = "application/json",
) -> Response:
    return Response(plain(payload), status_code=status, headers=headers, media_type=media_type)
