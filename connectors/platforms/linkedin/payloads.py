"""LinkedIn's two sources: notifications by webhook, and the change log by poll."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connectors import wire
from connectors.contract import Account, InboundEvent, Item, Malformed
from connectors.platforms.linkedin import changelog, comments

_NOTIFICATIONS = "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS"


def items(body: bytes) -> Iterator[Item]:
    document = wire.decode(body)
    if not isinstance(document, Mapping):
        raise Malformed("This is not a delivery of LinkedIn: it is no object.")
    if isinstance(document.get("elements"), list):  # a page of the change log
        for each in wire.entries(document["elements"]):
            owner = wire.ident(each.get("owner"))
            yield Item(each, (owner,) if owner else ())
        return
    notifications = document.get("notifications")
    if not isinstance(notifications, list):
        raise Malformed("This is not a delivery of LinkedIn: it has no notifications.")
    for each in wire.entries(notifications):
        named = (wire.ident(each.get(name)) for name in ("organizationalEntity", "subscriber"))
        yield Item({"type": document.get("type"), **each}, tuple(dict.fromkeys(filter(None, named))))


def parse(item: Item, account: Account) -> Sequence[InboundEvent]:
    if "resourceName" in item.payload:
        return changelog.parse(item.payload)
    if item.payload.get("type") not in (None, _NOTIFICATIONS):
        return ()
    return comments.parse(item.payload)
