"""What a brand calls its channels, people and tags, for reading and saying the text of the query bar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TypeVar, cast
from zoneinfo import ZoneInfo

from django.utils.functional import SimpleLazyObject

from inbox import access, platforms
from inbox.models import Brand, BusinessHours, Channel, Person
from inbox.rules import view_query
from inbox.rules.snooze_times import instant
from inbox.rules.view_checks import Day
from inbox.rules.view_query import Name, Names

T = TypeVar("T")


def of(person: Person, brand: Brand) -> Names:
    """A query for each kind of names, whatever the brand holds, and only once one of the kind is looked for."""
    return Names(
        platforms={
            each.key: tuple(dict.fromkeys((each.mark.lower(), each.key, each.label.lower())))
            for each in platforms.installed()
        },
        channels=_once(lambda: _channels(list(access.channels_of(person, brand)))),
        people=_once(lambda: _people(list(access.colleagues_of(person, brand)))),
        teams=_once(lambda: tuple(Name(team.pk, team.name) for team in access.teams_of(person, brand))),
        tags=_once(
            lambda: tuple(access.tags_of(person, brand).order_by("name").values_list("name", flat=True))
        ),
    )


def _once(found: Callable[[], tuple[T, ...]]) -> tuple[T, ...]:
    return cast("tuple[T, ...]", SimpleLazyObject(found))


def _channels(channels: list[Channel]) -> tuple[Name, ...]:
    """By the account's own name on the platform; where two have the same, by its platform, too."""
    said = Counter((channel.handle or channel.name).lower() for channel in channels)
    return tuple(
        Name(
            channel.pk,
            short if said[(short := channel.handle or channel.name).lower()] == 1 else f"{channel.platform} {short}",
            (short, channel.name),
        )
        for channel in channels
    )  # fmt: skip


def _people(people: list[Person]) -> tuple[Name, ...]:
    """By name; by address where the name is not theirs alone, or means something else."""
    said = Counter(person.name.lower() for person in people)
    taken = {"", view_query.ME, view_query.NONE}
    return tuple(
        Name(
            person.pk,
            person.name if said[person.name.lower()] == 1 and person.name.lower() not in taken else person.email,
            (person.name, person.email, person.email.partition("@")[0], person.name.partition(" ")[0]),
        )
        for person in people
    )  # fmt: skip


Midnight = Callable[[str], datetime]


def zone_of(brand: Brand) -> ZoneInfo:
    """Whose midnight a brand's day ends at: that of its hours; of the brand where it keeps none."""
    name = (
        BusinessHours.objects.filter(brand=brand).order_by("pk").values_list("time_zone", flat=True).first()
    )
    return ZoneInfo(name or brand.time_zone)


def day_of(zone: ZoneInfo, now: datetime) -> Day:
    today = now.astimezone(zone).date()
    return Day(_midnight(today, zone), _midnight(today + timedelta(days=1), zone))


def midnights(zone: ZoneInfo, now: datetime, days: int) -> list[datetime]:
    """When today began, and when the next days will."""
    today = now.astimezone(zone).date()
    return [_midnight(today + timedelta(days=n), zone) for n in range(days + 1)]


def midnight_in(zone: ZoneInfo) -> Midnight:
    return lambda day: _midnight(date.fromisoformat(day), zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return instant(day, time(0), zone)
