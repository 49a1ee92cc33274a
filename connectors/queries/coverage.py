"""Until when each channel is complete, where it was not, what healed that, and what can no longer be known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, CharField, Count, Q, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber

from connectors.models import DeadItem, Gap, GapCause, SyncSchedule, Task
from connectors.queries.schedules import label_of
from connectors.rules.cadence import Cadence
from inbox import platforms
from inbox.models import Brand, Channel, ChannelState
from inbox.platforms import Manifest

SHOWN = 20  # of each state
PAGE = 60
GRACE = timedelta(minutes=1)
NOTHING_ASKED = "Its connector is not installed: nothing is asked or compared, and how far back it could tell is not known."
STATES = ("open", "lost", "healed")
STATE = Case(
    When(lost=True, then=Value("lost")), When(healed_at=None, then=Value("open")), default=Value("healed"),
    output_field=CharField(),
)  # fmt: skip


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
    polled_until: datetime | None  # of messages, where the comments alone are compared
    behind: bool
    withheld: str  # why nothing of what is said in public is compared
    unread: int  # items that came or were met, and wait to be read again
    horizon: str
    gaps: tuple[GapView, ...]  # the open ones, then what is lost, then what was healed; of each the newest
    totals: tuple[tuple[str, int], ...]  # by state, those that there are

    @property
    def has_more(self) -> bool:
        return sum(total for _, total in self.totals) > len(self.gaps)


def of_brand(brand: Brand, *, now: datetime) -> list[ChannelCoverage]:
    channels = list(
        Channel.objects.of_brand(brand).select_related("health").order_by("platform", "name", "pk")
    )
    plans = _plans(channels)
    gaps = _newest(channels)
    unread = _unread(channels)
    return [
        _of_channel(
            channel, plans.get(channel.pk, []), gaps.get(channel.pk, []), unread.get(channel.pk, 0), now
        )
        for channel in channels
    ]


def of_channel(channel: Channel, *, state: str = "", before: int | None = None) -> list[GapView]:
    """All gaps that are known of one channel, newest first, a page at a time: `before` is the last one of the page before."""
    found = _with_state(Gap.objects.filter(channel=channel)).order_by("-since", "-pk")
    if state in STATES:
        found = found.filter(state=state)
    if before is not None and (last := Gap.objects.filter(channel=channel, pk=before).first()) is not None:
        found = found.filter(Q(since__lt=last.since) | Q(since=last.since, pk__lt=last.pk))
    return [_view(gap) for gap in found[:PAGE]]


def _with_state(gaps: QuerySet[Gap]) -> QuerySet[Any]:
    return gaps.select_related("healed_by").annotate(state=STATE)


def _newest(channels: list[Channel]) -> dict[int, list[tuple[Gap, int]]]:
    """By channel, of each state the newest, each with how many of its state there are."""
    alike = ["channel", "state"]
    found = (
        _with_state(Gap.objects.filter(channel__in=channels))
        .annotate(
            place=Window(RowNumber(), partition_by=alike, order_by=["-since", "-id"]),
            total=Window(Count("*"), partition_by=alike),
        )
        .filter(place__lte=SHOWN)
    )
    gaps: dict[int, list[tuple[Gap, int]]] = {}
    for gap in sorted(found, key=lambda each: (STATES.index(each.state), each.place)):
        gaps.setdefault(gap.channel_id, []).append((gap, gap.total))
    return gaps


def _unread(channels: list[Channel]) -> dict[int, int]:
    waiting = DeadItem.objects.filter(channel__in=channels, replayed_at=None)
    return dict(waiting.order_by().values_list("channel").annotate(total=Count("*")))


def _plans(channels: list[Channel]) -> dict[int, list[Cadence]]:
    """When what makes a channel complete falls due: its poll, where that is the whole story, and its reconcile."""
    partly = {each.pk for each in channels if _is_partly_polled(platforms.find(each.platform))}
    found = SyncSchedule.objects.filter(channel__in=channels, task__in=(Task.POLL, Task.RECONCILE))
    plans: dict[int, list[Cadence]] = {}
    for schedule in found:
        if schedule.task == Task.RECONCILE or schedule.channel_id not in partly:
            plans.setdefault(schedule.channel_id, []).append(schedule.cadence)
    return plans


def _is_partly_polled(manifest: Manifest | None) -> bool:
    return manifest is not None and manifest.receive.is_partly_polled


def _is_behind(until: datetime, plans: list[Cadence], now: datetime) -> bool:
    """By its own plan, of which one run may be under way or late."""
    due = [plan.after(plan.after(until)) for plan in plans]
    return now > min(due, default=until) + GRACE


def _of_channel(
    channel: Channel, plans: list[Cadence], found: list[tuple[Gap, int]], unread: int, now: datetime
) -> ChannelCoverage:
    health = getattr(channel, "health", None)
    until = health.complete_until if health else None
    manifest = platforms.find(channel.platform)
    polled = health.polled_until if health and _is_partly_polled(manifest) else None
    withheld = health.public_unread if health else ""
    gaps = tuple(_view(gap) for gap, _ in found)
    totals = {view.state: total for view, (_, total) in zip(gaps, found, strict=True)}
    is_retired = channel.state == ChannelState.DISCONNECTED  # nothing is planned for it
    behind = not is_retired and (until is None or _is_behind(until, plans, now))
    return ChannelCoverage(
        channel,
        label_of(channel),
        until,
        polled,
        behind,
        withheld,
        unread,
        _horizon(manifest, compares_comments=not withheld) if manifest is not None else NOTHING_ASKED,
        gaps,
        tuple((state, totals[state]) for state in STATES if state in totals),
    )


def _horizon(manifest: Manifest, *, compares_comments: bool) -> str:
    told = []
    if manifest.history.messages_per_thread is not None:
        told.append(f"the newest {manifest.history.messages_per_thread} messages of each thread")
    if manifest.history.age is not None:
        told.append(f"the last {manifest.history.age.days} days")
    if told:
        said = f"{manifest.label} still tells {' and '.join(told)}; what is older and was missed cannot be had any more."
    else:
        said = f"{manifest.label} tells its whole history."
    if manifest.history.posts is not None and compares_comments:
        said += f" Of comments those under the newest {manifest.history.posts} posts are compared; one under an older post that no delivery brought stays away."
    return said


def _view(gap: Gap) -> GapView:
    cause = GapCause(gap.cause).label if gap.cause in GapCause.values else gap.cause
    if gap.lost:
        whose = f" of {gap.contact_name or 'one thread'}" if gap.thread_key else ""
        if gap.cause == GapCause.UNPROVEN:
            said = f"What was delivered{whose} in this time is here; whether more was written can no longer be known."
            return GapView(gap, cause, "lost", said)
        return GapView(
            gap,
            cause,
            "lost",
            f"What was written{whose} in this time may be missing and can no longer be known.",
        )
    messages = "1 message" if gap.brought == 1 else f"{gap.brought} messages"
    if gap.healed_at is None and gap.cause == GapCause.WITHHELD:
        said = "Messages are compared all the same. The first comparison that is shown it brings it, and closes this."
        return GapView(gap, cause, "open", said)
    if gap.healed_at is None:
        return GapView(gap, cause, "open", "The next whole comparison closes it.")
    missing = f"{messages} had been missing" if gap.brought else "nothing was found missing"
    by = f"“{Task(gap.healed_task).label.lower()}”" if gap.healed_task else "a run whose log is gone"
    unseen = f" Something may be missing all the same: {gap.unseen}." if gap.unseen else ""
    return GapView(gap, cause, "healed", f"Healed by {by}: {missing}.{unseen}")
