"""Replies to X: direct messages with one file each, and public answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors import wire
from connectors.contract import (
    AttachmentKind,
    ConnectorError,
    Context,
    OutboundMessage,
    RateNotice,
    Remedy,
    Sent,
    ThreadKind,
)
from connectors.platforms.x import client, errors, rates, threads, uploading
from connectors.platforms.x.manifest import MANIFEST, SENDS


def send(ctx: Context, message: OutboundMessage) -> Sent:
    if message.thread_kind is ThreadKind.COMMENT:
        return _answer_publicly(ctx, message)
    _check(message)
    path = _path(ctx, message)
    # Everything is uploaded before anything is said: an upload that fails has sent nothing.
    media_ids = []
    for place, file in enumerate(message.attachments):
        media_ids.append(uploading.upload(ctx, file))
        ctx.note_file(place=place, external_id=media_ids[place])
    bodies: list[dict[str, Any]] = [{"attachments": [{"media_id": media_id}]} for media_id in media_ids] or [
        {}
    ]
    if message.text:
        bodies[0]["text"] = message.text
    sent: list[str] = []
    notices: tuple[RateNotice, ...] = ()
    for body in bodies:
        try:
            answered, answer = client.call(ctx, "POST", path, bucket=SENDS, json=body, repeatable=False)
            sent.append(_id_in(answered, "dm_event_id"))
        except ConnectorError as error:
            raise (_halfway(error, sent, len(bodies)) if sent else error) from None
        notices += rates.of_answer(answer.headers, SENDS, ctx.now)
    return Sent(tuple(sent), rates=notices)


def _check(message: OutboundMessage) -> None:
    if not message.text and not message.attachments:
        raise ConnectorError("There is nothing to send.", remedy=Remedy.TELL, code="empty")
    limit = MANIFEST.send.text
    if (length := wire.length(message.text, limit.unit)) > limit.max:
        reason = f"X takes {limit.max} characters; this has {length}."
        raise ConnectorError(reason, remedy=Remedy.TELL, code="too long")
    if any(each.kind not in (AttachmentKind.IMAGE, AttachmentKind.VIDEO) for each in message.attachments):
        raise ConnectorError("X takes pictures and films only.", remedy=Remedy.TELL, code="file kind")


def _path(ctx: Context, message: OutboundMessage) -> str:
    """To a person: this also begins a conversation. To a group: its own id."""
    if message.thread_kind is ThreadKind.DIRECT:
        person = threads.other(message.thread_id, client.account(ctx).external_id) or message.recipient_id
        return f"dm_conversations/with/{client.segment(person)}/messages"
    return f"dm_conversations/{client.segment(message.thread_id)}/messages"


def _halfway(error: ConnectorError, sent: list[str], parts: int) -> ConnectorError:
    remedy = error.remedy if error.remedy in (Remedy.UNKNOWN, Remedy.RECONNECT) else Remedy.TELL
    reason = f"{len(sent)} of {parts} parts went out, then: {error.reason}"
    return ConnectorError(reason, remedy=remedy, code=error.code, rates=error.rates, sent=sent)


def _id_in(body: Mapping[str, Any], name: str) -> str:
    found = wire.ident(wire.mapping(body.get("data")).get(name))
    if not found:
        raise ConnectorError("X accepted the message and did not say under which id.", remedy=Remedy.UNKNOWN)
    return found


def _answer_publicly(ctx: Context, message: OutboundMessage) -> Sent:
    if message.attachments or not message.text:
        raise ConnectorError("A public answer on X is text only.", remedy=Remedy.TELL, code="post content")
    limit = MANIFEST.text_limit(public=True)
    if (weight := wire.length(message.text, limit.unit)) > limit.max:
        reason = f"A public post on X takes {limit.max} weighted characters; this has {weight}."
        raise ConnectorError(reason, remedy=Remedy.TELL, code="too long")
    if not message.reply_to:
        # The root of the talk is no way out: under our own post we would answer ourselves, under a stranger's the stranger.
        reason = "No post of this person is left to answer."
        raise ConnectorError(reason, remedy=Remedy.TELL, code="no post")
    post = {"text": message.text, "reply": {"in_reply_to_tweet_id": message.reply_to}}
    with errors.in_public(errors.NO_POSTS):
        body, answer = client.call(ctx, "POST", "tweets", bucket="post", json=post, repeatable=False)
    return Sent((_id_in(body, "id"),), rates=rates.notices(answer.headers, "post", ctx.now))
