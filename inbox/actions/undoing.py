"""z: a person's newest action is taken back, then the one before it. Nobody takes back another's, and nothing is taken back twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from inbox import events
from inbox.actions import _bulk_undo, _drafts, _parting, _people, _putting_back, _saved_views, _taking_back
from inbox.models import (
    Attachment,
    Brand,
    BulkBatch,
    BulkRun,
    Conversation,
    DraftKind,
    Message,
    MessageState,
    Person,
    Undo,
    UndoKind,
)

_WHOLE = (UndoKind.PERSON, UndoKind.DISCARD, UndoKind.VIEW)
RECENTLY = timedelta(minutes=10)


class NothingToUndo(Exception):
    """There is none, or it is too late; the words say which."""


@dataclass(frozen=True, slots=True)
class Written:
    """What goes back into the composer."""

    mode: str  # reply or note
    text: str
    seq: int  # of the event that told of it: up to there its writer had seen the conversation
    reply_to: str = ""
    attachments: list[Attachment] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Undone:
    words: str  # of what was done
    done: int
    skipped: Mapping[str, int]
    conversation: Conversation | None = None
    written: Written | None = None
    version: int = 0  # of the draft that keeps it
    run: BulkRun | None = None  # it is being undone
    gone: list[UUID] = field(default_factory=list)  # messages that are no more
    view: str = ""  # where the list goes: its views are others now
    anew: bool = False  # what stands beside the thread has changed, too

    @property
    def sentence(self) -> str:
        """ "Undone: resolved", "Not undone: Bea has changed it since", "Undone for 11 of 12: Bea has changed it since (1)"."""
        what = self.words[:1].lower() + self.words[1:]
        if not self.skipped:
            return f"Undone: {what}."
        why = ", ".join(f"{why} ({count})" if self._many else why for why, count in self.skipped.items())
        if not self.done:
            return f"Not undone: {what}. {why[:1].upper()}{why[1:]}."
        return f"Undone for {self.done} of {self.done + sum(self.skipped.values())}: {what}. {why[:1].upper()}{why[1:]}."

    @property
    def _many(self) -> bool:
        return self.done + sum(self.skipped.values()) > 1


class _OfAView(Exception):
    """It is a view's: for that the counters' lock is taken, before the brand's."""


def undo(
    *,
    brand: Brand,
    by: Person,
    now: datetime,
    which: UUID | None = None,
    message: UUID | None = None,
    bulk: UUID | None = None,
) -> Undone:
    """The person's newest action in this brand, or the one that is meant: `which`, the one that wrote `message`, or `bulk`.

    Raises NothingToUndo. What somebody has changed since is left as it is and said.
    """
    asked = partial(_undo, brand, by, now, which, message, bulk)
    try:
        return asked()
    except _OfAView:
        return asked(counters_held=True)


@transaction.atomic(durable=True)
def _undo(
    brand: Brand, by: Person, now: datetime, which: UUID | None, message: UUID | None, bulk: UUID | None, *, counters_held: bool = False
) -> Undone:  # fmt: skip
    """Which it is, is known for certain only with the brand's lock. Raises _OfAView where that was taken alone."""
    if counters_held:
        _saved_views.alone(brand.pk)
    with events.ledger(brand.pk) as ledger:
        found = _find(brand, by, now, which, message, bulk)
        if found.kind == UndoKind.VIEW and not counters_held:
            raise _OfAView
        Undo.objects.filter(pk=found.pk).update(undone_at=now)
        if found.kind == UndoKind.BULK:
            return Undone(found.words, 0, {}, run=_bulk_undo.begin(found.steps[0], by=by, now=now))
        if found.kind == UndoKind.MERGE:
            outcome = _parting.part(ledger, found.steps[0]["left"]["merge"], by=by, now=now)
            return Undone(found.words, outcome.done, outcome.skipped, found.conversation)
        if found.kind == UndoKind.MACRO:
            return _kept(_macro(ledger, found, by=by, now=now), found, by=by, now=now)
        if found.kind in (UndoKind.NOTE, UndoKind.REPLY):
            return _kept(_take_back(ledger, found, by=by, now=now), found, by=by, now=now)
        if again := _done_again(found, by):
            return Undone(found.words, 0, Counter([again]), found.conversation)
        if found.kind in _WHOLE:
            return _whole(ledger, found, by=by, now=now)
        outcome = _putting_back.put_back(
            ledger, found.kind, found.steps, words=found.words, done_at=found.at, by=by, now=now
        )
    return Undone(found.words, outcome.done, outcome.skipped, found.conversation)


