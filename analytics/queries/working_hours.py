"""The business hours by which a brand's figures are counted."""

from __future__ import annotations

from inbox.models import Brand
from inbox.queries import opening_hours
from inbox.rules.business_hours import Hours


def of(brand: Brand) -> Hours | None:
    """None: around the clock."""
    row = opening_hours.of_brand(brand)
    return opening_hours.read(row) if row is not None else None
