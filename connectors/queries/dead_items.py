"""What could not be read or stored, newest first, with its payload masked."""

from __future__ import annotations

import json
from dataclasses import dataclass

from connectors.models import DeadItem
from connectors.queries.schedules import label_of
from connectors.rules.masking import masked
from inbox.models import Brand

PAGE = 30


@dataclass(frozen=True, slots=True)
class DeadView:
    item: DeadItem
    channel: str
    platform: str
    came: str
    payload: str


def waiting(brand: Brand, *, before: int | None) -> list[DeadView]:
    found = DeadItem.objects.filter(channel__brand=brand, replayed_at=None).select_related("channel")
    if before:
        found = found.filter(pk__lt=before)
    return [_view(item) for item in found.order_by("-pk")[:PAGE]]


def newest_waiting(brand: Brand) -> int:
    """0 where none waits."""
    found = DeadItem.objects.filter(channel__brand=brand, replayed_at=None).order_by("-pk")
    return found.values_list("pk", flat=True).first() or 0


def ids_waiting(brand: Brand, *, after: int, until: int, limit: int) -> list[int]:
    """Oldest first, behind `after` and no further than `until`: what cannot be read yet is not met a second time on the way, and what
    comes meanwhile does not make the way longer."""
    found = DeadItem.objects.filter(channel__brand=brand, replayed_at=None, pk__gt=after, pk__lte=until)
    return list(found.order_by("pk").values_list("pk", flat=True)[:limit])


def _view(item: DeadItem) -> DeadView:
    return DeadView(
        item=item,
        channel=item.channel.name,
        platform=label_of(item.channel),
        came="by a delivery" if item.receipt_id else "by a sync",
        payload=json.dumps(masked(item.payload), indent=1, ensure_ascii=False),
    )
