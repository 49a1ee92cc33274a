"""What Meta's usage headers say. There is no Retry-After; percentages and minutes take its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from connectors import wire
from connectors.contract import Context, Malformed, RateNotice

_OURS: Final = (
    "instagram",
    "messenger",
    "",
)  # of the kinds of use; somebody's reports of ads bound no message


def notices(headers: Mapping[str, str], ctx: Context) -> tuple[RateNotice, ...]:
    found = []
    app = _header(headers, "x-app-usage")
    if app:
        found.append(RateNotice("app", remaining=None, resets_at=None, used_percent=_worst(app)))
    of_account = [
        RateNotice("account", remaining=None, resets_at=_regained(usage, ctx.now), used_percent=_worst(usage))
        for usage in _of_this_account(_header(headers, "x-business-use-case-usage"), ctx)
    ]
    if of_account:
        # One bucket is kept: the fullest kind of use closes it, and of those the one that stays closed for longest.
        found.append(max(of_account, key=lambda each: (each.used_percent or 0, each.resets_at or ctx.now)))
    return tuple(found)


def _of_this_account(usages: Mapping[str, object], ctx: Context) -> list[Mapping[str, object]]:
    """Up to 32 accounts stand in one header. A single one is meant whatever it is called: the call was ours."""
    mine = usages.get(ctx.account.external_id) if ctx.account is not None else None
    if mine is None and len(usages) == 1:
        (mine,) = usages.values()
    return [each for each in wire.entries(mine) if wire.text(each.get("type")) in _OURS]


def _regained(usage: Mapping[str, object], now: datetime) -> datetime | None:
    minutes = wire.count(usage.get("estimated_time_to_regain_access")) or 0
    return now + timedelta(minutes=min(minutes, 7 * 24 * 60)) if minutes else None


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
