"""All facts of a conversation are worked out anew from its rows and compared with those that stand; only differences are written, each with the
day whose sums are no longer true, and work with its hours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, fields
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import OperationalError, connection, transaction

from analytics import facts, metrics
from analytics.facts import Counted
from analytics.models import Level
from inbox.models import ConversationMerge
from inbox.rules.arrays import arrays
from inbox.rules.business_hours import Hours

log = structlog.get_logger(__name__)
AT_ONCE = 64  # conversations of one transaction
_COLUMNS = [each.name for each in fields(Counted)]
_TYPES = {
    "conversation_id": "bigint", "kind": "text", "source": "bigint", "at": "timestamptz", "until": "timestamptz", "value": "float8",
    "business": "float8", "hit": "boolean", "channel_id": "bigint", "person_id": "bigint", "team_id": "bigint", "priority": "smallint",
    "sentiment": "text", "tags": "text",
}  # fmt: skip
_UNNESTED = "unnest(" + ", ".join(f"%s::{_TYPES[name]}[]" for name in _COLUMNS) + ")"


@transaction.atomic(durable=True)
def _alone(brand_id: int, conversation_id: int, hours: Hours | None, now: datetime) -> None:
    write(brand_id, [conversation_id], hours, now)


def one_by_one(brand_id: int, conversation_ids: Sequence[int], hours: Hours | None, now: datetime) -> None:
    """Each in a transaction of its own. One that cannot be counted is left out and logged; `manage.py recount` takes it up again."""
    for conversation_id in conversation_ids:
        try:
            _alone(brand_id, conversation_id, hours, now)
        except OperationalError:  # the database is away or busy: nothing is wrong with any conversation
            raise
        except Exception:
            log.exception("conversation_not_counted", brand=brand_id, conversation=conversation_id)


def write(brand_id: int, conversation_ids: Sequence[int], hours: Hours | None, now: datetime) -> None:
    """Inside the caller's transaction."""
    ids = list(conversation_ids)
    if not ids:
        return
    # What is said in a conversation that was merged into another counts there, too.
    kept = ConversationMerge.objects.filter(merged__in=ids).order_by("pk").values_list("kept_id", flat=True)
    ids = list(dict.fromkeys([*ids, *kept]))
    wanted = {each.key: each for each in facts.of(brand_id, ids, hours)}
    stood = {each.key: each for each in _stored(ids)}
    gone = [each for key, each in stood.items() if key not in wanted]
    new = [each for key, each in wanted.items() if key not in stood]
    changed = [each for key, each in wanted.items() if key in stood and stood[key] != each]
    if gone:
        run(
            """DELETE FROM analytics_fact f USING unnest(%s::bigint[], %s::text[], %s::bigint[]) AS d(conversation_id, kind, source)
                WHERE f.conversation_id = d.conversation_id AND f.kind = d.kind AND f.source = d.source""",
            arrays([each.key for each in gone], 3),
        )
    if new or changed:
        names = ", ".join(_COLUMNS)
        values = ", ".join(
            "string_to_array(d.tags, E'\\n')" if name == "tags" else f"d.{name}" for name in _COLUMNS
        )
        run(
            f"""INSERT INTO analytics_fact AS f (brand_id, {names})
                SELECT %s, {values} FROM {_UNNESTED} AS d({names})
                ON CONFLICT (conversation_id, kind, source) DO UPDATE SET
                       {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[3:])}""",
            [brand_id, *arrays([astuple(each) for each in [*new, *changed]], len(_COLUMNS))],
        )
    _mark_periods(brand_id, [*gone, *new, *changed, *(stood[each.key] for each in changed)], now)


def _stored(conversation_ids: list[int]) -> list[Counted]:
    names = ", ".join("array_to_string(tags, E'\\n')" if name == "tags" else name for name in _COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {names} FROM analytics_fact WHERE conversation_id = ANY(%s) FOR UPDATE",
            [conversation_ids],
        )
        return [Counted(*row) for row in cursor.fetchall()]


def _mark_periods(brand_id: int, changed: Sequence[Counted], now: datetime) -> None:
    moments = {
        Level.HOUR: {moment for each in changed for moment in _worked(each)},
        Level.DAY: {each.at for each in changed},
    }
    for level in Level:
        if not moments[level]:
            continue
        run(
            f"""INSERT INTO analytics_period AS p (brand_id, level, at, due_at)
               SELECT DISTINCT b.id, %s, date_trunc(%s, m.at, b.time_zone), %s::timestamptz
                 FROM unnest(%s::timestamptz[]) AS m(at), inbox_brand b WHERE b.id = %s ORDER BY 3
               {STILL_WAITS}""",
            [level.value, level.value, now + level.delay, sorted(moments[level]), brand_id],
        )


# A row that is there is locked until the change is committed, and whoever sums passes locked ones by: were it only left as it is, it could be
# taken and summed before the change can be seen, and nobody would sum it again. Rows are locked in the order of their times, by everybody.
STILL_WAITS = "ON CONFLICT (brand_id, level, at) DO UPDATE SET due_at = excluded.due_at WHERE excluded.due_at < p.due_at"


def _worked(fact: Counted) -> Iterable[datetime]:
    """A moment of each hour of agents that the fact reaches into: work alone lasts."""
    if fact.kind == metrics.HANDLE and fact.until is not None:
        at = fact.at
        while at < fact.until:
            yield at
            at += timedelta(hours=1)
        yield fact.until


def run(sql: str, params: Sequence[Any] | Mapping[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)
