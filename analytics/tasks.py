"""Celery's doors into the figures: follow what happened, sum what changed, look who is there. Rows are the queue for each."""

from __future__ import annotations

import time
from typing import Any

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

from analytics import rollups
from analytics.actions import following, mailing, recounting, watching
from inbox.models import Brand

SECONDS = 5.0  # then the worker is free for others, and the brand stands in line again
HELD = 15
GATHER_SECONDS = (
    1.0  # facts of a conversation are worked out anew with each look: a little is let come together
)


def wake_following(brand_id: int) -> None:
    """Enqueue one look at the brand, unless one that has not begun yet is known."""
    if cache.add(f"figures-wanted:{brand_id}", 1, timeout=5):
        follow_brand.apply_async(kwargs={"brand_id": brand_id}, countdown=GATHER_SECONDS)


def held(brand_id: int) -> str:
    """The cache's key of the turn that one worker has at the brand."""
    return f"figures-held:{brand_id}"


@shared_task
def follow_brand(*, brand_id: int, **_later: Any) -> None:
    """Count the brand's events to their end. One worker at a time: two would read the same rows, to no use."""
    cache.delete(f"figures-wanted:{brand_id}")
    turn = held(brand_id)
    if not cache.add(turn, 1, timeout=HELD):
        return
    until = time.monotonic() + SECONDS
    brand = Brand.objects.get(pk=brand_id)
    try:
        recounting.mark_settings(brand=brand, now=timezone.now())
        while time.monotonic() < until:
            batch = following.next_batch(brand_id)
            if not batch.is_empty:
                following.follow(batch, now=timezone.now())
            elif not recounting.count_again(brand=brand, now=timezone.now()):
                return
            cache.touch(turn, HELD)
    finally:
        cache.delete(turn)
    wake_following(brand_id)


@shared_task
def follow_behind(**_later: Any) -> None:
    """Whatever fell through: brands with events that nobody has counted."""
    for brand_id in following.behind():
        wake_following(brand_id)


@shared_task
def sum_periods(**_later: Any) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and rollups.rebuild_due(now=timezone.now()):
        pass


@shared_task
def look_who_is_there(**_later: Any) -> None:
    watching.look(now=timezone.now())


@shared_task
def mind_settings(**_later: Any) -> None:
    """Hours and time zones that changed, and teams that are gone, while nothing else happened."""
    mailing.follow_clocks(now=timezone.now())
    for brand in Brand.objects.filter(figures__isnull=False).order_by("pk"):
        if recounting.mark_settings(
            brand=brand, now=timezone.now(), counts=False
        ) or recounting.leave_gone_teams(brand=brand):
            wake_following(brand.pk)
