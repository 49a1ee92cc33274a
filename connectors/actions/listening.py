"""Counting who writes when, so that silence can be told from quiet. By messages in the order in which they came to us."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Max, Q, Value
from django.db.models.functions import Coalesce

from connectors.actions import _covering
from connectors.models import Alarm, AlarmKind, ArrivalsCounted, Gap, GapCause, HourOfArrivals
from connectors.rules import silence
from inbox import platforms
from inbox.models import Channel, Message

_EVER = datetime.min.replace(tzinfo=UTC)
BATCH = 5000
OUTAGES = (AlarmKind.DISCONNECTED, AlarmKind.RESTRICTED)  # what is written meanwhile may not have come
COUNT = """
    INSERT INTO connectors_hourofarrivals (channel_id, hour, messages)
    SELECT channel_id, date_trunc('hour', sent_at, 'UTC'), count(*) FROM inbox_message
     WHERE id > %s AND id <= %s AND direction = 'in' AND kind <> 'system' GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (channel_id, hour) DO UPDATE SET messages = connectors_hourofarrivals.messages + excluded.messages
"""


@transaction.atomic
def count_arrivals() -> bool:
    """One batch. True: there is more. A message that commits after a later one may be left out; this is a statistic."""
    ArrivalsCounted.objects.get_or_create(pk=1)
    row = ArrivalsCounted.objects.select_for_update(skip_locked=True).filter(pk=1).first()
    if row is None:
        return False
    ids = Message.objects.filter(pk__gt=row.up_to).order_by("pk").values_list("pk", flat=True)[:BATCH]
    found = list(ids)
    if not found:
        return False
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [row.up_to, found[-1]])
    ArrivalsCounted.objects.filter(pk=1).update(up_to=found[-1])
    return len(found) == BATCH


def silences(
    channels: Sequence[Channel], *, now: datetime, ear: silence.Ear | None = None
) -> Mapping[int, silence.Silence]:
    """Channels that say nothing although customers usually write at this time, as far as we would have heard them: of what is polled
    nothing after the last whole reading, nothing from before the last outage ended, and nothing that may wait on our own side or that a comparison
    may bring still."""
    quiet = seeming(channels, now=now)
    if not quiet:
        return {}
    doubted = [channel for channel in channels if channel.pk in quiet]
    ear, refused = ear or silence.Ear(_EVER, now), _refused_until(quiet)
    heard = {}
    for channel in doubted:
        since, until = _really_heard(channel, ear, now)
        heard[channel.pk] = max(since, refused.get(channel.pk, _EVER)), until
    while count_arrivals():  # what waited a moment ago may be read by now
        pass
    return _judged(doubted, heard, now)


def seeming(channels: Sequence[Channel], *, now: datetime) -> Mapping[int, silence.Silence]:
    """Those of which nothing has come, whoever is to blame."""
    heard = {
        channel.pk: (_EVER, until)
        for channel in channels
        if (until := _heard_until(channel, now)) is not None
    }
    return _judged(channels, heard, now)


def _judged(
    channels: Sequence[Channel], heard: Mapping[int, tuple[datetime, datetime]], now: datetime
) -> Mapping[int, silence.Silence]:
    found: dict[int, silence.Silence] = {}
    zones = {channel.pk: ZoneInfo(channel.brand.time_zone) for channel in channels}
    arrivals = {pk: known for pk, known in _arrivals(heard, now).items() if known}
    longest = min((known[-1][0] for known in arrivals.values()), default=now)
    again = _outages_ended(arrivals, longest, now)
    for channel_id, known in arrivals.items():
        since, until = heard[channel_id]
        # The end of the last hour in which somebody wrote, or now: silence begins no earlier.
        last = min(until, max(known[-1][0] + silence.HOUR, again.get(channel_id, known[0][0]), since))
        zone = zones[channel_id]
        profile = silence.usual(known, now=until, zone=zone)
        if silent := silence.judge(last=last, profile=profile, now=until, zone=zone):
            found[channel_id] = silent
    return found


def _arrivals(channel_ids: Collection[int], now: datetime) -> dict[int, list[tuple[datetime, int]]]:
    """The hours in which somebody wrote, of the last weeks. Where nobody has for long, those of before count on, which are kept for it:
    no silence ends by lasting."""
    known: dict[int, list[tuple[datetime, int]]] = {pk: [] for pk in channel_ids}
    rows = HourOfArrivals.objects.order_by("hour").values_list("channel_id", "hour", "messages")
    for channel_id, hour, messages in rows.filter(
        channel__in=channel_ids, hour__gte=now - silence.WEEK * silence.WEEKS
    ):
        known[channel_id].append((hour, messages))
    long_silent = [pk for pk, hours in known.items() if not hours or hours[-1][0] < now - silence.WEEK]
    if long_silent:
        known |= {pk: [] for pk in long_silent}
        for channel_id, hour, messages in rows.filter(channel__in=long_silent):
            known[channel_id].append((hour, messages))
    return known


def _heard_until(channel: Channel, now: datetime) -> datetime | None:
    """Until when a message would be here by now. A log is read from its oldest entry on: while that lasts, the newest that has come
    is no sign that nobody wrote since."""
    try:
        receive = platforms.get(channel.platform).receive
    except platforms.UnknownPlatform:
        return now
    if receive.mode != "poll":
        return now
    health = getattr(channel, "health", None)
    if health is None:
        return None
    until: datetime | None = health.polled_until if receive.is_partly_polled else health.complete_until
    return min(now, until) if until is not None else None


def _really_heard(channel: Channel, ear: silence.Ear, now: datetime) -> tuple[datetime, datetime]:
    """Since when and until when. What a whole comparison has looked at is here, whether it was delivered to us or not."""
    until = _heard_until(channel, now) or now
    try:
        receive = platforms.get(channel.platform).receive
    except platforms.UnknownPlatform:
        return _EVER, until
    if receive.mode == "poll" and not receive.is_partly_polled:
        return _EVER, until
    health = getattr(channel, "health", None)
    compared = (health.complete_until if health is not None else None) or _EVER
    delivered = min(ear.until, _covering.waiting_since(channel) or now)
    return ear.since if ear.since > compared else _EVER, min(until, max(delivered, compared))


def _refused_until(channel_ids: Collection[int]) -> Mapping[int, datetime]:
    """What our door did not take until then, or the platform did not bring: no comparison has looked at it yet."""
    gaps = Gap.objects.filter(cause=GapCause.NOT_DELIVERED, healed_at=None, channel__in=channel_ids)
    ended = gaps.exclude(until=None).values("channel").annotate(ended=Max("until"))
    return dict(ended.values_list("channel", "ended"))


def _outages_ended(channel_ids: Iterable[int], since: datetime, now: datetime) -> Mapping[int, datetime]:
    """When each was connected again; now where nobody has noted it yet. What ended before `since` is out of what is judged."""
    recent = Q(cleared_at=None) | Q(cleared_at__gt=since)
    outages = Alarm.objects.filter(recent, channel__in=channel_ids, kind__in=OUTAGES)
    ended = outages.values("channel").annotate(ended=Max(Coalesce("cleared_at", Value(now))))
    found = dict(ended.values_list("channel", "ended"))
    # No alarm rings for a channel that was retired; its gap ended when it was taken back.
    gaps = Gap.objects.filter(cause=GapCause.DISCONNECTED, channel__in=channel_ids, until__gt=since)
    for pk, until in gaps.values("channel").annotate(ended=Max("until")).values_list("channel", "ended"):
        found[pk] = max(until, found.get(pk, until))
    return found
