"""The bytes of a copy, on our disk: whole or not at all, and at a place that its row knows before they are written."""

from __future__ import annotations

import os
import uuid
from datetime import datetime
from pathlib import Path

from django.conf import settings

from connectors.actions import drafts
from connectors.rules import sniffing
from inbox.actions import media
from inbox.models import Attachment


class NotWritable(Exception):
    """A copy could not be kept: the disk is full, or the folder is away or somebody else's."""


def keep(attachment: Attachment, content: bytes, *, mime: str, now: datetime) -> None:
    """The row remembers the place, whatever happens after that: the next try writes there again, and what is unsent is erased by it."""
    path = _path_of(attachment, mime)
    if attachment.path not in ("", path):  # of a try before this one, which was given something else
        _remove(attachment.path)
    if not media.note_place(attachment_id=attachment.pk, path=path):  # unsent while it was on its way
        return
    _write(content, path)
    kept = media.mark_stored(attachment_id=attachment.pk, path=path, mime=mime, size=len(content), now=now)
    if not kept and not media.shared_paths([path]):
        _remove(path)


def _path_of(attachment: Attachment, mime: str) -> str:
    """A name of its own for each attachment, so that deleting one message's picture never takes another's. It begins with a time and ends
    with chance, which spreads over the folders."""
    name = attachment.public_id.hex
    return f"in/{name[-2:]}/{name}{sniffing.suffix_of(mime)}"


def _write(content: bytes, path: str) -> None:
    target, draft = Path(settings.MEDIA_ROOT) / path, drafts.folder() / f"{uuid.uuid4().hex}.part"
    try:
        for each in (target, draft):
            each.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        draft.chmod(0o640)
        os.replace(draft, target)
    except OSError as error:
        drafts.drop(draft)
        raise NotWritable(f"{type(error).__name__}: {error.strerror}") from error


def _remove(path: str) -> None:
    try:
        (Path(settings.MEDIA_ROOT) / path).unlink(missing_ok=True)
    except OSError as error:
        raise NotWritable(f"{type(error).__name__}: {error.strerror}") from error
