"""Copies of what customers sent, made before the platform's address dies. The row is the timer."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from inbox import events
from inbox.actions import _by_brand, _sql
from inbox.models import Attachment, EventKind, FetchState

LEASE = timedelta(minutes=2)
# Of each channel what fell due last, then of each the next one: the pictures of a history, of which there may be tens of thousands, hold up
# neither what a customer has just sent nor another account's. No channel is read further than what is asked for (media_to_fetch).
_IN_TURN = """
SELECT found.id FROM inbox_channel c CROSS JOIN LATERAL (
    SELECT a.id, a.fetch_at, row_number() OVER (ORDER BY a.fetch_at DESC, a.id) AS turn FROM inbox_attachment a
     WHERE a.channel_id = c.id AND a.fetch_state = 'pending' AND a.fetch_at <= %(now)s
     ORDER BY a.fetch_at DESC, a.id LIMIT %(limit)s) AS found
 ORDER BY found.turn, found.fetch_at DESC, found.id LIMIT %(limit)s"""


@transaction.atomic(durable=True)
def claim_due(*, now: datetime, limit: int = 20) -> list[Attachment]:
    """Take attachments to fetch. A worker that dies leaves them due again when its lease ends."""
    ids = [pk for (pk,) in _sql.rows(_IN_TURN, {"now": now, "limit": limit})]
    free = Attachment.objects.select_for_update(skip_locked=True, of=("self",)).select_related("channel")
    due = free.filter(fetch_state=FetchState.PENDING, fetch_at__lte=now).in_bulk(ids)
    Attachment.objects.filter(pk__in=due).update(fetch_at=now + LEASE)
    return [due[pk] for pk in ids if pk in due]


@transaction.atomic(durable=True)
def note_place(*, attachment_id: int, path: str) -> bool:
    """Where a copy is about to lie, said before it does: no file is on the disk that no row knows of. False: there shall be none any more."""
    pending = Attachment.objects.filter(pk=attachment_id, fetch_state=FetchState.PENDING)
    return bool(pending.update(path=path))


@transaction.atomic(durable=True)
def mark_stored(*, attachment_id: int, path: str, mime: str, size: int, now: datetime) -> bool:
    """False: it was unsent meanwhile, and the copy must go."""
    return _settle(
        attachment_id,
        now,
        fetch_state=FetchState.STORED,
        path=path,
        mime=mime[:120],
        size=size,
        fetch_at=None,
    )


@transaction.atomic(durable=True)
def mark_gone(*, attachment_id: int, now: datetime) -> None:
    _settle(attachment_id, now, fetch_state=FetchState.GONE, fetch_at=None)


@transaction.atomic(durable=True)
def mark_shown_there(*, attachment_id: int, now: datetime) -> None:
    """What it is called has no use as an address."""
    _settle(attachment_id, now, fetch_state=FetchState.LINK, fetch_at=None, url="")


@transaction.atomic(durable=True)
def begin(*, attachment_id: int, now: datetime) -> None:
    """A try is counted ahead of it and lasts one lease: one that its worker does not survive has been one, too."""
    pending = Attachment.objects.filter(pk=attachment_id, fetch_state=FetchState.PENDING)
    pending.update(fetch_at=now + LEASE, fetch_attempts=F("fetch_attempts") + 1)


@transaction.atomic(durable=True)
def put_back(*, attachment_id: int, at: datetime, was_tried: bool = True) -> None:
    """`was_tried` is False where it waits for something else than itself; then the try that was begun does not count."""
    pending = Attachment.objects.filter(pk=attachment_id, fetch_state=FetchState.PENDING)
    if was_tried:
        pending.update(fetch_at=at)
    else:
        pending.update(fetch_at=at, fetch_attempts=Greatest(F("fetch_attempts") - 1, 0))


def gone_with_files(*, after: int, limit: int) -> list[Attachment]:
    """Attachments that are no more, whose bytes still lie with us."""
    found = Attachment.objects.filter(fetch_state=FetchState.GONE, pk__gt=after).exclude(path="")
    return list(found.order_by("pk")[:limit])


def shared_paths(paths: list[str]) -> set[str]:
    """Those of these files that an attachment still shows."""
    showing = Attachment.objects.filter(path__in=paths).exclude(path="").exclude(fetch_state=FetchState.GONE)
    return set(showing.values_list("path", flat=True))


@transaction.atomic(durable=True)
def mark_erased(*, attachment_ids: list[int]) -> None:
    """Their files are gone from the disk, so the rows forget where they lay; those of no message go, too."""
    gone = Attachment.objects.filter(pk__in=attachment_ids, fetch_state=FetchState.GONE)
    gone.filter(message=None).delete()
    gone.update(path="")


def _settle(attachment_id: int, now: datetime, **columns: object) -> bool:
    _by_brand.be_patient()
    attachment = Attachment.objects.select_related("message__conversation").filter(pk=attachment_id).first()
    message = attachment.message if attachment else None
    if message is None:  # it was the echo's of a file that we sent, or its message is forgotten
        return False
    with events.ledger(message.conversation.brand_id) as ledger:
        changed = Attachment.objects.filter(pk=attachment_id, fetch_state=FetchState.PENDING).update(
            **columns
        )
        if changed:
            seq = ledger.record(
                EventKind.MESSAGE_AMENDED,
                at=now,
                conversation_id=message.conversation_id,
                message_id=message.pk,
                what="media",
            )
            type(message).objects.filter(pk=message.pk).update(seq=seq)
            type(message.conversation).objects.filter(pk=message.conversation_id).update(seq=seq)
    return bool(changed)
