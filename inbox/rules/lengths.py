"""How long a text is, in the unit a platform counts."""

from __future__ import annotations

from inbox.platforms import TextLimit, Unit


def measure(text: str, unit: Unit) -> int:
    match unit:
        case Unit.UTF8_BYTES:
            return len(text.encode("utf-8", "surrogatepass"))
        case Unit.UTF16_UNITS:
            return len(text.encode("utf-16-le", "surrogatepass")) // 2
        case Unit.CODE_POINTS:
            return len(text)


def too_long_by(text: str, limit: TextLimit) -> int:
    """How many units over the limit; 0 when it fits."""
    return max(0, measure(text, limit.unit) - limit.max)
