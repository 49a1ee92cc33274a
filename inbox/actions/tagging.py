"""What people decide about tags and mood. Each decision is an example for the model, and stays: nothing undoes it by itself."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from inbox import events
from inbox.actions import _columns, _tag_rows, _teaching, _undo, _writing
from inbox.models import (
    Conversation,
    ConversationTag,
    EventKind,
    ModelKind,
    Person,
    Sentiment,
    SetBy,
    Tag,
    TagState,
    UndoKind,
)


class NotThisBrandsTag(Exception):
    """A tag of another brand cannot be put on the conversation."""


class NotAMood(Exception):
    """Only the three that there are."""


@transaction.atomic(durable=True)
def set_tag(*, conversation: Conversation, tag: Tag, by: Person, now: datetime) -> Conversation:
    """Put a tag on, or say yes to one that was suggested. Returns the conversation as it is afterwards."""
    _check(conversation, tag)
    with events.ledger(conversation.brand_id) as ledger:
        current = _writing.locked(conversation.pk)
        row = _row_of(current, tag)
        if row is None or row.state != TagState.SET:
            accepted = row is not None and row.state == TagState.SUGGESTED
            words = _teaching.spoke_for(current, row)
            was = _tag_rows.kept(tag.pk, row)
            ConversationTag.objects.update_or_create(
                conversation=current, tag=tag,
                defaults={
                    "state": TagState.SET, "set_by": SetBy.PERSON, "person": by, "rule": None, "model_version": None,
                    "confidence": None, "because": "", "message": words.message, "set_at": now, "undone_by": None,
                },
            )  # fmt: skip
            others = [name for name in current.tags if name != tag.name]
            seq = ledger.record(
                EventKind.TAGGED, at=now, conversation_id=current.pk, actor_id=by.pk, message_id=words.message.pk if words.message else None,
                tag=tag.name, tag_id=tag.pk, by=SetBy.PERSON.value, accepted=accepted,
            )  # fmt: skip
            _writing.change(current, seq, tags=[*others, tag.name])
            _teaching.teach(current, words, ModelKind.TAGS, by=by, now=now, holds=[_teaching.label(tag)])
            done = f"Said yes to the tag {tag.name}" if accepted else f"Tagged {tag.name}"
            _remember(ledger, done, current, tag, was, seq, by=by, now=now)
    return current


@transaction.atomic(durable=True)
def undo_tag(*, conversation: Conversation, tag: Tag, by: Person, now: datetime) -> Conversation:
    """Take a tag off, or say no to one that was suggested. It is never set again by itself on this conversation."""
    _check(conversation, tag)
    with events.ledger(conversation.brand_id) as ledger:
        current = _writing.locked(conversation.pk)
        row = _row_of(current, tag)
        if row is not None and row.state != TagState.UNDONE:
            refused = row.state == TagState.SUGGESTED
            words = _teaching.spoke_for(current, row)
            was = _tag_rows.kept(tag.pk, row)
            ConversationTag.objects.filter(pk=row.pk).update(state=TagState.UNDONE, undone_by=by)
            seq = ledger.record(
                EventKind.UNTAGGED, at=now, conversation_id=current.pk, actor_id=by.pk,
                tag=tag.name, tag_id=tag.pk, by=row.set_by, refused=refused,
            )  # fmt: skip
            _writing.change(current, seq, tags=[name for name in current.tags if name != tag.name])
            _teaching.teach(current, words, ModelKind.TAGS, by=by, now=now, fails=[_teaching.label(tag)])
            done = f"Said no to the tag {tag.name}" if refused else f"Took the tag {tag.name} off"
            _remember(ledger, done, current, tag, was, seq, by=by, now=now)
    return current


@transaction.atomic(durable=True)
def set_sentiment(*, conversation: Conversation, sentiment: str, by: Person, now: datetime) -> Conversation:
    """Say how the customer feels, or yes to what was suggested. It stays so on this conversation. Raises NotAMood."""
    _check_mood(sentiment)
    with events.ledger(conversation.brand_id) as ledger:
        current = _writing.locked(conversation.pk)
        if current.sentiment != sentiment or current.sentiment_set_by != SetBy.PERSON:
            accepted = sentiment == current.sentiment_suggested
            words = f"Said yes to the mood {sentiment}" if accepted else f"Mood {sentiment}"
            told = {"before": current.sentiment, "accepted": accepted}
            _feel(ledger, EventKind.TAGGED, words, current, sentiment, told, by=by, now=now)
    return current


@transaction.atomic(durable=True)
def undo_sentiment(*, conversation: Conversation, sentiment: str, by: Person, now: datetime) -> Conversation:
    """Take a mood off, or say no to one that was suggested; one that is set beside it stays. None is set or suggested by itself on
    this conversation again. Raises NotAMood."""
    _check_mood(sentiment)
    with events.ledger(conversation.brand_id) as ledger:
        current = _writing.locked(conversation.pk)
        if sentiment in (current.sentiment, current.sentiment_suggested):
            refused = sentiment != current.sentiment
            words = f"Said no to the mood {sentiment}" if refused else "Took the mood off"
            left = current.sentiment if refused else ""
            told = {"before": sentiment, "refused": refused}
            _feel(ledger, EventKind.UNTAGGED, words, current, left, told, by=by, now=now)
    return current


def _feel(
    ledger: events.Ledger, kind: EventKind, words: str, current: Conversation, sentiment: str, told: _columns.Plain, *, by: Person, now: datetime
) -> None:  # fmt: skip
    """From here on it is a person's word; empty: nothing of the kind can be said."""
    about = {**told, "sentiment": sentiment, "by": SetBy.PERSON.value}
    seq = ledger.record(kind, at=now, conversation_id=current.pk, actor_id=by.pk, **about)
    was = _undo.before(UndoKind.MOOD, current)
    thought = {current.sentiment, current.sentiment_suggested} - {"", sentiment}
    _writing.change(
        current, seq, sentiment=sentiment, sentiment_set_by=SetBy.PERSON, sentiment_suggested="", sentiment_confidence=None,
        sentiment_version=None,
    )  # fmt: skip
    _teaching.teach(
        current, _teaching.Words(_teaching.newest_words(current)), ModelKind.SENTIMENT, by=by, now=now,
        holds=[sentiment] if sentiment else [], fails=sorted(thought),
    )  # fmt: skip
    _undo.remember(ledger, UndoKind.MOOD, words, current, was, seq, by=by, now=now)


def _check_mood(sentiment: str) -> None:
    if sentiment not in Sentiment.values:
        raise NotAMood(sentiment)


def _remember(
    ledger: events.Ledger, words: str, conversation: Conversation, tag: Tag, was: _columns.Plain, seq: int, *, by: Person, now: datetime
) -> None:  # fmt: skip
    left = _tag_rows.kept(tag.pk, _row_of(conversation, tag))
    step = _undo.step(conversation.pk, seq, was, left)
    _undo.keep(ledger, UndoKind.TAG, words, [step], conversation=conversation, by=by, now=now)


def _check(conversation: Conversation, tag: Tag) -> None:
    if tag.brand_id != conversation.brand_id:
        raise NotThisBrandsTag(tag.name)


def _row_of(conversation: Conversation, tag: Tag) -> ConversationTag | None:
    return ConversationTag.objects.filter(conversation=conversation, tag=tag).first()
