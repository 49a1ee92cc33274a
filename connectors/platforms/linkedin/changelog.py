"""The member's change log: every message, edit and deletion, of both sides, as events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors import wire
from connectors.contract import (
    STAND_IN,
    Delivered,
    Edited,
    Ignored,
    InboundEvent,
    InboundMessage,
    MessageKind,
    Origin,
    Party,
    ReadUpTo,
    ThreadKind,
    Unsent,
)
from connectors.platforms.linkedin import content, urns
from connectors.platforms.linkedin.manifest import HIDDEN

_MAILBOXES: Final = {"urn:li:salesIdentity:": "Sales Navigator", "urn:li:hireMailbox:": "Recruiter"}
_DONE: Final = (
    None,
    "SUCCESS",
    "SUCCESSFUL_REPLAY",
)  # the last: what had failed was taken up again, and is as good as the first


def parse(event: Mapping[str, Any]) -> Sequence[InboundEvent]:
    """Of all the log tells, only messages concern the inbox. () for one whose state is not known."""
    if event.get("resourceName") != "messages":
        raise Ignored("The change log tells of something else than messages.")
    if event.get("activityStatus") not in _DONE:
        return ()
    activity = wire.mapping(event.get("activity"))
    message_id = urns.message_id(wire.ident(activity.get("id")) or wire.ident(event.get("resourceId")))
    wire.need(message_id, "message id")
    thread_id = wire.ident(activity.get("thread"))
    at = wire.when(event.get("capturedAt"), event.get("processedAt"), activity.get("createdAt"))
    method = event.get("method")
    if method == "DELETE":
        return (Unsent(target=message_id, at=at, thread_id=thread_id),)
    owner, actor = wire.ident(event.get("owner")), wire.ident(event.get("actor"))
    outbound = actor == owner and bool(actor)
    if method in ("UPDATE", "PARTIAL_UPDATE"):
        changed: list[InboundEvent] = []
        if activity.get("content"):  # the field may stand there, empty, where something else has changed
            said = wire.mapping(activity.get("content"))
            text = content.words(said) if content.is_told(said) else None
            changed.append(Edited(target=message_id, text=text, at=at, thread_id=thread_id))
        changed += _seen(activity, thread_id, message_id, outbound)
        if not changed:
            raise Ignored("The change says nothing that the inbox shows.")
        return changed
    wire.need(thread_id, "thread")
    return [
        _message(event, activity, message_id, thread_id, actor, outbound),
        *_seen(activity, thread_id, message_id, outbound),
    ]


def _message(
    event: Mapping[str, Any],
    activity: Mapping[str, Any],
    message_id: str,
    thread_id: str,
    actor: str,
    outbound: bool,
) -> InboundMessage:
    files = content.attachments(activity, event.get("processedActivity"))
    said = wire.mapping(activity.get("content"))
    text = content.words(said)
    known = event.get("method") in (None, "CREATE") and (files or content.is_told(said))
    others = _others(activity, event.get("processedActivity"), actor)
    return InboundMessage(
        external_id=message_id,
        thread_id=thread_id,
        sent_at=wire.when(activity.get("createdAt"), event.get("capturedAt")),
        author=_author(actor or wire.ident(activity.get("author")), activity),
        text=text,
        kind=MessageKind.TEXT if known else MessageKind.UNSUPPORTED,
        thread_kind=ThreadKind.GROUP if len(others) > 1 else ThreadKind.DIRECT,
        outbound=outbound,
        origin=Origin.OTHER_CLIENT if outbound else Origin.CUSTOMER,
        attachments=files,
        card=_card(activity),
        client_ref=wire.text(wire.mapping(activity.get("clientExperience")).get("clientGeneratedToken")),
        counterpart=Party(others[0]) if outbound and len(others) == 1 else None,
    )


def _author(urn: str, activity: Mapping[str, Any]) -> Party:
    """Names are not part of the log; a member may also be hidden altogether."""
    if urn:
        return Party(urn)
    hidden = wire.derived_id(STAND_IN, wire.ident(activity.get("thread")))
    return Party(hidden, name=HIDDEN, stand_in=True)


def _card(activity: Mapping[str, Any]) -> dict[str, Any]:
    author = wire.ident(activity.get("author"))
    card = {}
    if via := next((name for prefix, name in _MAILBOXES.items() if author.startswith(prefix)), ""):
        card["via"] = via
    if subject := wire.text(activity.get("subject")):
        card["subject"] = subject
    return card


def _others(activity: Mapping[str, Any], processed: object, actor: str) -> list[str]:
    """Who else is in the thread, where the log tells it: beside the message, or in what LinkedIn adds of the thread. In either
    place the mailbox of a salesperson or recruiter may stand for whoever has it, who is named as a person besides; two mailboxes alone may
    be those of both sides."""
    found: list[str] = []
    for name in ("recipients", "participants", "membership"):
        for each in _listed(activity, name):
            _add(found, wire.ident(each) or wire.ident(wire.mapping(each).get("member")), actor)
    added = wire.mapping(processed)
    for thread in (activity.get("thread"), added.get("thread~"), added.get("thread")):
        for each in _listed(thread, "membership"):
            identity = wire.ident(wire.mapping(each).get("identity"))
            _add(found, identity if identity.startswith((urns.PERSON, urns.ORGANISATION)) else "", actor)
    mailboxes = [each for each in found if each.startswith(tuple(_MAILBOXES))]
    others = [each for each in found if each not in mailboxes]
    return others or (mailboxes if len(mailboxes) == 1 else [])


def _listed(holder: object, name: str) -> list[Any]:
    given = wire.mapping(holder).get(name)
    return given if isinstance(given, list) else []


def _add(found: list[str], urn: str, actor: str) -> None:
    if urn and urn != actor and urn not in found:
        found.append(urn)


def _seen(
    activity: Mapping[str, Any], thread_id: str, message_id: str, outbound: bool
) -> Sequence[InboundEvent]:
    """`deliveredAt` and `readAt` of our own message are of the other side; those of theirs are ours."""
    seen: list[InboundEvent] = []
    if outbound and thread_id:
        if at := wire.moment(activity.get("deliveredAt")):
            seen.append(Delivered(message_id, at, thread_id=thread_id))
        if at := wire.moment(activity.get("readAt")):
            seen.append(ReadUpTo(thread_id, at, message_id=message_id))
    return seen
