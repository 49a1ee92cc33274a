"""What a due chip says and how: the same words and shapes as static/js/elements/due-chip.js, which counts on from here."""

from __future__ import annotations

from datetime import datetime, timedelta

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
LATE, QUARTER, HOUR, TODAY, LATER = "Late", "< 15 min", "< 1 h", "Today", "Later"


def length(span: timedelta) -> str:
    """In hours with two digits of minutes, "1 h 05 m": they tick beneath each other down a list."""
    minutes = max(0, int(span / _MINUTE))
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} d"
    if hours:
        return f"{hours} h {rest:02} m"
    return f"{rest} m" if rest else "< 1 m"


def say(due_at: datetime, *, now: datetime, is_window: bool) -> str:
    left = due_at - now
    if is_window:
        return f"window {length(left)}" if left > timedelta(0) else "window closed"
    return f"{length(left)} left" if left > timedelta(0) else f"{length(-left)} late"


def tone(due_at: datetime, *, now: datetime) -> str:
    left = due_at - now
    if left <= timedelta(0):
        return "late"
    return "urgent" if left < 15 * _MINUTE else "soon" if left < _HOUR else "calm"


def group(due_at: datetime | None, *, now: datetime) -> str:
    """Under which heading it stands. `now` in the viewer's own zone says until when today is."""
    if due_at is None:
        return LATER
    left = due_at - now
    if left <= timedelta(0):
        return LATE
    if left < 15 * _MINUTE:
        return QUARTER
    if left < _HOUR:
        return HOUR
    return TODAY if due_at.astimezone(now.tzinfo).date() == now.date() else LATER
