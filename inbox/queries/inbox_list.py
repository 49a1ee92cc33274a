"""The list: its views, its counters and its pages. A row is read from the conversation's own columns, nothing is joined for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from inbox import access, platforms
from inbox.models import Brand, Channel, Conversation, ConversationState, DueKind, Person, Priority, ViewCount
from inbox.models.conversations import ConversationQuerySet
from inbox.platforms import Manifest
from inbox.queries import faces, sorting, spans
from inbox.queries.sorting import Place, Sort
from inbox.rules import due_words, reply_window

PAGE = 50
SCROLLED = 25  # a page that comes while somebody scrolls must fit into a frame
_COLUMNS = (
    "id", "public_id", "brand_id", "channel_id", "kind", "state", "assignee_id", "assignee_name", "tags", "platform", "contact_name",
    "contact_username", "thread_key", "last_message_at", "last_message_text", "last_message_from", "last_message_author",
    "unread_count", "public_seq", "waiting_since", "window_opened_at", "seq", "priority", "priority_score", "due_at", "due_kind",
    "due_reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """One question the list answers."""

    name: str  # as in its address
    label: str
    count_key: str
    channel: Channel | None = None
    key: str = ""  # after "g"
    total: int = 0
    unread: int = 0
    account: str = ""  # the brand's account, where the label is the platform's

    @property
    def sorts(self) -> tuple[Sort, ...]:
        """Only what is open is due and waits."""
        return (sorting.NEWEST,) if self.name in ("resolved", "snoozed") else sorting.ALL

    @property
    def mark(self) -> str:
        manifest = manifest_of(self.channel.platform) if self.channel else None
        return manifest.mark if manifest else "?"

    def conversations(self, person: Person, brand: Brand) -> ConversationQuerySet:
        found = Conversation.objects.of_brand(brand)
        match self.name:
            case "resolved":
                return found.filter(state=ConversationState.RESOLVED)
            case "snoozed":
                return found.filter(state=ConversationState.SNOOZED)
            case "mine":
                return found.open().filter(assignee_id=person.pk)
            case "unassigned":
                return found.open().filter(assignee__isnull=True)
        return found.open().filter(channel=self.channel) if self.channel else found.open()


@dataclass(frozen=True, slots=True)
class Row:
    """What a row shows, the same for every viewer."""

    conversation: Conversation
    brand_slug: str
    face: faces.Face
    manifest: Manifest | None
    window_closes_at: datetime | None
    window_state: str
    now: datetime

    @property
    def name(self) -> str:
        return name_of(self.conversation)

    @property
    def places(self) -> list[tuple[str, Place]]:
        """Where it stands in each of the orders; the page shows one of them."""
        return [(sort.name, sort.place_of(self.conversation)) for sort in sorting.ALL]

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
        return due_words.group(self.due_at, now=timezone.localtime(self.now))

    @property
    def pressing(self) -> str:
        """The priority in a word, where it is above the usual."""
        return {Priority.URGENT: "Urgent", Priority.HIGH: "High"}.get(
            Priority(self.conversation.priority), ""
        )

    @property
    def waits(self) -> str:
        return (
            f"waits {spans.of(self.now - self.conversation.waiting_since)}"
            if self.conversation.waiting_since
            else ""
        )

    @property
    def waits_tone(self) -> str:
        waited = self.now - (self.conversation.waiting_since or self.now)
        return "long" if waited > timedelta(hours=1) else "late" if waited > timedelta(minutes=10) else "calm"

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


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Row]
    has_newer: bool
    has_older: bool
    sort: Sort

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


def name_of(conversation: Conversation) -> str:
    return conversation.contact_name or conversation.contact_username or "Unknown person"


def views_of(person: Person, brand: Brand) -> list[View]:
    """Every view of this person with its counters: two queries, however many conversations there are."""
    counts = {count.view: (count.total, count.unread) for count in ViewCount.objects.filter(brand=brand)}
    views = [
        View("open", "All open", "open", key="i"),
        View("mine", "Mine", f"mine:{person.pk}", key="m"),
        View("unassigned", "Unassigned", "unassigned", key="u"),
        View("snoozed", "Snoozed", "snoozed", key="s"),
        View("resolved", "Resolved", "resolved", key="r"),
        *(_view_of(channel) for channel in access.channels_of(person, brand)),
    ]
    return [
        replace(view, total=total, unread=unread)
        for view in views
        for total, unread in [counts.get(view.count_key, (0, 0))]
    ]


def _view_of(channel: Channel) -> View:
    """Named after the platform; the brand's accounts often all have the brand's name."""
    manifest = manifest_of(channel.platform)
    return View(
        f"channel-{channel.public_id}", manifest.label if manifest else channel.platform, f"channel:{channel.pk}", channel,
        account=f"@{channel.handle.lstrip('@')}" if channel.handle else channel.name,
    )  # fmt: skip


def counts_of(brand_id: int) -> dict[str, tuple[int, int]]:
    return {
        view: (total, unread)
        for view, total, unread in ViewCount.objects.filter(brand_id=brand_id).values_list(
            "view", "total", "unread"
        )
    }


def view_named(name: str, person: Person, brand: Brand) -> View | None:
    """The view of this name alone, without its counters. None: there is no such view for this person."""
    match name:
        case "open" | "unassigned" | "snoozed" | "resolved":
            return View(name, name, name)
        case "mine":
            return View(name, name, f"mine:{person.pk}")
    try:
        public_id = UUID(name.removeprefix("channel-"))
    except ValueError:
        return None
    channel = access.channels_of(person, brand).filter(public_id=public_id).first()
    return _view_of(channel) if channel else None


def page(
    view: View,
    *,
    person: Person,
    brand: Brand,
    now: datetime,
    older_than: Place | None = None,
    newer_than: Place | None = None,
    limit: int = PAGE,
    sort: Sort = sorting.NEWEST,
) -> Page:
    """In the order of `sort`, from one index. One row more than asked tells whether there is another page.

    `older_than` is below a place and `newer_than` above it, whatever the order.
    """
    found = view.conversations(person, brand).only(*_COLUMNS)
    if newer_than:
        read = list(sort.above(found, newer_than)[: limit + 1])
        more = len(read) > limit
        rows = rows_of(reversed(read[:limit]), brand_slug=brand.slug, now=now)
        return Page(rows, has_newer=more, has_older=True, sort=sort)
    read = list(sort.below(found, older_than)[: limit + 1])
    more = len(read) > limit
    rows = rows_of(read[:limit], brand_slug=brand.slug, now=now)
    return Page(rows, has_newer=older_than is not None, has_older=more, sort=sort)


def rows_by_id(brand: Brand, ids: Iterable[int], *, now: datetime) -> list[Row]:
    found = Conversation.objects.of_brand(brand).filter(pk__in=list(ids)).only(*_COLUMNS).newest_first()
    return rows_of(found, brand_slug=brand.slug, now=now)


def rows_changed_since(brand: Brand, seq: int, *, limit: int, now: datetime) -> list[Row]:
    """Conversations whose newest event is later, oldest change first."""
    found = Conversation.objects.of_brand(brand).filter(seq__gt=seq).only(*_COLUMNS).order_by("seq")[:limit]
    return rows_of(found, brand_slug=brand.slug, now=now)


def rows_of(conversations: Iterable[Conversation], *, brand_slug: str, now: datetime) -> list[Row]:
    return [row_of(conversation, brand_slug=brand_slug, now=now) for conversation in conversations]


def row_of(conversation: Conversation, *, brand_slug: str, now: datetime) -> Row:
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
        window_state=window.state if window else "always",
        now=now,
    )


def manifest_of(platform: str) -> Manifest | None:
    """None where the connector is no longer installed: its conversations stay readable."""
    try:
        return platforms.get(platform)
    except platforms.UnknownPlatform:
        return None
