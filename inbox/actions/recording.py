"""What the audit log is told in words, because no row of an audited table says it: who signed in, what was taken out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from inbox import auditing
from inbox.models import AuditEntry, Brand, Person, Presence


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
    subject_id: int | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """`brand` None: it concerns the whole installation. `by` None: a command of Parley's. `address` and `request`: whence it came; left
    out, those of the request that is being answered."""
    here, name = auditing.whence()
    AuditEntry.objects.create(
        brand=brand, at=now, person=by, person_name=named(by) if by else "", address=(address or here)[:64], request=(request or name)[:64],
        act=act, subject=subject, subject_id=subject_id or (by.pk if by and subject == "person" else None), subject_name=subject_name[:300],
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
    by_command: bool = False,
) -> None:
    """What concerns how somebody signs in, in the log of each brand that it concerns; of none, for those who run the installation.
    `by_command`: not they did it, but a command of Parley's."""
    for brand in _who_may_know(person) or [None]:
        record(
            brand=brand,
            by=None if by_command else person,
            act=act,
            subject="person",
            subject_id=person.pk,
            subject_name=named(person),
            address=address,
            request=request,
            now=now,
            after=after,
        )


def _who_may_know(person: Person) -> list[Brand | None]:
    """The brands in which somebody has been. To be invited is enough to work for one, and nobody is asked: a stranger's brand would read
    when and whence its guest signs in to others. Where somebody has never been anywhere, the one brand that they have been invited to."""
    works_for = Brand.objects.filter(memberships__person=person).distinct().order_by("pk")
    been_in = Presence.objects.filter(person=person, last_seen_at__isnull=False).values("brand_id")
    if there := [*works_for.filter(pk__in=been_in)]:
        return [*there]
    invited_to = [*works_for]
    return [*invited_to] if len(invited_to) == 1 and not person.is_staff else []


def named(person: Person) -> str:
    return f"{person.short_name} <{person.email}>"
