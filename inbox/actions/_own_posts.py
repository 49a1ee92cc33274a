"""A public answer of ours has its platform id: what others said under it, told before that, stood under a name of which nobody knew the
talk, and what the brand added to it waited. Its echo would put both right; the platform's answer tells the same, and may come alone."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from inbox.actions import _sql, receiving
from inbox.actions.receiving import Arrival
from inbox.exchange import InboundMessage, MessageKind, Origin, Party, ThreadKind
from inbox.models import Message


@transaction.atomic
def put_right(message: Message, now: datetime) -> None:
    """When it was written only the echo tells: its row stays as it is."""
    echo = _as_its_echo(message)
    if echo and _is_waited_for(message, echo):
        arrivals, key = [Arrival(message.channel_id, echo)], (message.channel_id, echo.external_id)
        receiving.receive(arrivals=arrivals, now=now, unplaced=[key])


def _as_its_echo(message: Message) -> InboundMessage | None:
    """Nothing where the talk is not one person's: there, all that is said under a root bears its name. Which post of the talk it answers is
    no matter, so it is said of the first."""
    talk = message.conversation
    person = talk.recipient_key
    if (
        talk.kind != ThreadKind.COMMENT
        or not message.external_id
        or not talk.thread_key.endswith(f":{person}")
    ):
        return None
    return InboundMessage(
        external_id=message.external_id,
        thread_id=talk.thread_key,
        aside=talk.thread_key,
        sent_at=message.sent_at,
        author=Party(""),
        counterpart=Party(person),
        text=message.text,
        kind=MessageKind.COMMENT,
        thread_kind=ThreadKind.COMMENT,
        outbound=True,
        origin=Origin.OTHER_CLIENT,
        reply_to=talk.thread_key.removesuffix(f":{person}").partition(":")[2],
    )


def _is_waited_for(message: Message, echo: InboundMessage) -> bool:
    name = f"{_first_part(echo.thread_id)}:{echo.external_id}"
    [(waits,)] = _sql.rows(
        """SELECT EXISTS (SELECT FROM inbox_earlypost p WHERE p.channel_id = %s AND p.reply_to = %s COLLATE "C")
               OR EXISTS (SELECT FROM inbox_conversation c
                           WHERE c.channel_id = %s AND c.thread_key >= %s COLLATE "C" AND c.thread_key < %s COLLATE "C")""",
        [message.channel_id, echo.external_id, message.channel_id, f"{name}:", f"{name};"],
    )
    return bool(waits)


def _first_part(thread_key: str) -> str:
    return thread_key.partition(":")[0]
