"""A draft goes in the transaction that takes what it said, and comes in the one that takes it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from django.db.models import Q

from inbox.models import Draft, DraftKind, Person

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a page knows of the draft that it sends: the version it was told of last, 0 for none, and how far its own saves went, of
    which it may not have heard the last answers."""

    version: int = 0
    tab: UUID | None = None
    step: int = 0


NONE = Sent()


def version_after(kept: Draft | None, now: datetime) -> int:
    return max((now - _EPOCH) // timedelta(microseconds=1), kept.version + 1 if kept else 0)


def put_back(
    *,
    conversation_id: int,
    writer: Person,
    kind: DraftKind,
    text: str,
    files: Sequence[UUID],
    reply_to: str,
    written_against: int,
    now: datetime,
) -> int:
    """Words that were taken back stand before what was written since. Returns the draft's version."""
    columns = {
        "text": text, "files": list(files), "reply_to": reply_to, "written_against": written_against,
        "version": version_after(None, now), "tab": uuid4(), "step": 0, "saved_at": now,
    }  # fmt: skip
    kept, made = Draft.objects.select_for_update().get_or_create(
        defaults=columns, conversation_id=conversation_id, person=writer, kind=kind
    )
    if not made:
        kept.text = "\n".join(filter(None, (text, kept.text)))
        kept.files = [*files, *kept.files]
        kept.reply_to = reply_to or kept.reply_to
        kept.written_against = min(written_against, kept.written_against or written_against)
        kept.version, kept.tab, kept.step, kept.saved_at = version_after(kept, now), uuid4(), 0, now
        kept.save(update_fields=list(columns))
    return kept.version


def remove(*, conversation_id: int, writer: Person, kind: DraftKind, sent: Sent) -> None:
    """What another page has saved since is another draft, and stays."""
    if sent == NONE:
        return
    its_own = Q(version__lte=sent.version) | Q(tab=sent.tab, step__lte=sent.step)
    Draft.objects.filter(its_own, conversation_id=conversation_id, person=writer, kind=kind).delete()
