"""Public posts that speak to the brand: mentions, replies and quotes, in v1 and in v2 objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors import wire
from connectors.contract import Account, Attachment, InboundMessage, MessageKind, Origin, Party, ThreadKind
from connectors.platforms.x import media, people, threads

EVENTS: Final = {
    "post.mention.create": MessageKind.MENTION,
    "post.reply.create": MessageKind.COMMENT,
    "post.quote.create": MessageKind.MENTION,
}


def of_v2(
    payload: Mapping[str, Any], includes: Mapping[str, Any], account: Account, kind: MessageKind
) -> InboundMessage:
    """A v2 post. The includes may stand inside the payload or beside it."""
    includes = includes or wire.mapping(payload.get("includes"))
    post = wire.mapping(payload.get("data")) or payload
    post_id = wire.need(wire.exact_id(post), "post id")
    author_id = wire.need(wire.ident(post.get("author_id")), "author")
    users = people.known(includes.get("users"))
    references = _references(post)
    root = wire.ident(post.get("conversation_id")) or references.get("replied_to") or post_id
    files = _files(post, includes)
    return _post(
        post_id,
        root=root,
        author=people.find(users, author_id),
        account=account,
        sent_at=wire.when(post.get("created_at"), post.get("created_timestamp")),
        text=media.words(_long_text(post), post.get("entities"), with_media=bool(files)),
        kind=kind,
        reply_to=references.get("replied_to", ""),
        quoted=references.get("quoted", ""),
        to=wire.ident(post.get("in_reply_to_user_id")),
        attachments=files,
    )


def _references(post: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for name in ("referenced_tweets", "referenced_posts"):
        for each in wire.entries(post.get(name)):
            found[wire.text(each.get("type"))] = wire.ident(each.get("id"))
    return found


def _long_text(post: Mapping[str, Any]) -> str:
    return wire.text(wire.mapping(post.get("note_tweet")).get("text")) or wire.text(post.get("text"))


def _files(post: Mapping[str, Any], includes: Mapping[str, Any]) -> tuple[Attachment, ...]:
    keys = wire.mapping(post.get("attachments")).get("media_keys")
    wanted = {each for each in keys if isinstance(each, str)} if isinstance(keys, list) else set()
    given = wire.entries(includes.get("media"))
    return tuple(media.of_v2(each) for each in given if wire.text(each.get("media_key")) in wanted)


def of_v1(post: Mapping[str, Any], account: Account) -> InboundMessage | None:
    """A v1 post; a bare repost says nothing of its own."""
    if isinstance(post.get("retweeted_status"), Mapping):
        return None
    extended = wire.mapping(post.get("extended_tweet"))
    post_id = wire.need(wire.exact_id(post), "post id")
    author = people.party(post.get("user"))
    wire.need(author.external_id, "author")
    parent = wire.exact_id(post, "in_reply_to_status_id")
    holder = wire.mapping(extended.get("extended_entities")) or wire.mapping(post.get("extended_entities"))
    files = tuple(media.of_v1(each) for each in wire.entries(holder.get("media")))
    text = (
        wire.text(extended.get("full_text"))
        or wire.text(post.get("full_text"))
        or wire.text(post.get("text"))
    )
    return _post(
        post_id,
        root=parent or post_id,
        author=author,
        account=account,
        sent_at=wire.when(post.get("timestamp_ms"), post.get("created_at")),
        text=media.words(text, extended.get("entities") or post.get("entities"), with_media=bool(files)),
        kind=MessageKind.COMMENT if parent else MessageKind.MENTION,
        reply_to=parent,
        quoted=wire.exact_id(post, "quoted_status_id"),
        to=wire.exact_id(post, "in_reply_to_user_id"),
        attachments=files,
    )


def _post(
    post_id: str, *, root: str, author: Party, account: Account, quoted: str, to: str, **more: Any
) -> InboundMessage:
    outbound = author.external_id == account.external_id
    customer = to if outbound and to != account.external_id else "" if outbound else author.external_id
    card = {"type": "post", "id": quoted, "url": f"https://x.com/i/status/{quoted}"} if quoted else {}
    return InboundMessage(
        external_id=post_id,
        thread_id=threads.of_posts(root, customer),
        author=author,
        thread_kind=ThreadKind.COMMENT,
        outbound=outbound,
        origin=Origin.OTHER_CLIENT if outbound else Origin.CUSTOMER,
        order_key=threads.order_key(post_id),
        counterpart=Party(customer) if outbound and customer else None,
        card=card,
        **more,
    )
