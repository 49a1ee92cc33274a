"""Public posts that speak to the brand: mentions, replies and quotes, in v1 and in v2 objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors import wire
from connectors.contract import Account, Attachment, InboundMessage, MessageKind, Origin, Party, ThreadKind
from connectors.platforms.x import addressed, media, people, threads

REPLY: Final = "post.reply.create"
OWN: Final = "post.create"
EVENTS: Final = ("post.mention.create", REPLY, "post.quote.create")


def of_v2(
    payload: Mapping[str, Any], includes: Mapping[str, Any], account: Account, *, event_type: str = ""
) -> InboundMessage:
    """A v2 post. The includes may stand inside the payload or beside it. X tells of one post by several events, and lists it among the
    mentions: what it is shows by itself, and not by the way it came."""
    includes = includes or wire.mapping(payload.get("includes"))
    post = wire.mapping(payload.get("data")) or payload
    post_id = wire.need(wire.exact_id(post), "post id")
    author_id = wire.need(wire.ident(post.get("author_id")), "author")
    users = people.known(includes.get("users"))
    references = _references(post)
    files = _files(post, includes)
    text, to = _long_text(post), wire.ident(post.get("in_reply_to_user_id"))
    if author_id == account.external_id and "replied_to" in references:
        text = addressed.words(text, post, to)
    return _post(
        post_id,
        root=wire.ident(post.get("conversation_id")),
        author=people.find(users, author_id),
        account=account,
        sent_at=wire.when(post.get("created_at"), post.get("created_timestamp")),
        text=media.words(text, post.get("entities"), with_media=bool(files)),
        answers=event_type == REPLY,
        reply_to=references.get("replied_to", ""),
        quoted=references.get("quoted", ""),
        to=to,
        attachments=files,
    )


def own(payload: Mapping[str, Any], includes: Mapping[str, Any], account: Account) -> InboundMessage | None:
    """What the account posted, by whatever client: an answer to somebody."""
    post = of_v2(payload, includes, account)
    return to_somebody(post) if post.outbound else None


def to_somebody(post: InboundMessage) -> InboundMessage | None:
    """None for what the account posts and answers nothing with: with that no talk begins, however it is told."""
    return post if not post.outbound or post.reply_to else None


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
    """A v1 post. These deliveries hold the account's own as well; and a bare repost says nothing of its own."""
    if isinstance(post.get("retweeted_status"), Mapping):
        return None
    extended = wire.mapping(post.get("extended_tweet"))
    post_id = wire.need(wire.exact_id(post), "post id")
    author = people.party(post.get("user"))
    wire.need(author.external_id, "author")
    holder = wire.mapping(extended.get("extended_entities")) or wire.mapping(post.get("extended_entities"))
    files = tuple(media.of_v1(each) for each in wire.entries(holder.get("media")))
    text = (
        wire.text(extended.get("full_text"))
        or wire.text(post.get("full_text"))
        or wire.text(post.get("text"))
    )
    reply_to, to = wire.exact_id(post, "in_reply_to_status_id"), wire.exact_id(post, "in_reply_to_user_id")
    if author.external_id == account.external_id and reply_to:
        text = addressed.words(text, extended or post, to)
    said = _post(
        post_id,
        root="",
        author=author,
        account=account,
        sent_at=wire.when(post.get("timestamp_ms"), post.get("created_at")),
        text=media.words(text, extended.get("entities") or post.get("entities"), with_media=bool(files)),
        reply_to=reply_to,
        quoted=wire.exact_id(post, "quoted_status_id"),
        to=to,
        attachments=files,
    )
    return to_somebody(said)


def _post(
    post_id: str,
    *,
    root: str,
    author: Party,
    account: Account,
    reply_to: str,
    quoted: str,
    to: str,
    answers: bool = False,
    **more: Any,
) -> InboundMessage:
    """`root`: "" where it is not told. A post that answers none is one itself. Whose talk the account goes on with where it answers itself,
    or where nobody is named, no root says: that post's place does."""
    outbound = author.external_id == account.external_id
    customer = to if outbound and to != account.external_id else "" if outbound else author.external_id
    nameless = bool(outbound and reply_to and not customer)
    card = {"type": "post", "id": quoted, "url": f"https://x.com/i/status/{quoted}"} if quoted else {}
    return InboundMessage(
        external_id=post_id,
        thread_id=threads.of_posts(reply_to if nameless else root or reply_to or post_id, customer),
        aside=threads.of_posts(reply_to, customer) if reply_to and (nameless or reply_to != root) else "",
        author=author,
        kind=MessageKind.COMMENT if reply_to or answers else MessageKind.MENTION,
        reply_to=reply_to,
        thread_kind=ThreadKind.COMMENT,
        outbound=outbound,
        origin=Origin.OTHER_CLIENT if outbound else Origin.CUSTOMER,
        order_key=threads.order_key(post_id),
        counterpart=Party(customer) if outbound and customer else None,
        card=card,
        **more,
    )
