"""How long a person's replies wait before they leave."""

from __future__ import annotations

from datetime import timedelta

from inbox.models import Brand, Person

NONE, SHORTEST, LONGEST = 0, 5, 30
OFFERED = (0, 5, 10, 15, 20, 30)


def of(person: Person, brand: Brand) -> timedelta:
    """The person's own wish, else the brand's."""
    return timedelta(seconds=brand.reply_hold if person.reply_hold is None else person.reply_hold)
