"""What a person said of one conversation that they looked at, as an example for the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from inbox.actions._columns import Plain
from inbox.exchange import MessageKind
from inbox.models import (
    Conversation,
    ConversationTag,
    Direction,
    Example,
    Message,
    ModelKind,
    Person,
    SetBy,
    Tag,
)
from inbox.rules import built_in_tags

EVER = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Words:
    """What was said. Where `since` is given, one of the customer's messages from then on is meant, and `message` is the newest of them."""

    message: Message | None
    since: datetime | None = None


def tag(conversation: Conversation, tag: Tag, was: Plain, *, holds: bool, by: Person, now: datetime) -> None:
    """That it holds or does not; `was`: how it stood there before (_tag_rows)."""
    before = ConversationTag(**was["row"]) if was["row"] else None
    said = [label(tag)]
    teach(
        conversation, spoke_for(conversation, before), ModelKind.TAGS, by=by, now=now, holds=said if holds else (),
        fails=() if holds else said,
    )  # fmt: skip


def label(tag: Tag) -> str:
    return built_in_tags.label_of(tag.key, tag.name)


def spoke_for(conversation: Conversation, row: ConversationTag | None) -> Words:
    """The message that a rule or model heard it in. Where a person named the tag, something that the customer said since the conversation was
    opened: the newest words often are thanks (which they are: _choosing)."""
    if row is not None and row.message_id and row.set_by != SetBy.PERSON:
        return Words(Message.objects.filter(pk=row.message_id).first())
    newest = newest_words(conversation)
    if newest is None:
        return Words(None)
    opened = conversation.opened_at
    # Opened again by hand, nothing was said since.
    return Words(newest, opened if opened is not None and newest.sent_at >= opened else EVER)


def newest_words(conversation: Conversation) -> Message | None:
    newest = Message.objects.filter(conversation=conversation, direction=Direction.IN, deleted_at=None)
    return (
        newest.exclude(text="")
        .exclude(kind=MessageKind.SYSTEM)
        .order_by("-sent_at", "-order_key", "-id")
        .first()
    )


def teach(
    conversation: Conversation,
    words: Words,
    kind: ModelKind,
    *,
    by: Person,
    now: datetime,
    holds: Sequence[str] = (),
    fails: Sequence[str] = (),
) -> None:
    """Without words there is nothing to learn, and what was unsent is not kept."""
    message = words.message
    if message is None or not message.text.strip() or not (holds or fails):
        return
    Example.objects.create(
        brand_id=conversation.brand_id, kind=kind, conversation=conversation, message=message,
        since=words.since, holds=list(holds), fails=list(fails), person=by, at=now,
    )  # fmt: skip
