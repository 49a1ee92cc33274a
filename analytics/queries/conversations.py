"""One row a conversation: those that began in the period, with what is counted of each. Read in slices along their ids."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.urls import reverse

from analytics import metrics
from analytics.queries import series
from analytics.queries.asked import Asked
from analytics.queries.names import Names
from inbox.models import ConversationState as State
from inbox.models import Priority, Sentiment

SLICE = 500
HEAD = (
    "Conversation", "Channel", "Platform", "Kind", "Customer", "State", "Priority", "Tags", "Mood", "Language", "Team", "Assigned to",
    "Opened (first in the period)", "Resolved (last)", "First response (seconds)", "First response in business hours (seconds)",
    "First answered by", "Next responses", "Next response, mean (seconds)", "Resolution (seconds)", "Times resolved", "Times reopened",
    "Time to assignment (seconds)", "Handle time (seconds)", "Messages in", "Messages out", "Messages by bots", "Targets kept",
    "Targets missed",
)  # fmt: skip


def expected(asked: Asked) -> int:
    """At most so many: a conversation that began twice is one row."""
    return series.counts(asked, metrics.OPENED).get((), (0, 0))[0]


def rows(asked: Asked, names: Names, *, after: int = 0) -> tuple[list[list[object]], int]:
    """The next slice, and the id of its last conversation; 0: there are none left."""
    chosen = "".join(
        f" AND f.{name} IS NULL" if value is None else f" AND f.{name} = %(of_{name})s"
        for name, value in asked.filters.items()
        if name != "tag"
    )
    if "tag" in asked.filters:
        chosen += " AND f.tags = '{}'" if asked.filters["tag"] == "" else " AND %(of_tag)s = ANY(f.tags)"
    values = {
        "brand": asked.brand.pk, "start": asked.start, "end": asked.end, "after": after, "limit": SLICE,
        **{f"of_{name}": value for name, value in asked.filters.items()},
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_SQL.format(chosen=chosen), values)
        found = cursor.fetchall()
    return [_row(row, asked, names) for row in found], found[-1][0] if found else 0


def everything(asked: Asked, names: Names) -> Iterator[list[object]]:
    yield list(HEAD)
    after = 0
    while True:
        found, after = rows(asked, names, after=after)
        if not found:
            return
        yield from found


_SQL = f"""
    WITH begun AS (
        SELECT DISTINCT f.conversation_id AS id FROM analytics_fact f
         WHERE f.brand_id = %(brand)s AND f.kind = '{metrics.OPENED}' AND f.at >= %(start)s AND f.at < %(end)s
           AND f.conversation_id > %(after)s{{chosen}}
         ORDER BY 1 LIMIT %(limit)s)
    SELECT c.id, c.public_id::text, c.channel_id, c.platform, c.kind, coalesce(nullif(c.contact_name, ''), c.thread_key), c.state, c.priority,
           c.tags, c.sentiment, c.language, c.team_id, c.assignee_name, n.*
      FROM begun JOIN inbox_conversation c ON c.id = begun.id
      CROSS JOIN LATERAL (
          SELECT min(f.at) FILTER (WHERE f.kind = '{metrics.OPENED}' AND f.at >= %(start)s AND f.at < %(end)s),
                 max(f.at) FILTER (WHERE f.kind = '{metrics.RESOLUTION}'),
                 min(f.value) FILTER (WHERE f.kind = '{metrics.FIRST}'), min(f.business) FILTER (WHERE f.kind = '{metrics.FIRST}'),
                 min(f.person_id) FILTER (WHERE f.kind = '{metrics.FIRST}'),
                 count(*) FILTER (WHERE f.kind = '{metrics.NEXT}'), avg(f.value) FILTER (WHERE f.kind = '{metrics.NEXT}'),
                 sum(f.value) FILTER (WHERE f.kind = '{metrics.RESOLUTION}'), count(*) FILTER (WHERE f.kind = '{metrics.RESOLUTION}'),
                 count(*) FILTER (WHERE f.kind = '{metrics.RESOLUTION}' AND f.hit),
                 sum(f.value) FILTER (WHERE f.kind = '{metrics.ASSIGNMENT}'), sum(f.value) FILTER (WHERE f.kind = '{metrics.HANDLE}'),
                 count(*) FILTER (WHERE f.kind = '{metrics.IN}'), count(*) FILTER (WHERE f.kind = '{metrics.OUT}'),
                 count(*) FILTER (WHERE f.kind = '{metrics.BOT}'),
                 count(*) FILTER (WHERE f.kind IN ('{metrics.TARGET_FIRST}', '{metrics.TARGET_NEXT}', '{metrics.TARGET_RESOLUTION}') AND f.hit),
                 count(*) FILTER (WHERE f.kind IN ('{metrics.TARGET_FIRST}', '{metrics.TARGET_NEXT}', '{metrics.TARGET_RESOLUTION}')
                                    AND NOT f.hit)
            FROM analytics_fact f WHERE f.conversation_id = c.id) n
     ORDER BY c.id"""


def _row(row: tuple[Any, ...], asked: Asked, names: Names) -> list[object]:
    (_, public_id, channel_id, platform, kind, contact, state, priority, tags, mood, language, team_id, assignee, opened, resolved, first,
     worked, by, nexts, mean, resolution, times, again, unassigned, handled, *numbers) = row  # fmt: skip
    link = settings.PARLEY_PUBLIC_URL + reverse("inbox:conversation", args=[asked.brand.slug, public_id])
    return [
        link, names.label("channel_id", str(channel_id)), platform, kind, contact, str(State(state).label), str(Priority(priority).label),
        ", ".join(tags), str(Sentiment(mood).label) if mood else "", language, names.label("team_id", str(team_id)) if team_id else "",
        assignee, _local(opened, asked), _local(resolved, asked), first, worked,
        names.label("person_id", str(by)) if by else "", nexts, mean, resolution, times, again, unassigned, handled, *numbers,
    ]  # fmt: skip


def _local(at: datetime | None, asked: Asked) -> str:
    """With its offset, so that it can be read in any zone."""
    return at.astimezone(asked.zone).isoformat(timespec="seconds") if at else ""
