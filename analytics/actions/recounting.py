"""Counting all of a brand anew: because its clock or its hours changed, because a metric means something else by now (an upgrade), because
a team is gone, or because somebody asks for it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import OperationalError, connection, transaction

from analytics import metrics, packing
from analytics.actions import _writing
from analytics.models import Follower, Level
from analytics.queries import working_hours
from inbox.models import Brand, Conversation
from inbox.queries import opening_hours
from inbox.rules.business_hours import Hours

log = structlog.get_logger(__name__)


def mark_settings(*, brand: Brand, now: datetime, counts: bool = True) -> bool:
    """Where the time zone, the hours or a definition are no longer those that were counted by, count all anew. Returns whether it is so.
    `counts`: the caller is the process that counts. No other says by what definitions: while an upgrade goes on, the one that counts may still be
    of the version before."""
    marks = _marks_of(brand) | ({"definitions": _mark_of_definitions()} if counts else {})
    follower, new = Follower.objects.get_or_create(brand=brand, defaults=marks)
    if new:
        return False
    if follower.zone != brand.time_zone:
        return _begin_again(brand, marks, now=now)
    if follower.settings != marks["settings"]:
        return _count_hours_again(brand, marks["settings"])
    if follower.definitions != _mark_of_definitions():
        return _define_again(brand, now) if counts else True
    return False


def leave_gone_teams(*, brand: Brand) -> bool:
    """Where a team is gone, count every conversation anew. Returns whether it is so. To find none reads the sums of all of the brand's days: for
    what asks each minute, not with each batch of events."""
    told_already = not Follower.objects.filter(pk=brand.pk, again_after=None).exists()
    return not told_already and _has_gone_teams(brand) and _count_facts_again(brand)


def ask(*, brand: Brand, now: datetime) -> None:
    """Count every conversation and sum every period anew. Until that is done, what was counted before stands. By what definitions, whoever
    counts says."""
    Follower.objects.get_or_create(brand=brand, defaults=_marks_of(brand))
    _ask(brand, now)


@transaction.atomic(durable=True)
def _ask(brand: Brand, now: datetime) -> None:
    Follower.objects.filter(pk=brand.pk).update(again_after=0)
    _mark_all(brand, now)


@transaction.atomic(durable=True)
def forget(*, brand: Brand, now: datetime) -> None:
    """Throw away what was counted; everything is read again from the first event. Who was there when is kept: no event tells it."""
    # The cursor first: whoever is counting has then ended, and whoever read events before that moves it no more.
    told = {"seq": 0, "counted_at": None, "again_after": None, **_marks_of(brand)}
    Follower.objects.update_or_create(brand=brand, defaults=told)
    for table in ("period", "fact", "rollup", "dayfacts", "agenthour"):
        _writing.run(f"DELETE FROM analytics_{table} WHERE brand_id = %s", [brand.pk])
    _mark_all(brand, now)


@transaction.atomic(durable=True)
def _begin_again(brand: Brand, marks: dict[str, str], *, now: datetime) -> bool:
    if not Follower.objects.filter(pk=brand.pk).exclude(zone=marks["zone"]).update(**marks, again_after=0):
        return False
    # Hours and days begin elsewhere now: the sums go, and every one is made anew. Periods first: whoever is summing one has then ended.
    for table in ("period", "rollup", "dayfacts", "agenthour"):
        _writing.run(f"DELETE FROM analytics_{table} WHERE brand_id = %s", [brand.pk])
    _mark_all(brand, now)
    return True


def _count_hours_again(brand: Brand, mark: str) -> bool:
    """Days begin where they began, so what was counted by the hours of before stands until each conversation has been looked at: a holiday of next
    year changes nothing, and whatever changes marks its own day."""
    changed = Follower.objects.filter(pk=brand.pk).exclude(settings=mark)
    return bool(changed.update(settings=mark, again_after=0))


@transaction.atomic(durable=True)
def _define_again(brand: Brand, now: datetime) -> bool:
    """What was counted by the old definitions stands until the new ones are through. Periods are marked by what then changes in them: all of
    them at once would be summed for nothing. Only what no fact tells is summed anew in every hour that has any of it."""
    mark = _mark_of_definitions()
    changed = Follower.objects.select_for_update().filter(pk=brand.pk).exclude(definitions=mark)
    if (follower := changed.first()) is None:
        return False
    if not follower.definitions.endswith(_mark_of_versions(of_hours=True)):
        _mark_periods(brand, Level.HOUR, _LASTED, now)
    if not follower.definitions.startswith(_mark_of_versions(of_hours=False)):
        follower.again_after = 0
    follower.definitions = mark
    follower.save(update_fields=["definitions", "again_after"])
    return True


def _count_facts_again(brand: Brand) -> bool:
    return bool(Follower.objects.filter(pk=brand.pk, again_after=None).update(again_after=0))


# Each hour of what lasts: of somebody's being there, and of work.
_LASTED = """
    SELECT unnest(ARRAY[l.ends, h.at]) AS at FROM (
           SELECT started_at AS begins, ended_at AS ends FROM analytics_stretch WHERE brand_id = %(brand)s
            UNION ALL
           SELECT at, until FROM analytics_fact WHERE brand_id = %(brand)s AND kind = %(handle)s AND until IS NOT NULL) l
     CROSS JOIN LATERAL generate_series(l.begins, l.ends, interval '1 hour') AS h(at)"""
_HAPPENED = "SELECT at FROM analytics_fact WHERE brand_id = %(brand)s"


def _mark_all(brand: Brand, now: datetime) -> None:
    """Every day in which something happened, and every hour in which somebody was there or at work."""
    _mark_periods(brand, Level.DAY, _HAPPENED, now)
    _mark_periods(brand, Level.HOUR, _LASTED, now)


def _mark_periods(brand: Brand, level: Level, moments: str, now: datetime) -> None:
    _writing.run(
        f"""INSERT INTO analytics_period AS p (brand_id, level, at, due_at)
            SELECT DISTINCT %(brand)s::bigint, %(level)s, date_trunc(%(level)s, m.at, %(zone)s), %(now)s::timestamptz
              FROM ({moments}) m ORDER BY 3
            {_writing.STILL_WAITS}""",
        {
            "brand": brand.pk,
            "level": level.value,
            "zone": brand.time_zone,
            "now": now,
            "handle": metrics.HANDLE,
        },
    )


def count_again(*, brand: Brand, now: datetime) -> bool:
    """The next conversations of a brand that is counted anew. False: there are none left.

    A conversation that cannot be counted is left out and logged; it does not keep the others from being counted.
    """
    after = Follower.objects.filter(pk=brand.pk).values_list("again_after", flat=True).first()
    if after is None:
        return False
    left = Conversation.objects.filter(brand=brand, pk__gt=after).order_by("pk")
    ids = list(left.values_list("pk", flat=True)[: _writing.AT_ONCE])
    hours = working_hours.of(brand)
    try:
        _count(brand.pk, ids, after, hours, now)
    except OperationalError:
        raise
    except Exception:
        if not ids:
            raise
        log.exception("figures_not_counted_anew", brand=brand.pk, after=after)
        _writing.one_by_one(brand.pk, ids, hours, now)
        _move_on(brand.pk, ids, after)
    return bool(ids)


@transaction.atomic(durable=True)
def _count(brand_id: int, ids: Sequence[int], after: int, hours: Hours | None, now: datetime) -> None:
    if _move(brand_id, ids, after):
        _writing.write(brand_id, ids, hours, now)


@transaction.atomic(durable=True)
def _move_on(brand_id: int, ids: Sequence[int], after: int) -> None:
    _move(brand_id, ids, after)


def _move(brand_id: int, ids: Sequence[int], after: int) -> bool:
    """Compare and set: whoever asked for all of it meanwhile begins at the first one again."""
    return bool(
        Follower.objects.filter(pk=brand_id, again_after=after).update(again_after=ids[-1] if ids else None)
    )


def _mark_of_definitions() -> str:
    return _mark_of_versions(of_hours=False) + _mark_of_versions(of_hours=True)


def _mark_of_versions(*, of_hours: bool) -> str:
    """Of what facts tell, or of what is summed by the hour and no fact tells."""
    told = [
        f"{metric.key} {metric.version}"
        for metric in metrics.METRICS.values()
        if (metric.key in metrics.BY_HOURS) is of_hours
    ]
    return hashlib.sha256("\n".join(sorted(told)).encode()).hexdigest()[:32]


def _marks_of(brand: Brand) -> dict[str, str]:
    return {"settings": _mark_of(brand), "zone": brand.time_zone}


def _mark_of(brand: Brand) -> str:
    told = [brand.time_zone]
    if (row := opening_hours.of_brand(brand)) is not None:
        days = sorted((str(each.day), each.intervals) for each in row.holidays.all())
        told += [row.time_zone, repr(sorted(row.week.items())), repr(days)]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _has_gone_teams(brand: Brand) -> bool:
    """Whether facts stand with a team that was removed. Their conversations have none now, and no event of theirs says so.

    The sums by team say where to look: a brand that removed nothing costs one row of them for each kind and each day that was ever counted.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT EXISTS (
                   SELECT FROM analytics_rollup r CROSS JOIN LATERAL (
                          SELECT value::bigint AS team_id FROM unnest(r.values) AS value WHERE value <> '') v
                    WHERE r.brand_id = %(brand)s AND r.kind = ANY(%(kinds)s) AND r.dim = 'team_id' AND r.basis = %(basis)s
                      AND NOT EXISTS (SELECT FROM inbox_team t WHERE t.id = v.team_id)
                      AND EXISTS (SELECT FROM analytics_fact f WHERE f.brand_id = r.brand_id AND f.kind = r.kind AND f.team_id = v.team_id
                                     AND f.at >= r.at AND f.at < r.at + interval '30 hours'))""",
            {"brand": brand.pk, "kinds": list(metrics.FACTS), "basis": packing.CALENDAR},
        )
        return bool(cursor.fetchone()[0])
