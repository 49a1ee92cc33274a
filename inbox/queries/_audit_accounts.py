"""Which of a brand's accounts an entry of the audit log speaks of: the entry keeps a name, and several accounts may bear it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db.models import Model

from inbox.models import AuditEntry, Channel

OfChannels = Mapping[str, type[Model]]  # what other apps keep of a channel, by what the log calls it


class Accounts:
    """Of these entries: asked at once for each kind of subject, however many there are."""

    def __init__(self, entries: Iterable[AuditEntry], of_channels: OfChannels) -> None:
        asked: dict[str, set[int]] = defaultdict(set)
        for entry in entries:
            if entry.subject_id is not None and entry.subject in ("channel", *of_channels):
                asked[entry.subject].add(entry.subject_id)
        self._channel_ids = {("channel", pk): pk for pk in asked.pop("channel", ())}
        for subject, numbers in asked.items():
            rows = of_channels[subject]._default_manager.filter(pk__in=numbers)
            self._channel_ids |= {
                (subject, pk): channel for pk, channel in rows.values_list("pk", "channel_id")
            }
        self._channels = Channel.objects.in_bulk(set(self._channel_ids.values()))

    def where(self, entry: AuditEntry) -> str:
        """Platform and handle as they are today. Empty for what is no account's, and for what is gone: its name stands in the entry."""
        channel = self._channels.get(self._channel_ids.get((entry.subject, entry.subject_id or 0), 0))
        return channel.whereabouts if channel else ""
