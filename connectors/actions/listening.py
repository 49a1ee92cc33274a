"""Counting who writes when, so that silence can be told from quiet. By messages in the order in which they came to us."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import connection, transaction

from connectors.models import ArrivalsCounted, HourOfArrivals
from connectors.rules import silence
from inbox.models import Message

BATCH = 5000
COUNT = """
    INSERT INTO connectors_hourofarrivals (channel_id, hour, messages)
    SELECT channel_id, date_trunc('hour', sent_at, 'UTC'), count(*) FROM inbox_message
     WHERE id > %s AND id <= %s AND direction = 'in' GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (channel_id, hour) DO UPDATE SET messages = connectors_hourofarrivals.messages + excluded.messages
"""


@transaction.atomic
def count_arrivals() -> bool:
    """One batch. True: there is more. A message that commits after a later one may be left out; this is a statistic."""
    ArrivalsCounted.objects.get_or_create(pk=1)
    row = ArrivalsCounted.objects.select_for_update(skip_locked=True).filter(pk=1).first()
    if row is None:
        return False
    ids = Message.objects.filter(pk__gt=row.up_to).order_by("pk").values_list("pk", flat=True)[:BATCH]
    found = list(ids)
    if not found:
        return False
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [row.up_to, found[-1]])
    ArrivalsCounted.objects.filter(pk=1).update(up_to=found[-1])
    return len(found) == BATCH


def silences(channel_ids: Iterable[int], *, now: datetime) -> Mapping[int, silence.Silence]:
    """Channels that say nothing although customers usually write at this time."""
    found: dict[int, silence.Silence] = {}
    counts: dict[int, list[tuple[datetime, int]]] = {pk: [] for pk in channel_ids}
    rows = HourOfArrivals.objects.filter(channel__in=counts, hour__gte=now - silence.WEEK * silence.WEEKS)
    for channel_id, hour, messages in rows.order_by("hour").values_list("channel_id", "hour", "messages"):
        counts[channel_id].append((hour, messages))
    for channel_id, known in counts.items():
        if not known:
            continue
        # The end of the last hour in which somebody wrote, or now: silence begins no earlier.
        last = min(now, known[-1][0] + silence.HOUR)
        if silent := silence.judge(last=last, profile=silence.usual(known, now=now), now=now):
            found[channel_id] = silent
    return found
