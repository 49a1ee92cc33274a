"""X tells its limits with every answer, as a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from connectors import wire
from connectors.contract import RateNotice
from connectors.platforms.x.manifest import MANIFEST

_WINDOW: Final = timedelta(minutes=15)
_LONGEST: Final = timedelta(days=1)  # of the limits that headers tell, whatever they say
_DAYS: Final = (("x-user-limit-24hour", "day"), ("x-app-limit-24hour", "app day"))


def notices(headers: Mapping[str, str], bucket: str, now: datetime) -> tuple[RateNotice, ...]:
    found = [_notice(headers, "x-rate-limit", bucket, now)]
    found += [_notice(headers, prefix, f"{bucket} {name}", now) for prefix, name in _DAYS]
    return tuple(each for each in found if each is not None)


def of_answer(headers: Mapping[str, str], bucket: str, now: datetime) -> tuple[RateNotice, ...]:
    """Of a call that X did: where no header tells its limit, it counts against the one of X's pages."""
    found = notices(headers, bucket, now)
    return (*untold(found, bucket), *found)


def untold(found: Sequence[RateNotice], bucket: str) -> tuple[RateNotice, ...]:
    """What such a call counts against, where none of these tells its limit."""
    quota = MANIFEST.quotas.get(bucket)
    if quota is None or any(each.bucket == bucket for each in found):
        return ()
    return (RateNotice(bucket, remaining=None, resets_at=None, expected=quota),)


def _notice(headers: Mapping[str, str], prefix: str, bucket: str, now: datetime) -> RateNotice | None:
    remaining = wire.count(headers.get(f"{prefix}-remaining"))
    if remaining is None:
        return None
    resets_at = wire.moment(headers.get(f"{prefix}-reset"))
    limit = wire.count(headers.get(f"{prefix}-limit"))
    used = 100 - min(100, remaining * 100 // limit) if limit else None
    resets_at = min(resets_at, now + _LONGEST) if resets_at else None
    return RateNotice(bucket, remaining=remaining, resets_at=resets_at, used_percent=used)


def retry_at(headers: Mapping[str, str], now: datetime) -> datetime:
    """When a 429 ends: the latest reset of what is used up, else what Retry-After says, else one window from now."""
    spent = [each.resets_at for each in notices(headers, "", now) if each.remaining == 0 and each.resets_at]
    if spent and max(spent) > now:
        return max(spent)
    if told := wire.retry_after(headers, now):
        return told
    if spent:  # a reset in the past: their clock and ours differ, and a short pause costs little
        return now + timedelta(seconds=60)
    return now + _WINDOW
