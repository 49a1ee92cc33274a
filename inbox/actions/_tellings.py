"""What was told of a message of the brand's side, written down until it is known what it is, and read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from inbox.exchange import Attachment, AttachmentKind, InboundMessage, MessageKind, Origin, Party
from inbox.rules.cleaning import LONGEST, clean_json


def written(message: InboundMessage) -> dict[str, Any]:
    """Without its id, its place and its time, which have columns of their own."""
    told: dict[str, Any] = clean_json(
        {
            "name": message.author.name or message.author.username,
            "text": message.text[:LONGEST],
            "kind": message.kind,
            "origin": message.origin,
            "files": [asdict(file) for file in message.attachments],
            "reply_to": message.reply_to,
            "card": message.card,
        }
    )
    return told


def read(told: Mapping[str, Any], **own: Any) -> InboundMessage:
    """`own`: what is not written there."""
    return InboundMessage(
        author=Party("", name=told.get("name", "")),
        text=told["text"],
        kind=MessageKind(told["kind"]),
        outbound=True,
        origin=Origin(told["origin"]),
        attachments=tuple(map(_file, told.get("files", ()))),
        reply_to=told.get("reply_to", ""),
        card=told.get("card", {}),
        **own,
    )


def without_content(told: Mapping[str, Any]) -> dict[str, Any]:
    """Of a message that was unsent: that there were files may be known."""
    files = [file | {"url": "", "title": "", "name": ""} for file in told.get("files", ())]
    return {**told, "text": "", "files": files, "card": {}}


def _file(told: dict[str, Any]) -> Attachment:
    ends = told["expires_at"]
    read = {
        "kind": AttachmentKind(told["kind"]),
        "expires_at": datetime.fromisoformat(ends) if ends else None,
    }
    return Attachment(**told | read)
