"""What a page is asked for: a stretch of days and what to leave out. It comes from the address and goes back into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus
from zoneinfo import ZoneInfo

from analytics.queries.names import Names
from inbox.models import Brand

LONGEST = 366 * 2  # days
FIRST_DAY, LAST_DAY = (
    date(2000, 1, 1),
    date(2100, 1, 1),
)  # further away no day means anything, nor has it another beside it
DAY = timedelta(days=1)
PRESETS = {"today": "Today", "yesterday": "Yesterday", "7": "7 days", "28": "28 days", "90": "90 days"}
USUAL = "7"
# The name in an address, and the column that it is about.
FILTERS = {
    "channel": "channel_id",
    "agent": "person_id",
    "team": "team_id",
    "tag": "tag",
    "priority": "priority",
}
NONE = "none"


@dataclass(frozen=True, slots=True)
class Asked:
    """`filters`: column → value; None asks for those without. `faults`: what of its days could not be read, in words. `gone`: the
    names of filters that ask for what is no more. `picked`: what was read for this page already (analytics.queries.picked); those made from
    this one share it."""

    brand: Brand
    first: date
    last: date
    preset: str = ""
    business: bool = False
    filters: Mapping[str, int | str | None] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)  # the filters as the address says them
    more: Mapping[str, str] = field(default_factory=dict)  # what else the page remembers in its address
    faults: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    with_year: bool = False  # its days are not all of this year: one without its year says another
    weeks_from: int = 0  # the day of the week on which weeks begin; 0 is Monday
    picked: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def left_out(self) -> list[str]:
        """Then it is wider than it was asked to be."""
        return [f"There is no such {name} any more; it is left out." for name in self.gone]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.brand.time_zone)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def start(self) -> datetime:
        return midnight(self.first, self.zone)

    @property
    def end(self) -> datetime:
        return midnight(self.last + DAY, self.zone)

    @property
    def before(self) -> Asked:
        """The same number of days right before, with weeks that lie in it as those of this one lie here."""
        return replace(
            self, first=self.first - self.days * DAY, last=self.first - DAY, preset="", weeks_from=(self.weeks_from - self.days) % 7
        )  # fmt: skip

    @property
    def basis(self) -> int:
        return int(self.business)

    def week_of(self, day: date) -> date:
        """The first day of its week, which may lie before the period."""
        return day - (day.weekday() - self.weeks_from) % 7 * DAY

    def within(self, first: date, last: date) -> Asked:
        return replace(self, first=first, last=last, preset="")

    def narrowed(self, column: str, value: int | str | None) -> Asked:
        return replace(self, filters={**self.filters, column: value})

    def without(self, *names: str) -> Asked:
        """Less some filters, by their names in the address."""
        return replace(
            self,
            filters={k: v for k, v in self.filters.items() if k not in {FILTERS[name] for name in names}},
            told={k: v for k, v in self.told.items() if k not in names},
            gone=tuple(name for name in self.gone if name not in names),
        )

    def query(self, **more: object) -> str:
        """As an address says it. None leaves something out."""
        days: dict[str, object] = (
            {"range": self.preset}
            if self.preset
            else {"from": self.first.isoformat(), "to": self.last.isoformat()}
        )
        asked = {**days, **self.told, **({"hours": "business"} if self.business else {}), **self.more, **more}
        return "&".join(
            f"{name}={_quoted(str(value))}" for name, value in asked.items() if value not in (None, "")
        )


@lru_cache(4096)  # a page has a thousand cells whose addresses say nearly the same
def _quoted(text: str) -> str:
    return quote_plus(text)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def read(
    told: Mapping[str, str], *, brand: Brand, names: Names, now: datetime, remembers: tuple[str, ...] = ()
) -> Asked:
    """From the query of an address. What cannot be read is left out and said."""
    today = now.astimezone(ZoneInfo(brand.time_zone)).date()
    faults: list[str] = []
    gone: list[str] = []
    preset = told.get("range", "")
    first, last = _days(told, preset, today, faults)
    if preset not in PRESETS:
        preset = "" if told.get("from") or told.get("to") else USUAL
    filters: dict[str, int | str | None] = {}
    kept: dict[str, str] = {}
    for name, column in FILTERS.items():
        text = told.get(name, "")
        if not text:
            continue
        try:
            filters[column] = names.value(column, text)
            kept[name] = text
        except KeyError:
            gone.append(name)
    more = {name: told[name][:80] for name in remembers if told.get(name)}
    business = told.get("hours") == "business"
    return Asked(
        brand, first, last, preset, business, filters, kept, more, faults=tuple(faults), gone=tuple(gone),
        with_year=not first.year == today.year == last.year,
    )  # fmt: skip


def _days(told: Mapping[str, str], preset: str, today: date, faults: list[str]) -> tuple[date, date]:
    usual = today - (int(USUAL) - 1) * DAY, today
    if preset == "today":
        return today, today
    if preset == "yesterday":
        return today - DAY, today - DAY
    if preset in PRESETS:
        return today - (int(preset) - 1) * DAY, today
    if not (told.get("from") or told.get("to")):
        return usual
    try:
        first = date.fromisoformat(told.get("from") or told["to"])
        last = date.fromisoformat(told.get("to") or told["from"])
    except ValueError:
        faults.append("A day is written like 2026-03-31; shown are the last seven days.")
        return usual
    first, last = min(first, last), max(first, last)
    if not FIRST_DAY <= first <= last <= LAST_DAY:
        faults.append("Such days are out of reach; shown are the last seven days.")
        return usual
    if (last - first).days >= LONGEST:
        faults.append("Two years at most are shown at once; these are the last of them.")
        first = last - (LONGEST - 1) * DAY
    return first, last
