"""What people must know of a channel: told once, in the app and by mail, and not again until it has changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse

from connectors.actions import _covering, listening
from connectors.models import Alarm, AlarmKind, GapCause, SyncSchedule, Task
from connectors.rules.remedies import fix_for
from inbox import access, platforms
from inbox.actions import announcing
from inbox.models import Channel, ChannelState, NotificationKind

log = structlog.get_logger(__name__)
FAILURES = 3  # in a row; one is weather
MAIL_AGAIN = timedelta(hours=1)
WORDS = {
    AlarmKind.DISCONNECTED: "is disconnected",
    AlarmKind.NOT_SUBSCRIBED: "is not delivered to us",
    AlarmKind.SILENT: "is silent",
    AlarmKind.FAILING: "cannot be synced",
}
Found = Mapping[tuple[int, str], str]


def look(*, now: datetime) -> int:
    """At every channel. How many alarms are new; those whose cause is gone are cleared."""
    channels = {
        channel.pk: channel
        for channel in Channel.objects.select_related("brand", "health").exclude(
            state=ChannelState.DISCONNECTED
        )
    }
    found = {**_states(channels, now), **_failing(channels), **_silent(channels, now)}
    known = set(Alarm.objects.filter(cleared_at=None).values_list("channel_id", "kind"))
    for channel_id, kind in sorted(known - set(found)):
        _clear(channel_id, kind, now)
    new = 0
    for (channel_id, kind), said in sorted(found.items()):
        if (channel_id, kind) not in known:
            new += _raise(channels[channel_id], AlarmKind(kind), said, now)
    return new


def _states(channels: Mapping[int, Channel], now: datetime) -> dict[tuple[int, str], str]:
    found: dict[tuple[int, str], str] = {}
    for pk, channel in channels.items():
        health = getattr(channel, "health", None)
        if channel.state == ChannelState.NEEDS_RECONNECT and (health is not None or channel.state_reason):
            found[pk, AlarmKind.DISCONNECTED] = channel.state_reason or "Nobody said why."
        elif health is not None and health.subscribed is False:
            found[pk, AlarmKind.NOT_SUBSCRIBED] = health.subscription_said
    return found


def _failing(channels: Mapping[int, Channel]) -> dict[tuple[int, str], str]:
    failing = SyncSchedule.objects.filter(channel__in=channels, failures__gte=FAILURES, paused=False)
    found: dict[tuple[int, str], str] = {}
    for schedule in failing.order_by("-pk"):
        if channels[schedule.channel_id].state == ChannelState.CONNECTED:
            said = f"{Task(schedule.task).label}: {schedule.last_error} {fix_for(schedule.last_remedy).text}"
            found[schedule.channel_id, AlarmKind.FAILING] = said
    return found


def _silent(channels: Mapping[int, Channel], now: datetime) -> dict[tuple[int, str], str]:
    listened = [pk for pk, channel in channels.items() if channel.state == ChannelState.CONNECTED]
    return {
        (pk, AlarmKind.SILENT): (
            f"Nobody has written since {silent.since:%-d %B, %H:%M} UTC; about {round(silent.expected)} messages were to be"
            " expected. Look at the platform's side on the connection page."
        )
        for pk, silent in listening.silences(listened, now=now).items()
    }  # fmt: skip


@transaction.atomic
def _clear(channel_id: int, kind: str, now: datetime) -> None:
    Alarm.objects.filter(channel=channel_id, kind=kind, cleared_at=None).update(cleared_at=now)


@transaction.atomic(durable=True)
def _raise(channel: Channel, kind: AlarmKind, said: str, now: datetime) -> bool:
    """Once: of two that see it at the same time one makes the row."""
    alarm, is_new = Alarm.objects.get_or_create(
        channel=channel, kind=kind, cleared_at=None, defaults={"said": said[:300], "raised_at": now}
    )
    if not is_new:
        return False
    if kind == AlarmKind.DISCONNECTED:
        since = _covering.complete_until(channel.pk) or now
        _covering.begin_gap(channel.pk, GapCause.DISCONNECTED, since=since, now=now)
    people = access.who_may(channel.brand, access.Permission.RUN_CHANNELS)
    text = f"{headline(channel, kind)}. {said}"
    announcing.tell_of_channel(
        channel=channel, kind=NotificationKind.CHANNEL, people=people, text=text, now=now
    )
    log.warning("alarm_raised", channel=channel.pk, kind=kind.value, alarm=alarm.pk)
    return True


def headline(channel: Channel, kind: str) -> str:
    try:
        label = platforms.get(channel.platform).label
    except platforms.UnknownPlatform:
        label = channel.platform
    return f"{channel.name} on {label} {WORDS.get(AlarmKind(kind), kind)}"


def mail_due(*, now: datetime, limit: int = 20) -> int:
    """Each alarm by one mail to each person. Claimed before it is sent; one that the mail server refused is tried again."""
    due = Alarm.objects.filter(mailed_at=None, raised_at__gte=now - timedelta(days=1))
    sent = 0
    for alarm in due.select_related("channel__brand").order_by("pk")[:limit]:
        if not _claim_mail(alarm.pk, now):
            continue
        try:
            sent += _mail(alarm)
        except OSError as error:  # SMTP's own errors are of this kind, too
            log.warning("alarm_not_mailed", alarm=alarm.pk, error=type(error).__name__)
            _unclaim_mail(alarm.pk)
            break
    return sent


@transaction.atomic
def _claim_mail(alarm_id: int, now: datetime) -> bool:
    return bool(Alarm.objects.filter(pk=alarm_id, mailed_at=None).update(mailed_at=now))


@transaction.atomic
def _unclaim_mail(alarm_id: int) -> None:
    Alarm.objects.filter(pk=alarm_id).update(mailed_at=None)


def _mail(alarm: Alarm) -> int:
    channel = alarm.channel
    people = access.who_may(channel.brand, access.Permission.RUN_CHANNELS)
    page = reverse("connectors:connection", args=[channel.brand.slug, channel.public_id])
    said = headline(channel, alarm.kind)
    body = (
        f"{said}.\n\n{alarm.said}\n\nWhat is wrong and how to mend it: {settings.PARLEY_PUBLIC_URL}{page}\n\n"
        "You get this once, and again only after it has changed.\n"
    )
    for person in people:
        EmailMessage(f"Parley: {said}", body, to=[person.email]).send()
    return len(people)
