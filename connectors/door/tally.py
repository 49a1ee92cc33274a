"""What operations want to know of the door, counted in memory and written once a second: knocking costs no row.

All of it is of an address. Whose a delivery was is known once it is read: several accounts of an app share one address (draining).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

MAX_CHANNELS = 10_000  # the book bounds it already; this is the belt

FLUSH = """
    INSERT INTO connectors_channelhealth
           (channel_id, bad_signatures, last_bad_signature_at, last_handshake_at)
    SELECT new.*
      FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[])
           AS new (channel_id, bad_signatures, last_bad_signature_at, last_handshake_at)
      JOIN inbox_channel ON inbox_channel.id = new.channel_id
    ON CONFLICT (channel_id) DO UPDATE SET
           bad_signatures = connectors_channelhealth.bad_signatures + excluded.bad_signatures,
           last_bad_signature_at = coalesce(excluded.last_bad_signature_at, connectors_channelhealth.last_bad_signature_at),
           last_handshake_at = coalesce(excluded.last_handshake_at, connectors_channelhealth.last_handshake_at)
"""


@dataclass(slots=True)
class Marks:
    bad_signatures: int = 0
    bad_signature_at: datetime | None = None
    handshake_at: datetime | None = None


class Tally:
    def __init__(self) -> None:
        self._marks: dict[int, Marks] = {}

    def _of(self, channel_id: int) -> Marks:
        if channel_id not in self._marks and len(self._marks) >= MAX_CHANNELS:
            return Marks()
        return self._marks.setdefault(channel_id, Marks())

    def bad_signature(self, channel_id: int, at: datetime) -> None:
        marks = self._of(channel_id)
        marks.bad_signatures += 1
        marks.bad_signature_at = at

    def handshake(self, channel_id: int, at: datetime) -> None:
        self._of(channel_id).handshake_at = at

    def take(self) -> tuple[list[object], ...] | None:
        """What was counted since the last time, as columns for FLUSH; None when nothing was."""
        if not self._marks:
            return None
        marks, self._marks = self._marks, {}
        return (
            list(marks),
            [m.bad_signatures for m in marks.values()],
            [m.bad_signature_at for m in marks.values()],
            [m.handshake_at for m in marks.values()],
        )
