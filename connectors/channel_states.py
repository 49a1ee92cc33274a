"""How each channel is, in sentences: what is fine, what is not, and the one thing to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from connectors import delivered
from connectors.contract import UNKNOWN_KIND
from connectors.models import DeadItem, PlatformApp, Receipt, ReceiptState, Task
from connectors.rules import knocks
from inbox import platforms
from inbox.models import Brand, Channel, ChannelState, Message, MessageState


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    at: datetime | None = None
    trouble: bool = False


@dataclass(frozen=True, slots=True)
class ChannelLine:
    channel: Channel
    platform: str
    state: str
    reconnect: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """A platform that can be connected, or why it cannot yet."""

    key: str
    label: str
    registered: bool


def offers() -> list[Offer]:
    registered = set(PlatformApp.objects.values_list("platform", flat=True))
    return [
        Offer(manifest.key, manifest.label, manifest.key in registered) for manifest in platforms.installed()
    ]


def of_brand(brand: Brand, *, now: datetime) -> list[ChannelLine]:
    channels = (
        Channel.objects.of_brand(brand)
        .select_related("health", "credential")
        .prefetch_related("schedules")
        .order_by("platform", "name", "pk")
    )
    ids = [channel.pk for channel in channels]
    leftovers = DeadItem.objects.filter(channel__in=ids, replayed_at=None)
    unknown = leftovers.filter(reason=UNKNOWN_KIND)
    # Each begins with the few rows that are under way (receipts_to_drain, outbox_of_channels), not with the channel's past.
    waiting = _per_channel(Receipt.objects.filter(state=ReceiptState.NEW, channel__in=ids))
    parked = _per_channel(Message.objects.filter(state=MessageState.QUEUED, channel__in=ids))
    counts = Counts(_per_channel(leftovers), _per_channel(unknown), waiting, parked)
    return [_line(channel, counts, now=now) for channel in channels]


@dataclass(frozen=True, slots=True)
class Counts:
    """Of each channel, by its id: what could not be read, what of that is of an unknown kind, what waits to be read and to leave."""

    dead: dict[int, int]
    unknown: dict[int, int]
    waiting: dict[int, int]
    parked: dict[int, int]


def _per_channel(rows: QuerySet[Any]) -> dict[int, int]:
    return dict(rows.order_by().values_list("channel").annotate(Count("pk")))


def _line(channel: Channel, counts: Counts, *, now: datetime) -> ChannelLine:
    parked = counts.parked.get(channel.pk, 0)
    not_for_a_person = _not_for_a_person(channel)
    lines = [*_state_lines(channel, now, parked), *_health_lines(channel, now), *_sync_lines(channel)]
    if waiting := counts.waiting.get(channel.pk, 0):
        lines.append(
            Line("1 delivery waits to be read." if waiting == 1 else f"{waiting} deliveries wait to be read.")
        )
    unknown = counts.unknown.get(channel.pk, 0)
    if dead := counts.dead.get(channel.pk, 0) - unknown:
        said = f"{dead} items could not be read; they are kept and can be replayed."
        one = "1 item could not be read; it is kept and can be replayed."
        lines.append(Line(one if dead == 1 else said, trouble=True))
    if unknown:
        said = f"{unknown} updates are of a kind that Parley does not know yet; they are kept and can be replayed."
        lines.append(Line(said, trouble=True))
    return ChannelLine(
        channel=channel,
        platform=platforms.label_of(channel.platform),
        state=not_for_a_person.state if not_for_a_person else channel.get_state_display(),
        reconnect=channel.state != ChannelState.CONNECTED and not_for_a_person is None,
        lines=tuple(lines),
    )


@dataclass(frozen=True, slots=True)
class Parked:
    """What replies wait for where to connect again helps nothing."""

    state: str
    until: str


RESTRICTED = Parked("Restricted by the platform", "the platform lifts that")
APP_REFUSED = Parked("Parley's app is refused", "the platform takes Parley's app again")


def _not_for_a_person(channel: Channel) -> Parked | None:
    health = getattr(channel, "health", None)
    if health is None:
        return None
    return RESTRICTED if health.is_restriction else APP_REFUSED if health.is_of_app else None


def _state_lines(channel: Channel, now: datetime, parked: int) -> list[Line]:
    lines = []
    if channel.state != ChannelState.CONNECTED:
        lines.append(Line(channel.state_reason or "Nobody said why.", trouble=True))
        if parked:
            not_for_a_person = _not_for_a_person(channel)
            until = not_for_a_person.until if not_for_a_person else "it is connected again"
            waiting = "1 reply waits" if parked == 1 else f"{parked} replies wait"
            lines.append(Line(f"{waiting} until {until}.", trouble=True))
    if channel.sends_resume_at and channel.sends_resume_at > now:
        lines.append(Line("The platform asked us to wait with messages until", at=channel.sends_resume_at))
    credential = getattr(channel, "credential", None)
    if channel.state == ChannelState.DISCONNECTED:
        return lines
    if credential is None:
        lines.append(Line("It has no grant; connect it.", trouble=True))
    elif credential.refresh_error:
        lines.append(Line(f"Renewing the permission failed: {credential.refresh_error}", trouble=True))
    elif credential.expires_at and channel.state == ChannelState.CONNECTED:
        lines.append(Line("The permission holds until", at=credential.expires_at))
    return lines


def _health_lines(channel: Channel, now: datetime) -> list[Line]:
    health = getattr(channel, "health", None)
    if health is None:
        return [Line("Nothing was delivered yet.")]
    lines = [Line("Last delivery", at=health.last_receipt_at)] if health.last_receipt_at else []
    if health.last_sent_at:
        lines.append(Line("Last reply", at=health.last_sent_at))
    if health.last_synced_at:
        lines.append(Line("Last compared with the platform", at=health.last_synced_at))
    if (bad := health.last_bad_signature_at) and not _are_over(channel, bad, now):
        said = f"{health.bad_signatures} deliveries had a wrong signature and were refused; the last"
        lines.append(Line(said, at=bad, trouble=True))
    return lines


def _are_over(channel: Channel, bad: datetime, now: datetime) -> bool:
    if knocks.are_over(bad=bad, good=None, now=now):
        return True
    return knocks.are_over(bad=bad, good=delivered.last(channel.pk), now=now)


def _sync_lines(channel: Channel) -> list[Line]:
    """What is paused is not tried, and of a retired one nothing would be but what removes what was kept."""
    is_retired = channel.state == ChannelState.DISCONNECTED
    failed, paused = [], []
    for each in channel.schedules.all():
        name = Task(each.task).label
        if each.last_error:
            at = None if each.paused and not each.once else each.next_run_at
            failed.append(
                Line(f"{name} failed: {each.last_error}{' Next try' if at else ''}", at=at, trouble=True)
            )
        if each.paused and (not is_retired or each.task == Task.PURGE):
            paused.append(Line(f"{name} is paused.", trouble=True))
    return failed + paused
