"""How long something lasts, in as few letters as a chip has room for."""

from __future__ import annotations

from datetime import timedelta


def of(length: timedelta) -> str:
    """The same words as span() in static/js/elements/chips.js, which counts on from here."""
    minutes = max(0, int(length.total_seconds() // 60))
    hours = minutes // 60
    if minutes < 1:
        return "< 1 m"
    if hours < 1:
        return f"{minutes} m"
    if hours < 10 and minutes % 60:
        return f"{hours} h {minutes % 60} m"
    return f"{hours} h" if hours < 48 else f"{hours // 24} d"
