"""Whether mail can leave at all. Whoever is promised one must know where none can."""

from __future__ import annotations

from django.conf import settings

NONE_LEAVES = "No mail leaves this installation: it has no mail server (EMAIL_HOST). Ask whoever runs it."


def is_set() -> bool:
    """In production without `EMAIL_HOST` what is sent goes nowhere, and says nothing of it."""
    return not settings.EMAIL_BACKEND.endswith("dummy.EmailBackend")
