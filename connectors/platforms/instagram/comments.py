"""Public comments and mentions on Instagram."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors import wire
from connectors.contract import Account, InboundMessage, MessageKind, Origin, Party, ThreadKind
from connectors.platforms.instagram.manifest import HIDDEN, STAND_IN

THREAD: Final = "comment:"
MENTION: Final = "mention:"  # marks a post of somebody else's that names us; it is answered in another way


def comment(value: Mapping[str, Any], *, entry_time: object, account: Account) -> InboundMessage:
    comment_id = wire.need(wire.ident(value.get("id")) or wire.ident(value.get("comment_id")), "comment id")
    parent_id = wire.ident(value.get("parent_id"))
    media = wire.mapping(value.get("media"))
    outbound = wire.ident(wire.mapping(value.get("from")).get("id")) == account.external_id
    own_times = (value.get("timestamp"), value.get("created_time"))  # of history; no delivery has them
    facts = {
        "type": "post",
        "id": wire.ident(media.get("id")),
        "product_type": wire.text(media.get("media_product_type")),
        "ad_id": wire.ident(media.get("ad_id")),
        "ad_title": wire.text(media.get("ad_title")),
    }
    return InboundMessage(
        external_id=comment_id,
        thread_id=f"{THREAD}{parent_id or comment_id}",
        sent_at=wire.when(*own_times, entry_time),
        dated_by_delivery=not any(map(wire.moment, own_times)),
        author=_author(value.get("from"), comment_id),
        text=wire.text(value.get("text")),
        kind=MessageKind.COMMENT,
        thread_kind=ThreadKind.COMMENT,
        outbound=outbound,
        origin=Origin.OTHER_CLIENT if outbound else Origin.CUSTOMER,
        reply_to=parent_id,
        card={name: fact for name, fact in facts.items() if fact},
    )


def mention(value: Mapping[str, Any], *, entry_time: object) -> InboundMessage:
    """The delivery holds ids only; words and author have to be asked for (mentions.told)."""
    media_id, comment_id = wire.ident(value.get("media_id")), wire.ident(value.get("comment_id"))
    target = wire.need(comment_id or media_id, "media id")
    # Each of those who name us in a comment has a talk of their own: Instagram must be told which comment is answered.
    place = f"{MENTION}{media_id}:{comment_id}" if comment_id else f"{MENTION}{media_id}"
    return InboundMessage(
        external_id=comment_id or f"{MENTION}{media_id}",
        thread_id=f"{THREAD}{place}" if media_id else f"{THREAD}{comment_id}",
        sent_at=wire.when(value.get("timestamp"), entry_time),
        dated_by_delivery=wire.moment(value.get("timestamp")) is None,
        author=_author(value.get("from"), target),
        text=wire.text(value.get("text")),
        untold=not wire.text(value.get("text")),
        kind=MessageKind.MENTION,
        thread_kind=ThreadKind.COMMENT,
        card={"type": "post", "id": media_id} if media_id else {},
    )


def _author(given: object, comment_id: str) -> Party:
    """A person, or a stand-in of this one comment where Instagram withholds who wrote."""
    holder = wire.mapping(given)
    external_id, username = wire.ident(holder.get("id")), wire.text(holder.get("username"))
    if external_id:
        return Party(external_id, username=username)
    return Party(f"{STAND_IN}{comment_id}", name=HIDDEN, username=username)
