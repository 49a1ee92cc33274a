"""The list: its views, its counters and its pages. A row is read from the conversation's own columns, nothing is joined for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from inbox import access, platforms
from inbox.models import Brand, Channel, Conversation, ConversationState, Person, ViewCount
from inbox.models.conversations import ConversationQuerySet
from inbox.platforms import Manifest
from inbox.queries import faces, spans
from inbox.rules import reply_window

PAGE = 50
SCROLLED = 25  # a page that comes while somebody scrolls must fit into a frame
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_COLUMNS = (
    "id", "public_id", "brand_id", "channel_id", "kind", "state", "assignee_id", "assignee_name", "tags", "platform", "contact_name",
    "contact_username", "thread_key", "last_message_at", "last_message_text", "last_message_from", "last_message_author",
    "unread_count", "public_seq", "waiting_since", "window_opened_at", "seq",
)  # fmt: skip


class BadPlace(ValueError):
    """A cursor that we never gave out."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a row stands in the list. Its text compares like the place itself, so that a browser can sort by it."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1):014x}{self.id:014x}"

    @classmethod
    def read(cls, text: str) -> Place:
        if len(text) != 28:
            raise BadPlace(text)
        try:
            return cls(_EPOCH + timedelta(microseconds=int(text[:14], 16)), int(text[14:], 16))
        except (ValueError, OverflowError) as error:
            raise BadPlace(text) from error


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
    place: Place
    face: faces.Face
    manifest: Manifest | None
    window_closes_at: datetime | None
    window_state: str
    now: datetime

    @property
    def name(self) -> str:
        return name_of(self.conversation)

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
) -> Page:
    """Newest first, from one index. One row more than asked tells whether there is another page."""
    found = view.conversations(person, brand).only(*_COLUMNS)
    if newer_than:
        found = found.filter(last_message_at__gte=newer_than.at).filter(
            Q(last_message_at__gt=newer_than.at) | Q(last_message_at=newer_than.at, pk__gt=newer_than.id)
        )
        read = list(found.order_by("last_message_at", "id")[: limit + 1])
        more = len(read) > limit
        return Page(
            rows_of(reversed(read[:limit]), brand_slug=brand.slug, now=now), has_newer=more, has_older=True
        )
    if older_than:
        found = found.filter(last_message_at__lte=older_than.at).filter(
            Q(last_message_at__lt=older_than.at) | Q(last_message_at=older_than.at, pk__lt=older_than.id)
        )
    read = list(found.newest_first()[: limit + 1])
    more = len(read) > limit
    return Page(
        rows_of(read[:limit], brand_slug=brand.slug, now=now),
        has_newer=older_than is not None,
        has_older=more,
    )


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
        place=Place(conversation.last_message_at, conversation.pk),
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
