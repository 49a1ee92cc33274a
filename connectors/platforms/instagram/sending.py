"""Replies to Instagram: direct messages and public answers to comments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors import wire
from connectors.contract import (
    AttachmentKind,
    ConnectorError,
    Context,
    OutboundAttachment,
    OutboundMessage,
    RateNotice,
    Remedy,
    Sent,
    ThreadKind,
)
from connectors.http import Answer
from connectors.platforms.instagram import client, comments, errors, rates
from connectors.platforms.instagram.manifest import MANIFEST, RECORDINGS, SENDS

_FETCHING: Final = MANIFEST.send.fetches_for.total_seconds() + 10  # it answers after it has the file
_TYPES: Final = {
    AttachmentKind.IMAGE: "image",
    AttachmentKind.VIDEO: "video",
    AttachmentKind.AUDIO: "audio",
    AttachmentKind.FILE: "file",
}
_RECORDINGS: Final = (_TYPES[AttachmentKind.AUDIO], _TYPES[AttachmentKind.VIDEO])


def send(ctx: Context, message: OutboundMessage) -> Sent:
    if message.thread_kind is ThreadKind.COMMENT:
        return _answer_publicly(ctx, message)
    _check(message)
    parts = [_file(each) for each in message.attachments]
    if message.text:
        parts.append({"text": message.text})
    sent: list[str] = []
    notices: tuple[RateNotice, ...] = ()
    path = f"{client.account(ctx).external_id}/messages"
    for number, part in enumerate(parts, start=1):
        body: dict[str, Any] = {
            "recipient": {"id": message.recipient_id or message.thread_id},
            "message": part,
        }
        if message.human_agent:
            body |= {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
        if message.reply_to and number == len(parts):
            body["reply_to"] = {"mid": message.reply_to}
        try:
            patience = _FETCHING if "attachment" in part else 0.0
            if wire.mapping(part.get("attachment")).get("type") in _RECORDINGS:
                ctx.ahead(RECORDINGS)
            ctx.ahead(SENDS)
            answered, answer = client.post(ctx, path, json=body, patience=patience)
            sent.append(_id_in(answered, answer, "message_id"))
        except ConnectorError as error:
            raise (_halfway(error, sent, len(parts)) if sent else error) from None
        notices = rates.notices(answer.headers, ctx)
    return Sent(tuple(sent), rates=notices)


def show_writing(ctx: Context, recipient_id: str) -> tuple[RateNotice, ...]:
    body = {"recipient": {"id": recipient_id}, "sender_action": "typing_on"}
    ctx.ahead(SENDS)
    _, answer = client.post(ctx, f"{client.account(ctx).external_id}/messages", json=body, repeatable=True)
    return rates.notices(answer.headers, ctx)


def _check(message: OutboundMessage) -> None:
    if not message.text and not message.attachments:
        raise ConnectorError("There is nothing to send.", remedy=Remedy.TELL, code="empty")
    limit = MANIFEST.send.text
    if (length := wire.length(message.text, limit.unit)) > limit.max:
        reason = f"Instagram takes {limit.max} bytes of text; this has {length}."
        raise ConnectorError(reason, remedy=Remedy.TELL, code="too long")


def _file(attachment: OutboundAttachment) -> dict[str, Any]:
    """Instagram fetches the file itself."""
    name = _TYPES.get(attachment.kind)
    if name is None:
        raise ConnectorError(
            "Instagram does not take files of this kind.", remedy=Remedy.TELL, code="file kind"
        )
    return {"attachment": {"type": name, "payload": {"url": attachment.url}}}


def _halfway(error: ConnectorError, sent: list[str], parts: int) -> ConnectorError:
    """To begin again would send the first parts twice, so an agent decides; a lost answer stays unknown."""
    remedy = error.remedy if error.remedy in (Remedy.UNKNOWN, Remedy.RECONNECT) else Remedy.TELL
    reason = f"{len(sent)} of {parts} parts went out, then: {error.reason}"
    return ConnectorError(
        reason, remedy=remedy, code=error.code, retry_at=error.retry_at, rates=error.rates, sent=sent
    )


def _id_in(body: Mapping[str, Any], answer: Answer, name: str) -> str:
    found = wire.ident(body.get(name))
    if not found:
        reason = "Instagram accepted the message and did not say under which id."
        raise ConnectorError(reason, remedy=Remedy.UNKNOWN, code=f"http {answer.status}")
    return found


def _answer_publicly(ctx: Context, message: OutboundMessage) -> Sent:
    if message.attachments or not message.text:
        raise ConnectorError(
            "A comment on Instagram is text only.", remedy=Remedy.TELL, code="comment content"
        )
    limit = MANIFEST.text_limit(public=True)
    if (length := wire.length(message.text, limit.unit)) > limit.max:
        reason = f"A comment on Instagram takes {limit.max} characters; this has {length}."
        raise ConnectorError(reason, remedy=Remedy.TELL, code="too long")
    root = message.thread_id.removeprefix(comments.THREAD)
    if root.startswith(comments.MENTION):
        path = f"{client.account(ctx).external_id}/mentions"
        media_id, _, comment_id = root.removeprefix(comments.MENTION).partition(":")
        form = {"media_id": media_id, "message": message.text}
        if message.reply_to and not message.reply_to.startswith(comments.MENTION):
            comment_id = message.reply_to
        if comment_id:  # without one it is an answer to whoever named us in the words under the post itself
            form["comment_id"] = comment_id
    else:
        path, form = f"{client.segment(message.reply_to or root)}/replies", {"message": message.text}
    with errors.answering_in_public():
        body, answer = client.post(ctx, path, form=form)
    return Sent((_id_in(body, answer, "id"),), rates=rates.notices(answer.headers, ctx))
