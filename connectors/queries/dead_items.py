"""What could not be read or stored, newest first, with its payload masked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from django.db.models import Case, Exists, F, OuterRef, When
from django.db.models.functions import Coalesce, Length

from connectors.models import Credential, DeadItem, Receipt
from connectors.queries.schedules import label_of
from connectors.rules.masking import masked
from inbox.models import Brand

PAGE = 30
LONGEST_SHOWN = 256 * 1024  # bytes of a body; a page of them fits in memory


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
    items = list(found.order_by("-pk")[:PAGE])
    bodies = _bodies(brand, [each.receipt_id for each in items if each.is_whole and each.receipt_id])
    return [_view(item, bodies) for item in items]


def newest_waiting(brand: Brand) -> int:
    """0 where none waits."""
    found = DeadItem.objects.filter(channel__brand=brand, replayed_at=None).order_by("-pk")
    return found.values_list("pk", flat=True).first() or 0


def ids_waiting(brand: Brand, *, after: int, until: int, limit: int) -> list[int]:
    """Oldest first, behind `after` and no further than `until`: what cannot be read yet is not met a second time on the way, and what
    comes meanwhile does not make the way longer."""
    found = DeadItem.objects.filter(channel__brand=brand, replayed_at=None, pk__gt=after, pk__lte=until)
    return list(found.order_by("pk").values_list("pk", flat=True)[:limit])


def _bodies(brand: Brand, receipt_ids: Sequence[int]) -> dict[int, str]:
    """What each delivery holds, as operations of the brand may see it: nobody knows of whom one tells that cannot be read, and it may
    come to the address of any channel of its app."""
    if not receipt_ids:
        return {}
    # Of a channel that was retired nobody knows the app any more: it is taken for any other's of the platform.
    app = Coalesce(OuterRef("channel__credential__app"), F("app"))
    others = Credential.objects.filter(app=app, channel__platform=OuterRef("channel__platform"))
    others = others.exclude(channel__brand=brand)
    found = Receipt.objects.filter(pk__in=receipt_ids).annotate(size=Length("body"), shared=Exists(others))
    shown = found.annotate(shown=Case(When(size__lte=LONGEST_SHOWN, shared=False, then="body")))
    told = shown.values_list("pk", "size", "shared", "shown")
    return {pk: _body(size, body, shared=shared) for pk, size, shared, body in told}


def _body(size: int, body: memoryview | bytes | None, *, shared: bool) -> str:
    if shared:
        return f"[{size} bytes, which may tell of other brands' accounts and are not shown]"
    if body is None:
        return f"[{size} bytes, too many to be shown]"
    try:
        return _masked(orjson.loads(bytes(body)))
    except orjson.JSONDecodeError:
        return f"[{size} bytes that are no JSON]"


def _masked(payload: object) -> str:
    return json.dumps(masked(payload), indent=1, ensure_ascii=False)


def _view(item: DeadItem, bodies: dict[int, str]) -> DeadView:
    came = "a whole delivery" if item.is_whole else "by a delivery" if item.receipt_id else "by a sync"
    return DeadView(
        item=item,
        channel=item.channel.name,
        platform=label_of(item.channel),
        came=came,
        payload=bodies.get(item.receipt_id or 0, "") if item.is_whole else _masked(item.payload),
    )
