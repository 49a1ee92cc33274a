"""What comes in. Pure functions, so that tests need a file and nothing else.

A delivery of Echo:
{"account": "brand-1", "events": [{"kind": "said", "id": "1", "from": "ana", "text": "Hi", "at": 1786012345123}]}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connectors import wire
from connectors.contract import (
    Account,
    Edited,
    InboundEvent,
    InboundMessage,
    Item,
    Malformed,
    MessageKind,
    Origin,
    Party,
)


def items(body: bytes) -> Iterator[Item]:
    """Cut the delivery into updates, so that one bad update never stops the others."""
    document = wire.mapping(wire.decode(body))
    if not isinstance(document.get("events"), list):
        raise Malformed("This is not a delivery of Echo: it has no events.")
    account_id = wire.ident(document.get("account"))
    for event in wire.entries(document["events"]):
        yield Item(event, (account_id,) if account_id else ())


def parse(item: Item, account: Account) -> Sequence[InboundEvent]:
    event = item.payload
    at = wire.when(event.get("at"))  # the event's own time, never the delivery's
    if event.get("kind") == "edited":
        return (Edited(wire.need(wire.ident(event.get("id")), "id"), wire.text(event.get("text")), at),)
    return (_message(event, account),)


def _message(event: Mapping[str, object], account: Account) -> InboundMessage:
    author = wire.need(wire.ident(event.get("from")), "author")
    outbound = author == account.external_id  # our own, come back: it says to whom it went
    customer = wire.need(wire.ident(event.get("to")) if outbound else author, "customer")
    known = event.get("kind") == "said"
    return InboundMessage(
        # What we do not know yet is shown as unsupported. Its id must stay the same when it is delivered again.
        external_id=wire.need(wire.ident(event.get("id")), "id") if known else wire.derived_id("echo", event),
        thread_id=customer,
        sent_at=wire.when(event.get("at")),
        author=Party(author, name=wire.text(event.get("name"))),
        text=wire.text(event.get("text")) if known else "",
        kind=MessageKind.TEXT if known else MessageKind.UNSUPPORTED,
        outbound=outbound,
        origin=Origin.OTHER_CLIENT if outbound else Origin.CUSTOMER,
        counterpart=Party(customer) if outbound else None,
    )
