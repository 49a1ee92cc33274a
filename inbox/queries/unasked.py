"""People nobody has asked the platform about."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from inbox.models import Channel, ChannelState, Handle

# Of each channel the newest, then of each the next one: those of one channel in which thousands are new would fill the answer for as long
# as that lasts. No channel is read further than what is asked for, however many are unknown in it (handles_to_look_up).
_IN_TURN = """
SELECT found.id FROM unnest(%(channels)s::bigint[]) AS c(id) CROSS JOIN LATERAL (
    SELECT h.id, row_number() OVER (ORDER BY h.id DESC) AS turn FROM inbox_handle h
     WHERE h.channel_id = c.id AND h.looked_up_at IS NULL AND h.id <> ALL(%(but)s::bigint[]) ORDER BY h.id DESC LIMIT %(limit)s) AS found
 ORDER BY found.turn, found.id DESC LIMIT %(limit)s"""


def connected_channels() -> set[int]:
    return set(Channel.objects.filter(state=ChannelState.CONNECTED).values_list("pk", flat=True))


def channels_of(brand_id: int) -> set[int]:
    return set(Channel.objects.filter(brand=brand_id).values_list("pk", flat=True))


def handles(*, channels: Collection[int], limit: int, but: Collection[int] = ()) -> list[Handle]:
    """In these channels, of all of them in turn, but for these people."""
    with connection.cursor() as cursor:
        cursor.execute(_IN_TURN, {"channels": sorted(channels), "limit": limit, "but": sorted(but)})
        ids = [pk for (pk,) in cursor.fetchall()]
    found = Handle.objects.select_related("channel").in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]
