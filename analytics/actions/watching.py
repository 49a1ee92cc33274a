"""Who is there, looked at once a minute. The inbox knows who is there now; only whoever looks again and again knows how long."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction

from analytics.actions import _writing
from analytics.models import Level

EVERY = timedelta(minutes=1)
MISSED = timedelta(minutes=3)  # looks that did not happen until a stretch counts as broken off


@transaction.atomic(durable=True)
def look(*, now: datetime) -> None:
    """Make the stretches of those who are there a little longer."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH there AS (
                   SELECT brand_id, person_id, greatest(since, %(now)s - %(every)s::interval) AS since FROM inbox_presence
                    WHERE state = 'online' AND last_seen_at > %(now)s - %(missed)s::interval),
                    longer AS (
                   UPDATE analytics_stretch s SET ended_at = %(now)s FROM there t
                    WHERE s.brand_id = t.brand_id AND s.person_id = t.person_id AND s.ended_at > %(now)s - %(missed)s::interval
                      AND s.ended_at <= %(now)s
                RETURNING s.brand_id, s.person_id),
                    begun AS (
                   INSERT INTO analytics_stretch (brand_id, person_id, started_at, ended_at)
                   SELECT t.brand_id, t.person_id, t.since, %(now)s FROM there t
                    WHERE NOT EXISTS (SELECT FROM analytics_stretch s WHERE s.brand_id = t.brand_id AND s.person_id = t.person_id
                                         AND s.ended_at > %(now)s - %(missed)s::interval)
                   ON CONFLICT DO NOTHING)
               INSERT INTO analytics_period AS p (brand_id, level, at, due_at)
               SELECT DISTINCT b.id, %(hour)s, date_trunc('hour', m.at, b.time_zone), %(now)s + interval '30 seconds'
                 FROM there t JOIN inbox_brand b ON b.id = t.brand_id
                CROSS JOIN LATERAL (VALUES (%(now)s::timestamptz), (%(now)s - %(missed)s::interval)) AS m(at)
                ORDER BY 1, 3
               {_writing.STILL_WAITS}""",
            {"now": now, "every": str(EVERY), "missed": str(MISSED), "hour": Level.HOUR.value},
        )
