"""Files a person puts into a composer. They belong to nobody's message until the reply is queued."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import PurePath

import structlog
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from inbox import platforms
from inbox.actions import _sql
from inbox.models import Attachment, Conversation, ConversationKind, FetchState, Message, MessageState, Person
from inbox.models.fields import new_public_id
from inbox.rules import file_types, reply_policy
from inbox.rules.cleaning import clean
from inbox.rules.reply_policy import FileFacts

LONGEST_NAMES = 400
UNSENT_KEPT = timedelta(days=1)  # since it was sent up; what a draft holds is kept as long as the draft
log = structlog.get_logger(__name__)
NOT_KEPT = "Parley cannot keep files now: its disk is full or away. Tell whoever runs it; what you wrote is still here."


class AttachmentRefused(Exception):
    """The platform or Parley does not take this file; the words say why."""


def store_upload(
    *, conversation: Conversation, by: Person, name: str, content: bytes, now: datetime
) -> Attachment:
    """Keep an upload for a reply. What it is, is read from its bytes; a name or a browser may say anything."""
    mime = file_types.sniff(content)
    if mime is None:
        raise AttachmentRefused(
            "Parley does not know this kind of file. Pictures, videos, audio and PDF can be sent."
        )
    manifest = platforms.get(conversation.platform)
    if conversation.kind == ConversationKind.COMMENT:
        raise AttachmentRefused(f"A public answer on {manifest.label} is words only.")
    kind = file_types.kind_of(mime)
    shown = clean(PurePath(name.replace("\\", "/")).name)[:255] or "file"
    if problem := reply_policy.file_problem(
        manifest, FileFacts(kind, mime, len(content), shown), house_max=settings.UPLOAD_MAX_BYTES
    ):
        raise AttachmentRefused(problem)
    public_id = new_public_id()
    path = f"out/{now:%Y/%m}/{public_id}{file_types.ending_of(mime)}"
    attachment = _announce(
        conversation, by, public_id=public_id, kind=kind, mime=mime, name=shown, size=len(content), path=path
    )
    _keep(attachment, content)
    return _stored(attachment)


def _keep(attachment: Attachment, content: bytes) -> None:
    """Whole or not at all: what a full disk took of it is no file."""
    try:
        default_storage.save(attachment.path, ContentFile(content))
    except OSError as error:
        log.error("media_not_writable", folder=str(settings.MEDIA_ROOT), error=str(error.strerror))
        with suppress(OSError):
            default_storage.delete(attachment.path)
            _withdraw(attachment)
        raise AttachmentRefused(NOT_KEPT) from error


@transaction.atomic(durable=True)
def _announce(conversation: Conversation, by: Person, **columns: object) -> Attachment:
    """Its row comes first: whoever dies before the file is whole leaves one that is known, and goes like all that was never sent."""
    return Attachment.objects.create(
        channel_id=conversation.channel_id, uploaded_by=by, fetch_state=FetchState.PENDING, **columns
    )


@transaction.atomic(durable=True)
def _stored(attachment: Attachment) -> Attachment:
    attachment.fetch_state = FetchState.STORED
    attachment.save(update_fields=["fetch_state"])
    return attachment


@transaction.atomic(durable=True)
def _withdraw(attachment: Attachment) -> None:
    attachment.delete()


@transaction.atomic(durable=True)
def note_sent_up(*, message: Message, place: int, external_id: str) -> None:
    """A platform has a file of this attempt, counted from 0, and calls it so, beside what it called that in attempts before: what those
    sent may still come to light. One whose claim ran out says nothing of the attempt that followed it."""
    under_way = {"message__state": MessageState.SENDING, "message__attempts": message.attempts}
    files = Attachment.objects.filter(message=message, position=place, **under_way)
    for file in files:
        names = [*file.external_id.split(), external_id]
        while len(known := " ".join(names)) > LONGEST_NAMES and len(names) > 1:
            names.pop(0)
        files.filter(pk=file.pk).update(external_id=known[:LONGEST_NAMES])


@transaction.atomic(durable=True)
def forget_unsent(*, now: datetime, limit: int = 200) -> int:
    """Files that were taken out of a composer, or left in one without a draft. What lies on the disk is removed as of unsent messages."""
    return _sql.run(
        """UPDATE inbox_attachment SET fetch_state = %s
            WHERE message_id IS NULL AND id IN (
                  SELECT file.id FROM inbox_attachment file
                   WHERE file.message_id IS NULL AND file.created_at < %s AND file.fetch_state <> %s
                     AND NOT EXISTS (SELECT FROM inbox_draft draft
                                      WHERE draft.person_id = file.uploaded_by_id AND file.public_id = ANY(draft.files))
                   ORDER BY file.id LIMIT %s)""",
        [FetchState.GONE, now - UNSENT_KEPT, FetchState.GONE, limit],
    )
