"""What could not be read or stored and is kept for people: of a page once, however often it is met; of a delivery that could not be read
as a whole the delivery. Inside the caller's transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors import keeping
from connectors.actions import _arriving, _missed
from connectors.actions._arriving import Parsed
from connectors.contract import Item, Page
from connectors.models import DeadItem, Receipt, ReceiptState
from inbox.models import Channel

_OF_THE_PAGE = ("standing", "after", "aside")  # what an event says of the moment and of its neighbours

_PEOPLE = ("author", "counterpart", "party", "actor")  # whose followers and pictures change


def unread(channel: Channel, page: Page, *, now: datetime) -> list[DeadItem]:
    return [
        _arriving.dead_item(Parsed(channel, Item(payload), ()), why or "The item cannot be read.", now=now)
        for payload, why in page.failures
    ]


def bury(dead: Sequence[DeadItem], *, before: datetime | None) -> int:
    """A log that is read again and a walk that comes by again meet the same bad items; each waits once. Returns how many were not known."""
    if not dead:
        return 0
    for each in dead:
        each.historical_before = before
        each.fingerprint = fingerprint(each.payload)
    # In one order for everybody: a poll and a walk may meet the same ones at the same time.
    in_order = sorted(dead, key=lambda each: each.fingerprint or "")
    of_them = {
        "channel__in": {each.channel_id for each in dead},
        "fingerprint__in": {each.fingerprint for each in dead},
    }
    waiting = DeadItem.objects.filter(replayed_at=None, **of_them)
    known = waiting.count()
    DeadItem.objects.bulk_create(in_order, ignore_conflicts=True)
    return waiting.count() - known


def whole(receipt: Receipt, reason: str, *, now: datetime) -> DeadItem:
    """The body stays with the delivery, which is what is read again."""
    return DeadItem(
        channel_id=receipt.channel_id,
        receipt=receipt,
        payload={},
        reason=reason,
        is_whole=True,
        created_at=now,
    )


def deliveries(receipt_ids: Sequence[int], reason: str, *, now: datetime) -> int:
    """Those of them that still wait are dead from now on."""
    waiting = Receipt.objects.filter(pk__in=receipt_ids, state=ReceiptState.NEW).order_by("pk")
    dying = list(waiting.select_for_update().only("pk", "channel_id", "received_at"))
    DeadItem.objects.bulk_create([whole(each, reason, now=now) for each in dying])
    _missed.note_unread(dying, now=now)
    died = Receipt.objects.filter(pk__in=[each.pk for each in dying])
    return died.update(state=ReceiptState.DEAD, reason=reason, drained_at=now)


def fingerprint(payload: Mapping[str, Any]) -> str:
    """The same for the same item, whatever the order of its keys, when it was asked for, and how its addresses are signed today."""
    item = payload["payload"]
    if keeping.is_written(item):
        fields = {name: value for name, value in item["fields"].items() if name not in _OF_THE_PAGE}
        for who in _PEOPLE:
            if isinstance(person := fields.get(who), Mapping):
                fields[who] = person.get("external_id")
        payload = {**payload, "payload": {**item, "fields": fields}}
    canonical = json.dumps(_lasting(payload), sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _lasting(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _lasting(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_lasting(inner) for inner in value]
    if isinstance(value, str) and value.startswith(("https://", "http://")):
        return value.partition("?")[0]
    return value


def words_of(remarks: Iterable[str]) -> str:
    """What the platform could not show, for the log of a run."""
    said = list(dict.fromkeys(remarks))
    more = f" And {len(said) - 3} more of the kind." if len(said) > 3 else ""
    return " ".join(said[:3]) + more
