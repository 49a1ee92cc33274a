"""The list: its views, its counters and its pages. A row is read from the conversation's own columns (list_rows)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from inbox import access
from inbox.models import Brand, Channel, Conversation, ConversationState, Person, SavedView, ViewCount
from inbox.models.conversations import ConversationQuerySet
from inbox.queries import sorting, view_rows
from inbox.queries.list_rows import (
    Head,
    Page,
    Row,
    columns,
    head_of,
    manifest_of,
    name_of,
    row_for,
    rows_of,
)
from inbox.queries.sorting import Place, Sort
from inbox.rules.view_query import Query

__all__ = [
    "PAGE", "SCROLLED", "Head", "Page", "Row", "View", "counted", "counts_of", "head_of", "house", "manifest_of", "name_of", "page", "row_for",
    "rows_by_id", "rows_changed_since", "rows_of", "view_named", "views_of",
]  # fmt: skip
PAGE = 50
SAVED = "saved:"  # counters of saved views are read by key, with the views (queries.saved_views)
SCROLLED = 25  # a page that comes while somebody scrolls must fit into a frame


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
    query: Query | None = None  # of a saved view, or of the query bar; None: a view of the house
    saved: SavedView | None = None
    filled: bool = True  # its counter has counted everything

    @property
    def sorts(self) -> tuple[Sort, ...]:
        """Only what is open is due and waits. A saved view offers its own order first."""
        if self.query is not None:
            offered = sorting.ALL if self.query.states == ("open",) else (sorting.NEWEST,)
            first = self.saved.sort if self.saved else ""
            return tuple(sorted(offered, key=lambda sort: sort.name != first))
        return (sorting.NEWEST,) if self.name in ("resolved", "snoozed") else sorting.ALL

    @property
    def mark(self) -> str:
        manifest = manifest_of(self.channel.platform) if self.channel else None
        return manifest.mark if manifest else "?"

    def conversations(
        self, person: Person, brand: Brand, *, now: datetime | None = None
    ) -> ConversationQuerySet:
        """In no order. What was typed or saved may ask for the time."""
        if self.query is not None:
            assert now is not None
            return view_rows.conversations(view_rows.asked(brand, self.query, me=person.pk, now=now))
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


def views_of(person: Person, brand: Brand) -> list[View]:
    """The views of the house with their counters: two queries, however many conversations there are."""
    return counted(house(person, brand), brand)


def house(person: Person, brand: Brand) -> list[View]:
    """What everybody has, without its counters."""
    return [
        View("open", "All open", "open", key="i"),
        View("mine", "Mine", f"mine:{person.pk}", key="m"),
        View("unassigned", "Unassigned", "unassigned", key="u"),
        View("snoozed", "Snoozed", "snoozed", key="s"),
        View("resolved", "Resolved", "resolved", key="r"),
        *(_view_of(channel) for channel in access.channels_of(person, brand)),
    ]


def counted(views: Iterable[View], brand: Brand) -> list[View]:
    """With their counters: one read by key for all of them."""
    views = list(views)
    found = ViewCount.objects.filter(brand=brand, view__in=[view.count_key for view in views])
    counts = {view: (total, unread) for view, total, unread in found.values_list("view", "total", "unread")}
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
        for view, total, unread in ViewCount.objects.filter(brand_id=brand_id)
        .exclude(view__startswith=SAVED)
        .values_list("view", "total", "unread")
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
    now = now.astimezone(person.zone)
    if view.query is not None:
        asked = view_rows.asked(brand, view.query, me=person.pk, now=now)
        return view_rows.page(asked, sort=sort, limit=limit, older_than=older_than, newer_than=newer_than)
    found = columns(view.conversations(person, brand))
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
    found = columns(Conversation.objects.of_brand(brand).filter(pk__in=list(ids))).newest_first()
    return rows_of(found, brand_slug=brand.slug, now=now)


def rows_changed_since(brand: Brand, seq: int, *, limit: int, now: datetime) -> list[Row]:
    """Conversations whose newest event is later, oldest change first."""
    found = columns(Conversation.objects.of_brand(brand).filter(seq__gt=seq)).order_by("seq")[:limit]
    return rows_of(found, brand_slug=brand.slug, now=now)
