"""What a poll finds late, because for a while it could not ask: the gap kept it from us. Inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F, QuerySet

from connectors.actions import _covering
from connectors.contract import InboundMessage
from connectors.models import Gap, GapCause
from inbox.models import Message

CAUSES = (GapCause.DISCONNECTED, GapCause.FAILING)


def could_not_ask(channel_id: int) -> bool:
    return _not_asked(channel_id).exists()


def note(channel_id: int, found: Sequence[InboundMessage], *, now: datetime) -> None:
    """Messages of a page that a poll found late, because for a while it could not ask; what is here since `now` was new. The comparison that
    closes the gap has nothing left to find."""
    if not found:
        return
    new = Message.objects.filter(
        channel=channel_id, created_at=now, external_id__in=[each.external_id for each in found]
    )
    times = list(new.values_list("sent_at", flat=True))
    for gap in _not_asked(channel_id).order_by("since", "pk"):
        since, until = gap.since - _covering.DELIVERED_WITHIN, gap.until or now
        kept = [at for at in times if since <= at <= until]
        times = [at for at in times if not since <= at <= until]
        Gap.objects.filter(pk=gap.pk).update(brought=F("brought") + len(kept))


def _not_asked(channel_id: int) -> QuerySet[Gap]:
    """Gaps since which no poll has read to the end: what one finds afterwards is no later than ever."""
    known = Gap.objects.filter(channel=channel_id, cause__in=CAUSES, healed_at=None, lost=False)
    polled = _covering.polled_until(channel_id)
    return known if polled is None else known.filter(found_at__gte=polled)
