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


def ids_waiting(brand: Brand, *, limit: int) -> list[int]:
    found = DeadItem.objects.filter(channel__brand=brand, replayed_at=None)
    return list(found.order_by("pk").values_list("pk", flat=True)[:limit])


def _view(item: DeadItem) -> DeadView:
    return DeadView(
        item=item,
        channel=item.channel.name,
        platform=label_of(item.channel),
        came="by a delivery" if item.receipt_id else "by a sync",
        payload=json.dumps(masked(item.payload), indent=1, ensure_ascii=False),
    )
