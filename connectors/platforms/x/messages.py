"""Direct messages of X: from a webhook (v1 objects) and from the API (v2 objects)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from connectors import wire
from connectors.contract import (
    Account,
    Attachment,
    InboundMessage,
    MessageKind,
    Origin,
    Party,
    ReadUpTo,
    Typing,
)
from connectors.platforms.x import media, people, threads

# X's own clients, by which people write: "Twitter for iPhone", "X for Android", "Twitter Web App", "X Pro". Of every other app the older
# API alone tells the name. Our own is among them: what it sent is known by its id or its words as a rule, before it counts as anybody's.
_HAND: Final = re.compile(
    r"(Twitter|X)( for \w+| Web App| Web Client| Lite| Pro)|TweetDeck( Web App)?", re.IGNORECASE
)


def message(event: Mapping[str, Any], around: Mapping[str, Any], account: Account) -> InboundMessage:
    """A `message_create`. `around` holds the users and apps of the delivery."""
    external_id = wire.need(wire.exact_id(event), "message id")
    created = wire.mapping(event.get("message_create"))
    sender = wire.need(wire.ident(created.get("sender_id")), "sender")
    thread_id = _thread(event, created, sender)
    data = wire.mapping(created.get("message_data"))
    attached = wire.mapping(wire.mapping(data.get("attachment")).get("media"))
    attachments: tuple[Attachment, ...] = (media.of_v1(attached),) if attached else ()
    text = media.words(
        wire.text(data.get("text")),
        data.get("entities"),
        with_media=bool(attached),
        media_link=wire.text(attached.get("url")),
    )
    kind, card = _kind(event, data, attachments)
    app_id = wire.ident(created.get("source_app_id"))
    more: dict[str, Any] = {}
    if name := wire.text(wire.mapping(wire.mapping(around.get("apps")).get(app_id)).get("name")):
        card["sent_with"] = name
        if sender == account.external_id and not _HAND.fullmatch(name):
            more["origin"] = Origin.AUTOMATION
    return _said(
        external_id=external_id,
        thread_id=thread_id,
        sender=sender,
        users=people.known(around.get("users")),
        account=account,
        sent_at=wire.when(event.get("created_timestamp"), event.get("created_at")),
        text=text,
        kind=kind,
        attachments=attachments,
        card=card,
        **more,
    )


def _thread(event: Mapping[str, Any], created: Mapping[str, Any], sender: str) -> str:
    """Webhooks name the two sides; the conversation's id follows from them. A group names itself."""
    target = wire.mapping(created.get("target"))
    for holder in (event, created, target):
        for name in ("dm_conversation_id", "conversation_id", "group_id"):
            if found := wire.ident(holder.get(name)):
                return threads.normal(found)
    recipient = wire.need(wire.ident(target.get("recipient_id")), "recipient")
    return threads.between(sender, recipient)


def _kind(
    event: Mapping[str, Any], data: Mapping[str, Any], attachments: tuple[Attachment, ...]
) -> tuple[MessageKind, dict[str, Any]]:
    if quick := wire.mapping(data.get("quick_reply_response")):
        return MessageKind.QUICK_REPLY, {"payload": wire.text(quick.get("metadata"))}
    is_said = attachments or isinstance(data.get("text"), str)
    if event.get("type") not in (None, "message_create") or not is_said:
        return MessageKind.UNSUPPORTED, {}
    return MessageKind.TEXT, {}


def _said(
    *,
    external_id: str,
    thread_id: str,
    sender: str,
    users: Mapping[str, Mapping[str, Any]],
    account: Account,
    **more: Any,
) -> InboundMessage:
    outbound = sender == account.external_id
    other = threads.other(thread_id, account.external_id)
    return InboundMessage(
        external_id=external_id,
        thread_id=thread_id,
        author=people.find(users, sender),
        thread_kind=threads.kind(thread_id),
        outbound=outbound,
        origin=more.pop("origin", Origin.OTHER_CLIENT if outbound else Origin.CUSTOMER),
        order_key=threads.order_key(external_id),
        counterpart=people.find(users, other) if outbound and other else None,
        **more,
    )


