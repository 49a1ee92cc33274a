"""Who is there, looked at once a minute. The inbox knows who is there now; only whoever looks again and again knows how long."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction

from analytics.actions import _writing
from analytics.models import Level
from inbox.queries.routing_facts import HEARD_EVERY

EVERY = timedelta(minutes=1)
MISSED = timedelta(minutes=3)  # looks that did not happen until a stretch counts as broken off


@transaction.atomic(durable=True)
def look(*, now: datetime) -> None:
    """Make the stretches of those who are there a little longer: up to when their page was heard of, and not over a time in which they
    were away or gone."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH there AS (
                   SELECT brand_id, person_id, since, greatest(since, %(now)s - %(every)s::interval) AS begins,
                          least(%(now)s, last_seen_at + %(beat)s::interval) AS seen FROM inbox_presence
                    WHERE state = 'online' AND last_seen_at > %(now)s - %(missed)s::interval),
                    longer AS (
                   UPDATE analytics_stretch s SET ended_at = t.seen FROM there t
                    WHERE s.brand_id = t.brand_id AND s.person_id = t.person_id AND s.ended_at > %(now)s - %(missed)s::interval
                      AND s.ended_at < t.seen AND s.ended_at >= t.since),
                    begun AS (
                   INSERT INTO analytics_stretch (brand_id, person_id, started_at, ended_at)
                   SELECT t.brand_id, t.person_id, t.begins, t.seen FROM there t
                    WHERE t.seen >= t.begins
                      AND NOT EXISTS (SELECT FROM analytics_stretch s WHERE s.brand_id = t.brand_id AND s.person_id = t.person_id
                                         AND s.ended_at > %(now)s - %(missed)s::interval AND s.ended_at >= t.since)
                   ON CONFLICT DO NOTHING)
               INSERT INTO analytics_period AS p (brand_id, level, at, due_at)
               SELECT DISTINCT b.id, %(hour)s, date_trunc('hour', m.at, b.time_zone), %(now)s + interval '30 seconds'
                 FROM there t JOIN inbox_brand b ON b.id = t.brand_id
                CROSS JOIN LATERAL (VALUES (%(now)s::timestamptz), (%(now)s - %(missed)s::interval)) AS m(at)
                ORDER BY 1, 3
               {_writing.STILL_WAITS}""",
            {
                "now": now,
                "every": str(EVERY),
                "missed": str(MISSED),
                "beat": str(HEARD_EVERY),
                "hour": Level.HOUR.value,
            },
        )
