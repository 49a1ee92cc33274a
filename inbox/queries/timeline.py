"""The thread: pages of messages in their order, with what happened between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from inbox import access
from inbox.access import Asker
from inbox.models import Attachment, Conversation, Direction, Event, EventKind, Message, MessageState
from inbox.models.messages import MessageQuerySet
from inbox.queries import held_up, list_rows, merges, news, sentences
from inbox.queries.event_entries import EventEntry, entries_of, micros
from inbox.queries.held_up import HeldUp
from inbox.rules.blank import is_blank

PAGE = 30  # more than a screen; every message more costs each opening of a thread
AROUND = 50  # a message is looked for with what was said before and after it
SCROLLED = 25  # a page that comes while somebody scrolls must fit into a frame
SHOWN_EVENTS = sentences.TOLD
_TAKE_AWAY = (
    EventKind.REPLY_SENT,
    EventKind.REPLY_TAKEN_BACK,
    EventKind.NOTE_TAKEN_BACK,
    EventKind.MESSAGE_AMENDED,  # where what was said stands in another conversation now
)


@dataclass(frozen=True, slots=True)
class Quote:
    """The message answered; `message` is None when it never reached us. `stands_in`: the conversation to open where it is not in this thread."""

    message: Message | None
    stands_in: UUID | None = None


UNSEEN = Quote(None)


@dataclass(frozen=True, slots=True)
class MessageEntry:
    message: Message
    brand_slug: str
    conversation_public_id: UUID
    attachments: list[Attachment] = field(default_factory=list)
    quote: Quote | None = None
    elsewhere: str = ""  # the platform, of what was said in a conversation that was merged into this one
    held_up: HeldUp | None = None  # of a reply that nobody has tried yet
    is_event = False

    @property
    def at(self) -> datetime:
        return self.message.sent_at

    @property
    def sort(self) -> tuple[datetime, str, int]:
        return (self.message.sent_at, self.message.order_key, self.message.pk)

    @property
    def micros(self) -> int:
        return micros(self.message.sent_at)

    @property
    def side(self) -> str:
        return {Direction.IN: "customer", Direction.OUT: "brand"}.get(
            Direction(self.message.direction), "note"
        )

    @property
    def has_words(self) -> bool:
        """Somebody may send blanks, or a sign that shows nothing."""
        return not is_blank(self.message.text)

    @property
    def held_until(self) -> datetime | None:
        """A reply that has not been tried yet leaves no sooner; its writer may take it back until then."""
        held = self.message.state == MessageState.QUEUED and not self.message.attempts
        return self.message.not_before if held else None

    @property
    def grouped_reactions(self) -> list[tuple[str, int, str]]:
        """(emoji, how many, by whom)."""
        who: dict[str, list[str]] = defaultdict(list)
        for reaction in self.message.reactions:
            who[reaction.get("emoji") or "♥"].append(reaction.get("name") or "the customer")
        return [(emoji, len(names), ", ".join(names)) for emoji, names in who.items()]


Entry = MessageEntry | EventEntry


@dataclass(frozen=True, slots=True)
class Page:
    entries: list[Entry]
    has_older: bool
    has_newer: bool
    seen: int | None = None  # of one that lacks the newest: the brand's number before the first that it lacks


def page(
    conversation: Conversation,
    *,
    brand_slug: str,
    older_than: Message | None = None,
    newer_than: Message | None = None,
    limit: int = PAGE,
    joined: Sequence[int] | None = None,
) -> Page:
    """Oldest first, as it is read. Without a place: the newest page. `joined`: those that are answered in it, where they are known."""
    found = _messages_of(conversation, joined)
    if newer_than:
        read = list(found.filter(_after(newer_than)).in_thread_order()[: limit + 1])
        has_newer, has_older = len(read) > limit, True
        messages = read[:limit]
    else:
        if older_than:
            found = found.filter(_before(older_than))
        read = list(found.order_by("-sent_at", "-order_key", "-id")[: limit + 1])
        has_newer, has_older = older_than is not None, len(read) > limit
        messages = read[:limit][::-1]
    since = newer_than.sent_at if newer_than else None
    until = older_than.sent_at if older_than else None
    return _page(conversation, messages, has_older, has_newer, brand_slug, since=since, until=until)


def page_around(
    message: Message,
    *,
    conversation: Conversation,
    brand_slug: str,
    limit: int = AROUND,
    joined: Sequence[int] | None = None,
) -> Page:
    """A message with as many before as behind it, so that it can be read where it was said."""
    found, half = _messages_of(conversation, joined), limit // 2
    older = list(found.filter(_before(message)).order_by("-sent_at", "-order_key", "-id")[: half + 1])
    newer = list(found.filter(_after(message)).in_thread_order()[: half + 1])
    messages = [*older[:half][::-1], message, *newer[:half]]
    found_page = _page(conversation, messages, len(older) > half, len(newer) > half, brand_slug)
    return replace(found_page, seen=news.before(newer[half])) if found_page.has_newer else found_page


def threads(conversation: Conversation) -> list[int]:
    """What is shown as one: this conversation, and those that are answered in it."""
    return [conversation.pk, *(merge.merged_id for merge in merges.into(conversation))]


def named(person: Asker, conversation: Conversation, public_id: str) -> Message | None:
    """The message of this thread that is called so, if there is one for whoever asks."""
    try:
        wanted = UUID(public_id)
    except ValueError:
        return None
    theirs = access.conversations_of(person, conversation.brand).filter(pk__in=threads(conversation))
    return Message.objects.filter(conversation__in=theirs, public_id=wanted).first()


def _messages_of(conversation: Conversation, joined: Sequence[int] | None) -> MessageQuerySet:
    ids = threads(conversation) if joined is None else [conversation.pk, *joined]
    found: MessageQuerySet = Message.objects.filter(conversation__in=ids)
    return found.select_related("channel") if len(ids) > 1 else found


def _page(
    conversation: Conversation,
    messages: list[Message],
    has_older: bool,
    has_newer: bool,
    brand_slug: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Page:
    """With what happened since, or until, the place that was asked from: no stretch between two pages is in neither."""
    entries: list[Entry] = [*dress(messages, conversation=conversation, brand_slug=brand_slug)]
    if messages and has_older and since is None:
        since = messages[0].sent_at
    if messages and has_newer and until is None:
        until = messages[-1].sent_at
    entries += _events_between(conversation, since, until)
    return Page(sorted(entries, key=lambda entry: entry.sort), has_older, has_newer)


def changed_since(conversation: Conversation, seq: int, *, brand_slug: str, limit: int) -> list[Entry]:
    changed = _messages_of(conversation, None).filter(seq__gt=seq)
    messages = list(changed.order_by("seq")[:limit])
    events = Event.objects.filter(
        conversation=conversation, seq__gt=seq, kind__in=SHOWN_EVENTS
    ).select_related("actor")[:limit]
    entries: list[Entry] = [
        *dress(messages, conversation=conversation, brand_slug=brand_slug),
        *entries_of(events),
    ]
    return sorted(entries, key=lambda entry: entry.sort)


def gone_since(conversation: Conversation, seq: int) -> list[str]:
    """Public ids of messages that were shown and are no more: echoes that turned out to be a reply of ours, and what was taken back."""
    shown = threads(conversation)
    told = Event.objects.filter(conversation__in=shown, seq__gt=seq, kind__in=_TAKE_AWAY)
    return [gone for event in told.only("kind", "data").iterator() for gone in gone_by(event)]


def gone_by(event: Event) -> list[str]:
    """Public ids of messages that are no more since this event."""
    replaced = [event.data["replaces"]] if event.data.get("replaces") else []
    return [str(gone) for gone in (*replaced, *event.data.get("gone", ()))]


def dress(messages: Sequence[Message], *, conversation: Conversation, brand_slug: str) -> list[MessageEntry]:
    """Messages with their files, what they quote, and what holds up those that are queued: nothing is asked where there is none."""
    files = _attachments_of(messages)
    quotes = _quotes_of(messages, conversation)
    held_up_by = held_up.why(messages)
    return [
        MessageEntry(
            message=message,
            brand_slug=brand_slug,
            conversation_public_id=conversation.public_id,
            attachments=files.get(message.pk, []),
            quote=quotes.get((message.channel_id, message.reply_to), UNSEEN) if message.reply_to else None,
            elsewhere=_label(message) if message.conversation_id != conversation.pk else "",
            held_up=held_up_by.get(message.pk),
        )
        for message in messages
    ]


def _before(place: Message) -> Q:
    same_time = Q(sent_at=place.sent_at) & (
        Q(order_key__lt=place.order_key) | Q(order_key=place.order_key, pk__lt=place.pk)
    )
    return Q(sent_at__lte=place.sent_at) & (Q(sent_at__lt=place.sent_at) | same_time)


def _after(place: Message) -> Q:
    same_time = Q(sent_at=place.sent_at) & (
        Q(order_key__gt=place.order_key) | Q(order_key=place.order_key, pk__gt=place.pk)
    )
    return Q(sent_at__gte=place.sent_at) & (Q(sent_at__gt=place.sent_at) | same_time)


def _attachments_of(messages: Iterable[Message]) -> dict[int, list[Attachment]]:
    having = [message.pk for message in messages if message.attachment_count]
    files: dict[int, list[Attachment]] = defaultdict(list)
    if having:
        for attachment in Attachment.objects.filter(message__in=having).order_by("position", "pk"):
            files[attachment.message_id or 0].append(attachment)
    return files


def _quotes_of(messages: Sequence[Message], conversation: Conversation) -> dict[tuple[int, str], Quote]:
    """By the channel and the platform's id: a thread may show what was said on two networks."""
    wanted = {message.reply_to for message in messages if message.reply_to}
    if not wanted:
        return {}
    channels = {message.channel_id for message in messages}
    found = list(Message.objects.filter(channel_id__in=channels, external_id__in=wanted))
    elsewhere = _not_in_this_thread({message.conversation_id for message in found}, conversation)
    return {
        (message.channel_id, message.external_id or ""): Quote(
            message, elsewhere.get(message.conversation_id)
        )
        for message in found
    }


def _not_in_this_thread(conversation_ids: set[int], conversation: Conversation) -> dict[int, UUID]:
    """Those that are shown for themselves, an earlier one say, and by which id."""
    others = conversation_ids - {conversation.pk}
    if others:
        others -= set(threads(conversation))
    return dict(Conversation.objects.filter(pk__in=others).values_list("pk", "public_id")) if others else {}


def _label(message: Message) -> str:
    manifest = list_rows.manifest_of(message.channel.platform)
    return manifest.label if manifest else message.channel.platform


def _events_between(
    conversation: Conversation, since: datetime | None, until: datetime | None
) -> list[EventEntry]:
    found = Event.objects.filter(conversation=conversation, kind__in=SHOWN_EVENTS).select_related("actor")
    if since:
        found = found.filter(at__gte=since)
    if until:
        found = found.filter(at__lte=until)
    return entries_of(found.order_by("-seq")[:200])
