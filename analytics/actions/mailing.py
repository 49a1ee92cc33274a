"""Reports by mail: who gets them when. The row says when the next one leaves; whoever moves that time on sends it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from analytics.models import Cadence, ReportMail
from analytics.rules import mail_times
from inbox.models import Brand, Person


@transaction.atomic(durable=True)
def ask_for(
    *, brand: Brand, person: Person, cadence: Cadence, weekday: int, hour: int, now: datetime
) -> ReportMail:
    next_at = mail_times.next_at(
        weekly=cadence == Cadence.WEEKLY,
        weekday=weekday,
        hour=hour,
        zone=ZoneInfo(brand.time_zone),
        after=now,
    )
    told = {"weekday": weekday, "hour": hour, "next_at": next_at, "failed": ""}
    mail, _ = ReportMail.objects.update_or_create(brand=brand, person=person, cadence=cadence, defaults=told)
    return mail


def stop(*, brand: Brand, person: Person, cadence: str) -> None:
    ReportMail.objects.filter(brand=brand, person=person, cadence=cadence).delete()


def claim_due(*, now: datetime) -> list[ReportMail]:
    """Those that leave now. A mail that nobody sent for days leaves once, not once for each day."""
    found = []
    for mail in (
        ReportMail.objects.filter(next_at__lte=now)
        .select_related("brand", "person")
        .order_by("next_at", "pk")[:50]
    ):
        following = mail_times.next_at(
            weekly=mail.cadence == Cadence.WEEKLY, weekday=mail.weekday, hour=mail.hour, zone=ZoneInfo(mail.brand.time_zone), after=now
        )  # fmt: skip
        if ReportMail.objects.filter(pk=mail.pk, next_at=mail.next_at).update(next_at=following):
            found.append(mail)
    return found


def note_sent(*, mail: ReportMail, now: datetime) -> None:
    ReportMail.objects.filter(pk=mail.pk).update(sent_at=now, failed="")


def note_failed(*, mail: ReportMail, reason: str) -> None:
    ReportMail.objects.filter(pk=mail.pk).update(failed=reason[:300])
