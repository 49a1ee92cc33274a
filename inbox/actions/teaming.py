"""Teams, what people can take and know, and by which figures work is handed out. What is under way follows each change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from inbox import events
from inbox.actions import _looking, _queueing, _saved_views
from inbox.models import Brand, Desk, Membership, Person, RoutingSettings, RoutingTicket, Team, TeamMember
from inbox.queries import routing_facts

FORGOTTEN_AT_ONCE = 250  # of a queue


class Refused(Exception):
    """The change is not made; the words say why."""


@transaction.atomic(durable=True)
def save_team(
    *, brand: Brand, team: Team | None, columns: Mapping[str, Any], members: Iterable[Person], by: Person, now: datetime
) -> Team:  # fmt: skip
    """A new team, or other members and other work for one there is. `columns` as in models.Team."""
    _saved_views.alone(brand.pk)  # its members see the views of it
    with events.ledger(brand.pk) as ledger:
        if Team.objects.filter(brand=brand, name=columns["name"]).exclude(pk=team.pk if team else 0).exists():
            raise Refused(f"There is a team called “{columns['name']}” already.")
        if team and not Team.objects.staying().filter(pk=team.pk).exists():
            raise Refused(f"“{team.name}” is being removed. Remove it once more if it is still there.")
        if team is None:
            team = Team.objects.create(brand=brand, **columns)
        else:
            Team.objects.filter(pk=team.pk).update(**columns)
        _set_members(team, members)
        _looking.begin_again(ledger, what="teams", by=by, now=now)
    return team


@transaction.atomic(durable=True)
def save_desk(
    *, brand: Brand, person: Person, capacity: int, languages: Sequence[str], skills: Sequence[str], now: datetime
) -> None:  # fmt: skip
    """What a colleague can take at a time, and what they know. The router reads it with its next look."""
    with events.ledger(brand.pk):
        if not Membership.objects.filter(brand=brand, person=person).exists():
            raise Refused(f"{person.short_name} does not work for this brand any more.")
        told = {"capacity": capacity, "languages": list(languages), "skills": list(skills)}
        Desk.objects.update_or_create(brand=brand, person=person, defaults=told)


def save_routing(*, brand: Brand, figures: Mapping[str, Any], by: Person, now: datetime) -> None:
    """`figures` as in models.RoutingSettings. Switched off, nothing waits for the router any more; people keep what they have."""
    _keep_figures(brand, figures, by, now)
    while not figures["is_on"] and _forget_some(brand):
        pass


@transaction.atomic(durable=True)
def _keep_figures(brand: Brand, figures: Mapping[str, Any], by: Person, now: datetime) -> None:
    with events.ledger(brand.pk) as ledger:
        RoutingSettings.objects.update_or_create(brand=brand, defaults=dict(figures))
        _queueing.time_the_silent(ledger.brand_id)
        _looking.begin_again(ledger, what="routing", by=by, now=now)


@transaction.atomic(durable=True)
def _forget_some(brand: Brand) -> bool:
    """Some at a time, so that nobody waits for a long queue. Whether there may be more: it may have been switched on again."""
    with events.ledger(brand.pk):
        if routing_facts.settings_of(brand.pk) is not None:
            return False
        waiting = RoutingTicket.objects.filter(brand=brand).order_by("pk")
        return _queueing.forget(waiting.values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])


def _set_members(team: Team, members: Iterable[Person]) -> None:
    ids = {person.pk for person in members}
    TeamMember.objects.filter(team=team).exclude(person__in=ids).delete()
    TeamMember.objects.bulk_create(
        [TeamMember(team=team, person_id=pk) for pk in sorted(ids)], ignore_conflicts=True
    )
