"""What platforms say of their limits, kept and obeyed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import connection, transaction

from connectors.clock import Clock
from connectors.contract import ConnectorError, Context, RateNotice, Remedy
from connectors.models import RateBudget
from inbox import platforms
from inbox.models import Channel
from inbox.platforms import Pace, Quota

A_WHILE = timedelta(seconds=20)  # where a limit is used up and the platform does not say until when
LONGEST_TURN = timedelta(seconds=20)  # one that is later was given by a clock that is wrong
USED_UP = "The platform's limit is used up for now."
IN_LINE = "Others are in line at the platform's pace."
_MOST = 2**31 - 1


def limits_of(what: str) -> frozenset[str]:
    """The buckets that bound one kind of call: its own, those of the whole account and app, and those that count a day."""
    return frozenset({what, f"{what} day", f"{what} app day", "account", "app"})


def is_used_up(notice: RateNotice) -> bool:
    return notice.remaining == 0 or (notice.used_percent or 0) >= 100


def resets_at(notice: RateNotice, now: datetime) -> datetime | None:
    return notice.resets_at or (now + A_WHILE if is_used_up(notice) else None)


@transaction.atomic
def keep(*, channel_id: int, notices: Sequence[RateNotice], now: datetime) -> None:
    for notice in notices:
        if notice.expected is not None:
            _count(channel_id, notice.bucket, notice.expected, now)
            continue
        RateBudget.objects.update_or_create(
            channel_id=channel_id,
            bucket=notice.bucket[:40],
            defaults={
                "remaining": _kept(notice.remaining),
                "used_percent": _kept(notice.used_percent),
                "resets_at": resets_at(notice, now),
                "seen_at": now,
            },
        )


def _count(channel_id: int, bucket: str, quota: Quota, now: datetime) -> None:
    """A call whose answer told no limit: one less is left of what was told before, or else of what the platform's pages say."""
    kept, _ = RateBudget.objects.select_for_update().get_or_create(
        channel_id=channel_id, bucket=bucket[:40], defaults={"seen_at": now}
    )
    left, resets = kept.remaining, kept.resets_at
    if left is None or resets is None or resets <= now:
        left, resets = quota.calls, now + quota.window
    RateBudget.objects.filter(pk=kept.pk).update(
        remaining=max(0, left - 1), used_percent=None, resets_at=resets, seen_at=now
    )


def _kept(number: int | None) -> int | None:
    """As large as its column: what a header says is no reason to lose what the answer said."""
    return None if number is None else max(-_MOST, min(number, _MOST))


def used_up_until(
    notices: Sequence[RateNotice], *, buckets: frozenset[str], now: datetime
) -> datetime | None:
    """Until when nothing may be asked, going by these notices: the latest reset of a limit that is used up."""
    resets = [
        at
        for notice in notices
        if notice.bucket in buckets and is_used_up(notice) and (at := resets_at(notice, now)) and at > now
    ]
    return max(resets, default=None)


def closed_until(*, channel_id: int, buckets: frozenset[str], now: datetime) -> datetime | None:
    """The same, going by what was kept."""
    kept = RateBudget.objects.filter(channel_id=channel_id, bucket__in=buckets, resets_at__gt=now)
    return used_up_until([_notice(each) for each in kept], buckets=buckets, now=now)


def check(*, channel_id: int, buckets: frozenset[str], now: datetime) -> None:
    """Raises RETRY, with the time, where one of these is used up."""
    if until := closed_until(channel_id=channel_id, buckets=buckets, now=now):
        raise ConnectorError(USED_UP, remedy=Remedy.RETRY, retry_at=until, throttled=True)


def heeded(
    context: Context, *, channel: Channel, clock: Clock, pause: Callable[[float], None] = time.sleep
) -> Context:
    """The same for a connector that knows better than its caller which limit each of its calls meets. Calls that have a pace wait for their
    turn."""
    wait = in_turn(context, channel=channel, pause=pause).ahead

    def ahead(bucket: str) -> None:
        check(channel_id=channel.pk, buckets=limits_of(bucket), now=clock())
        wait(bucket)

    def heard(notices: Sequence[RateNotice]) -> None:
        if told := [each for each in notices if is_used_up(each) or each.expected is not None]:
            keep(channel_id=channel.pk, notices=told, now=clock())

    return replace(context, ahead=ahead, heard=heard)


def in_turn(context: Context, *, channel: Channel, pause: Callable[[float], None] = time.sleep) -> Context:
    """The same where the limits were looked at before: calls that have a pace wait for their turn, and none is refused in the middle."""
    paces = platforms.get(channel.platform).paces

    def ahead(bucket: str) -> None:
        if bucket in paces and (wait := _turn(channel.pk, bucket, paces[bucket])) and wait > 0:
            pause(wait)

    return replace(context, ahead=ahead)


def at_once(context: Context, *, channel: Channel) -> Context:
    """The same for what gives way: a call whose turn is not there at once takes none, and is refused."""
    paces = platforms.get(channel.platform).paces

    def ahead(bucket: str) -> None:
        if bucket in paces and _turn(channel.pk, bucket, paces[bucket], waits=False) is None:
            raise ConnectorError(IN_LINE, remedy=Remedy.RETRY)

    return replace(context, ahead=ahead)


_TAKE_TURN = """
    INSERT INTO connectors_ratebudget AS kept (channel_id, bucket, resets_at, seen_at)
    VALUES (%(channel)s, %(bucket)s, clock_timestamp() + make_interval(secs => %(gap)s), clock_timestamp())
    ON CONFLICT (channel_id, bucket) DO UPDATE
       SET resets_at = make_interval(secs => %(gap)s) + least(
               greatest(kept.resets_at, clock_timestamp()), clock_timestamp() + make_interval(secs => %(longest)s)
           ),
           seen_at = clock_timestamp()
     WHERE %(waits)s OR coalesce(kept.resets_at <= clock_timestamp(), true)
    RETURNING extract(epoch FROM kept.resets_at - clock_timestamp()) - %(gap)s
"""


def _turn(channel_id: int, bucket: str, pace: Pace, *, waits: bool = True) -> float | None:
    """Take one. It is there in so many seconds; None: there was none at once for whoever does not wait. Turns are taken in a row of the
    account's own: walks, looks and people who ask for a thread are in many processes. The database's clock gives them, because those of
    hosts differ by many turns; and in one statement, so that none is held by whoever stops in the middle."""
    name = f"{bucket}{RateBudget.TURN}"[:40]
    seconds = {"gap": 1 / pace.per_second, "longest": LONGEST_TURN.total_seconds()}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_TURN, {"channel": channel_id, "bucket": name, "waits": waits, **seconds})
        taken = cursor.fetchone()
    return float(taken[0]) if taken else None


def closed_channels(*, buckets: frozenset[str], now: datetime) -> set[int]:
    """All of whom nothing may be asked now, going by what was kept."""
    kept = RateBudget.objects.filter(bucket__in=buckets, resets_at__gt=now)
    return {each.channel_id for each in kept if is_used_up(_notice(each))}


def _notice(kept: RateBudget) -> RateNotice:
    return RateNotice(kept.bucket, kept.remaining, kept.resets_at, kept.used_percent)
