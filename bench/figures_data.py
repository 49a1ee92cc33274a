"""Ninety days of a brand's facts, of every kind in its proportion: one week is made and summed by the product, the others are the same days
before it. Sums of the copied weeks are copied, too, and some are made anew to see that they are what the product would write.

Every page compares with the ninety days before, of which it reads sums alone: those are there, and their facts are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from analytics import metrics, rollups
from analytics.actions import recounting
from analytics.models import Follower, Level
from bench import cast, ingest, lists, pipeline
from bench.house import House
from inbox.actions import defaults, indexing
from inbox.models import BrandSequence, Channel, Tag, Team

DAYS, WEEK = 90, 7
CHANNELS, TEAMS = 6, 5
TAGS = ("refund", "shipping", "complaint", "praise", "stock", "returns", "press", "invoice")
# How many of each kind there are for a response: three in ten answers are first ones, a conversation has a first one, and so on.
SHARES = {
    metrics.FIRST: 0.3, metrics.NEXT: 0.7, metrics.RESOLUTION: 0.28, metrics.EFFORT: 0.28, metrics.OPENED: 0.3, metrics.ASSIGNMENT: 0.2,
    metrics.HANDLE: 0.5, metrics.IN: 1.2, metrics.OUT: 1.05, metrics.BOT: 0.15, metrics.TARGET_FIRST: 0.3, metrics.TARGET_NEXT: 0.7,
    metrics.TARGET_RESOLUTION: 0.28,
}  # fmt: skip
NOBODYS = [metrics.IN, metrics.BOT, metrics.OPENED]
COUNTED = [metrics.IN, metrics.OUT, metrics.BOT, metrics.OPENED]  # they have no value
TARGETS = [metrics.TARGET_FIRST, metrics.TARGET_NEXT, metrics.TARGET_RESOLUTION]
COLUMNS = "brand_id, kind, conversation_id, source, at, until, value, business, hit, channel_id, person_id, team_id, priority, sentiment, tags"
# What the product makes its facts from has numbers above 0. Nobody works at night; who writes much, what is asked and how it feels hang on the conversation. Whether a target is kept
# hangs on nobody, so each has missed some.
MAKE = f"""
INSERT INTO analytics_fact ({COLUMNS})
SELECT %(brand)s, %(kind)s, (%(ids)s::bigint[])[1 + c], -n, at,
       CASE WHEN %(kind)s = 'opened' THEN at + interval '1 day' WHEN %(kind)s = 'handle' THEN at + s * interval '1 second' END,
       CASE WHEN %(kind)s = ANY(%(counted)s) THEN NULL WHEN %(kind)s = 'messages_to_resolution' THEN 2 + (r * 12)::int ELSE s END,
       CASE WHEN %(kind)s = ANY(%(business)s) THEN s * 0.6 END,
       CASE WHEN %(kind)s = 'resolution' THEN luck < 0.1 WHEN %(kind)s = ANY(%(targets)s) THEN luck < 0.85 END,
       (%(channels)s::bigint[])[1 + c %% %(width)s],
       CASE WHEN %(kind)s = ANY(%(nobodys)s) THEN NULL ELSE (%(people)s::bigint[])[1 + (r * r * (%(agents)s - 1))::int] END,
       (%(teams)s::bigint[])[c %% (%(groups)s + 1)], 1 + c / 8 %% 4, (ARRAY['', 'negative', 'neutral', 'positive'])[1 + c %% 4],
       CASE c %% 5 WHEN 0 THEN ARRAY[(%(tags)s::text[])[1 + c %% 8]] WHEN 1 THEN ARRAY[(%(tags)s::text[])[1 + c %% 8], 'urgent'] ELSE '{{}}' END
  FROM (SELECT n, (n * 7919::bigint %% %(many)s)::int AS c, random() AS r, random() AS luck,
               CASE WHEN %(kind)s = 'handle' THEN 30 + 600 * random() ELSE exp(5.5 + 2.6 * (random() + random() + random() - 1.5)) END AS s,
               date_trunc('day', now(), 'UTC') - (n %% 7) * interval '1 day' + interval '7 hours' + random() * interval '12 hours' AS at
          FROM generate_series(1, %(amount)s) AS n) v
