"""How long agents were there and at work, from the hours that are kept of them."""

from __future__ import annotations

from django.db.models import Sum

from analytics.models import AgentHour
from analytics.queries.asked import Asked


def of(asked: Asked) -> dict[str, tuple[int, int]]:
    """Person → (seconds online, seconds occupied). Read once for a page."""
    key = ("hours", asked.start, asked.end)
    if key not in asked.picked:
        asked.picked[key] = _read(asked)
    found: dict[str, tuple[int, int]] = asked.picked[key]
    return found


def _read(asked: Asked) -> dict[str, tuple[int, int]]:
    rows = AgentHour.objects.filter(brand=asked.brand, at__gte=asked.start, at__lt=asked.end).order_by()
    found = rows.values("person_id").annotate(there=Sum("online"), busy=Sum("occupied"))
    return {str(row["person_id"]): (row["there"], row["busy"]) for row in found}
