"""Macros as they are chosen and described."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from inbox import access
from inbox.models import Brand, Macro, Person, Priority, Tag, Team
from inbox.queries import opening_hours
from inbox.rules import snooze_times
from inbox.rules.snooze_times import Snooze


@dataclass(frozen=True, slots=True)
class Described:
    macro: Macro
    does: list[str]

    @property
    def words(self) -> str:
        return f"{self.macro.shortcut} {self.macro.name}".lower()


def described(person: Person, brand: Brand) -> list[Described]:
    """All of the brand's and one's own, each with what it does, in four queries."""
    found = list(access.macros_of(person, brand).select_related("reply").order_by("-used", "name", "pk"))
    tags = dict(Tag.objects.filter(brand=brand).values_list("pk", "name")) if found else {}
    whom: dict[str, str] = {}
    if any(macro.assigns for macro in found):
        whom = {f"person:{each.pk}": each.short_name for each in access.colleagues_of(person, brand)}
        whom |= {f"team:{each.pk}": f"the team {each.name}" for each in Team.objects.filter(brand=brand)}
    whom |= {"me": "whoever runs it", "nobody": "nobody"}
    return [Described(macro, list(_does(macro, tags, whom))) for macro in found]


def _does(macro: Macro, tags: dict[int, str], whom: dict[str, str]) -> list[str]:
    does = [f"answers with “{macro.reply.name}”"] if macro.reply else []
    if macro.note:
        does.append("leaves a note")
    does += [f"puts on {tags[tag]}" for tag in macro.puts_on if tag in tags]
    does += [f"takes off {tags[tag]}" for tag in macro.takes_off if tag in tags]
    if macro.assigns:
        does.append(f"assigns it to {whom.get(macro.assigns, 'somebody who is no more')}")
    if macro.priority is not None:
        named = Priority(macro.priority).label.lower() if macro.priority else "what the score says"
        does.append(f"sets the priority to {named}")
    if macro.snoozes:
        does.append(f"snoozes it until {macro.snoozes}")
    return [*does, "resolves it"] if macro.resolves else does


def gone(assigns: str) -> str:
    """To whom a macro still assigns, who is no choice any more."""
    kind, _, which = assigns.partition(":")
    if kind == "team":
        team = Team.objects.filter(pk=which).first()
        return f"{team.name} (is being removed)" if team else "A team that is no more"
    person = Person.objects.filter(pk=which).first()
    return f"{person.short_name} (has left)" if person else "Somebody who has left"


def when(typed: str, person: Person, brand: Brand, now: datetime) -> Snooze:
    """Raises snooze_times.NotUnderstood, which says what to type."""
    zone = person.zone
    return snooze_times.parse(typed, now=now, zone=zone, opens=opening_hours.opening_of(brand, zone))


def check(typed: str, person: Person, brand: Brand, now: datetime) -> None:
    """Whether it is a time at all. As the day begins: what is over for today is meant for the days to come. Raises NotUnderstood."""
    zone = person.zone
    when(typed, person, brand, snooze_times.instant(now.astimezone(zone).date(), time(0), zone))


def said(found: Snooze, person: Person, now: datetime) -> str:
    if found.until is None:
        return "until the customer writes"
    return snooze_times.say(found.until, now=now, zone=person.zone)