"""
COPY = f"""
INSERT INTO analytics_fact ({COLUMNS})
SELECT brand_id, kind, conversation_id, source - w * 1000000000::bigint, at - w * interval '7 days', until - w * interval '7 days', value, business, hit,
       channel_id, person_id, team_id, priority, sentiment, tags
  FROM analytics_fact, generate_series(1, %(weeks)s) AS w
 WHERE brand_id = %(brand)s AND at - w * interval '7 days' >= %(since)s
"""
# Of each table of sums the columns that say what was summed.
SUMS = {
    "rollup": "kind, basis, dim, values, counts, hits, sizes, pairs",
    "dayfacts": "kind, count, channels, people, teams, labels, stretches, person, hour, hit, bucket, business",
    "agenthour": "person_id, online, occupied",
}
COPY_SUMS = [
    f"""INSERT INTO analytics_{table} (brand_id, at, {columns}) SELECT brand_id, at - w * interval '7 days', {columns}
          FROM analytics_{table}, generate_series(1, %(weeks)s) AS w WHERE brand_id = %(brand)s AND at - w * interval '7 days' >= %(since)s"""
    for table, columns in SUMS.items()
]
# On an index that has all it needs, which is kinder to it than any product's would be.
RAW_INDEX = "CREATE INDEX bench_facts_covering ON analytics_fact (brand_id, kind, at) INCLUDE (value, channel_id, person_id)"


@dataclass(frozen=True, slots=True)
class Seeded:
    responses: int
    facts: int
    faults: Sequence[str]


def seed(who: cast.Cast, house: House, responses: int, say: Callable[[str], None]) -> Seeded:
    _converse(who, house)
    say("figures: conversations and messages are there")
    since = (timezone.now() - timedelta(days=DAYS - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    weeks: dict[str, Any] = {"brand": who.brand.pk, "weeks": DAYS // WEEK, "since": since}
    compared = {**weeks, "weeks": 2 * DAYS // WEEK, "since": since - timedelta(days=DAYS)}
    with connection.cursor() as cursor:
        cursor.execute(
            "SET session_replication_role = replica"
        )  # millions of checks of foreign keys are no use
        rebuilt = _drop_indexes(cursor, "analytics_fact")
        cursor.execute("SELECT setseed(0.4)")
        told = _told(who, cursor)
        for kind, share in SHARES.items():
            amount = max(20, int(responses * share * WEEK / DAYS))
            cursor.execute(MAKE, {**told, "kind": kind, "amount": amount})
        cursor.execute("CREATE INDEX bench_periods ON analytics_fact (brand_id, at)")
        cursor.execute("ANALYZE analytics_fact")
        say("figures: a week of facts")
        _sum_all(who)
        say("figures: its sums")
        cursor.execute("DROP INDEX bench_periods")
        for sql in (COPY, *COPY_SUMS):
            cursor.execute(sql, weeks if sql is COPY else compared)
            say(f"figures: {cursor.rowcount:,} copied")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for definition in [*rebuilt, RAW_INDEX]:
            cursor.execute(definition)
        say("figures: indexes")
        cursor.execute("RESET session_replication_role")
        for table in ("fact", *SUMS, "period"):
            cursor.execute(f"VACUUM ANALYZE analytics_{table}")
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE kind = ANY(%s)) FROM analytics_fact WHERE brand_id = %s",
            [[metrics.FIRST, metrics.NEXT], who.brand.pk],
        )
        facts, found = cursor.fetchone()
    recounting.mark_settings(brand=who.brand, now=timezone.now())
    Follower.objects.filter(brand=who.brand).update(counted_at=timezone.now(), again_after=None)
    return Seeded(found, facts, _copies_are_sums(who, since + timedelta(days=WEEK + 3)))


def _converse(who: cast.Cast, house: House) -> None:
    """Conversations by SQL, and some thousand real messages, triaged and to be found."""
    amount = house.sized(200_000, least=2_000)
    lists.seed(who, amount)
    for number in range(CHANNELS - 3):
        Channel.objects.create(
            brand=who.brand, platform="x", external_id=f"figures-{number}", name=f"Channel {number}"
        )
    for number in range(TEAMS):
        Team.objects.create(brand=who.brand, name=f"Team {number}", position=number)
    for tag in TAGS:
        Tag.objects.get_or_create(brand=who.brand, name=tag)
    defaults.give_defaults(who.brand)
    BrandSequence.objects.update_or_create(brand=who.brand, defaults={"last": amount})
    received = ingest.Ingest(who)
    received.store(house.sized(20_000, least=2_000))
    received.drain()
    with pipeline.without_models():
        pipeline.triage(who)
    while not (batch := indexing.next_batch(who.brand.pk)).is_empty:
        indexing.index(batch)


def _told(who: cast.Cast, cursor: Any) -> dict[str, Any]:
    # The follower counts the real ones itself.
    cursor.execute(
        "SELECT array_agg(id ORDER BY id) FROM inbox_conversation WHERE brand_id = %s AND thread_key LIKE 't%%'",
        [who.brand.pk],
    )
    ids = cursor.fetchone()[0]
    channels = list(who.brand.channels.order_by("pk").values_list("pk", flat=True))
    teams = list(Team.objects.filter(brand=who.brand).order_by("pk").values_list("pk", flat=True))
    people = [person.pk for person in who.people]
    return {
        "brand": who.brand.pk, "ids": ids, "many": len(ids), "channels": channels, "width": len(channels), "teams": teams, "groups": len(teams),
        "people": people, "agents": len(people), "tags": list(TAGS), "counted": COUNTED, "nobodys": NOBODYS, "targets": TARGETS,
        "business": sorted(metrics.IN_BUSINESS_HOURS),
    }  # fmt: skip


def _drop_indexes(cursor: Any, table: str) -> list[str]:
    """All but the primary key; gives what makes them again."""
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'u'",
        [table],
    )
    rebuilt = []
    for name, definition in cursor.fetchall():
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        rebuilt.append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT LIKE '%%pkey'",
        [table],
    )
    for name, definition in cursor.fetchall():
        cursor.execute(f"DROP INDEX {name}")
        rebuilt.append(definition)
    return rebuilt


def _sum_all(who: cast.Cast) -> None:
    recounting.ask(brand=who.brand, now=timezone.now())
    while rollups.rebuild_due(now=timezone.now() + timedelta(hours=1)):
        pass


def _copies_are_sums(who: cast.Cast, day: datetime) -> Sequence[str]:
    """A day and two of its hours, made anew by the product, must be what was copied."""
    faults = []
    for level, at in (
        (Level.DAY, day), (Level.HOUR, day + timedelta(hours=9)), (Level.HOUR, day + timedelta(hours=15)),
    ):  # fmt: skip
        before = _sums_at(who, level, at)
        rollups.rebuild(who.brand.pk, level, at, who.brand.time_zone)
        if not all(before) or _sums_at(who, level, at) != before:
            faults.append(f"the {level} of {at:%Y-%m-%d %H:%M} is not what the product sums")
    return faults


def _sums_at(who: cast.Cast, level: str, at: datetime) -> list[Any]:
    found = []
    with connection.cursor() as cursor:
        for table in ("rollup", "dayfacts") if level == Level.DAY else ("agenthour",):
            cursor.execute(
                f"""SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM (SELECT {SUMS[table]} FROM analytics_{table}
                     WHERE brand_id = %s AND at = %s) t""",
                [who.brand.pk, at],
            )
            found.append(cursor.fetchone()[0])
    return found
