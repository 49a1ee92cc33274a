"""Reading deliveries whole, shuffled and damaged, and looking at what comes of it."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

import orjson

from connectors.conformance.subject import Subject
from connectors.contract import Edited, InboundEvent, InboundMessage, Item, Malformed, Reacted, Unsent

_ODD: Final[tuple[Any, ...]] = (
    None, True, -1, 0, 2**63, 1.5, "", " ", "x" * 300, "٣", "\u202e", "1" * 30, [], {}, [None], [[]], {"id": {}}, "2026-13-45",
)  # fmt: skip


def read(subject: Subject, body: bytes) -> list[InboundEvent]:
    """All that a body says; what is malformed says nothing. Any other error goes through."""
    try:
        items = list(subject.connector.items(body))
    except Malformed:
        return []
    assert all(isinstance(each, str) and each for item in items for each in item.account_ids)
    return [event for item in items for event in attempt(subject, item)]


def attempt(subject: Subject, item: Item) -> list[InboundEvent]:
    try:
        return list(subject.connector.parse(item, subject.account))
    except Malformed as error:
        if not str(error):
            raise AssertionError("a refusal without a reason") from error
        return []


def check(event: InboundEvent) -> None:
    """Every id is text, every time is aware, and nothing is left out that the inbox cannot do without."""
    for each in fields(event):
        value = getattr(event, each.name)
        if isinstance(value, datetime):
            assert value.utcoffset() == timedelta(0), each.name
        if isinstance(event, Edited) and each.name == "text" and value is None:
            continue  # the new words were not told
        if each.name.endswith(("_id", "target", "order_key", "reply_to", "client_ref", "text")):
            assert isinstance(value, str), each.name
    if isinstance(event, InboundMessage):
        assert event.external_id and event.thread_id and event.author.external_id
        assert all(isinstance(each.url, str) for each in event.attachments)
        orjson.dumps(dict(event.card))
    if isinstance(event, Edited | Unsent | Reacted):
        assert event.target


def shuffled(value: Any, chance: Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: shuffled(value[key], chance) for key in keys}
    return [shuffled(each, chance) for each in value] if isinstance(value, list) else value


def damaged(value: Any, chance: Random) -> Any:
    """One part somewhere inside is lost, or becomes something else."""
    if isinstance(value, dict) and value and chance.random() < 0.92:
        key = chance.choice(sorted(value))
        if chance.random() < 0.1:
            return {name: each for name, each in value.items() if name != key}
        return {**value, key: damaged(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.92:
        index = chance.randrange(len(value))
        return [*value[:index], damaged(value[index], chance), *value[index + 1 :]]
    return chance.choice(_ODD)


class SameEverywhere(dict[str, str]):
    """A query that says one thing under every name, whichever the connector asks for."""

    def __init__(self, said: str) -> None:
        super().__init__()
        self._said = said

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return self._said

    def get(self, name: str, default: object = None) -> str:
        return self._said


def signatures_in(header: str) -> list[str]:
    """The long parts of "sha256=…" or "t=…,s=…"; a platform may put them together in another way elsewhere."""
    return [part for part in re.split(r"[=,;\s]+", header) if len(part) >= 16]


def flipped(body: bytes) -> bytes:
    return bytes([body[0] ^ 1]) + body[1:]
