"""Mentions told when they are asked for: the delivery holds ids only."""

from __future__ import annotations

import re
from typing import Final

from connectors import wire
from connectors.contract import (
    ConnectorError,
    Context,
    InboundMessage,
    MessageKind,
    Party,
    Remedy,
    ThreadKind,
)
from connectors.platforms.instagram import client, comments, errors
from connectors.platforms.instagram.manifest import STAND_IN

_ID: Final = re.compile(r"\w+")  # it becomes part of an expression
_GONE: Final = "Instagram no longer shows this mention."


def told(ctx: Context, external_id: str, thread_id: str) -> InboundMessage:
    """Who named us in a comment, or in the words under a post. Instagram tells the handle of the author, and no id:
    by the handle they are called from then on."""
    media_id = external_id.removeprefix(comments.MENTION)
    if not _ID.fullmatch(media_id):
        raise ConnectorError(_GONE, remedy=Remedy.TELL)
    if external_id == media_id:
        asked = f"mentioned_comment.comment_id({external_id}){{id,text,timestamp,username}}"
    else:
        asked = f"mentioned_media.media_id({media_id}){{id,caption,timestamp,username}}"
    with errors.in_public():
        body, _ = client.get(ctx, client.segment(client.account(ctx).external_id), {"fields": asked})
    found = wire.mapping(body.get(asked.partition(".")[0]))
    if not found:
        raise ConnectorError(_GONE, remedy=Remedy.TELL)
    username = wire.text(found.get("username"))
    at = wire.moment(found.get("timestamp"))
    return InboundMessage(
        external_id=external_id,
        thread_id=thread_id,
        sent_at=at or ctx.now,
        dated_by_delivery=at is None,
        author=Party(f"{STAND_IN}{media_id}", name=username, username=username),
        text=wire.text(found.get("text")) or wire.text(found.get("caption")),
        kind=MessageKind.MENTION,
        thread_kind=ThreadKind.COMMENT,
    )
