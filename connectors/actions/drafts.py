"""Files that are being written, in a folder of their own: what a full disk or a killed worker leaves of them is found without a search."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

OVER_AFTER = timedelta(minutes=10)  # since the last byte; nobody writes at one for so long


def folder() -> Path:
    """Beside the files themselves, so that a finished one is moved and not copied."""
    return Path(settings.MEDIA_ROOT) / "in" / "drafts"


def drop(draft: Path) -> None:
    """What the disk does not let go now is cleared later."""
    with suppress(OSError):
        draft.unlink(missing_ok=True)


def clear(*, now: datetime) -> int:
    """Remove what nobody writes at any more. Returns how many."""
    cleared, over = 0, (now - OVER_AFTER).timestamp()
    with suppress(OSError):
        for draft in folder().glob("*.part"):
            if draft.stat().st_mtime < over:
                draft.unlink(missing_ok=True)
                cleared += 1
    return cleared
