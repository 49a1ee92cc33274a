"""What happened between the messages, as a thread shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from inbox.models import ContactMerge, Event, EventKind
from inbox.queries import sentences

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_ABOUT_PEOPLE = (EventKind.CONTACTS_MERGED, EventKind.CONTACTS_PARTED)


def micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class EventEntry:
    event: Event
    names: Mapping[str, str] = field(default_factory=dict)
    is_event = True

    @property
    def at(self) -> datetime:
        return self.event.at

    @property
    def sort(self) -> tuple[datetime, str, int]:
        return (self.event.at, "", self.event.seq)

    @property
    def micros(self) -> int:
        return micros(self.event.at)

    @property
    def sentence(self) -> str:
        return sentences.of(self.event, self.names)

    @property
    def until(self) -> datetime | None:
        return sentences.until(self.event)

    @property
    def turns_the_thread(self) -> bool:
        """More or less is shown since, so an open page reads the thread anew."""
        return self.event.kind in (EventKind.CONVERSATIONS_MERGED, EventKind.CONVERSATIONS_PARTED)

    @property
    def turns_the_person(self) -> bool:
        """They are another one since, or more than one: an open page reads anew what stands beside the thread."""
        return self.event.kind in _ABOUT_PEOPLE

    @property
    def merge_to_part(self) -> str | None:
        return sentences.merge_to_part(self.event)

    @property
    def other(self) -> str | None:
        return sentences.other(self.event)

    @property
    def tag_to_undo(self) -> int | None:
        return sentences.tag_to_undo(self.event)


def entries_of(events: Iterable[Event]) -> list[EventEntry]:
    """Events with the names of those they are about, as they are called now: one query, none where nobody is."""
    events = list(events)
    wanted = {event.data["merge"] for event in events if event.kind in _ABOUT_PEOPLE}
    found = ContactMerge.objects.filter(public_id__in=wanted) if wanted else ContactMerge.objects.none()
    names = {
        str(merge.public_id): {"kept": str(merge.kept), "absorbed": str(merge.absorbed)}
        for merge in found.select_related("kept", "absorbed")
    }
    return [EventEntry(event, names.get(event.data.get("merge", ""), {})) for event in events]
