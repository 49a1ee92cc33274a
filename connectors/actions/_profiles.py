"""One question who somebody is, and what follows from the answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto

import structlog
from django.db import OperationalError

from connectors.actions import budgets
from connectors.actions._refused import is_throttle
from connectors.contract import Connector, ConnectorError, Context, RateNotice, Remedy
from inbox import platforms
from inbox.actions import contacts
from inbox.models import Handle

log = structlog.get_logger(__name__)
COOL_DOWN = timedelta(seconds=30)
TOO_LATE = ("connect", "timeout", "slow")  # as the HTTP client names it


class Came(Enum):
    """Of a question who somebody is."""

    ANSWER = auto()
    FAULT = auto()  # of the platform's, in the middle of others' answers: it may be about this person alone
    NOTHING_MORE = auto()  # the account is left alone for now


def look_up(handle: Handle, connector: Connector, context: Context, now: datetime) -> Came:
    """Raises OperationalError: somebody holds its brand."""
    try:
        party = connector.profile(context, handle.external_id)
        contacts.update_profile(channel_id=handle.channel_id, party=party, now=now, others_wait=True)
    except ConnectorError as error:
        budgets.keep(channel_id=handle.channel_id, notices=error.rates, now=now)
        if may_be_of_one(error):
            return Came.FAULT
        if error.remedy in (Remedy.RETRY, Remedy.REFRESH, Remedy.RECONNECT, Remedy.UNKNOWN):
            leave_alone(handle.channel_id, error.retry_at, now)
            return Came.NOTHING_MORE
        contacts.note_looked_up(channel_id=handle.channel_id, external_id=handle.external_id, now=now)
    except OperationalError:
        raise
    except Exception:
        log.exception("profile_failed", handle=handle.pk)
        contacts.note_looked_up(channel_id=handle.channel_id, external_id=handle.external_id, now=now)
    return Came.ANSWER


def may_be_of_one(error: ConnectorError) -> bool:
    """A fault that says nothing of limits or of the line: it may be about the person who was asked about."""
    is_fault = error.remedy in (Remedy.RETRY, Remedy.UNKNOWN) and error.retry_at is None
    return is_fault and not is_throttle(error) and error.code not in TOO_LATE


def leave_alone(channel_id: int, until: datetime | None, now: datetime) -> None:
    pause = RateNotice(bucket="profile", remaining=0, resets_at=until or now + COOL_DOWN)
    budgets.keep(channel_id=channel_id, notices=[pause], now=now)


def may_only_be_cached(handle: Handle) -> bool:
    """Then what the platform told before is no answer any more to what it tells now."""
    return platforms.get(handle.channel.platform).profile_cache is not None
