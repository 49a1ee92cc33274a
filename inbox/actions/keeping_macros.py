"""Macros as they are kept. What one does to a conversation is in running_macros."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from inbox import events
from inbox.models import Brand, EventKind, Macro, Person

MOST = 100  # of a brand, and of a person


class Refused(Exception):
    """The change is not made; the words say why."""


@transaction.atomic(durable=True)
def save(
    *,
    brand: Brand,
    macro: Macro | None,
    owner: Person | None,
    columns: Mapping[str, Any],
    by: Person,
    now: datetime,
) -> Macro:
    """Make or change one. `columns` as a checked form gives them."""
    with events.ledger(brand.pk) as ledger:
        others = Macro.objects.filter(brand=brand, owner=owner).exclude(pk=macro.pk if macro else 0)
        name, shortcut, reply = columns["name"], columns["shortcut"], columns["reply"]
        if others.filter(name__iexact=name).exists():
            raise Refused(f"There is a macro called “{name}” already.")
        if shortcut and others.filter(shortcut__iexact=shortcut).exists():
            raise Refused(f"The shortcut “{shortcut}” stands for another macro already.")
        if macro is None and others.count() >= MOST:
            raise Refused(f"There are {MOST} macros already. Remove some that nobody uses.")
        if reply and reply.owner_id and owner is None:
            raise Refused(
                f"“{reply.name}” is your own reply: a macro for everybody needs one that everybody has."
            )
        if macro is None:
            macro = Macro.objects.create(brand=brand, owner=owner, **columns)
        else:
            Macro.objects.filter(pk=macro.pk).update(**columns)
            macro.refresh_from_db()
        ledger.record(EventKind.WRITING_CHANGED, at=now, actor_id=by.pk, macro=name, own=owner is not None)
    return macro


@transaction.atomic(durable=True)
def remove(*, macro: Macro, by: Person, now: datetime) -> None:
    with events.ledger(macro.brand_id) as ledger:
        if Macro.objects.filter(pk=macro.pk).delete()[0]:
            ledger.record(
                EventKind.WRITING_CHANGED, at=now, actor_id=by.pk, macro=macro.name, own=macro.owner_id is not None,
                removed=True,
            )  # fmt: skip
