"""One message of ours in two rows, or two messages in one: an echo is taken for what it looks like, until the platform's answer says
what it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from inbox.actions import _sql, _taken_echoes, receiving
from inbox.actions.receiving import Arrival
from inbox.exchange import InboundMessage
from inbox.models import Event, EventKind, Message, MessageState


@dataclass(frozen=True, slots=True)
class Released:
    """A message that a reply stood for, and how far it has come on the other side."""

    channel_id: int
    told: InboundMessage
    state: str


def holder_of(message: Message, external_id: str) -> Message | None:
    """Who has this id already, in the channel of the reply: an echo that came first and told nobody whose it was (a shortened link, a
    file without words) stands as a row of its own."""
    return Message.objects.filter(channel_id=message.channel_id, external_id=external_id).first()


def is_anothers(message: Message, external_id: str) -> bool:
    """Whether the id that a reply stands under is somebody else's message: an echo with the same words brought it, and the platform's
    answer says another. Of two answers both are true. What was unsent has no words left to tell the two apart."""
    if message.external_id == external_id or message.deleted_at:
        return False
    return was_shown_by_echo(message)


def was_shown_by_echo(message: Message) -> bool:
    """Whether that it is sent is a guess: no answer of the platform has said so."""
    told = Event.objects.filter(message=message, kind=EventKind.REPLY_SENT).order_by("seq").last()
    return told is not None and told.data.get("by") == "echo"


def release(message: Message) -> Released:
    """Let a reply change the id it stands under, in this transaction. Returns the message whose id it was: that has the same words."""
    # A message keeps its platform id (inbox_message_only_forward), but for the one that is named here.
    _sql.rows("SELECT set_config('parley.releases', %s, true)", [str(message.pk)])
    return Released(message.channel_id, _taken_echoes.told_of(message), message.state)


def stand_apart(released: Released, now: datetime) -> None:
    """As if it came now. It may be an earlier reply of ours with the same words, of which nobody knew what became of it."""
    arrival = Arrival(released.channel_id, released.told)
    receiving.receive(arrivals=[arrival], now=now)
    as_sent = {"external_id": released.told.external_id, "state": MessageState.SENT}
    if released.state != MessageState.SENT:
        Message.objects.filter(channel=released.channel_id, **as_sent).update(state=released.state)
