"""What Meta's usage headers say. There is no Retry-After; percentages and minutes take its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from connectors import wire
from connectors.contract import Malformed, RateNotice


def notices(headers: Mapping[str, str], now: datetime) -> tuple[RateNotice, ...]:
    found = []
    app = _header(headers, "x-app-usage")
    if app:
        found.append(RateNotice("app", remaining=None, resets_at=None, used_percent=_worst(app)))
    for usages in _header(headers, "x-business-use-case-usage").values():
        for usage in wire.entries(usages):
            minutes = wire.count(usage.get("estimated_time_to_regain_access")) or 0
            resets_at = now + timedelta(minutes=min(minutes, 7 * 24 * 60)) if minutes else None
            found.append(
                RateNotice("account", remaining=None, resets_at=resets_at, used_percent=_worst(usage))
            )
    return tuple(found)


def regained_at(given: Sequence[RateNotice]) -> datetime | None:
    return max((notice.resets_at for notice in given if notice.resets_at), default=None)


def _header(headers: Mapping[str, str], name: str) -> Mapping[str, object]:
    try:
        return wire.mapping(wire.decode(headers.get(name, "").encode("utf-8", "replace")))
    except Malformed:
        return {}


def _worst(usage: Mapping[str, object]) -> int:
    return max(
        (wire.count(usage.get(name)) or 0 for name in ("call_count", "total_time", "total_cputime")),
        default=0,
    )
