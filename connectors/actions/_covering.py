"""What is known to be complete, where it was not, and what healed it. Inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Max, Q
from django.db.models.functions import Greatest, Least

from connectors.contract import InboundMessage
from connectors.models import (
    ChannelHealth,
    Credential,
    Gap,
    GapCause,
    Receipt,
    ReceiptState,
    SyncRun,
    SyncSchedule,
    Task,
)
from inbox import platforms
from inbox.models import Channel, Handle

DELIVERED_WITHIN = timedelta(minutes=2)  # what is younger may still be on its way
MARGIN = timedelta(minutes=10)  # deliveries under way when a walk began are looked at by the next one too
HISTORICAL_AFTER = timedelta(hours=48)
# What is said in public is said to all: whoever was not answered for so long waits no more, and a grant that comes back after a year
# rings no hundreds of bells at once.
PUBLIC_NEWS = timedelta(days=7)
FOUND_BY_A_WALK = (
    GapCause.DISCONNECTED, GapCause.NOT_SUBSCRIBED, GapCause.FAILING, GapCause.NOT_DELIVERED, GapCause.UNREAD,
)  # fmt: skip
FOUND_IN_PUBLIC = (*FOUND_BY_A_WALK, GapCause.WITHHELD)


@dataclass(frozen=True, slots=True)
class CutOff:
    """A thread of which the platform told all that it ever does, and more may have been written before."""

    oldest: InboundMessage
    told: int
    has_news: bool  # of what it told, something should have been delivered and was not


def complete_until(channel_id: int) -> datetime | None:
    health = ChannelHealth.objects.filter(channel=channel_id)
    return health.values_list("complete_until", flat=True).first()


def news_begin(channel: Channel, *, asked_at: datetime, public: bool = False) -> datetime:
    """What is younger is no affair of a backfill: a delivery still owes it to us, and a comparison brings it, with a bell. Of what was
    said in `public` that begins where it was withheld from us, of messages never."""
    ends = [complete_until(channel.pk), withheld_since(channel.pk) if public else None]
    known = [each for each in ends if each is not None]
    return max(channel.created_at, min(known) - MARGIN if known else asked_at - HISTORICAL_AFTER)


def withheld_since(channel_id: int) -> datetime | None:
    """From when on public talk is not known, though messages may be: the grant was not shown it. None: it is known as they are."""
    withheld = Gap.objects.filter(channel=channel_id, cause=GapCause.WITHHELD, healed_at=None, lost=False)
    return withheld.values_list("since", flat=True).first()


def polled_until(channel_id: int) -> datetime | None:
    """Where the poll is the whole story, that is until when the channel is complete."""
    health = ChannelHealth.objects.filter(channel=channel_id).first()
    return (health.polled_until or health.complete_until) if health is not None else None


def note_whole(
    schedule: SyncSchedule,
    run: SyncRun | None,
    *,
    walked_from: datetime,
    unread: int = 0,
    now: datetime,
) -> None:
    """A whole walk or poll has been made. `unread`: how many items that it met could not be read. What it closes is closed but for
    these; that it was shown no public talk is a gap of its own (`GapCause.WITHHELD`). A poll that does not bring the comments says nothing
    of them: it closes what its own failing opened, and the rest is a comparison's affair."""
    channel = schedule.channel
    polled = polled_until(channel.pk)
    if schedule.task == Task.POLL and platforms.get(channel.platform).receive.is_partly_polled:
        unseen = _unseen(unread)
        _heal(schedule, run, walked_from=walked_from, unseen=unseen, now=now, causes=(GapCause.FAILING,))
        _note_unread(channel, polled, walked_from=walked_from, now=now)
        _note("polled_until", channel.pk, walked_from)
        return
    causes = _closed_by_a_comparison(channel)
    _heal(schedule, run, walked_from=walked_from, unseen=_unseen(unread), now=now, causes=causes)
    _note_unread(channel, polled, walked_from=walked_from, now=now)
    _note("complete_until", channel.pk, min(walked_from, _log_until(channel) or walked_from))
    ChannelHealth.objects.filter(channel=channel).update(last_synced_at=now)


