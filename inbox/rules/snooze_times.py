"""Until when, as a person types it: "tue 9", "2h", "tomorrow 14:30", "in 3 days", "next week", "24 nov", "after reply".

Hours and minutes are exact. Days are days of the person's own calendar, at the hour typed, or when the brand opens on that day.
What could mean two things is not guessed: the refusal says what to type for each.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from inbox.rules import _calendar_words as words
from inbox.rules import _two_meanings
from inbox.rules import _typed_dates as dates
from inbox.rules._hour_first import hour_last
from inbox.rules._typed_clock import CLOCK, NotUnderstood, time_of

__all__ = ["HINT", "WITHOUT_HOURS", "NotUnderstood", "Snooze", "in_words", "instant", "parse", "say", "typed"]

LONGEST = timedelta(days=366)
_MORNING = range(5, 12)  # hours of the clock
WITHOUT_HOURS = time(9)  # where the brand keeps no hours, or none on that day
Opens = Callable[[date], datetime | None]


@dataclass(frozen=True, slots=True)
class Snooze:
    """`until` is None: until the customer writes. `closed`: the brand is closed that day, so the hour is a usual one."""

    until: datetime | None
    closed: bool = False


HINT = "Type a time to come back at, such as “2h”, “tomorrow 14:30”, “tue 9”, “24 nov” or “after reply”."

_UNIT = r"(?:m|min|mins|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?)(?![a-z])"
_SPAN = re.compile(rf"(?P<n>\d{{1,4}}(?:\.\d)?)\s*(?P<unit>{_UNIT})\s*(?P<rest>.*)")
_LENGTHS_FIRST = re.compile(rf"(?:(?:un)?til )?(?:in )?(?:\d{{1,4}}(?:[.,]\d)?\s*{_UNIT}[\s,]*)+")


def parse(text: str, *, now: datetime, zone: ZoneInfo, opens: Opens) -> Snooze:
    """`opens`: when the brand begins to work on a day, None where it does not. Raises NotUnderstood."""
    typed = " ".join(_pointed(" ".join(text.lower().split())).replace(",", " ").split())
    typed = typed.removeprefix("until ").removeprefix("til ")
    if not typed:
        raise NotUnderstood(HINT)
    if typed in words.AFTER_REPLY:
        return Snooze(None)
    typed = hour_last(typed)
    try:
        found = _Reader(typed, now.astimezone(zone), zone, opens).read()
    except OverflowError:
        raise NotUnderstood("That is more than a year away. Choose a day within the next year.") from None
    assert found.until is not None
    if found.until <= now:
        raise NotUnderstood(
            f"{_day(found.until.astimezone(zone), now.astimezone(zone))} is over. Type a time that is still to come."
        )
    if found.until - now > LONGEST:
        raise NotUnderstood("That is more than a year away. Choose a day within the next year.")
    return found


def say(until: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """What was understood: "Tue 24 Nov, 09:00, in 10 hours"."""
    return f"{_day(until.astimezone(zone), now.astimezone(zone))}, {in_words(until - now)}"


def typed(until: datetime, *, zone: ZoneInfo) -> str:
    """What a person would type for it, to the minute."""
    local = until.astimezone(zone)
    return f"{local.day} {words.MONTHS[local.month - 1]} {local.year} {local:%H:%M}"


def in_words(left: timedelta) -> str:
    """Rounded down to the largest unit that says enough."""
    minutes = max(0, int(left.total_seconds() // 60))
    if minutes < 1:
        return "in less than a minute"
    for size, unit in ((1440, "day"), (60, "hour"), (1, "minute")):
        if (number := minutes // size) > (1 if size == 1440 else 0):
            return f"in {number} {unit}{'' if number == 1 else 's'}"
    raise AssertionError(minutes)


def _pointed(typed: str) -> str:
    """With a point for the comma of "1,5h". Two digits are left as they are, for "1,30h" can be half past one; so is what follows a day."""
    found = _LENGTHS_FIRST.match(typed)
    end = found.end() if found else 0
    return re.sub(r"(?<=\d),(?=\d)", ".", typed[:end]) + typed[end:]


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """A wall clock's time. One that is left out when the clocks go forward is as much later; one that comes twice is the first."""
    local = datetime.combine(day, at, zone)
    return local.astimezone(UTC)


def _day(local: datetime, today: datetime) -> str:
    year = f" {local.year}" if local.year != today.year else ""
    return f"{words.DAYS[local.weekday()].title()} {local.day} {words.MONTHS[local.month - 1].title()}{year}, {local:%H:%M}"


