"""What a connector would hand over."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from inbox.exchange import (
    Edited,
    InboundMessage,
    MessageKind,
    Origin,
    Party,
    Reacted,
    ReadUpTo,
    ThreadKind,
    Unsent,
)

NOON = datetime(2026, 8, 6, 12, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def at(seconds: float = 0) -> datetime:
    return NOON + timedelta(seconds=seconds)


def wrote(
    text: str = "Where is my parcel?", *, who: str = "mara", seconds: float = 0, **fields: Any
) -> InboundMessage:
    """A customer's message."""
    return InboundMessage(
        external_id=fields.pop("external_id", None) or f"m-{next(_numbers)}",
        thread_id=fields.pop("thread_id", who),
        sent_at=at(seconds),
        author=Party(who, name=who.title(), username=f"{who}.k"),
        text=text,
        **fields,
    )


def told(text: str, *, about: str = "mara", seconds: float = 0) -> InboundMessage:
    """What the platform itself says in a thread."""
    return wrote(text, who=about, seconds=seconds, kind=MessageKind.SYSTEM, origin=Origin.AUTOMATION)


def echoed(text: str, *, to: str = "mara", seconds: float = 0, **fields: Any) -> InboundMessage:
    """A message of the brand's side, as the platform shows it to us."""
    return InboundMessage(
        external_id=fields.pop("external_id", None) or f"m-{next(_numbers)}",
        thread_id=to,
        sent_at=at(seconds),
        author=Party("brand", name="Acme"),
        counterpart=Party(to, name=to.title()),
        text=text,
        outbound=True,
        origin=Origin.OTHER_CLIENT,
        **fields,
    )


def posted(message: InboundMessage, *, answers: str = "", root: str = "") -> InboundMessage:
    """The same in public, on a network where many speak under one root. `root` empty: this telling does not know it."""
    party = message.counterpart if message.outbound else message.author
    person = f":{party.external_id}" if party else ""
    return replace(
        message,
        thread_id=f"comment:{root or answers or message.external_id}{person}",
        aside=f"comment:{answers}{person}" if answers and answers != root else "",
        reply_to=answers,
        kind=MessageKind.COMMENT,
        thread_kind=ThreadKind.COMMENT,
    )


def added(text: str, *, answers: str, **fields: Any) -> InboundMessage:
    """What the brand adds in public to a post of its own, which names nobody."""
    return posted(replace(echoed(text, **fields), counterpart=None), answers=answers)


def edited(message: InboundMessage, text: str, *, seconds: float = 60, version: int = 1) -> Edited:
    return Edited(message.external_id, text, at(seconds), version, message.thread_id)


def unsent(message: InboundMessage, *, seconds: float = 90) -> Unsent:
    return Unsent(message.external_id, at(seconds), message.thread_id)


def reacted(
    message: InboundMessage,
    emoji: str = "❤️",
    *,
    who: str = "mara",
    seconds: float = 30,
    removed: bool = False,
) -> Reacted:
    return Reacted(
        message.external_id, Party(who), at(seconds), "" if removed else emoji, "", removed, message.thread_id
    )


def read(thread_id: str = "mara", *, seconds: float = 120, message_id: str = "") -> ReadUpTo:
    return ReadUpTo(thread_id, at(seconds), message_id)
