"""Figures in words: of one width as long as they count in the same unit."""

from __future__ import annotations

from analytics.histogram import BARS, DAY
from analytics.metrics import Unit

NOTHING = "–"


def length(seconds: float | None) -> str:
    if seconds is None:
        return NOTHING
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02} s"
    minutes = round(seconds / 60)
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60:02} m"
    hours = round(seconds / 3600)
    return f"{hours // 24} d {hours % 24} h"


def within(seconds: float | None) -> str:
    """Of a percentile: what is longer than the scale reaches is told as its end."""
    return f"over {BARS[-1] / DAY:.0f} d" if seconds is not None and seconds >= BARS[-1] else length(seconds)


def number(value: float | None) -> str:
    if value is None:
        return NOTHING
    return (
        f"{value:,.0f}".replace(",", " ") if float(value).is_integer() else f"{value:,.1f}".replace(",", " ")
    )


def share(percent: float | None) -> str:
    return NOTHING if percent is None else f"{percent:.1f} %"


def say(value: float | None, unit: Unit) -> str:
    say_of = {Unit.TIME: length, Unit.WITHIN: within, Unit.NUMBER: number, Unit.SHARE: share}
    return say_of[unit](value)


def change(now: float | None, before: float | None, unit: Unit) -> str:
    """Against the period before."""
    if now is None or before is None:
        return ""
    if unit is Unit.SHARE:
        moved = now - before
        return "as before" if abs(moved) < 0.05 else f"{'+' if moved > 0 else '−'}{abs(moved):.1f} points"
    if not before or (unit is Unit.WITHIN and max(now, before) >= BARS[-1]):
        return ""  # nobody knows by how much
    moved = 100 * (now - before) / before
    return "as before" if abs(moved) < 0.5 else f"{'+' if moved > 0 else '−'}{abs(moved):.0f} %"


def bar(number: int) -> str:
    """One bar of a distribution of times."""
    edges = [length(edge).replace(" 00 s", "").replace(" 00 m", "").replace(" 0 h", "") for edge in BARS]
    if number == 0:
        return f"under {edges[0]}"
    return f"over {edges[-1]}" if number >= len(edges) else f"{edges[number - 1]} – {edges[number]}"
