"""How long replies wait before they leave, so that their writer can take them back."""

from __future__ import annotations

from django.db import transaction

from inbox.models import Brand, Person


@transaction.atomic(durable=True)
def hold_replies(*, brand: Brand, seconds: int) -> None:
    """For everybody who has no wish of their own. Holds that run go on as they were."""
    Brand.objects.filter(pk=brand.pk).update(reply_hold=seconds)


@transaction.atomic(durable=True)
def hold_own(*, person: Person, seconds: int | None) -> None:
    """A person's own wish in all their brands; None: as each brand says."""
    Person.objects.filter(pk=person.pk).update(reply_hold=seconds)
