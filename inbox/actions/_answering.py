"""A reply on its way into the outbox, within the action that sends it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from inbox import events, platforms
from inbox.actions import _drafts, _threads, _undo, _writing
from inbox.actions._queueing import BY_PERSON, BY_POLICY
from inbox.models import (
    Attachment,
    Conversation,
    ConversationKind,
    ConversationState,
    Direction,
    DraftKind,
    EventKind,
    FetchState,
    Handle,
    Message,
    MessageState,
    Person,
    UndoKind,
)
from inbox.platforms import Manifest
from inbox.queries import merges, news
from inbox.rules import reply_policy, variables
from inbox.rules.blank import is_blank
from inbox.rules.cleaning import clean
from inbox.rules.reply_policy import FileFacts, Situation, Verdict


class ReplyRefused(Exception):
    """The platform would not take this reply; the words say why and what to do."""


class SpentClick(Exception):
    """The composer's id stands for another message already: with other words, other files, or of the other kind."""

    def __init__(self) -> None:
        super().__init__(
            "What was sent from here before has been taken: look into the thread. "
            "These words are others and were not taken; send them once more if they shall go as well."
        )


class StaleReply(Exception):
    """Something was said in the thread after the page the reply was written on. `newer` is what the writer has not seen."""

    def __init__(self, newer: news.News) -> None:
        super().__init__("There is news in this conversation.")
        self.newer = newer


def situation_of(conversation: Conversation) -> Situation:
    """The facts the sending policy asks for."""
    unavailable = (
        Handle.objects.filter(channel_id=conversation.channel_id, external_id=conversation.recipient_key)
        .values_list("unavailable_reason", flat=True)
        .first()
        or ""
    )
    channel = conversation.channel
    public = conversation.kind == ConversationKind.COMMENT
    return Situation(conversation.window_opened_at, channel.state, channel.state_reason, unavailable, public)


def verdict_on(
    conversation: Conversation, *, text: str, files: Sequence[Attachment], now: datetime, again: bool = False
) -> Verdict:
    """`again`: a person wants it tried once more. That somebody took no messages then is no reason not to ask: only asking shows that they do."""
    manifest = platforms.get(conversation.platform)
    facts = [FileFacts(file.kind, file.mime, file.size or 0, file.name) for file in files]
    situation = situation_of(conversation)
    if again:
        situation = replace(situation, unavailable_reason="")
    return reply_policy.check(manifest, situation, text=text, files=facts, now=now)


def queue(
    ledger: events.Ledger,
    current: Conversation,
    *,
    by: Person,
    client_id: UUID,
    text: str,
    written_against: int,
    now: datetime,
    attachments: Sequence[Attachment] = (),
    reply_to: str = "",
    draft: _drafts.Sent = _drafts.NONE,
    hold: timedelta = timedelta(0),
) -> list[Message]:
    """As replying.queue_reply, in a transaction that is open. Nothing is written when it is refused."""
    text = clean(text).strip()
    if is_blank(text):  # beside a file it would be a message of its own, or an empty bubble
        text = ""
    parts = _parts(platforms.get(current.platform), text, attachments)
    if known := _already_queued(current, client_id, len(parts)):
        if not _is_same(known, parts, reply_to, names_one=_names_one(current)):
            raise SpentClick
        _drafts.remove(conversation_id=current.pk, writer=by, kind=DraftKind.REPLY, sent=draft)
        return known
    if merges.emptied(current):
        raise ReplyRefused(merges.EMPTIED)
    if newer := news_to(by, current, written_against):
        raise StaleReply(newer)
    free = Attachment.objects.filter(message=None).exclude(fetch_state=FetchState.GONE)
    if free.filter(pk__in=[file.pk for file in attachments]).count() != len(attachments):
        raise ReplyRefused("A file of this reply was sent before, or is no longer kept. Attach it again.")
    verdict = verdict_on(current, text=text, files=attachments, now=now)
    if not verdict.allowed:
        raise ReplyRefused(verdict.problem)
    if slots := variables.unfilled(text):
        raise ReplyRefused(
            f"Fill in {slots[0]} first, or take it out: the customer would read it as it stands."
        )
    quoted, reply_to = reply_to, reply_to or _answered(current)
    was, reopened = _undo.before(UndoKind.STATE, current), 0
    if (
        current.state == ConversationState.RESOLVED
    ):  # said before the reply, so that a new spell begins with it
        reopened = ledger.record(
            EventKind.REOPENED, at=now, conversation_id=current.pk, actor_id=by.pk, before=current.state
        )
    messages = []
    for place, (words, files) in enumerate(parts):
        seq = ledger.record(EventKind.REPLY_QUEUED, at=now, conversation_id=current.pk, actor_id=by.pk)
        message = Message.objects.create(
            conversation=current, channel=current.channel, client_id=_part_id(client_id, place), direction=Direction.OUT,
            origin="agent", author_person=by, author_name=by.short_name, sent_at=now, created_text=words, text=words,
            created_at=now, state=MessageState.QUEUED, not_before=now + hold, seq=seq, reply_to=reply_to if place == 0 else "",
            attachment_count=len(files), human_agent=verdict.human_agent, in_public=current.kind == ConversationKind.COMMENT,
        )  # fmt: skip
        ledger.attach(seq, message.pk)
        for position, file in enumerate(files):
            Attachment.objects.filter(pk=file.pk, message=None).update(message=message, position=position)
        messages.append(message)
    _writing.change(
        current, seq, message_count=current.message_count + len(messages), public_seq=seq, unread_count=0,
        **_reopened(current, by, now),
    )  # fmt: skip
    _threads.show_newest(current.pk)
    left = {"messages": [message.pk for message in messages]}
    step = _undo.step(current.pk, seq, {**was, "reopened": reopened, "quoted": quoted}, left)
    _undo.keep(
        ledger, UndoKind.REPLY, "Replied", [step], conversation=current, by=by, now=now, until=now + hold
    )
    _drafts.remove(conversation_id=current.pk, writer=by, kind=DraftKind.REPLY, sent=draft)
    return messages