def note_shown(
    schedule: SyncSchedule, run: SyncRun | None, *, walked_from: datetime, unread: int = 0, now: datetime
) -> bool:
    """A whole walk was shown the public talk as well. False: it was not withheld before."""
    if withheld_since(schedule.channel_id) is None:
        return False
    unseen = _unseen(unread)
    _heal(schedule, run, walked_from=walked_from, unseen=unseen, now=now, causes=(GapCause.WITHHELD,))
    return True


def _closed_by_a_comparison(channel: Channel) -> Collection[str]:
    """Where messages are polled, what is delivered is said in public: of that a walk which was not shown it closes nothing."""
    if platforms.get(channel.platform).receive.is_partly_polled and withheld_since(channel.pk) is not None:
        return (GapCause.DISCONNECTED, GapCause.FAILING)
    return FOUND_BY_A_WALK


def _unseen(unread: int) -> str:
    if not unread:
        return ""
    return f"{unread} {'item' if unread == 1 else 'items'} that it met could not be read"


def _note_unread(channel: Channel, polled: datetime | None, *, walked_from: datetime, now: datetime) -> None:
    """Of a log that was read last longer ago than it reaches back, because its poll was paused or the house stood still, the old end is
    lost. What is delivered needs no reading: where it was not, a gap of its own says so."""
    rules = platforms.get(channel.platform)
    if rules.receive.mode != "poll" or rules.history.age is None or polled is None:
        return
    until = walked_from - rules.history.age
    lost = Gap.objects.filter(channel=channel, cause=GapCause.HORIZON, lost=True, thread_key="")
    if polled < until and not lost.filter(since__lt=until, until__gt=polled).exists():
        Gap.objects.create(
            channel=channel, cause=GapCause.HORIZON, since=polled, until=until, found_at=now, lost=True
        )


def _log_until(channel: Channel) -> datetime | None:
    """A comparison may have left the log to the poll: then it is complete no further than that has read."""
    if not platforms.get(channel.platform).receive.is_partly_polled:
        return None
    return ChannelHealth.objects.filter(channel=channel).values_list("polled_until", flat=True).first()


def note_log(channel: Channel, until: datetime, *, now: datetime) -> None:
    """A comparison has read all of the log, as the poll would have."""
    _note_unread(channel, polled_until(channel.pk), walked_from=until, now=now)
    _note("polled_until", channel.pk, until)


def _note(column: str, channel_id: int, until: datetime) -> None:
    health, _ = ChannelHealth.objects.get_or_create(channel_id=channel_id)
    later = Q(**{column: None}) | Q(**{f"{column}__lt": until})
    ChannelHealth.objects.filter(later, pk=health.pk).update(**{column: until})


def begin_gap(channel_id: int, cause: GapCause, *, since: datetime, now: datetime) -> None:
    """It grows until it ends or is healed; the same one is not begun twice."""
    if not Gap.objects.filter(
        channel=channel_id, cause=cause, until=None, healed_at=None, lost=False
    ).exists():
        Gap.objects.create(channel_id=channel_id, cause=cause, since=min(since, now), found_at=now)


def end_gaps(channel_id: int, *, now: datetime) -> None:
    """The platform delivers to us: what it did not deliver grows no more. It stays open until a walk has been made."""
    causes = (GapCause.DISCONNECTED, GapCause.NOT_SUBSCRIBED)
    grows = Gap.objects.filter(channel=channel_id, cause__in=causes, until=None, healed_at=None, lost=False)
    grows.update(until=Greatest(F("since"), now))


def walk_soon(channel_id: int, now: datetime) -> None:
    walks = SyncSchedule.objects.filter(channel=channel_id, task=Task.RECONCILE, paused=False)
    walks.filter(next_run_at__gt=now).update(next_run_at=now)


def waiting_since(channel: Channel) -> datetime | None:
    """When the oldest delivery came that nobody has read yet and that may tell of the channel: at the address of any channel of its app."""
    app = Credential.objects.filter(channel=channel).values("app")
    spoken_for = Credential.objects.filter(app__in=app).values("channel")
    waiting = Receipt.objects.filter(state=ReceiptState.NEW, channel__in=spoken_for).order_by("pk")
    return waiting.values_list("received_at", flat=True).first()


def delivered_until(now: datetime, *, waiting: datetime | None) -> datetime:
    """What was written before is here, or the platform did not deliver it. What is younger may be on its way still, or waits to be read:
    that comes by itself, and no platform is to blame."""
    return min(now, waiting or now) - DELIVERED_WITHIN


