"""JSON the way each side of the wire writes it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

import orjson
from starlette.responses import Response


class Malformed(ValueError):
    """A member of a body has another shape than it must have; the words say which."""

    def __init__(self, member: str, value: Any, *, wanted: str) -> None:
        super().__init__(f"{member} must be {wanted}.")
        self.member, self.value = member, value


def mapping(given: Mapping[str, Any], member: str) -> dict[str, Any]:
    value = given.get(member) or {}
    if not isinstance(value, dict):
        raise Malformed(member, value, wanted="an object")
    return value


def listed(given: Mapping[str, Any], member: str) -> list[Any]:
    value = given.get(member) or []
    if not isinstance(value, list):
        raise Malformed(member, value, wanted="a list")
    return value


def mappings(given: Mapping[str, Any], member: str) -> list[dict[str, Any]]:
    rows = listed(given, member)
    if not all(isinstance(one, dict) for one in rows):
        raise Malformed(member, rows, wanted="a list of objects")
    return rows


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
        try:
            return json.loads(data)
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error


def answer(
    payload: Any,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    media_type: str = "application/json",
) -> Response:
    return Response(plain(payload), status_code=status, headers=headers, media_type=media_type)
