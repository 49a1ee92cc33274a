"""What a customer is shown of us besides messages: that somebody writes to them. Told to whoever has said that they pass it on; news
of it is worth nothing later, so what cannot be told at once is never told."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from inbox import platforms
from inbox.models import Conversation, ConversationKind

log = structlog.get_logger(__name__)
EVERY = 10.0  # seconds; a network shows it for longer
Tell = Callable[[int], None]  # with the conversation's number

_told: list[Tell] = []


def on_writing(tell: Tell) -> Tell:
    """Be told, from a thread of an edge process, when a colleague writes a reply; again every few seconds while they do."""
    _told.append(tell)
    return tell


def can_show_writing(conversation: Conversation) -> bool:
    """Whether the platform has such a thing, and there is one person to be shown it."""
    if conversation.kind != ConversationKind.DIRECT:
        return False
    try:
        return platforms.get(conversation.platform).send.typing
    except platforms.UnknownPlatform:
        return False


def show_writing(conversation_id: int) -> None:
    for tell in _told:
        try:
            tell(conversation_id)
        except Exception as error:
            log.info("writing_not_told", conversation=conversation_id, error=type(error).__name__)
