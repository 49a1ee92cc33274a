"""What a tag rule would have met: customers' messages of the last thirty days, read as the rule reads new ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from inbox.learning import languages
from inbox.models import Brand, Event, EventKind, Message, TagRule
from inbox.rules import tagging

DAYS = 30
PAGE = 50  # matches of one page
STEP = 1000  # events of one look
MOST_STEPS = 10  # looks of one page: what takes longer is asked for with another click


@dataclass(frozen=True, slots=True)
class Match:
    message: Message  # with its conversation
    because: str
    has_it: bool  # the conversation has the tag already


@dataclass(frozen=True, slots=True)
class DryRun:
    matches: list[Match]
    looked_at: int  # messages of customers
    back_to: datetime | None  # the oldest of them
    before: int | None  # where the next page begins; None: all thirty days were looked at


def dry_run(
    brand: Brand, condition: tagging.Condition, *, tag_name: str, now: datetime, before: int | None = None
) -> DryRun:
    """Newest first, along the events' numbers: what a page costs does not depend on how much there is behind it."""
    rules = tagging.Rules([(0, condition)])
    since = now - timedelta(days=DAYS)
    matches: list[Match] = []
    looked_at, back_to = 0, None
    for _ in range(MOST_STEPS):
        events = _events(brand, before)
        messages = _messages(brand, events)
        for seq, kind, at, message_id in events:
            if at < since:
                return DryRun(matches, looked_at, back_to, None)
            before = seq
            message = messages.get(message_id) if kind == EventKind.MESSAGE_RECEIVED and message_id else None
            if message is None:
                continue
            looked_at, back_to = looked_at + 1, message.sent_at
            if hits := rules.hits(_said(brand, message, rules)):
                has_it = tag_name.lower() in (name.lower() for name in message.conversation.tags)
                matches.append(Match(message, hits[0].because, has_it))
                if len(matches) == PAGE:
                    return DryRun(matches, looked_at, back_to, before)
        if len(events) < STEP:
            return DryRun(matches, looked_at, back_to, None)
    return DryRun(matches, looked_at, back_to, before)


def _events(brand: Brand, before: int | None) -> list[tuple[int, str, datetime, int | None]]:
    found = Event.objects.filter(brand=brand).order_by("-seq")
    if before is not None:
        found = found.filter(seq__lt=before)
    return list(found.values_list("seq", "kind", "at", "message_id")[:STEP])


def _messages(brand: Brand, events: list[tuple[int, str, datetime, int | None]]) -> dict[int | None, Message]:
    wanted = {
        message_id for _, kind, _, message_id in events if kind == EventKind.MESSAGE_RECEIVED and message_id
    }
    columns = ("text", "sent_at", "conversation__public_id", "conversation__contact_name", "conversation__tags",
               "conversation__platform", "conversation__kind", "conversation__language")  # fmt: skip
    found = Message.objects.filter(pk__in=wanted, conversation__brand=brand, deleted_at=None).exclude(text="")
    return {message.pk: message for message in found.select_related("conversation").only(*columns)}


def _said(brand: Brand, message: Message, rules: tagging.Rules) -> tagging.Said:
    heard = languages.hear(message.text, tuple(brand.languages)) if rules.ask_language else languages.UNHEARD
    conversation = message.conversation
    return tagging.Said(
        text=message.text, language=heard.among(conversation.language), platform=conversation.platform, kind=conversation.kind,
    )  # fmt: skip


def of_brand(brand: Brand) -> list[TagRule]:
    return list(TagRule.objects.filter(brand=brand).select_related("tag").order_by("position", "pk"))
