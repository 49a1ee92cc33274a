"""The rail of views as one person sees it: those of the house, the saved ones, and the brand's channels with how they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import Any

import orjson
from django.contrib.auth.models import AnonymousUser

from inbox import access
from inbox.models import Brand, Event, EventKind, Person
from inbox.queries import inbox_list, saved_views
from inbox.queries.inbox_list import View


def of(person: Person, brand: Brand) -> list[View]:
    """Without their counters."""
    return [*inbox_list.house(person, brand), *saved_views.of(person, brand)]


def drawn(views: Sequence[View], granted: Collection[access.Permission]) -> str:
    """A short word for all that is drawn but figures, and where else one may go: an open page sees by it whether its rail is as it is now."""
    told = [
        (
            view.name, view.label, view.account, view.key, view.count_key, view.saved.whose if view.saved else "",
            view.channel.state if view.channel else "",
        )
        for view in views
    ]  # fmt: skip
    return sha256(orjson.dumps([sorted(granted), told])).hexdigest()[:16]


def figures_for(person: Person | AnonymousUser, brand: Brand) -> dict[str, Any]:
    """This person's saved views with the keys of their counters, these counters, and the word for all that is drawn; nothing of it for who does
    not work here. The number of the last change first: what comes between is told again."""
    counted = {"counted": saved_views.told(brand)}
    granted = access.granted_to(person, brand)
    if not granted or not isinstance(person, Person):
        return counted | {"counts": {}, "views": {}, "rail": ""}
    views = of(person, brand)
    keys = {view.name: view.count_key for view in views if view.saved}
    counts = saved_views.counts(brand, keys.values())
    return counted | {"counts": counts, "views": keys, "rail": drawn(views, granted)}


def channel_changed_since(brand: Brand, seq: int) -> dict[str, int]:
    """What a page is told that missed it: the last channel that was parked, or works again."""
    found = Event.objects.filter(brand=brand, seq__gt=seq, kind=EventKind.CHANNEL_CHANGED)
    data = found.order_by("-seq").values_list("data", flat=True).first()
    return {"channel": data["channel"]} if data else {}