def _sides(event: Mapping[str, Any], account: Account) -> tuple[str, str] | None:
    """Sender and thread of a passing sign; None where it is our own."""
    sender = wire.need(wire.ident(event.get("sender_id")), "sender")
    if sender == account.external_id:
        return None
    target = wire.mapping(event.get("target"))
    named = wire.ident(event.get("dm_conversation_id")) or wire.ident(event.get("conversation_id"))
    recipient = wire.ident(target.get("recipient_id")) or account.external_id
    return sender, threads.normal(named) if named else threads.between(sender, recipient)


def typing(event: Mapping[str, Any], around: Mapping[str, Any], account: Account) -> Typing | None:
    event = _inner(event, "direct_message_indicate_typing_events")
    if (sides := _sides(event, account)) is None:
        return None
    sender, thread_id = sides
    users = people.known(around.get("users"))
    return Typing(thread_id, people.find(users, sender), wire.when(event.get("created_timestamp")))


def read(event: Mapping[str, Any], around: Mapping[str, Any], account: Account) -> ReadUpTo | None:
    event = _inner(event, "direct_message_mark_read_events")
    if (sides := _sides(event, account)) is None:
        return None
    _, thread_id = sides
    at = wire.when(event.get("created_timestamp"))
    return ReadUpTo(thread_id, at, message_id=wire.ident(event.get("last_read_event_id")))


def _inner(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The Activity API wraps the sign in an array of one, as it does with messages."""
    wrapped = wire.entries(event.get(name))
    return wrapped[0] if wrapped else event


def of_v2(event: Mapping[str, Any], includes: Mapping[str, Any], account: Account) -> InboundMessage:
    """An event of `/2/dm_events`."""
    external_id = wire.need(wire.ident(event.get("id")), "message id")
    thread_id = threads.normal(wire.need(wire.ident(event.get("dm_conversation_id")), "conversation"))
    users = people.known(includes.get("users"))
    participants = _participants(event)
    kind = wire.text(event.get("event_type"))
    sender = wire.ident(event.get("sender_id")) or (participants[0] if participants else "")
    sent_at = wire.when(event.get("created_at"))
    shared: dict[str, Any] = {
        "external_id": external_id, "thread_id": thread_id, "sender": wire.need(sender, "sender"),
        "users": users, "account": account, "sent_at": sent_at,
    }  # fmt: skip
    if kind in ("ParticipantsJoin", "ParticipantsLeave"):
        return _said(**shared, **_moved(kind, participants or [sender], users), origin=Origin.AUTOMATION)
    keys = wire.mapping(event.get("attachments")).get("media_keys")
    by_key = {wire.text(each.get("media_key")): each for each in wire.entries(includes.get("media"))}
    keys = keys if isinstance(keys, list) else []
    found = [by_key.get(key, {"media_key": key}) for key in keys if isinstance(key, str)]
    text = media.words(wire.text(event.get("text")), event.get("entities"), with_media=bool(found))
    card = _shared_post(event)
    is_said = found or card or isinstance(event.get("text", ""), str)
    return _said(
        **shared,
        text=text,
        kind=MessageKind.TEXT if kind == "MessageCreate" and is_said else MessageKind.UNSUPPORTED,
        attachments=tuple(media.of_v2(each) for each in found),
        card=card,
    )


def _participants(event: Mapping[str, Any]) -> list[str]:
    given = event.get("participant_ids")
    return [found for each in given if (found := wire.ident(each))] if isinstance(given, list) else []


def _moved(kind: str, ids: list[str], users: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    people_moved = [people.find(users, each) for each in ids]
    names = ", ".join(_called(each) for each in people_moved)
    verb = "joined" if kind == "ParticipantsJoin" else "left"
    return {
        "kind": MessageKind.SYSTEM,
        "text": f"{names} {verb} the conversation.",
        "card": {"event": verb, "people": ids},
    }


def _called(person: Party) -> str:
    return person.name or (f"@{person.username}" if person.username else person.external_id)


def _shared_post(event: Mapping[str, Any]) -> dict[str, Any]:
    """Named referenced_tweets in the guide and referenced_posts in the specification."""
    for name in ("referenced_tweets", "referenced_posts"):
        for each in wire.entries(event.get(name)):
            if post_id := wire.ident(each.get("id")):
                return {"type": "post", "id": post_id, "url": f"https://x.com/i/status/{post_id}"}
    return {}
