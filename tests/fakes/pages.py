"""Open pages, as far as what is sent to them."""

import pytest

from inbox import realtime


def told_to_pages(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, bool]]:
    """What is sent from now on: to which group, of which type, and whether pages are to ask anew."""
    told: list[tuple[str, str, bool]] = []
    monkeypatch.setattr(
        realtime, "_send", lambda group, what: told.append((group, what["type"], what.get("anew", False)))
    )
    return told
