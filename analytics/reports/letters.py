"""A report as a mail: the figures of yesterday or of last week, each with that of the period before and an address to open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from analytics import metrics
from analytics.models import Cadence, ReportMail
from analytics.queries.asked import DAY, Asked
from analytics.reports import responses, sla, volume
from analytics.reports.charts import Tile
from inbox.models import Brand


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str
    html: str


def period(brand: Brand, cadence: str, now: datetime) -> Asked:
    """The whole day or the whole week, Monday to Sunday, that is over in the brand's time zone."""
    today = now.astimezone(ZoneInfo(brand.time_zone)).date()
    if cadence == Cadence.DAILY:
        return Asked(brand, today - DAY, today - DAY)
    monday = today - timedelta(days=today.weekday())
    return Asked(brand, monday - 7 * DAY, monday - DAY)


def write(mail: ReportMail, *, now: datetime) -> Letter:
    asked = period(mail.brand, mail.cadence, now)
    days = (
        f"{asked.first:%A, %-d %B %Y}"
        if asked.days == 1
        else f"{asked.first:%-d %B} – {asked.last:%-d %B %Y}"
    )
    home = settings.PARLEY_PUBLIC_URL
    context = {
        "brand": mail.brand, "person": mail.person, "days": days, "sections": _sections(asked), "home": home,
        "settings": home + reverse("analytics:mails", args=[mail.brand.slug]),
        "report": home + reverse("analytics:report", args=[mail.brand.slug, "responses"]) + "?" + asked.query(),
    }  # fmt: skip
    subject = f"{mail.brand.name}, {days}".replace("\n", " ").replace("\r", " ")
    text = render_to_string("analytics/mail/report.txt", context)
    return Letter(subject, text, render_to_string("analytics/mail/report.html", context))


def _sections(asked: Asked) -> list[tuple[str, list[Tile]]]:
    times = []
    for key in (metrics.FIRST, metrics.NEXT, metrics.RESOLUTION):
        half, most, *_ = responses.tiles(replace(asked, more={"metric": key}))
        name = metrics.METRICS[key].name
        times += [replace(half, label=f"{name}: half within"), replace(most, label=f"{name}: 90 % within")]
    return [
        ("Response times", times),
        ("Targets kept", sla.tiles(asked)),
        ("Volume and backlog", volume.tiles(asked)),
    ]