def news_to(writer: Person, conversation: Conversation, seen_seq: int) -> news.News:
    """What somebody else said since. One's own last reply is no news, however quickly the next one follows it."""
    if conversation.public_seq <= seen_seq:
        return news.News()
    return news.messages_since(conversation, seen_seq, news.BY_EITHER_SIDE, besides=writer)


def _reopened(conversation: Conversation, by: Person, now: datetime) -> dict[str, object]:
    """Writing to somebody in a resolved conversation opens it: the answer must have a home, and stays with whom it is. Whoever answers what they
    have themselves has it by choice. What another has, routing gives nobody else, but takes it back from who is offline."""
    if conversation.state != ConversationState.RESOLVED:
        return {}
    columns: dict[str, object] = {
        "state": ConversationState.OPEN,
        "resolved_at": None,
        "waiting_since": news.first_unanswered(conversation),
    }
    if conversation.assignee_id:
        chosen = BY_PERSON if conversation.assignee_id == by.pk else BY_POLICY
        columns |= {"assignee_set_by": chosen, "assignee_set_at": now}
    return columns


def _already_queued(conversation: Conversation, client_id: UUID, parts: int) -> list[Message]:
    """What was made of this click: as many messages as are asked for now, fewer, or one more, which is another reply."""
    ids = [_part_id(client_id, place) for place in range(parts + 1)]
    return list(
        Message.objects.filter(conversation=conversation, client_id__in=ids)
        .order_by("pk")
        .prefetch_related("attachments")
    )


def _names_one(conversation: Conversation) -> bool:
    public = conversation.kind == ConversationKind.COMMENT
    return public and platforms.get(conversation.platform).send.public_reply_to


def answers(reply: Message) -> str:
    """What a reply that is sent once more is an answer to: what it named, or another message where that is no more."""
    conversation = reply.conversation
    named = conversation.messages.filter(external_id=reply.reply_to)
    if reply.reply_to and not (_names_one(conversation) and named.filter(deleted_at__isnull=False).exists()):
        return reply.reply_to
    return _answered(conversation)


def _answered(conversation: Conversation) -> str:
    """What a reply that quotes nothing is an answer to, where the platform must know: the newest, since nothing leaves past what its writer
    has not seen."""
    if not _names_one(conversation) or (newest := news.newest_said(conversation)) is None:
        return ""
    return newest.external_id or ""


def _is_same(
    known: list[Message], parts: list[tuple[str, list[Attachment]]], reply_to: str, *, names_one: bool
) -> bool:
    """Whether what is asked now is what was queued then. A double click must not be two replies, nor may other words be lost."""
    held = {message.pk: {file.pk for file in message.attachments.all()} for message in known}
    queued = [(message.direction, message.created_text, held[message.pk]) for message in known]
    asked = [(str(Direction.OUT), words, {file.pk for file in files}) for words, files in parts]
    return queued == asked and (known[0].reply_to == reply_to or (names_one and not reply_to))


def _part_id(client_id: UUID, place: int) -> UUID:
    return client_id if place == 0 else uuid.uuid5(client_id, str(place))


def _parts(manifest: Manifest, text: str, files: Sequence[Attachment]) -> list[tuple[str, list[Attachment]]]:
    """How the platform wants it: files before words where they cannot travel together."""
    each = max(1, manifest.send.files_per_message)
    if manifest.send.text_with_files and files:
        first, rest = list(files[:each]), files[each:]
        return [(text, first), *(("", [file]) for file in rest)]
    # A message of our own holds one file, so that each has its own state and its own platform id.
    parts: list[tuple[str, list[Attachment]]] = [("", [file]) for file in files]
    return [*parts, (text, [])] if text else parts
