"""Conversations that were merged into others: which still are, since when, and what of them counts for the clocks of the kept one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce

from inbox import binding
from inbox.models import Conversation, ConversationMerge, Event, EventKind
from inbox.rules.arrays import array

_ANY = "SELECT FROM inbox_conversationmerge WHERE kept_id = ANY(%s::bigint[]) AND undone_at IS NULL LIMIT 1"
EMPTIED = "What was said here stands in another conversation of this person now. The last line here leads to it: write there."
_OPENS = (EventKind.REOPENED, EventKind.MESSAGE_RECEIVED)


def into(conversation: Conversation) -> list[ConversationMerge]:
    """Those that are answered here now, the newest first."""
    found = _with_ends().filter(kept=conversation, ended_at=None)
    return list(found.select_related("merged", "merged_by").order_by("-pk"))


def shown_in(conversation_ids: Collection[int]) -> dict[int, int]:
    """By merged one that is answered elsewhere now: the conversation in whose thread its messages are shown."""
    found = _with_ends().filter(merged__in=conversation_ids, ended_at=None)
    return dict(found.values_list("merged_id", "kept_id"))


def emptied(conversation: Conversation) -> bool:
    """Whether all that was said there stands in another one by now, which its line leads to (inbox.actions._rejoining)."""
    if conversation.messages.exists():
        return False
    closed = Event.objects.filter(conversation=conversation, kind=EventKind.RESOLVED)
    return closed.filter(data__has_key="into").exists()


def counted(conversation_ids: Collection[int]) -> list[tuple[int, int, datetime, datetime | None, datetime]]:
    """(kept, merged, from when on, until when, learned when): what was waiting there when it was merged, and all that is said since."""
    # Hardly any conversation was merged, and when it was opened again costs the planner more than all else that triage asks.
    with binding.cursor() as cursor:
        cursor.execute(_ANY, [array(list(conversation_ids))])
        if cursor.fetchone() is None:
            return []
    found = _with_ends().filter(kept__in=conversation_ids)
    found = found.annotate(first=Coalesce("waiting_since", "merged_at"))
    columns = ("kept_id", "merged_id", "first", "ended_at", "merged_at")
    return list(found.order_by("pk").values_list(*columns))


def kept_of(conversation_ids: Collection[int]) -> list[tuple[int, int]]:
    """(merged, kept) of those of these that were merged: what is said there counts for the kept one, too."""
    if not conversation_ids:
        return []
    found = ConversationMerge.objects.filter(merged__in=conversation_ids, undone_at=None)
    return list(found.order_by("pk").values_list("merged_id", "kept_id"))


def between_strangers(brand_id: int, contact_ids: Collection[int]) -> list[ConversationMerge]:
    """Those of conversations that are two people's now, one of whom is among these, the newest first."""
    theirs = ConversationMerge.objects.filter(brand=brand_id, undone_at=None)
    theirs = theirs.exclude(kept__contact=F("merged__contact"))
    # Each by its own index: none serves both sides at once.
    sides = theirs.filter(kept__contact__in=contact_ids), theirs.filter(merged__contact__in=contact_ids)
    found = {row.pk: row for side in sides for row in side.select_related("kept", "merged")}
    return [found[pk] for pk in sorted(found, reverse=True)]


def _with_ends() -> QuerySet[Any]:
    """`ended_at`: when it was opened again, by the customer who wrote there or by a colleague. What was taken back has never been."""
    taken_back = Event.objects.filter(conversation=OuterRef("conversation"), seq__gt=OuterRef("seq"))
    taken_back = taken_back.alias(undid=Cast(KT("data__undoes"), BigIntegerField())).filter(
        undid=OuterRef("seq")
    )
    opened = Event.objects.filter(conversation=OuterRef("merged"), kind__in=_OPENS, seq__gt=OuterRef("seq"))
    opened = opened.exclude(data__has_key="undoes").exclude(Exists(taken_back))
    first = opened.order_by("seq").values("at")[:1]
    return ConversationMerge.objects.filter(undone_at=None).annotate(ended_at=Subquery(first))