def _find(
    brand: Brand, by: Person, now: datetime, which: UUID | None, message: UUID | None, bulk: UUID | None
) -> Undo:
    """The ledger is open: two tabs stand in line, and the second finds it undone."""
    mine = Undo.objects.filter(brand=brand, person=by).select_related("conversation").order_by("-pk")
    if which is not None:
        found = mine.filter(public_id=which).first()
    elif message is not None:
        found = _that_wrote(mine, brand, now, message)
    elif bulk is not None:
        run = BulkRun.objects.filter(brand=brand, public_id=bulk).values_list("pk", flat=True).first()
        found = mine.filter(kind=UndoKind.BULK, steps__0__left__run=run).first()
    else:
        found = mine.filter(undone_at=None).filter(Q(at__gt=now - RECENTLY) | Q(until__gt=now)).first()  # fmt: skip
        if found is None:
            raise NothingToUndo("There is nothing left to undo. Actions can be undone for ten minutes.")
    if found is None:
        raise NothingToUndo("That is not there to be undone, or it is not yours.")
    if found.undone_at is not None:
        raise NothingToUndo("That has been undone already.")
    if found.until <= now and found.kind != UndoKind.REPLY:  # a reply that left says so itself
        raise NothingToUndo(f"It is too late to undo this: {found.words[:1].lower()}{found.words[1:]}.")
    return found


def _done_again(found: Undo, by: Person) -> str:
    """Of what has no columns to be compared, or none that say when: who did something with the same view, person or reply after it, and has
    not taken that back. It may look as it was left; it is theirs all the same."""
    step: dict[str, Any] = found.steps[0]
    match found.kind:
        case UndoKind.VIEW if step["left"] is not None:
            same = {"steps__0__id": step["id"]}
        case UndoKind.VIP:
            same = {"steps__0__left__contact": step["left"]["contact"]}
        case UndoKind.DISCARD:
            same = {"steps__0__left__messages": step["left"]["messages"]}
        case _:
            return ""
    later = Undo.objects.filter(
        brand=found.brand_id, kind=found.kind, undone_at=None, pk__gt=found.pk, **same
    )
    newest = later.select_related("person").order_by("-pk").first()
    if newest is None or (found.kind == UndoKind.VIEW and newest.steps[0]["left"] is None):
        return ""  # of a view that is no more that is said
    return f"{'You have' if newest.person_id == by.pk else f'{newest.person} has'} changed it since"


def _that_wrote(mine: QuerySet[Undo], brand: Brand, now: datetime, message: UUID) -> Undo | None:
    """The button beside an answer that waits is that of the key: of a macro all is meant. One that failed goes back to the composer alone."""
    wrote = Message.objects.filter(conversation__brand=brand, public_id=message).only("state").first()
    if wrote is None:
        return None
    recent = mine.filter(kind__in=(UndoKind.REPLY, UndoKind.NOTE), at__gt=now - RECENTLY)
    found = next((each for each in recent if wrote.pk in each.steps[0]["left"]["messages"]), None)
    if found is None or wrote.state != MessageState.QUEUED:
        return found
    return mine.filter(kind=UndoKind.MACRO, conversation=found.conversation_id, at=found.at).first() or found


