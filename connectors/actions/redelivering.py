"""A platform that can is asked to deliver again what did not reach us: with each reconcile, and once for each gap. What it brings comes
through the door like any other delivery, and most of it is known."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q

from connectors import delivered, registry
from connectors.abilities import Redelivers
from connectors.actions import _covering, addressing, budgets
from connectors.actions._asking import Asker
from connectors.contract import ConnectorError, RedeliveryBounds, Remedy
from connectors.models import Gap, GapCause, Level
from inbox.models import Channel

log = structlog.get_logger(__name__)
BUCKETS = budgets.limits_of("redelivery")
AGAIN_AFTER = timedelta(minutes=10)  # where nobody knows whether the platform agreed
ASKED = "The platform was asked to deliver again what happened from {since:%-d %B, %H:%M} to {until:%-d %B, %H:%M} UTC."
LATER = "It was not asked to deliver again what it had not delivered: {}"
REFUSED = "The platform does not deliver it again: {}"


@dataclass(frozen=True, slots=True)
class _Missing:
    """What the platform may be asked for at once: a gap, or several that overlap."""

    since: datetime
    until: datetime
    gaps: tuple[int, ...]


def ask(asker: Asker, *, now: datetime) -> None:
    """Not where the platform is known not to deliver. What goes wrong here is told and keeps no walk from being made."""
    connector = registry.get(asker.channel.platform)
    if not isinstance(connector, Redelivers):
        return
    missing = _oldest(asker.channel, connector.redelivery, now)
    if missing is None:
        return
    callback = addressing.callback_url(asker.channel)
    own = replace(asker, buckets=BUCKETS)
    unanswered = Gap.objects.filter(pk__in=missing.gaps).exclude(redelivery_asked_at=None)
    may_be_at_it = frozenset(unanswered.values_list("pk", flat=True))
    # Before it is asked: the end of a short task may be told sooner than the answer is kept.
    _note(missing.gaps, redelivery_asked_at=now)
    try:
        agreed = own.ask(
            lambda able, context: able.deliver_again(context, callback, missing.since, missing.until)
        )
    except ConnectorError as refused:
        _note_refused(missing.gaps, refused, may_be_at_it)
        asker.note(LATER.format(refused.reason), Level.WARNING)
        return
    finally:
        asker.requests = own.requests
    _note_agreed(missing.gaps, agreed.job[:64])
    asker.note(ASKED.format(since=missing.since, until=missing.until), Level.INFO)
    log.info("asked_to_deliver_again", channel=asker.channel.pk, gaps=missing.gaps, job=agreed.job)


def _oldest(channel: Channel, bounds: RedeliveryBounds, now: datetime) -> _Missing | None:
    """What is out of reach first, and the gaps that overlap with it. Others have their turn with the next reconcile."""
    found: _Missing | None = None
    for since, until, gap_id in sorted(_askable(channel, bounds, now)):
        if found is None:
            found = _Missing(since, until, (gap_id,))
        elif since <= found.until:
            found = replace(found, until=max(found.until, until), gaps=(*found.gaps, gap_id))
    return found


def _askable(
    channel: Channel, bounds: RedeliveryBounds, now: datetime
) -> Iterator[tuple[datetime, datetime, int]]:
    """What lies within the platform's bounds, and after the account was connected: what was said before is no news of ours."""
    earliest = max(now - bounds.reach, channel.created_at)
    gaps = Gap.objects.filter(
        Q(redelivery_asked_at=None) | Q(redelivery_asked_at__lte=now - AGAIN_AFTER),
        channel=channel, cause__in=_covering.FOUND_BY_A_WALK, lost=False, until__gt=earliest,
        redelivery_job="", redelivery_said="",
    )  # fmt: skip
    for gap in gaps.exclude(cause=GapCause.UNREAD):  # that was delivered
        since, until = _stretch(gap)
        since = max(since, earliest)
        if since <= now - bounds.begun and until <= now - bounds.ended:
            yield since, until, gap.pk


def _stretch(gap: Gap) -> tuple[datetime, datetime]:
    """Messages that a walk found tell of a failing that began after the last delivery before them, and of whose end nothing is known:
    of reads and the like in that time no history tells."""
    until = gap.until or gap.found_at
    if gap.cause != GapCause.NOT_DELIVERED:
        return gap.since, until
    return delivered.last_before(gap.channel_id, gap.since) or gap.since, max(until, gap.found_at)


def _note_refused(gaps: Sequence[int], refused: ConnectorError, may_be_at_it: Collection[int]) -> None:
    """`may_be_at_it`: gaps of which an earlier answer was lost. The task that the platform says it is busy with may be theirs, and its end
    is told."""
    if refused.remedy is Remedy.UNKNOWN:
        return
    if refused.remedy in (Remedy.RETRY, Remedy.REFRESH):
        _note([gap for gap in gaps if gap not in may_be_at_it], redelivery_asked_at=None)
    else:
        _note(gaps, redelivery_asked_at=None, redelivery_said=REFUSED.format(refused.reason)[:300])


@transaction.atomic
def _note_agreed(gaps: Sequence[int], job: str) -> None:
    """Whatever ended meanwhile under another name was another task."""
    mine = Gap.objects.filter(pk__in=gaps).exclude(redelivery_job=job)
    mine.update(redelivery_job=job, redelivery_ended_at=None, redelivery_said="")


@transaction.atomic
def _note(gaps: Sequence[int], **columns: object) -> None:
    Gap.objects.filter(pk__in=gaps).update(**columns)
