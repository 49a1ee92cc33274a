"""Which page of somebody is in focus, and which have given back what they had: a request of those that comes late takes nothing.

The broker keeps it, for longer than a request may be under way. Should it lose it, what a late request takes is a lease that nobody
renews, which ends by itself: what nobody may be given twice is decided by the database alone.
"""

from __future__ import annotations

from uuid import UUID

import structlog
from django.core.cache import cache

log = structlog.get_logger(__name__)

LEFT_FOR = 3600  # seconds; no request is under way for so long
HERE_FOR = 86_400


def note_left(page: UUID) -> None:
    """Before the lease is given back: whoever takes one after that finds it noted."""
    try:
        cache.set(f"focus-left:{page}", 1, LEFT_FOR)
    except Exception as error:
        log.warning("focus_page_not_noted", error=type(error).__name__)


def has_left(page: UUID) -> bool:
    try:
        return bool(cache.get(f"focus-left:{page}"))
    except Exception as error:
        log.warning("focus_page_unknown", error=type(error).__name__)
        return False


def note_here(page: UUID | None, *, brand_id: int, person_id: int) -> None:
    """What this person has in focus is on this page from now on. None: on one that works through no view and gives back nothing."""
    try:
        cache.set(f"focus-here:{brand_id}:{person_id}", str(page), HERE_FOR)
    except Exception as error:
        log.warning("focus_page_not_noted", error=type(error).__name__)


def note_nowhere(*, brand_id: int, person_id: int) -> None:
    """All that this person had was given back."""
    try:
        cache.delete(f"focus-here:{brand_id}:{person_id}")
    except Exception as error:
        log.warning("focus_page_not_noted", error=type(error).__name__)


def is_elsewhere(page: UUID, *, brand_id: int, person_id: int) -> bool:
    """What they have was taken by another page of theirs since: it they have is not this one's to give back."""
    try:
        return bool(cache.get(f"focus-here:{brand_id}:{person_id}", str(page)) != str(page))
    except Exception as error:
        log.warning("focus_page_unknown", error=type(error).__name__)
        return False
