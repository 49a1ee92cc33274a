"""When each channel was last delivered to. Several accounts of one app share an address, so it is known once a delivery is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import structlog
from django.db import DatabaseError, connection, transaction

from inbox.rules.arrays import arrays

log = structlog.get_logger(__name__)
# To the second is enough.
NOTE = """
    INSERT INTO connectors_channelhealth AS health (channel_id, bad_signatures, last_receipt_at)
    SELECT new.channel_id, 0, new.at FROM unnest(%s::bigint[], %s::timestamptz[]) AS new (channel_id, at)
      JOIN inbox_channel ON inbox_channel.id = new.channel_id
     ORDER BY new.channel_id
    ON CONFLICT (channel_id) DO UPDATE SET last_receipt_at = excluded.last_receipt_at
     WHERE health.last_receipt_at IS NULL OR health.last_receipt_at < excluded.last_receipt_at - interval '1 second'
"""


def note(heard: Mapping[int, datetime]) -> None:
    """In a transaction of its own, so that nobody who waits for a brand holds one of these rows; a time that is lost harms nothing."""
    if not heard:
        return
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(NOTE, arrays(list(heard.items()), 2))
    except DatabaseError as error:
        log.warning("last_delivery_not_noted", error=type(error).__name__)
