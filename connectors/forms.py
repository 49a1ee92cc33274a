"""What the sync console's pages send. What makes no sense is refused with what to write instead."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from connectors.models import Overlap, SyncSchedule, Task
from connectors.rules.cadence import LONGEST_JITTER, NotUnderstood, checked, read_span, say_span
from inbox.rules import zones

RANGES = (
    ("0", "Nothing from before"),
    ("7", "The last 7 days"),
    ("30", "The last 30 days"),
    ("90", "The last 90 days"),
    ("", "All that the platform tells"),
)
# Beyond them calendars end, and moments that the database keeps cannot be read any more.
IN_REACH = (MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2100, 1, 1)))
DAYS = {
    Task.PURGE: ("Days that raw deliveries and runs are kept", "At least 3."),
    Task.PROFILES: ("Days after which a profile is asked for again", "Empty: as the platform demands."),
    Task.BACKFILL: ("Days to go back each time", "Empty: it runs only when somebody asks for a range."),
}


class SpanField(forms.CharField):
    def to_python(self, value: Any) -> Any:
        try:
            return read_span(super().to_python(value) or "")
        except NotUnderstood as refused:
            raise forms.ValidationError(str(refused)) from refused

    def prepare_value(self, value: Any) -> Any:
        return say_span(value) if isinstance(value, int) else value


class RangeForm(forms.Form):
    """How much of the past comes in with a connection."""

    past = forms.ChoiceField(choices=RANGES, required=False, label="Bring in")

    @property
    def days(self) -> int | None:
        value = self.cleaned_data["past"]
        return int(value) if value else None


class BackfillForm(forms.Form):
    since = forms.DateField(
        label="From",
        widget=forms.DateInput(attrs={"type": "date"}),
        required=False,
        validators=IN_REACH,
    )
    until = forms.DateField(
        label="Up to and with",
        widget=forms.DateInput(attrs={"type": "date"}),
        required=False,
        validators=IN_REACH,
    )

    def moments(self, zone: str) -> tuple[datetime | None, datetime | None]:
        """The range in the brand's days. Empty ends are open."""
        since, until = self.cleaned_data["since"], self.cleaned_data["until"]
        start = datetime.combine(since, time(), ZoneInfo(zone)) if since else None
        end = datetime.combine(until + timedelta(days=1), time(), ZoneInfo(zone)) if until else None
        return start, end


class ScheduleForm(forms.Form):
    rhythm = forms.ChoiceField(
        choices=(("every", "In an interval"), ("cron", "By a cron line")),
        widget=forms.RadioSelect,
        label="When",
    )
    every = SpanField(required=False, label="Every", help_text="Such as 30s, 15m, 6h or 1d.")
    cron = forms.CharField(
        required=False,
        max_length=100,
        label="Cron line",
        help_text="Minute, hour, day, month, weekday: “30 3 * * 1” is Mondays at half past three.",
    )
    time_zone = forms.CharField(max_length=64, label="Time zone of the cron line")
    jitter_seconds = forms.IntegerField(
        min_value=0,
        max_value=LONGEST_JITTER,
        label="Spread over so many seconds",
        help_text="So that not everything begins in the same second.",
    )
    overlap = forms.ChoiceField(choices=Overlap.choices, label="When it falls due while it still runs")
    max_seconds = forms.IntegerField(
        min_value=5,
        max_value=600,
        label="Seconds of one turn",
        help_text="A longer run goes on after the others had theirs.",
    )
    days = forms.IntegerField(required=False, min_value=1, max_value=3650)

    def __init__(self, *args: Any, schedule: SyncSchedule, **kwargs: Any) -> None:
        self.schedule = schedule
        kwargs.setdefault(
            "initial",
            {
                "rhythm": "cron" if schedule.cron else "every", "every": schedule.every_seconds, "cron": schedule.cron,
                "time_zone": schedule.time_zone, "jitter_seconds": schedule.jitter_seconds, "overlap": schedule.overlap,
                "max_seconds": schedule.max_seconds, "days": schedule.days,
            },
        )  # fmt: skip
        super().__init__(*args, **kwargs)
        if schedule.task in DAYS:
            self.fields["days"].label, self.fields["days"].help_text = DAYS[Task(schedule.task)]
        else:
            del self.fields["days"]

    def clean_cron(self) -> str:
        line: str = self.cleaned_data["cron"]
        if not line:
            return line
        try:
            return checked(line)
        except NotUnderstood as refused:
            raise forms.ValidationError(str(refused)) from refused

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        if not zones.is_one(zone):
            raise forms.ValidationError(
                "This is no time zone. Type one such as Europe/Berlin or America/New_York."
            )
        return zone

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        rhythm = given.get("rhythm")
        if rhythm == "every" and not given.get("every") and "every" not in self.errors:
            self.add_error("every", "Type an interval such as 15m.")
        if rhythm == "cron" and not given.get("cron") and "cron" not in self.errors:
            self.add_error("cron", "Type a cron line such as “*/15 * * * *”.")
        return given

    @property
    def plan(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "every_seconds": given.get("every") or self.schedule.every_seconds,
            "cron": given["cron"] if given["rhythm"] == "cron" else "",
            "time_zone": given["time_zone"], "jitter_seconds": given["jitter_seconds"], "overlap": given["overlap"],
            "max_seconds": given["max_seconds"], "days": given.get("days"),
        }  # fmt: skip
