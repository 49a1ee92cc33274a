"""Until when each channel is complete, where it was not, what healed that, and what can no longer be known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connectors.models import Gap, GapCause, SyncSchedule, Task
from connectors.queries.schedules import label_of
from inbox import platforms
from inbox.models import Brand, Channel
from inbox.platforms import Manifest

SHOWN = 20


@dataclass(frozen=True, slots=True)
class GapView:
    gap: Gap
    cause: str
    state: str  # open, healed, lost
    outcome: str


@dataclass(frozen=True, slots=True)
class ChannelCoverage:
    channel: Channel
    platform: str
    complete_until: datetime | None
    behind: bool
    horizon: str
    gaps: tuple[GapView, ...]

    @property
    def open_gaps(self) -> int:
        return sum(each.state == "open" for each in self.gaps)


def of_brand(brand: Brand, *, now: datetime) -> list[ChannelCoverage]:
    channels = list(
        Channel.objects.of_brand(brand).select_related("health").order_by("platform", "name", "pk")
    )
    paces = _paces(channels)
    return [_of_channel(channel, paces.get(channel.pk, 0), now) for channel in channels]


def _paces(channels: list[Channel]) -> dict[int, int]:
    """Seconds between two looks of what makes a channel complete: its poll, or its reconcile."""
    found = SyncSchedule.objects.filter(channel__in=channels, task__in=(Task.POLL, Task.RECONCILE))
    paces: dict[int, int] = {}
    for channel_id, every in found.values_list("channel_id", "every_seconds"):
        paces[channel_id] = min(every, paces.get(channel_id, every))
    return paces


def _of_channel(channel: Channel, pace: int, now: datetime) -> ChannelCoverage:
    health = getattr(channel, "health", None)
    until = health.complete_until if health else None
    gaps = Gap.objects.filter(channel=channel).select_related("healed_by").order_by("-since", "-pk")[:SHOWN]
    behind = until is None or (now - until).total_seconds() > 3 * pace + 60
    return ChannelCoverage(
        channel,
        label_of(channel),
        until,
        behind,
        _horizon(platforms.get(channel.platform)),
        tuple(map(_view, gaps)),
    )


def _horizon(manifest: Manifest) -> str:
    told = []
    if manifest.history.messages_per_thread is not None:
        told.append(f"the newest {manifest.history.messages_per_thread} messages of each thread")
    if manifest.history.age is not None:
        told.append(f"the last {manifest.history.age.days} days")
    if not told:
        return f"{manifest.label} tells its whole history."
    return f"{manifest.label} still tells {' and '.join(told)}; what is older and was missed cannot be had any more."


def _view(gap: Gap) -> GapView:
    cause = GapCause(gap.cause).label if gap.cause in GapCause.values else gap.cause
    if gap.lost:
        whose = f" of {gap.contact_name or 'one thread'}" if gap.thread_key else ""
        return GapView(
            gap,
            cause,
            "lost",
            f"What was written{whose} in this time may be missing and can no longer be known.",
        )
    messages = "1 message" if gap.brought == 1 else f"{gap.brought} messages"
    if gap.healed_at is None:
        return GapView(gap, cause, "open", "The next whole comparison closes it.")
    brought = f"brought {messages}" if gap.brought else "found nothing missing"
    by = Task(gap.healed_by.task).label.lower() if gap.healed_by else "the poll"
    return GapView(gap, cause, "healed", f"Healed: “{by}” {brought}.")
