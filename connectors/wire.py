"""Reading what platforms write: tolerant where they are careless, exact where it matters (ids, times, unknown text)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import orjson

from connectors.contract import ConnectorError, Malformed, Remedy
from inbox.rules import lengths

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS: Final = re.compile(r"[0-9]{1,18}")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_MILLISECONDS_FROM: Final = (
    100_000_000_000  # a smaller number is seconds: as milliseconds it would lie before 1973
)
_MICROSECONDS_FROM: Final = 100_000_000_000_000
_DEEPEST: Final = 100

length: Final = lengths.measure  # one place says how a platform counts; the composer asks it too


def decode(body: bytes) -> Any:
    """The JSON of a body. What PostgreSQL cannot hold becomes U+FFFD (NUL, lone surrogates) or null (a number beyond all floats); of
    two equal keys the last holds."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = _decode_leniently(body)
        return _storable(value, 0)
    if b"\\u0000" in body:
        return _storable(value, 0)
    return value


def _decode_leniently(body: bytes) -> Any:
    """Lone surrogates are refused by the strict parser, and customers' phones do produce them."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"This is not JSON ({type(error).__name__}).") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _storable(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise Malformed("This JSON is nested too deeply.")
    if isinstance(value, str):
        return _SURROGATES.sub("\ufffd", value).replace("\x00", "\ufffd")
    if isinstance(value, list):
        return [_storable(each, depth + 1) for each in value]
    if isinstance(value, dict):
        return {_storable(key, depth + 1): _storable(each, depth + 1) for key, each in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def encode(value: Any) -> bytes:
    return orjson.dumps(value)


def mapping(value: object) -> Mapping[str, Any]:
    """The object, or an empty one: a missing and a misshapen member read alike."""
    # What a body holds is a dict; asking an abstract class costs three times as much, twenty times a message.
    if type(value) is dict:
        return value
    return value if value and isinstance(value, Mapping) else {}


def entries(value: object) -> list[Mapping[str, Any]]:
    """The objects of a list. Graph's `{"data": […]}` counts as its list."""
    listed = value if isinstance(value, list) else mapping(value).get("data")
    return [each for each in listed if isinstance(each, (dict, Mapping))] if isinstance(listed, list) else []


def text(value: object) -> str:
    return value if isinstance(value, str) else ""


def ident(value: object) -> str:
    """An id as text. A float is no id: it has been rounded."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return ""


def exact_id(holder: Mapping[str, Any], key: str = "id") -> str:
    """`id_str` where there is one: the number beside it may already be rounded."""
    return ident(holder.get(f"{key}_str")) or ident(holder.get(key))


def need(value: str, what: str) -> str:
    if not value:
        raise Malformed(f"The item has no {what}.")
    return value


def told(value: str, what: str) -> str:
    """As `need`, of an answer to a call of ours (one that may be repeated)."""
    if not value:
        raise ConnectorError(
            f"The platform's answer holds no {what}.", remedy=Remedy.RETRY, code="incomplete"
        )
    return value


# Somebody waited in vain for an answer: the server for our words, or a gateway (522 and 524: Cloudflare's) for the server, which may be at it.
TIMED_OUT: Final = (408, 504, 522, 524)


def leaves_it_open(status: int, *, repeatable: bool, told: bool) -> bool:
    """Whether a refusal of a call that must not be repeated leaves open what became of it: a server in trouble, or whoever stands in
    between, may say so of work that is done. `told`: it says in a way of the platform's own, which we know, that it was not."""
    return not repeatable and (status in TIMED_OUT or (status >= 500 and not told))


def count(value: object) -> int | None:
    """A whole number that may come as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        return int(value.strip())
    return None


def moment(value: object) -> datetime | None:
    """A point in time from seconds, milliseconds, digits in text, or ISO 8601 (with or without the colon in the offset)."""
    if isinstance(value, str) and not _DIGITS.fullmatch(value.strip()):
        return _written_moment(value.strip())
    if isinstance(value, float) and 0 < value < _MILLISECONDS_FROM:
        return _EPOCH + timedelta(milliseconds=round(value * 1000))
    number = count(value)
    if number is None or number <= 0:
        return None
    if number < _MILLISECONDS_FROM:
        number *= 1000
    elif number >= _MICROSECONDS_FROM:
        number //= 1000
    try:
        return _EPOCH + timedelta(milliseconds=number)
    except OverflowError:
        return None


def _written_moment(value: str) -> datetime | None:
    for read in (datetime.fromisoformat, _read_old_twitter_date):
        try:
            found = read(value)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def _read_old_twitter_date(value: str) -> datetime:
    return datetime.strptime(value, "%a %b %d %H:%M:%S %z %Y")


def when(*candidates: object) -> datetime:
    """The first candidate that is a time."""
    for candidate in candidates:
        if (found := moment(candidate)) is not None:
            return found
    raise Malformed("The item has no readable time.")


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """From when the platform wants to be asked again, where the header says so: in seconds or as a date. A day at most."""
    said = headers.get("retry-after", "").strip()
    seconds = count(said)
    if seconds is None:
        try:
            seconds = round((parsedate_to_datetime(said) - now).total_seconds())
        except (ValueError, TypeError, OverflowError):
            return None
    return now + timedelta(seconds=min(max(0, seconds), 86_400))


def milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)


def derived_id(prefix: str, value: object) -> str:
    """A stable id for what the platform gave none: the same words in any key order give the same id."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return f"{prefix}:{hashlib.sha256(canonical.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def pack(state: Mapping[str, Any]) -> str:
    """A cursor: opaque to the caller, readable to us."""
    return base64.urlsafe_b64encode(encode(state)).decode("ascii")


def unpack(cursor: str) -> dict[str, Any]:
    if not cursor:
        return {}
    try:
        state = orjson.loads(base64.urlsafe_b64decode(cursor.encode("ascii", "replace")))
    except (ValueError, binascii.Error):
        state = None
    if not isinstance(state, dict):
        raise Malformed("This cursor is not one of ours.")
    return state
