"""A line of the connection page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    ok: bool | None  # None: not known yet, or nothing to be had
    found: str
    at: datetime | None = None
    fix: str = ""
    button: str = ""  # connect, look, schedules, dead-items
