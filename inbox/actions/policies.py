"""What is promised to whom. A change reaches the clocks that run; those that have ended keep what was promised then."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from inbox import events
from inbox.actions import _looking, _touched
from inbox.models import Brand, Conversation, Person, SlaPolicy
from inbox.models.conversations import UNDER_WAY
from inbox.rules.pacing import Pace

LOOKED_AT = 300  # conversations that a preview works out
Target = tuple[datetime, str] | None


class Refused(Exception):
    """The change is not made; the words say why."""


@transaction.atomic(durable=True)
def save(
    *, brand: Brand, policy: SlaPolicy | None, columns: Mapping[str, Any], by: Person, now: datetime
) -> SlaPolicy:
    with events.ledger(brand.pk) as ledger:
        row = write(brand, policy, columns)
        _looking.begin_again(ledger, what="policies", by=by, now=now)
    return row


@transaction.atomic(durable=True)
def retire(*, policy: SlaPolicy, active: bool, by: Person, now: datetime) -> None:
    """Promise it to nobody any more; or again. Its row stays, because clocks that ended under it name it."""
    with events.ledger(policy.brand_id) as ledger:
        if SlaPolicy.objects.filter(pk=policy.pk, is_active=not active).update(
            is_active=active, version=F("version") + 1
        ):
            _looking.begin_again(ledger, what="policies", by=by, now=now)


def write(brand: Brand, policy: SlaPolicy | None, columns: Mapping[str, Any]) -> SlaPolicy:
    others = SlaPolicy.objects.filter(brand=brand, name=columns["name"])
    if others.exclude(pk=policy.pk if policy else 0).exists():
        raise Refused(f"There is a policy called “{columns['name']}” already.")
    if policy is None:
        return SlaPolicy.objects.create(brand=brand, **columns)
    SlaPolicy.objects.filter(pk=policy.pk).update(**columns, version=F("version") + 1)
    policy.refresh_from_db()
    return policy


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change would do to the newest conversations under way, `looked_at` of them."""

    looked_at: int = 0
    more: bool = False
    earlier: int = 0
    later: int = 0
    promised: int = 0  # had no target and would get one
    released: int = 0  # would have none any more
    late_at_once: int = 0

    @property
    def none(self) -> bool:
        return not (self.earlier or self.later or self.promised or self.released)


def effect(*, brand: Brand, change: Callable[[], object], now: datetime) -> Effect:
    """Make the change, work clocks and priorities out, and take all of it back: exact, because it is what saving would do. Some at a time,
    so that whoever writes to the brand meanwhile does not wait for long."""
    under_way = Conversation.objects.filter(brand=brand, state__in=UNDER_WAY).order_by("-pk")
    ids = list(under_way.values_list("pk", flat=True)[: LOOKED_AT + 1])
    left, pairs, pace = ids[:LOOKED_AT], list[tuple[Target, Target]](), Pace()
    while True:  # once at the least: what cannot be saved is refused
        batch, left = left[: pace.size], left[pace.size :]
        began = time.monotonic()
        pairs += _before_and_after(brand, change, batch, now)
        pace.took(time.monotonic() - began, of=len(batch))
        if not left:
            break
    return Effect(
        looked_at=len(pairs),
        more=len(ids) > LOOKED_AT,
        earlier=sum(bool(a and b and b[0] < a[0]) for a, b in pairs),
        later=sum(bool(a and b and b[0] > a[0]) for a, b in pairs),
        promised=sum(bool(b and not a) for a, b in pairs),
        released=sum(bool(a and not b) for a, b in pairs),
        late_at_once=sum(bool(b and b[0] <= now and not (a and a[0] <= now)) for a, b in pairs),
    )


@transaction.atomic(durable=True)
def _before_and_after(
    brand: Brand, change: Callable[[], object], ids: Sequence[int], now: datetime
) -> list[tuple[Target, Target]]:
    with events.ledger(brand.pk) as ledger:
        touched = _touched.load(brand.pk, ids, now)
        _looking.weigh(ledger, touched, now)
        before = {each.id: each.target for each in touched}
        change()
        touched = _touched.load(brand.pk, ids, now)
        _looking.weigh(ledger, touched, now)
    transaction.set_rollback(True)
    return [(before[each.id], each.target) for each in touched]
