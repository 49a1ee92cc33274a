"""Comments and mentions of a page: notifications of a webhook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors import wire
from connectors.contract import (
    Edited,
    Ignored,
    InboundEvent,
    InboundMessage,
    MessageKind,
    Origin,
    Party,
    ThreadKind,
    Unsent,
)
from connectors.platforms.linkedin import urns
from connectors.platforms.linkedin.manifest import HIDDEN

_COUNTED = ("LIKE", "SHARE", "REACTION")
_OF_COMMENTS = ("COMMENT", "ADMIN_COMMENT", "COMMENT_EDIT", "COMMENT_DELETE")


def parse(notification: Mapping[str, Any]) -> Sequence[InboundEvent]:
    action = wire.text(notification.get("action"))
    at = wire.when(notification.get("lastModifiedAt"))
    post = urns.activity(wire.ident(notification.get("sourcePost")))
    target = urns.activity(wire.ident(notification.get("generatedActivity")))
    # A comment bears no post's name: the next one under that post would be taken for it.
    if not target and action not in _OF_COMMENTS:
        target = post
    comment = _decorated(notification)
    parent = urns.activity(wire.ident(comment.get("parentComment")))
    thread_id = f"{urns.COMMENT}{wire.need(parent or target or post, 'activity')}"
    text = _told(comment)
    if action in _COUNTED:
        raise Ignored(f"A {action.lower()}: nobody wrote anything.")
    if action == "COMMENT_DELETE":
        return (Unsent(target=wire.need(target, "activity"), at=at, thread_id=thread_id),)
    if action == "COMMENT_EDIT":
        return (Edited(target=wire.need(target, "activity"), text=text, at=at, thread_id=thread_id),)
    kinds = {
        "COMMENT": MessageKind.COMMENT,
        "ADMIN_COMMENT": MessageKind.COMMENT,
        "SHARE_MENTION": MessageKind.MENTION,
    }
    kind = kinds.get(action, MessageKind.UNSUPPORTED)
    ours = action == "ADMIN_COMMENT"
    number = wire.ident(notification.get("notificationId"))
    external_id = target
    if kind is MessageKind.UNSUPPORTED or not target:
        external_id = f"notification:{wire.need(number, 'id')}"
    if kind is MessageKind.COMMENT and text is None:
        kind = MessageKind.UNSUPPORTED  # under its own name: what becomes of it is told of that
    return (
        InboundMessage(
            external_id=external_id,
            thread_id=thread_id,
            sent_at=at,
            author=_author(comment, target or external_id, notification, ours=ours),
            text=text or "",
            kind=kind,
            thread_kind=ThreadKind.COMMENT,
            outbound=ours,
            origin=Origin.OTHER_CLIENT if ours else Origin.CUSTOMER,
            reply_to=parent,
            told_as=f"notification:{number}" if number and action in _OF_COMMENTS else "",
            card=_card(notification),
        ),
    )


def _decorated(notification: Mapping[str, Any]) -> Mapping[str, Any]:
    """The inside is not documented: the one object it holds, whatever its name."""
    holder = wire.mapping(notification.get("decoratedGeneratedActivity"))
    for name in ("comment", "share", "post"):
        if found := wire.mapping(holder.get(name)):
            return found
    return holder


def _told(comment: Mapping[str, Any]) -> str | None:
    """The words, be they none. None where no words stand in any of the places that are known."""
    bare, message = comment.get("text"), comment.get("message")
    inner = wire.mapping(message).get("text")
    places = (bare, wire.mapping(bare).get("text"), message, inner, wire.mapping(inner).get("text"))
    found = [each for each in places if isinstance(each, str)]
    return next(filter(None, found), "") if found else None


def _author(comment: Mapping[str, Any], target: str, notification: Mapping[str, Any], *, ours: bool) -> Party:
    if ours and (page := wire.ident(notification.get("organizationalEntity"))):
        return Party(page)
    if owner := wire.ident(comment.get("owner")) or wire.ident(comment.get("actor")):
        return Party(owner)
    return Party(f"author-of:{target}", name=HIDDEN)


def _card(notification: Mapping[str, Any]) -> dict[str, Any]:
    facts = {
        "type": "post",
        "id": wire.ident(notification.get("sourcePost")),
        "page": wire.ident(notification.get("organizationalEntity")),
    }
    return {name: fact for name, fact in facts.items() if fact}
