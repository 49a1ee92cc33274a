"""What is written and not sent yet, kept for its writer. No event, no brand's lock: it concerns nobody else and is saved while one types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from inbox.actions import _drafts
from inbox.actions._drafts import Sent
from inbox.models import Conversation, Draft, DraftKind, Person
from inbox.rules.cleaning import clean

__all__ = ["Sent", "Superseded", "Written", "save"]


@dataclass(frozen=True, slots=True)
class Written:
    """A page's state of a draft. `base`: the version it began from, 0 for none; `step` rises with each save of the page."""

    text: str
    files: Sequence[UUID]
    reply_to: str
    written_against: int
    base: int
    tab: UUID
    step: int

    @property
    def is_empty(self) -> bool:
        return not self.text.strip() and not self.files


class Superseded(Exception):
    """Another page has saved, or sent, since the version this one began from. Nothing was written."""


@transaction.atomic(durable=True)
def save(*, conversation: Conversation, by: Person, kind: DraftKind, written: Written, now: datetime) -> int:
    """Keep it. Returns its version, 0 where there is nothing to keep.

    Raises Superseded unless it began from what is kept, or the same page saved that a step before: an older save that comes late
    never stands over a newer one.
    """
    mine = Draft.objects.filter(person=by, conversation=conversation, kind=kind)
    kept = mine.select_for_update().first()
    if kept and kept.version != written.base and not (kept.tab == written.tab and kept.step < written.step):
        raise Superseded
    if kept is None and written.base:
        raise Superseded  # sent or emptied elsewhere; it does not come back unasked
    if written.is_empty:
        mine.delete()
        return 0
    version = _drafts.version_after(kept, now)
    columns = {
        "text": clean(written.text), "files": list(written.files), "reply_to": clean(written.reply_to),
        "written_against": written.written_against, "version": version, "tab": written.tab, "step": written.step, "saved_at": now,
    }  # fmt: skip
    if kept:
        mine.update(**columns)
    elif not mine.get_or_create(defaults=columns, person=by, conversation=conversation, kind=kind)[1]:
        raise Superseded  # two pages began at the same moment
    return version
