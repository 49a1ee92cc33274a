"""Messages of which a delivery told only that they exist, asked for politely and apart from the receiving."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from connectors import contexts
from connectors.abilities import Completes
from connectors.actions import budgets
from connectors.clock import Clock
from connectors.contract import ConnectorError, InboundMessage, Remedy
from inbox.actions import completing, contacts
from inbox.models import UntoldMessage

log = structlog.get_logger(__name__)
AT_ONCE = 20
READ_BUCKETS = budgets.limits_of("read")
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=1)
UNTIL_CONNECTED = timedelta(minutes=10)
GIVE_UP_AFTER = timedelta(days=1)


def complete_due(*, clock: Clock, limit: int = AT_ONCE) -> int:
    """Ask for what is due. One that fails waits longer each time; one that the platform will not tell stays as it is."""
    due = completing.claim_due(now=clock(), limit=limit)
    for untold in due:
        try:
            _complete(untold, clock)
        except Exception:
            log.exception("message_not_completed", message=untold.pk)
            _later(untold, clock())
    return len(due)


def _complete(untold: UntoldMessage, clock: Clock) -> None:
    now, channel_id = clock(), untold.message.channel_id
    if until := budgets.closed_until(channel_id=channel_id, buckets=READ_BUCKETS, now=now):
        completing.put_back(untold=untold, at=until)
        return
    try:
        told = _ask(untold, now)
    except contexts.NotConnected:
        completing.put_back(untold=untold, at=now + UNTIL_CONNECTED)
    except ConnectorError as error:
        budgets.keep(channel_id=channel_id, notices=error.rates, now=now)
        _refused(untold, error, now)
    else:
        if told is None:
            completing.give_up(untold=untold)
            return
        completing.complete(untold=untold, told=told, now=clock())
        contacts.update_profile(channel_id=channel_id, party=told.author, now=clock())


def _ask(untold: UntoldMessage, now: datetime) -> InboundMessage | None:
    """None: this connector cannot ask."""
    message = untold.message
    connector, context, _ = contexts.of_channel(message.channel, now=now)
    if not isinstance(connector, Completes):
        return None
    return connector.told(context, str(message.external_id), message.conversation.thread_key)


def _refused(untold: UntoldMessage, error: ConnectorError, now: datetime) -> None:
    match error.remedy:
        case Remedy.TELL | Remedy.BUG | Remedy.WAIT:
            completing.give_up(untold=untold)
        case Remedy.RECONNECT:  # however long that takes
            completing.put_back(untold=untold, at=now + UNTIL_CONNECTED)
        case _:
            _later(untold, now, error.retry_at)


def _later(untold: UntoldMessage, now: datetime, at: datetime | None = None) -> None:
    age = now - untold.message.created_at
    if age > GIVE_UP_AFTER:
        completing.give_up(untold=untold)
    else:
        completing.put_back(untold=untold, at=at or now + min(LONGEST_WAIT, max(FIRST_WAIT, age)))
