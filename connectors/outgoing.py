"""A reply in the words of the contract, and where platforms reach us."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.conf import settings

from connectors.contract import AttachmentKind, OutboundAttachment, OutboundMessage, ThreadKind
from inbox import media_links
from inbox.models import Attachment, Message


def outbound(message: Message, *, now: datetime) -> OutboundMessage:
    conversation = message.conversation
    return OutboundMessage(
        client_id=str(message.client_id or message.public_id),
        thread_id=conversation.thread_key,
        thread_kind=ThreadKind(conversation.kind),
        recipient_id=conversation.recipient_key,
        text=message.text,
        attachments=tuple(_file(each, now) for each in message.attachments.order_by("position", "pk")),
        reply_to=message.reply_to,
        human_agent=message.human_agent,
    )


def _file(attachment: Attachment, now: datetime) -> OutboundAttachment:
    return OutboundAttachment(
        kind=AttachmentKind(attachment.kind),
        mime=attachment.mime,
        name=attachment.name,
        size=attachment.size or 0,
        url=media_links.outgoing_url(attachment, now),
        path=str(Path(settings.MEDIA_ROOT) / attachment.path),
    )
