"""What is being done to many conversations, for whoever asked for it."""

from __future__ import annotations

from inbox.models import Brand, BulkRun, BulkState, Person


def under_way(person: Person, brand: Brand) -> list[BulkRun]:
    """A page that is loaded meanwhile shows at once how far it has come, and does not wait for the next batch."""
    found = list(BulkRun.objects.filter(brand=brand, person=person, state=BulkState.RUNNING).order_by("pk"))
    for run in found:
        run.brand = brand
    return found
