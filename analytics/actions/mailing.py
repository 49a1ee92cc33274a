"""Reports by mail: who gets them when. The row says when the next one leaves; whoever claims it sends it, and it is tried again where that fails."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, Q, QuerySet

from analytics.models import Cadence, ReportMail
from analytics.rules import mail_times
from inbox.models import Brand, Person

LEASE = timedelta(minutes=5)  # longer than any server of mails lets one wait; who is silent as long has died
# From then on it tells of another day than it was planned for. Zones lie less far apart, but for a few islands.
LATE = timedelta(days=1)
AGAIN = (timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))  # after each try that failed


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
    told = {
        "weekday": weekday,
        "hour": hour,
        "next_at": next_at,
        "not_before": None,
        "tries": 0,
        "failed": "",
    }
    mail, _ = ReportMail.objects.update_or_create(brand=brand, person=person, cadence=cadence, defaults=told)
    return mail


def stop(*, brand: Brand, person: Person, cadence: str) -> None:
    ReportMail.objects.filter(brand=brand, person=person, cadence=cadence).delete()


# At midnight the last minute of the day that it tells of is still being counted.
_COUNTED_BY = timedelta(minutes=1)


def due(*, now: datetime) -> QuerySet[ReportMail]:
    """Those that leave now and that nobody is sending."""
    is_counted = Q(hour__gt=0) | Q(next_at__lte=now - _COUNTED_BY)
    return ReportMail.objects.filter(
        is_counted, Q(not_before=None) | Q(not_before__lte=now), next_at__lte=now
    )


def claim(*, now: datetime) -> ReportMail | None:
    """One that leaves now; None: there is none. If whoever claims it dies, it is due again when the lease is over."""
    for mail in due(now=now).select_related("brand", "person").order_by("next_at", "pk")[:20]:
        if mail.tries > len(AGAIN):  # whoever sent it has died each time
            _move_on(mail, now, failed="It could not be written. The next one leaves as planned.")
            continue
        if due(now=now).filter(pk=mail.pk).update(not_before=now + LEASE, tries=F("tries") + 1):
            mail.tries += 1
            return mail
    return None


def as_of(mail: ReportMail, *, now: datetime) -> datetime:
    """The moment that it tells of: its hour, also where it leaves a little later; where it is days late, now."""
    return mail.next_at if now - mail.next_at < LATE else now


def wait(*, mail: ReportMail, now: datetime) -> None:
    """Its figures are not what they will be: it leaves when they are right. That is no try."""
    ReportMail.objects.filter(pk=mail.pk, next_at=mail.next_at).update(
        not_before=now + AGAIN[0],
        tries=F("tries") - 1,
        failed="It waits until everything that happened has been counted.",
    )


def note_sent(*, mail: ReportMail, now: datetime) -> None:
    """A mail that nobody sent for days has left once, not once for each day."""
    ReportMail.objects.filter(pk=mail.pk).update(sent_at=now)
    _move_on(mail, now, failed="")


def note_failed(*, mail: ReportMail, fault: str, now: datetime) -> None:
    if mail.tries <= len(AGAIN):
        at = now + AGAIN[mail.tries - 1]
        told = f"It could not be sent: {fault[:200]}. It is tried again within {round(AGAIN[mail.tries - 1].total_seconds() / 60)} minutes."
        ReportMail.objects.filter(pk=mail.pk, next_at=mail.next_at).update(not_before=at, failed=told)
    else:
        _move_on(mail, now, failed=f"It could not be sent: {fault[:200]}. The next one leaves as planned.")


def _move_on(mail: ReportMail, now: datetime, *, failed: str) -> None:
    """To its next hour, unless another was asked for meanwhile. By a clock that was changed since, its own hour may be still to come."""
    after = max(now, _moved(mail))
    ReportMail.objects.filter(pk=mail.pk, next_at=mail.next_at).update(
        next_at=_next(mail, after), not_before=None, tries=0, failed=failed
    )


def follow_clocks(*, now: datetime) -> None:
    """Those to come leave at their hour of the brand's clock, also where that was set to another zone: each on its day. One whose hour is over
    there leaves at once."""
    for mail in ReportMail.objects.filter(next_at__gt=now).select_related("brand").order_by("pk"):
        at = _moved(mail)
        if now - at >= LATE:
            at = _next(mail, now)
        if at != mail.next_at:
            ReportMail.objects.filter(pk=mail.pk, next_at=mail.next_at).update(next_at=at)


def _moved(mail: ReportMail) -> datetime:
    return mail_times.moved(mail.next_at, hour=mail.hour, zone=ZoneInfo(mail.brand.time_zone))


def _next(mail: ReportMail, after: datetime) -> datetime:
    return mail_times.next_at(
        weekly=mail.cadence == Cadence.WEEKLY, weekday=mail.weekday, hour=mail.hour, zone=ZoneInfo(mail.brand.time_zone), after=after
    )  # fmt: skip
