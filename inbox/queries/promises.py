"""A brand's SLA policies as the rules read them, and which of them is a conversation's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from inbox.models import BusinessHours, SlaPolicy
from inbox.rules.business_hours import Hours
from inbox.rules.course import Kind
from inbox.rules.sla import Policy


@dataclass(frozen=True, slots=True)
class Promise:
    row: SlaPolicy
    policy: Policy

    def holds_for(self, *, priority: int | None, channel_id: int, tags: Collection[str]) -> bool:
        """All its conditions hold; an empty one does. `priority` None: that one is not asked."""
        return (
            (priority is None or not self.row.priorities or priority in self.row.priorities)
            and (not self.row.channels or channel_id in self.row.channels)
            and (not self.row.tags or not set(self.row.tags).isdisjoint(tags))
        )


def of_brand(brand_id: int) -> list[Promise]:
    """In the order in which they are asked."""
    rows = list(SlaPolicy.objects.filter(brand_id=brand_id, is_active=True).order_by("position", "pk"))
    hours = hours_of({row.hours_id for row in rows if row.hours_id})
    return [Promise(row, policy_of(row, hours.get(row.hours_id or 0))) for row in rows]


def choose(
    promises: Sequence[Promise], *, priority: int, channel_id: int, tags: Collection[str]
) -> Promise | None:
    """The first whose conditions hold."""
    return next(
        (each for each in promises if each.holds_for(priority=priority, channel_id=channel_id, tags=tags)),
        None,
    )


def going_on(
    promises: Sequence[Promise], broken: Collection[int], *, channel_id: int, tags: Collection[str]
) -> Promise | None:
    """Which holds while one of these (keys of policies) is broken: that one, unless the channel or a tag chooses one before it.

    None: none of them holds any more.
    """
    holding = [each for each in promises if each.holds_for(priority=None, channel_id=channel_id, tags=tags)]
    if not any(each.row.pk in broken for each in holding):
        return None
    return next(each for each in holding if each.row.pk in broken or not each.row.priorities)


def ask_priority(promises: Sequence[Promise]) -> bool:
    """Whether a changed priority may mean another promise."""
    return any(each.row.priorities for each in promises)


def depend_on_priority(brand_id: int) -> bool:
    """The same of what the brand promises."""
    return SlaPolicy.objects.filter(brand_id=brand_id, is_active=True).exclude(priorities=[]).exists()


def policy_of(row: SlaPolicy, hours: Hours | None) -> Policy:
    told = {Kind.FIRST: row.first_response, Kind.NEXT: row.next_response, Kind.RESOLUTION: row.resolution}
    return Policy(
        targets={kind: timedelta(seconds=seconds) for kind, seconds in told.items() if seconds},
        hours=hours,
        pauses_for_customer=row.pauses_for_customer,
        pauses_snoozed=row.pauses_snoozed,
        pauses_pending=row.pauses_pending,
        warnings=tuple(sorted({percent for percent in row.warnings if 0 < percent < 100})),
    )


def hours_of(ids: Collection[int]) -> dict[int, Hours]:
    if not ids:
        return {}
    return {
        row.pk: Hours.read(
            time_zone=row.time_zone,
            week=row.week,
            holidays=[(each.day, each.name, each.intervals) for each in row.holidays.all()],
        )
        for row in BusinessHours.objects.filter(pk__in=ids).prefetch_related("holidays")
    }
