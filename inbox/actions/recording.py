"""What the audit log is told in words, because no row of an audited table says it: who signed in, what was taken out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from inbox import auditing
from inbox.models import AuditEntry, Brand, Person


@transaction.atomic
def record(
    *,
    brand: Brand | None,
    by: Person | None,
    act: str,
    subject: str,
    now: datetime,
    address: str = "",
    request: str = "",
    subject_name: str = "",
    after: dict[str, Any] | None = None,
) -> None:
    """`brand` None: it concerns the whole installation. `by` None: a command of Parley's. `address` and `request`: whence it came; left
    out, those of the request that is being answered."""
    here, name = auditing.whence()
    AuditEntry.objects.create(
        brand=brand, at=now, person=by, person_name=named(by) if by else "", address=(address or here)[:64], request=(request or name)[:64],
        act=act, subject=subject, subject_id=by.pk if by and subject == "person" else None, subject_name=subject_name[:300],
        after=after or {},
    )  # fmt: skip


@transaction.atomic
def record_sign_in(
    *,
    person: Person,
    act: str,
    address: str,
    request: str,
    now: datetime,
    after: dict[str, Any] | None = None,
) -> None:
    """What concerns how somebody signs in, in the log of each brand that the person works for. Without one it has no brand, and is for those
    who run the installation."""
    brands: list[Brand | None] = [*Brand.objects.filter(memberships__person=person).distinct().order_by("pk")]
    for brand in brands or [None]:
        record(
            brand=brand,
            by=person,
            act=act,
            subject="person",
            subject_name=named(person),
            address=address,
            request=request,
            now=now,
            after=after,
        )


def named(person: Person) -> str:
    return f"{person.short_name} <{person.email}>"
