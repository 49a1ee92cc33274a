"""What was kept for something that never came."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from inbox import events
from inbox.models import Amendment, Channel, EarlyPost, EarlyRead, TakenEcho
from inbox.queries import kept_words

AMENDMENTS_AT_ONCE = 500
ECHOES_KEPT = timedelta(hours=1)  # the answer of no platform comes later than that
ECHOES_AT_ONCE = 500


@transaction.atomic(durable=True)
def forget_early_reads(*, channel_id: int, before: datetime) -> int:
    """Looks at messages that no delivery and no history has shown since. Returns how many."""
    gone, _ = EarlyRead.objects.filter(channel=channel_id, at__lt=before).delete()
    return gone


@transaction.atomic(durable=True)
def forget_early_posts(*, channel_id: int, before: datetime) -> int:
    """What the brand added to a post that is no part of a talk. Returns how many."""
    gone, _ = EarlyPost.objects.filter(channel=channel_id, told_at__lt=before).delete()
    return gone


def forget_amendments(*, channel: Channel, before: datetime) -> int:
    """Edits and reactions of messages that nothing has shown since. Returns how many."""
    forgotten = 0
    while some := list(_without_a_message(channel, before)[:AMENDMENTS_AT_ONCE]):
        forgotten += _forget_amendments(channel, before, some)
    return forgotten


def _without_a_message(channel: Channel, before: datetime) -> QuerySet[Amendment, int]:
    return kept_words.of_no_message(before, channel_id=channel.pk).values_list("pk", flat=True)


@transaction.atomic(durable=True)
def _forget_amendments(channel: Channel, before: datetime, some: list[int]) -> int:
    """Under the brand's lock they are asked for again: their message may have come meanwhile. They are looked for without it, because a
    channel may have many."""
    with events.ledger(channel.brand_id):
        gone, _ = Amendment.objects.filter(
            pk__in=_without_a_message(channel, before).filter(pk__in=some)
        ).delete()
    return gone


@transaction.atomic(durable=True)
def forget_taken_echoes(*, now: datetime) -> int:
    """Of the replies of all brands, some at a time: what no platform's answer has asked for. It waits for nobody, and one whose answer comes
    just now is that answer's affair. Returns how many."""
    old = TakenEcho.objects.select_for_update(skip_locked=True).filter(taken_at__lt=now - ECHOES_KEPT)
    some = list(old.order_by("taken_at").values_list("pk", flat=True)[:ECHOES_AT_ONCE])
    gone, _ = TakenEcho.objects.filter(pk__in=some).delete()
    return gone
