"""What a brand begins with: tags, hours and one promise. What is there already stays as the brand has made it."""

from __future__ import annotations

from django.db import transaction

from inbox.actions import _built_in_tags
from inbox.models import Brand, BusinessHours, PriorityWeights, SlaPolicy

_NINE_TO_SIX = [[9 * 60, 18 * 60]]


@transaction.atomic
def give_defaults(brand: Brand) -> None:
    """Safe to repeat. The promise counts around the clock, so that it holds for whoever writes at night; hours are there to choose."""
    _built_in_tags.give(brand)
    PriorityWeights.objects.get_or_create(brand=brand)
    if not BusinessHours.objects.filter(brand=brand).exists():
        BusinessHours.objects.create(
            brand=brand, name="Office hours", time_zone=brand.time_zone,
            week={str(day): _NINE_TO_SIX for day in range(5)},
        )  # fmt: skip
    if not SlaPolicy.objects.filter(brand=brand).exists():
        SlaPolicy.objects.create(
            brand=brand,
            name="Everybody",
            first_response=600,
            next_response=3600,
            resolution=86400,
            warnings=[50, 80],
        )
