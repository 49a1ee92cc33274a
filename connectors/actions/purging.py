"""What is kept for so long and no longer: raw deliveries that were read, dead items that were replayed, the history of runs, and looks at
messages, edits and reactions of them, and additions to posts that never came."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from connectors.actions._asking import Asker
from connectors.actions._runs import Synced
from connectors.contract import UNKNOWN_KIND
from connectors.models import DeadItem, HourOfArrivals, Level, Receipt, ReceiptState, RunState, SyncRun
from connectors.queries import past
from inbox.actions import forgetting
from inbox.models import Channel

KEPT_DAYS = 30
SHORTEST_DAYS = (
    3  # what a platform may still deliver again, and what people may want to read again after a bad day
)
# A week more than silence is measured by; before the last message, however long ago that was.
ARRIVALS_KEPT = timedelta(weeks=9)
BATCH = 1000


def purge(asker: Asker, done: Synced, *, days: int | None) -> None:
    """In small transactions. A delivery with an item that waits to be replayed is kept, however old."""
    now = asker.clock()
    before = now - timedelta(days=max(SHORTEST_DAYS, days or KEPT_DAYS))
    after = 0
    while True:
        last, purged = _purge_receipts(asker.channel, after, before)
        done.events += purged
        if last is None:
            break
        after = last
        asker.hold()
        if asker.time_is_over:
            done.complete = False
            return
    done.events += _purge_the_rest(asker.channel, before, now)
    done.events += forgetting.forget_early_reads(channel_id=asker.channel.pk, before=before)
    done.events += forgetting.forget_early_posts(channel_id=asker.channel.pk, before=before)
    done.events += forgetting.forget_amendments(channel=asker.channel, before=before)
    asker.note(f"{done.events} rows from before {before:%-d %B %Y} are gone.", Level.INFO)


@transaction.atomic(durable=True)
def _purge_receipts(channel: Channel, after: int, before: datetime) -> tuple[int | None, int]:
    """One batch in the order of arrival, and where the next one begins; None when the young ones are reached."""
    batch = list(
        Receipt.objects.filter(channel=channel, pk__gt=after)
        .order_by("pk")
        .values_list("pk", "received_at")[:BATCH]
    )
    old = [pk for pk, received_at in batch if received_at < before]
    # Of what is of an unknown kind the item itself is all that is needed.
    unread = DeadItem.objects.filter(receipt__in=old, replayed_at=None).exclude(reason=UNKNOWN_KIND)
    waiting = unread.values("receipt_id")
    gone, _ = Receipt.objects.filter(pk__in=old, state=ReceiptState.DONE).exclude(pk__in=waiting).delete()
    is_last = len(old) < BATCH
    return (None if is_last else old[-1]), gone


@transaction.atomic(durable=True)
def _purge_the_rest(channel: Channel, before: datetime, now: datetime) -> int:
    dead, _ = DeadItem.objects.filter(channel=channel, replayed_at__lt=before).delete()
    over = SyncRun.objects.filter(channel=channel, ended_at__lt=before).exclude(state=RunState.RUNNING)
    runs, _ = over.exclude(past.says_what_is_wanted(channel)).delete()
    arrivals = HourOfArrivals.objects.filter(channel=channel)
    newest = arrivals.order_by("-hour").values_list("hour", flat=True).first()
    arrivals.filter(hour__lt=min(now, newest or now) - ARRIVALS_KEPT).delete()
    return dead + runs