def note_undelivered(
    run: SyncRun, found: Sequence[InboundMessage], *, public: bool, waiting: datetime | None, now: datetime
) -> None:
    """Messages that a walk found and that should have been delivered. Where a gap is open already, they are what it kept from us."""
    if not found:
        return
    causes = FOUND_IN_PUBLIC if public else FOUND_BY_A_WALK
    known = Gap.objects.filter(channel=run.channel_id, cause__in=causes, healed_at=None, lost=False)
    late = delivered_until(now, waiting=waiting)
    if waiting is None:
        late = max(late, known.aggregate(ended=Max("until"))["ended"] or late)
    times = [each.sent_at for each in found if each.sent_at < late]
    if not times:
        return
    oldest, newest = min(times), max(times)
    known = known.filter(since__lte=newest + DELIVERED_WITHIN)
    if (gap := known.order_by("since", "pk").first()) is not None:
        Gap.objects.filter(pk=gap.pk).update(brought=F("brought") + len(times))
        return
    mine = Gap.objects.filter(healed_by=run, cause=GapCause.NOT_DELIVERED)
    grown = mine.update(
        since=Least(F("since"), oldest), until=Greatest(F("until"), newest), brought=F("brought") + len(times)
    )
    if not grown:
        Gap.objects.create(
            channel_id=run.channel_id, cause=GapCause.NOT_DELIVERED, since=oldest, until=newest, found_at=now, healed_at=now,
            healed_by=run, healed_task=run.task, brought=len(times),
        )  # fmt: skip


def _heal(
    schedule: SyncSchedule,
    run: SyncRun | None,
    *,
    walked_from: datetime,
    unseen: str,
    now: datetime,
    causes: Collection[str] = FOUND_BY_A_WALK,
) -> None:
    """What was open when the walk began is closed, and what lies before the platform's horizon is lost. What opened while it ran it
    may have passed already: that is left to the next walk, which is due at once."""
    channel = schedule.channel
    age = platforms.get(channel.platform).history.age
    gaps = Gap.objects.filter(channel=channel, cause__in=causes, healed_at=None, lost=False)
    for gap in gaps.filter(found_at__lte=walked_from).order_by("pk"):
        until = gap.until or max(gap.since, walked_from)
        since = gap.since
        if age is not None and since < now - age:
            since = min(until, now - age)  # the rest of it is never shown as healed
            Gap.objects.create(
                channel=channel, cause=GapCause.HORIZON, since=gap.since, until=since, found_at=now, lost=True
            )  # fmt: skip
        Gap.objects.filter(pk=gap.pk).update(
            since=since,
            until=until,
            healed_at=now,
            healed_by=run,
            healed_task=schedule.task,
            unseen=unseen[:300],
        )
    if run is not None and unseen:
        Gap.objects.filter(healed_by=run).update(unseen=unseen[:300])  # those that it found itself, too
    if gaps.exists():
        walk_soon(channel.pk, now)


def note_horizon(channel: Channel, thread: CutOff, *, since: datetime, now: datetime) -> bool:
    """What was written of it between `since` and the oldest that is told can be known by deliveries alone. Where some of those are
    known to have failed it may be lost; where none is, it is whole as far as anybody can tell, and no further."""
    oldest = thread.oldest
    if oldest.sent_at <= since:
        return False
    key, until = oldest.thread_id, oldest.sent_at
    causes = (GapCause.HORIZON, GapCause.UNPROVEN)
    if Gap.objects.filter(channel=channel, cause__in=causes, thread_key=key, until=until).exists():
        return False
    failed = thread.has_news or _deliveries_failed(channel, since, until)
    handle = Handle.objects.filter(channel=channel, external_id=key).select_related("contact").first()
    Gap.objects.create(
        channel=channel, cause=GapCause.HORIZON if failed else GapCause.UNPROVEN, since=since, until=until, found_at=now,
        lost=True, thread_key=key,
        contact_name=(handle.contact.name if handle else "")[:200],
    )  # fmt: skip
    return True


def _deliveries_failed(channel: Channel, since: datetime, until: datetime) -> bool:
    """Whether anything of the channel is known not to have been delivered in this time."""
    known = Gap.objects.filter(channel=channel, cause__in=FOUND_BY_A_WALK, since__lt=until)
    return known.filter(Q(until=None) | Q(until__gt=since)).exists()