class _Reader:
    """One thing that was typed, against the person's own clock."""

    def __init__(self, typed: str, now: datetime, zone: ZoneInfo, opens: Opens) -> None:
        self.typed, self.now, self.zone, self.opens = typed, now, zone, opens
        self.today = now.date()

    def read(self) -> Snooze:
        _two_meanings.refuse(self.typed, today=self.today)
        for attempt in (self._span, self._named_day, self._weekday, self._date, self._hour_alone):
            if (found := attempt()) is not None:
                return found
        raise NotUnderstood(f"“{self.typed}” is not understood. {HINT}")

    def _span(self) -> Snooze | None:
        """ "2h", "1h 30m", "in 3 days", "2 weeks 14:30"."""
        rest, exact, days, seen = self.typed.removeprefix("in ").strip(), timedelta(0), 0, False
        rest = re.sub(r"^an? (?=[a-z])", "1 ", rest)
        rest = re.sub(r"^half an hour$", "30 minutes", rest)
        if compact := re.fullmatch(r"(\d{1,3})\s*h(?:rs?|ours?)?\s*(\d{2})", rest):  # 1h30, 1 hour 30
            rest = f"{compact[1]}h {compact[2]}m"
        while part := _SPAN.fullmatch(rest):
            number, unit = float(part["n"]), part["unit"][0]
            if unit in "dw":
                if number != int(number):
                    raise NotUnderstood("Days are counted whole. Type “2 days”, or hours: “36h”.")
                days += int(number) * (7 if unit == "w" else 1)
            else:
                exact += timedelta(minutes=number) if unit == "m" else timedelta(hours=number)
            rest, seen = part["rest"].strip(), True
        if not seen:
            return None
        if exact and rest:
            raise NotUnderstood(
                f"“{self.typed}” has both a length and something else. Type one: “{_plain(exact)}”, or a day and an hour."
            )
        if days > LONGEST.days:
            raise OverflowError
        if exact:
            start = (self.now + timedelta(days=days)) if days else self.now
            began = instant(start.date(), start.time(), self.zone) if days else self.now.astimezone(UTC)
            return Snooze(began + exact)
        if not days:
            raise NotUnderstood("That is now. Type a time that is still to come, such as “2h”.")
        return self._at(self.today + timedelta(days=days), rest)

    def _named_day(self) -> Snooze | None:
        """ "tomorrow 9", "tonight", "next week", "next month"."""
        if self.typed.startswith("next "):
            return self._next()
        name, _, rest = self.typed.removeprefix("at ").removeprefix("this ").partition(" ")
        if name in words.HOURS_OF_TODAY:
            return self._at(self.today, self._after_noon(name, rest) if rest else words.HOURS_OF_TODAY[name])
        if name not in words.NEAR_DAYS:
            return None
        day = self.today + timedelta(days=words.NEAR_DAYS[name])
        if not rest and day == self.today:
            raise NotUnderstood("Say when today, such as “today 17:00” or “2h”.")
        return self._at(day, rest)

    def _after_noon(self, name: str, rest: str) -> str:
        """ "tonight 9", "this afternoon at 3:30"."""
        rest = rest.removeprefix("at ").strip()
        at = time_of(rest)
        hour = at.hour + 12 if at.hour < 12 and not re.search("[ap]", rest) else at.hour
        if hour < words.EARLIEST.get(name, 12):
            raise NotUnderstood(f"“{self.typed}” is not understood. Type the hour itself, such as “19:30” or “7pm”.")  # fmt: skip
        return f"{hour}:{at.minute:02}"

    def _next(self) -> Snooze:
        name, _, rest = self.typed.removeprefix("next ").partition(" ")
        monday = self.today + timedelta(days=7 - self.today.weekday())
        if name in ("week", "month"):
            _two_meanings.an_hour_or_a_day(rest, today=self.today, weekday=f"next {name}")
        if name == "week":
            return self._at(monday, rest)
        if name == "month":
            return self._at((self.today.replace(day=1) + timedelta(days=32)).replace(day=1), rest)
        weekday = words.weekday(name)
        if weekday is None:
            raise NotUnderstood(f"“{self.typed}” is not understood. {HINT}")
        nearest = self.today + timedelta(days=(weekday - self.today.weekday() - 1) % 7 + 1)
        in_next_week = monday + timedelta(days=weekday)
        if nearest != in_next_week:
            raise NotUnderstood(
                f"“{self.typed}” can mean two days: type “{_date(nearest)}” or “{_date(in_next_week)}”."
            )
        _two_meanings.an_hour_or_a_day(rest, today=self.today, weekday=f"next {name}")
        return self._at(nearest, rest)

    def _weekday(self) -> Snooze | None:
        """ "tue 9": the next one. Today counts while its hour is still to come. "tue 24 nov 9:00": that day, if it is a Tuesday."""
        name, _, rest = self.typed.removeprefix("on ").removeprefix("this ").partition(" ")
        weekday = words.weekday(name)
        if weekday is None:
            return None
        if rest and (dated := _Reader(rest, self.now, self.zone, self.opens)._date()) is not None:
            assert dated.until is not None
            day = dated.until.astimezone(self.zone).date()
            if day.weekday() == weekday:
                return dated
            raise NotUnderstood(
                f"{_date(day)} is a {words.DAYS[day.weekday()].title()}. Type “{_date(day)}”, or the day meant."
            )
        _two_meanings.an_hour_or_a_day(rest, today=self.today, weekday=name)
        day = self.today + timedelta(days=(weekday - self.today.weekday()) % 7)
        found = self._at(day, rest)
        assert found.until is not None
        return found if found.until > self.now else self._at(day + timedelta(days=7), rest)

    def _date(self) -> Snooze | None:
        """ "24 nov", "nov 24 9:00", "24.11.", "24.11 9:00", "2026-11-24 14:30". Without a year: the next one, or today."""
        text = self.typed.removeprefix("on ")
        if iso := dates.ISO.fullmatch(text):
            return self._on(int(iso["y"]), int(iso["m"]), int(iso["d"]), iso["rest"])
        if slashed := dates.SLASHED.fullmatch(text):
            return self._slashed(int(slashed["a"]), int(slashed["b"]), slashed["y"], slashed["rest"])
        if dotted := dates.DOTTED.fullmatch(text):
            return self._on(_year(dotted), int(dotted["m"]), int(dotted["d"]), dotted["rest"])
        pointed = dates.POINTED.fullmatch(text)
        if pointed and (pointed["rest"] or text != self.typed):  # else it may be an hour
            return self._on(None, int(pointed["m"]), int(pointed["d"]), pointed["rest"])
        for pattern in (dates.DAY_MONTH, dates.MONTH_DAY):
            named = pattern.fullmatch(text)
            if named and (month := words.month(named["month"])):
                return self._on(_year(named), month, int(named["d"]), named["rest"])
        return None

    def _slashed(self, a: int, b: int, year: str | None, rest: str | None) -> Snooze:
        if a <= 12 and b <= 12 and a != b:
            one, other = f"{a} {words.MONTHS[b - 1]}", f"{b} {words.MONTHS[a - 1]}"
            raise NotUnderstood(f"“{a}/{b}” can mean two days: type “{one}” or “{other}”.")
        day, month = (b, a) if b > 12 else (a, b)
        return self._on(int(year) if year else None, month, day, rest)

    def _on(self, year: int | None, month: int, day: int, rest: str | None) -> Snooze:
        for tried in [year] if year else [self.today.year, self.today.year + 1]:
            try:
                found = self._at(date(tried, month, day), rest or "")
            except ValueError as error:
                if isinstance(error, NotUnderstood):
                    raise
                continue
            assert found.until is not None
            if (
                year or found.until > self.now or date(tried, month, day) == self.today
            ):  # over, and said to be
                return found
        name = words.MONTHS[month - 1].title() if 1 <= month <= 12 else f"month {month}"
        raise NotUnderstood(
            f"There is no {day} {name}{f' {year}' if year else ' within a year'}. Type a day such as “24 nov”."
        )

    def _hour_alone(self) -> Snooze | None:
        """ "14:30", "9am", "at 9": the next time it is that late."""
        text = self.typed.removeprefix("at ")
        if not CLOCK.fullmatch(text):
            return None
        found = self._at(self.today, text)
        assert found.until is not None
        return found if found.until > self.now else self._at(self.today + timedelta(days=1), text)

    def _at(self, day: date, rest: str) -> Snooze:
        """That day at the hour typed, or when the brand opens; its morning, where it opens at no hour of one, at a usual hour."""
        rest = rest.removeprefix("at ").strip()
        if rest in ("", "morning"):
            opening = self.opens(day)
            if opening and (not rest or opening.astimezone(self.zone).hour in _MORNING):
                return Snooze(opening.astimezone(UTC))
            return Snooze(instant(day, WITHOUT_HOURS, self.zone), closed=opening is None)
        if rest in words.PARTS_OF_DAY:
            return Snooze(instant(day, words.PARTS_OF_DAY[rest], self.zone))
        return Snooze(instant(day, time_of(rest), self.zone))


def _year(found: re.Match[str]) -> int | None:
    return int(found["y"]) if found["y"] else None


def _date(day: date) -> str:
    return f"{day.day} {words.MONTHS[day.month - 1]}"


def _plain(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    return f"in {minutes // 60}h" if minutes % 60 == 0 else f"in {minutes}m"
