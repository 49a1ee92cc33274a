"""A row of the list and a page of rows. A row is read from the conversation's own columns; beside them only
whether an answer was not sent, in the same statement. The head of a thread needs less."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from django.shortcuts import get_object_or_404

from inbox import access, platforms
from inbox.models import Conversation, ConversationState, DueKind, Person, Priority
from inbox.models.conversations import ConversationQuerySet
from inbox.platforms import Manifest
from inbox.queries import faces, outbox, sorting, spans, view_facts
from inbox.queries.sorting import Place, Sort
from inbox.rules import due_words, reply_window

COLUMNS = (
    "id", "public_id", "brand_id", "channel_id", "kind", "state", "assignee_id", "assignee_name", "tags", "platform", "contact_name",
    "contact_username", "thread_key", "last_message_at", "last_message_text", "last_message_from", "last_message_author",
    "unread_count", "public_seq", "waiting_since", "window_opened_at", "seq", "priority", "priority_score", "due_at", "due_kind",
    "due_reason", "language", "sentiment", "created_at", "contact_vip", "team_id", "contact_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Whose conversation it is and where: what stands above a thread, and of others beside it."""

    conversation: Conversation
    brand_slug: str
    face: faces.Face
    manifest: Manifest | None

    @property
    def name(self) -> str:
        return name_of(self.conversation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Head):
    """What a row shows, the same for every viewer."""

    window_closes_at: datetime | None
    window_extends_to: datetime | None
    window_state: str
    not_sent: bool  # an answer in it did not leave, and nobody has looked after it
    now: datetime  # in the zone of whoever looks, where headings say until when today is

    @property
    def places(self) -> list[tuple[str, Place]]:
        """Where it stands in each of the orders; the page shows one of them."""
        return [(sort.name, sort.place_of(self.conversation)) for sort in sorting.ALL]

    @property
    def facts(self) -> str:
        """What the page asks to see whether the row belongs to a view."""
        return orjson.dumps(view_facts.of(self.conversation).as_json()).decode()

    @property
    def due_at(self) -> datetime | None:
        return self.conversation.due_at if self.conversation.state == ConversationState.OPEN else None

    @property
    def due(self) -> str:
        is_window = self.conversation.due_kind == DueKind.WINDOW
        return due_words.say(self.due_at, now=self.now, is_window=is_window) if self.due_at else ""

    @property
    def due_tone(self) -> str:
        return due_words.tone(self.due_at, now=self.now) if self.due_at else ""

    @property
    def group(self) -> str:
        return due_words.group(self.due_at, now=self.now)

    @property
    def pressing(self) -> str:
        """The priority in a word, where it is above the usual."""
        return {Priority.URGENT: "Urgent", Priority.HIGH: "High"}.get(
            Priority(self.conversation.priority), ""
        )

    @property
    def waits(self) -> str:
        since = self.conversation.waiting_since
        return spans.of(self.now - since) if since else ""

    @property
    def waits_tone(self) -> str:
        """From ten hours on it is said without minutes, and needs less room."""
        waited = self.now - (self.conversation.waiting_since or self.now)
        if waited > timedelta(hours=1):
            return "long" if waited < timedelta(hours=10) else "longest"
        return "late" if waited > timedelta(minutes=10) else "calm"

    @property
    def shows_window(self) -> bool:
        """Where somebody waits, and for every open conversation that can soon be answered no more."""
        conversation = self.conversation
        if self.window_closes_at is None or conversation.state != ConversationState.OPEN:
            return False
        if self.due_at and conversation.due_kind == DueKind.WINDOW:
            return False  # the due chip says it
        return bool(conversation.waiting_since) or self.window_tone != "closed"

    @property
    def window(self) -> str:
        if self.window_closes_at is None:
            return ""
        left = self.window_closes_at - self.now
        return f"window {spans.of(left)}" if left > timedelta(0) else "window closed"

    @property
    def window_tone(self) -> str:
        """How much it matters; the page counts on from here."""
        left = (self.window_closes_at or self.now) - self.now
        if left <= timedelta(0):
            return "closed"
        return "urgent" if left < timedelta(minutes=30) else "soon" if left < timedelta(hours=3) else "calm"

    @property
    def tags(self) -> list[str]:
        return self.conversation.tags[:2]

    @property
    def more_tags(self) -> int:
        return max(0, len(self.conversation.tags) - 2)

    @property
    def tags_in_turn(self) -> list[tuple[str, int]]:
        """Each with how many a number stands for where there is no room after it."""
        count = len(self.conversation.tags)
        return [(tag, count - place) for place, tag in enumerate(self.tags, 1)]


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Row]
    has_newer: bool
    has_older: bool
    sort: Sort
    resumes: Place | None = None  # where a look ended that did not fill the page
    looked: int = 0  # how many that look has seen

    @property
    def headed(self) -> list[tuple[str, Row]]:
        """Each row, and the heading above it where a group begins. Only what stands by due time has groups."""
        if self.sort is not sorting.DUE:
            return [("", row) for row in self.rows]
        groups = [row.group for row in self.rows]
        return [
            (group if group != before else "", row)
            for before, group, row in zip(["", *groups], groups, self.rows, strict=False)
        ]


def columns(found: ConversationQuerySet) -> ConversationQuerySet:
    """Only what rows show."""
    return outbox.with_not_sent(found.only(*COLUMNS))


def name_of(conversation: Conversation) -> str:
    return conversation.contact_name or conversation.contact_username or "Unknown person"


def head_of(conversation: Conversation, *, brand_slug: str) -> Head:
    return Head(
        conversation=conversation,
        brand_slug=brand_slug,
        face=faces.of(name_of(conversation), conversation.thread_key),
        manifest=manifest_of(conversation.platform),
    )


def row_for(person: Person, conversation: Conversation, *, now: datetime) -> Row:
    """Of one that is shown alone, read anew with its brand and channel: its row, or 404."""
    found = access.conversations_of(person, conversation.brand).select_related("brand", "channel")
    fresh = get_object_or_404(outbox.with_not_sent(found), pk=conversation.pk)
    return row_of(fresh, brand_slug=conversation.brand.slug, now=now)


def rows_of(conversations: Iterable[Conversation], *, brand_slug: str, now: datetime) -> list[Row]:
    return [row_of(conversation, brand_slug=brand_slug, now=now) for conversation in conversations]


def row_of(conversation: Conversation, *, brand_slug: str, now: datetime) -> Row:
    """Only of what was read with `columns`, or `outbox.with_not_sent`: a row asks for nothing more when it is shown."""
    manifest = manifest_of(conversation.platform)
    window = (
        reply_window.decide(manifest.window, opened_at=conversation.window_opened_at, now=now)
        if manifest
        else None
    )
    return Row(
        conversation=conversation,
        brand_slug=brand_slug,
        face=faces.of(name_of(conversation), conversation.thread_key),
        manifest=manifest,
        window_closes_at=window.closes_at if window else None,
        window_extends_to=window.extends_to if window else None,
        window_state=window.state if window else "always",
        not_sent=conversation.not_sent,
        now=now,
    )


def manifest_of(platform: str) -> Manifest | None:
    """None where the connector is no longer installed: its conversations stay readable."""
    try:
        return platforms.get(platform)
    except platforms.UnknownPlatform:
        return None
