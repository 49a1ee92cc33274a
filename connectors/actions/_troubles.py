"""What is wrong with channels, in words with the one fix, and of what nobody knows yet whether it is mended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import QuerySet

from connectors.actions import connecting, listening, parking
from connectors.contract import Remedy
from connectors.models import Alarm, AlarmKind, SyncSchedule, Task
from connectors.queries import grants
from connectors.rules.remedies import OF_APP, RESTRICTED, THROTTLED, fix_for
from connectors.rules.silence import Ear
from inbox import platforms
from inbox.models import Channel, ChannelState

FAILURES = 3  # in a row; one is weather
CONFIRMED_WITHIN = timedelta(minutes=2)  # a new connection: the platform is being asked for its deliveries
ENDS_SOON = timedelta(days=7)
ROOM = 300  # characters of an alarm
Key = tuple[int, str, str]  # channel, kind, and of what fails the task: one that fails hides no other


class Trouble(NamedTuple):
    """`remedy`: what is to be done (rules.remedies); empty where its kind knows one thing alone, and where nobody can say at this moment."""

    said: str
    remedy: str = ""


def of(channels: Mapping[int, Channel], *, now: datetime, ear: Ear | None = None) -> dict[Key, Trouble]:
    return {
        **_states(channels, now),
        **_ending(channels, now),
        **_failing(channels),
        **_silent(channels, now, ear),
    }


def unproven(channels: Mapping[int, Channel], *, now: datetime) -> set[Key]:
    """What may be mended, and nothing shows it yet."""
    return (
        _not_succeeding(channels)
        | _not_looked_at(channels)
        | _on_trial(channels, now)
        | _not_heard(channels, now)
    )


def _with_fix(said: str, remedy: str) -> Trouble:
    """The fix is whole, however much the platform says."""
    fix = fix_for(remedy).text
    room = ROOM - len(fix) - 1
    short = said if len(said) <= room else f"{said[: room - 1]}…"
    return Trouble(f"{short} {fix}", remedy)


def _states(channels: Mapping[int, Channel], now: datetime) -> dict[Key, Trouble]:
    found: dict[Key, Trouble] = {}
    for pk, channel in channels.items():
        health = getattr(channel, "health", None)
        if channel.state_reason == connecting.NOT_CONFIRMED and _is_being_connected(channel, now):
            continue
        if channel.state == ChannelState.NEEDS_RECONNECT and (health is not None or channel.state_reason):
            said = channel.state_reason or "Nobody said why."
            short = said if len(said) <= 100 else f"{said[:99]}…"
            if health is not None and health.is_restriction:
                found[pk, AlarmKind.RESTRICTED, ""] = _with_fix(short, RESTRICTED)
            elif health is not None and health.is_of_app:
                found[pk, AlarmKind.DISCONNECTED, ""] = _with_fix(short, OF_APP)
            else:
                found[pk, AlarmKind.DISCONNECTED, ""] = Trouble(
                    said, "" if _is_renewed(channel) else Remedy.RECONNECT.value
                )
        elif health is not None and health.subscribed is False:
            found[pk, AlarmKind.NOT_SUBSCRIBED, ""] = Trouble(health.subscription_said)
    return found


def _is_renewed(channel: Channel) -> bool:
    """Since its access was refused; what is asked next will show whether that is all it lacked."""
    health, credential = getattr(channel, "health", None), getattr(channel, "credential", None)
    return health is not None and credential is not None and 0 < health.refused_version < credential.version


def _ending(channels: Mapping[int, Channel], now: datetime) -> dict[Key, Trouble]:
    """What nobody renews but a person."""
    found: dict[Key, Trouble] = {}
    for pk, channel in channels.items():
        credential = getattr(channel, "credential", None)
        if credential is None or channel.state != ChannelState.CONNECTED:
            continue
        try:
            ends = grants.ends_for_good(credential, now=now)
        except platforms.UnknownPlatform:  # its connector is not installed: nobody can say
            continue
        if ends is not None and now < ends <= now + ENDS_SOON:
            found[pk, AlarmKind.ENDING, ""] = Trouble(
                f"Its permission ends on {ends:%-d %B, %H:%M} UTC, and the platform renews it no further. Connect the account again before."
            )
    return found


def _is_being_connected(channel: Channel, now: datetime) -> bool:
    """A new one, or one that was retired and is taken back."""
    credential = getattr(channel, "credential", None)
    began = max(channel.created_at, credential.issued_at) if credential is not None else channel.created_at
    return began > now - CONFIRMED_WITHIN


def _failing(channels: Mapping[int, Channel]) -> dict[Key, Trouble]:
    failing = _wanted(channels).filter(failures__gte=FAILURES, paused=False).exclude(last_remedy=THROTTLED)
    return {
        (schedule.channel_id, AlarmKind.FAILING, schedule.task): _with_fix(
            f"{Task(schedule.task).label}: {schedule.last_error}", schedule.last_remedy
        )
        for schedule in failing
        if channels[schedule.channel_id].state == ChannelState.CONNECTED
    }


def _not_succeeding(channels: Mapping[int, Channel]) -> set[Key]:
    failing = _wanted(channels).exclude(last_error="").values_list("channel_id", "task")
    return {(channel_id, AlarmKind.FAILING.value, task) for channel_id, task in failing}


def _not_looked_at(channels: Mapping[int, Channel]) -> set[Key]:
    """Connected again, and the platform has not been asked yet whether it delivers now."""
    return {
        (pk, AlarmKind.NOT_SUBSCRIBED.value, "")
        for pk, channel in channels.items()
        if channel.state == ChannelState.CONNECTED
        and (health := getattr(channel, "health", None)) is not None
        and health.subscribed is None
    }


def _on_trial(channels: Mapping[int, Channel], now: datetime) -> set[Key]:
    """Sending goes on for a try after access was refused. Where it is refused once more, nothing is new."""
    return {
        (pk, AlarmKind.DISCONNECTED.value, "")
        for pk, channel in channels.items()
        if channel.state == ChannelState.CONNECTED
        and (health := getattr(channel, "health", None)) is not None
        and parking.is_unproven(health, now=now)
    }


def _wanted(channels: Mapping[int, Channel]) -> QuerySet[SyncSchedule]:
    """What will run again by itself. A backfill that gave up or was stopped waits for somebody to ask: nothing fails there."""
    return SyncSchedule.objects.filter(channel__in=channels).exclude(next_run_at=None)


def _listened(channels: Iterable[Channel]) -> list[Channel]:
    return [channel for channel in channels if channel.state == ChannelState.CONNECTED]


def _not_heard(channels: Mapping[int, Channel], now: datetime) -> set[Key]:
    """Of what was silent nothing has come since; whether that is so because we heard nothing is no news of it."""
    told = Alarm.objects.filter(kind=AlarmKind.SILENT, cleared_at=None, channel__in=channels)
    silent = _listened(channels[pk] for pk in told.values_list("channel", flat=True))
    return {(pk, AlarmKind.SILENT.value, "") for pk in listening.seeming(silent, now=now)}


def _silent(channels: Mapping[int, Channel], now: datetime, ear: Ear | None) -> dict[Key, Trouble]:
    return {
        (pk, AlarmKind.SILENT, ""): Trouble(
            f"Nobody has written since {silent.since:%-d %B, %H:%M} UTC; about {round(silent.expected)} messages were to be"
            " expected. Look at the platform's side on the connection page."
        )
        for pk, silent in listening.silences(_listened(channels.values()), now=now, ear=ear).items()
    }  # fmt: skip
