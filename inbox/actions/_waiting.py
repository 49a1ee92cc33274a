"""A reply that cannot leave now: what its writer is told of the wait, and whether it would wait in vain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from inbox import platforms
from inbox.models import Message
from inbox.queries import outbox
from inbox.rules import waits

BY_A_PERSON = "This network wants every reply sent by a person. Read it, then send it anyway or discard it."
CLICK_IS_OLD = "This network wants every reply sent by a person, and a click does not hold so long. Read it, then send it anyway or discard it."
WINDOW_ENDS = "The reply window closes before that: answer in another way."
MEANWHILE = "It waits until then; whoever cannot wait discards it and answers in another way."
TOLD_FROM = timedelta(minutes=15)  # as long as a fault is tried before its writer is told


@dataclass(frozen=True, slots=True)
class Wait:
    words: str
    in_vain: bool = False  # nothing would leave then: a person has to see to it, and may do so now
    is_told: bool = False  # so long that its writer is told of it, wherever they are by now


def of(message: Message, reason: str, *, until: datetime, now: datetime) -> Wait:
    words = waits.until_then(reason, until=until, now=now)
    if not is_by_a_click(message, until):
        return Wait(f"{words} {why_a_person(message)}", in_vain=True)
    if not waits.is_long(until, now=now):
        return Wait(words)
    if outbox.window_has_closed(message, until):
        return Wait(f"{words} {WINDOW_ENDS}", in_vain=True)
    return Wait(f"{words} {MEANWHILE}", is_told=until - now > TOLD_FROM)


def is_by_a_click(message: Message, at: datetime) -> bool:
    """Whether it leaves by a person's click if it leaves then, where the network wants that."""
    wants_people = platforms.get(message.channel.platform).send.requires_human
    return not wants_people or outbox.is_a_click(message, at)


def why_a_person(message: Message) -> str:
    return CLICK_IS_OLD if message.author_person_id is not None else BY_A_PERSON


def why_it_waited_too_long(message: Message) -> str:
    """With what it waited for, where that was said of it."""
    waited_for = message.state_reason.removesuffix(f" {MEANWHILE}")
    return f"{waited_for} {why_a_person(message)}".lstrip()
