"""Files of messages that were unsent, and those that were sent up and never sent: removed from the disk, then forgotten. The row is what remembers that a file must go."""

from __future__ import annotations

from pathlib import Path

import structlog
from django.conf import settings

from inbox.actions import media

log = structlog.get_logger(__name__)
AT_ONCE = 200


def erase_files(*, limit: int = AT_ONCE) -> int:
    """Remove what is left, batch by batch. A file that cannot be removed is tried again next time; one already gone is as good."""
    erased = after = 0
    while batch := media.gone_with_files(after=after, limit=limit):
        after = batch[-1].pk
        shared = media.shared_paths([attachment.path for attachment in batch])
        done = [each.pk for each in batch if each.path in shared or _remove(each.path)]
        media.mark_erased(attachment_ids=done)
        erased += len(done)
    return erased


def _remove(path: str) -> bool:
    """The file first, the row after it: whoever dies between the two begins again, and no file is left that nobody knows of."""
    root = Path(settings.MEDIA_ROOT).resolve()
    file = (root / path).resolve()
    if not file.is_relative_to(root):
        log.error("file_outside_media", path=path)
        return False
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        log.warning("file_not_removed", path=path, error=type(error).__name__)
        return False
    return True
