"""A reply in the words of the contract, and the addresses under which platforms may fetch our files for a while."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core import signing

from connectors.contract import (
    AttachmentKind,
    OutboundAttachment,
    OutboundMessage,
    ThreadKind,
)
from inbox.models import Attachment, Message

FETCHABLE_FOR = timedelta(hours=6)
SALT = "connectors.outgoing"


def outbound(message: Message) -> OutboundMessage:
    conversation = message.conversation
    return OutboundMessage(
        client_id=str(message.client_id or message.public_id),
        thread_id=conversation.thread_key,
        thread_kind=ThreadKind(conversation.kind),
        recipient_id=conversation.recipient_key,
        text=message.text,
        attachments=tuple(_file(each) for each in message.attachments.order_by("position", "pk")),
        reply_to=message.reply_to,
        human_agent=message.human_agent,
    )


def _file(attachment: Attachment) -> OutboundAttachment:
    return OutboundAttachment(
        kind=AttachmentKind(attachment.kind),
        mime=attachment.mime,
        name=attachment.name,
        size=attachment.size or 0,
        url=f"{public_url()}/out/{token_for(attachment)}/",
        path=str(Path(settings.MEDIA_ROOT) / attachment.path),
    )


def public_url() -> str:
    """Where platforms reach us. Without PARLEY_PUBLIC_URL only a simulator on this machine does."""
    configured: str = getattr(settings, "PARLEY_PUBLIC_URL", "") or ""
    return (configured or f"http://127.0.0.1:{settings.PORT}").rstrip("/")


def token_for(attachment: Attachment) -> str:
    return signing.dumps(str(attachment.public_id), salt=SALT)


def attachment_for(token: str) -> Attachment | None:
    """What a token stands for; None for a forged or an old one."""
    try:
        public_id = signing.loads(token, salt=SALT, max_age=FETCHABLE_FOR)
    except signing.BadSignature:
        return None
    return Attachment.objects.filter(public_id=public_id).exclude(path="").first()
