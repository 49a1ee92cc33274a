"""Drafts, for their writer alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from inbox.models import Attachment, Brand, Conversation, Draft, Message, Person

MARKED = 300  # rows that may carry the mark


@dataclass(frozen=True, slots=True)
class Shown:
    draft: Draft
    files: list[Attachment]
    quoted: str  # the words that are answered


def of(conversation: Conversation, person: Person) -> list[Shown]:
    """The person's drafts here: one query, and one each for files and for what is quoted, where there is any."""
    found = list(Draft.objects.filter(conversation=conversation, person=person).order_by("kind"))
    files = _uploads(person, [public_id for draft in found for public_id in draft.files])
    return [
        Shown(
            draft,
            [files[public_id] for public_id in draft.files if public_id in files],
            _quoted(conversation, draft.reply_to),
        )
        for draft in found
    ]


def conversations_with(person: Person, brand: Brand) -> list[UUID]:
    """Where the person has something unsent, the newest first."""
    found = Draft.objects.filter(person=person, conversation__brand=brand).order_by("-saved_at", "-pk")
    return list(found.values_list("conversation__public_id", flat=True)[:MARKED])


def _uploads(person: Person, public_ids: Iterable[UUID]) -> dict[UUID, Attachment]:
    """Those that nothing has taken yet."""
    wanted = list(public_ids)
    if not wanted:
        return {}
    found = Attachment.objects.filter(public_id__in=wanted, uploaded_by=person, message=None)
    return {file.public_id: file for file in found}


def _quoted(conversation: Conversation, external_id: str) -> str:
    if not external_id:
        return ""
    said = Message.objects.filter(channel=conversation.channel_id, external_id=external_id)
    return said.values_list("text", flat=True).first() or "a file"
