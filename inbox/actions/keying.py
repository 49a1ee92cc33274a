"""What the keys of a person's pages do."""

from __future__ import annotations

from django.db import transaction

from inbox.models import Person


@transaction.atomic(durable=True)
def use_letters(*, person: Person, used: bool) -> None:
    """Whether letters alone are commands for this person, in all their brands. It holds from the next page on."""
    Person.objects.filter(pk=person.pk).update(letter_keys=used)