def _whole(ledger: events.Ledger, found: Undo, *, by: Person, now: datetime) -> Undone:
    """What is taken back whole or not at all."""
    step: dict[str, Any] = found.steps[0]
    view = ""
    if found.kind == UndoKind.PERSON:
        why = _people.part(ledger, step["left"]["merge"], by=by, now=now)
    elif found.kind == UndoKind.DISCARD:
        why = _taking_back.discarding(ledger, step, by=by, now=now)
    else:
        why = _saved_views.put_back(found.brand_id, step)
        view = "open" if step["was"] is None else f"view-{step['was']['public_id']}"
    if why:
        return Undone(found.words, 0, Counter([why]), found.conversation)
    return Undone(found.words, 1, {}, found.conversation, view=view, anew=found.kind == UndoKind.PERSON)


def _macro(ledger: events.Ledger, found: Undo, *, by: Person, now: datetime) -> Undone:
    """All that it did, the last first. What was taken back on its own already is not counted."""
    of_it = Undo.objects.filter(person=by, conversation=found.conversation, at=found.at, undone_at=None)
    done, skipped, gone, written = 0, Counter[str](), list[UUID](), None
    for part in of_it.select_related("conversation").order_by("-pk"):
        Undo.objects.filter(pk=part.pk).update(undone_at=now)
        if part.kind in (UndoKind.NOTE, UndoKind.REPLY):
            back = _take_back(ledger, part, by=by, now=now)
            gone += back.gone
            written = back.written if part.kind == UndoKind.REPLY else written
        else:
            outcome = _putting_back.put_back(
                ledger, part.kind, part.steps, words=part.words, done_at=part.at, by=by, now=now
            )
            back = Undone(part.words, outcome.done, outcome.skipped)
        done += back.done
        skipped.update(back.skipped)
    return Undone(found.words, done, skipped, found.conversation, written, gone=gone)


def _take_back(ledger: events.Ledger, found: Undo, *, by: Person, now: datetime) -> Undone:
    step: dict[str, Any] = found.steps[0]
    parts = list(Message.objects.filter(pk__in=step["left"]["messages"]).order_by("pk"))
    files = list(Attachment.objects.filter(message__in=parts).order_by("message", "position"))
    reply_to = (step["was"] or {}).get("quoted", "")  # not what it was made an answer to without being asked
    text = "\n".join(part.text for part in parts if part.text)
    written = Written(found.kind, text, step["seq"], reply_to, files)
    take = _taking_back.note if found.kind == UndoKind.NOTE else _taking_back.reply
    if why := take(ledger, step, by=by, now=now):
        return Undone(found.words, 0, Counter([why]), found.conversation)
    gone = [part.public_id for part in parts]
    return Undone(found.words, 1, {}, found.conversation, written, gone=gone)


def _kept(undone: Undone, found: Undo, *, by: Person, now: datetime) -> Undone:
    """What was written is its writer's draft again, whatever page they are on, and as old as it was."""
    written = undone.written
    if written is None or found.conversation_id is None:
        return undone
    version = _drafts.put_back(
        conversation_id=found.conversation_id, writer=by, kind=DraftKind(written.mode), text=written.text,
        files=[each.public_id for each in written.attachments], reply_to=written.reply_to,
        written_against=written.seq, now=now,
    )  # fmt: skip
    return replace(undone, version=version)


@transaction.atomic(durable=True)
def forget(*, now: datetime) -> int:
    """What can no longer be taken back is kept for a day, for whoever asks why."""
    old = now - timedelta(days=1)
    BulkBatch.objects.filter(run__finished_at__lt=old).delete()
    return Undo.objects.filter(until__lt=old).delete()[0]


def newest(brand: Brand, by: Person, *, at: datetime) -> Undo | None:
    """What the person has just done at this very moment, for the line that says so."""
    return Undo.objects.filter(brand=brand, person=by, undone_at=None, at=at).order_by("-pk").first()
