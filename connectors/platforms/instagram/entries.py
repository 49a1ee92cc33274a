"""A delivery of Instagram, cut into its updates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from connectors import wire
from connectors.contract import Item, Malformed

# What is read of an entry, and what says nothing by itself: `hop_context` names the apps through which a thread came.
_KNOWN: Final = ("id", "time", "messaging", "standby", "changes", "field", "value", "hop_context")


def items(body: bytes) -> Iterator[Item]:
    """The updates of a delivery: entry[] × (messaging[] | standby[] | changes[] | flat), in an object or an array of them."""
    document = wire.decode(body)
    documents = document if isinstance(document, list) else [document]
    if not all(isinstance(each, Mapping) and isinstance(each.get("entry"), list) for each in documents):
        raise Malformed("This is not a delivery of Instagram: it has no entries.")
    for each in documents:
        for entry in wire.entries(each.get("entry")):
            yield from _items_of(entry)


def _items_of(entry: Mapping[str, Any]) -> Iterator[Item]:
    entry_id = wire.ident(entry.get("id"))
    shared = {"entry": entry_id, "time": entry.get("time")}
    known = False
    for section in ("messaging", "standby"):
        for element in wire.entries(entry.get(section)):
            known = True
            yield Item({**shared, "section": section, "element": element}, _accounts(entry_id, element))
    changes = wire.entries(entry.get("changes"))
    if not changes and "field" in entry:
        changes = [entry]
    for change in changes:
        known = True
        payload = {**shared, "section": "field", "field": change.get("field"), "value": change.get("value")}
        yield Item(payload, _accounts(entry_id, wire.mapping(change.get("value"))))
    others = {
        name: each
        for name, each in entry.items()
        if name not in _KNOWN and isinstance(each, (list, Mapping)) and each
    }
    if others or not known:
        element = others if known else dict(entry)
        yield Item({**shared, "section": "unknown", "element": element}, _accounts(entry_id, {}))


def _accounts(entry_id: str, element: Mapping[str, Any]) -> tuple[str, ...]:
    """Entries name the account or its Page; the element names the account as one of the two sides."""
    sides = (wire.ident(wire.mapping(element.get(side)).get("id")) for side in ("recipient", "sender"))
    return tuple(dict.fromkeys(each for each in (entry_id, *sides) if each))
