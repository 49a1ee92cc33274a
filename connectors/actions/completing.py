"""Messages of which a delivery told only that they exist, asked for politely and apart from the receiving."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from connectors import contexts
from connectors.abilities import Completes
from connectors.actions import _public, budgets, parking
from connectors.clock import Clock
from connectors.contract import ConnectorError, Remedy, ThreadKind
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
        connector, context, credential = contexts.of_channel(untold.message.channel, now=now)
    except contexts.NotConnected:
        completing.put_back(untold=untold, at=now + UNTIL_CONNECTED)
        return
    context = budgets.heeded(context, channel=untold.message.channel, clock=clock)
    if not isinstance(connector, Completes):
        completing.give_up(untold=untold)
        return
    try:
        told = connector.told(
            context, str(untold.message.external_id), untold.message.conversation.thread_key
        )
    except ConnectorError as error:
        budgets.keep(channel_id=channel_id, notices=error.rates, now=now)
        _refused(untold, error, credential.version, now)
    else:
        completing.complete(untold=untold, told=told, now=clock())
        if told.thread_kind is ThreadKind.COMMENT:
            _public.note_told(channel_id=channel_id)
        contacts.update_profile(channel_id=channel_id, party=told.author, now=clock())


def _refused(untold: UntoldMessage, error: ConnectorError, version: int, now: datetime) -> None:
    match error.remedy:
        case Remedy.TELL if error.of_public:  # it may be told once somebody has granted that, too
            _public.note_unread(channel_id=untold.message.channel_id, reason=error.reason)
            _later(untold, now, at_last=completing.rest)
        case Remedy.TELL | Remedy.BUG | Remedy.WAIT:
            completing.give_up(untold=untold)
        case Remedy.RECONNECT if untold.asked_since is not None:
            # It was asked for anew because the account was connected or granted more: this is about it, and no account is parked for that
            # again and again. Where it is the account after all, the next call says so.
            completing.rest(untold=untold)
        case Remedy.RECONNECT:  # it waits for somebody, however long that takes
            parking.heed_refusal(
                channel_id=untold.message.channel_id, reason=error.reason, seen_version=version, now=now,
                restricted=error.restricted,
            )  # fmt: skip
            completing.put_back(untold=untold, at=now + UNTIL_CONNECTED)
        case _:
            _later(untold, now, error.retry_at)


def _later(
    untold: UntoldMessage,
    now: datetime,
    at: datetime | None = None,
    at_last: Callable[..., None] = completing.give_up,
) -> None:
    age = now - (untold.asked_since or untold.message.created_at)
    if age > GIVE_UP_AFTER:
        at_last(untold=untold)
    else:
        completing.put_back(untold=untold, at=at or now + min(LONGEST_WAIT, max(FIRST_WAIT, age)))
