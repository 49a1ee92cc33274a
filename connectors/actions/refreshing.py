"""New tokens for old. One refresh at a time per account, stored before use: a rotated token that is lost loses the account."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q

from connectors import contexts, sealing
from connectors.actions import parking
from connectors.clock import Clock
from connectors.contract import ConnectorError, Remedy, Tokens
from connectors.http import Before
from connectors.models import Credential
from connectors.queries import grants
from inbox import platforms
from inbox.models import Channel, ChannelState

log = structlog.get_logger(__name__)
# Longer than the slowest answer may take (connectors.http) and a new token may then wait for the database: who took over meanwhile
# would spend the old one again.
LEASE = timedelta(seconds=300)
LOSER_WAITS = 30.0  # seconds
LOOK_EVERY = 0.1
STORE_PAUSES = (
    0.2,
    0.5,
    1,
    2,
    4,
    8,
    8,
    8,
    8,
    8,
    8,
)  # seconds; about as long as a database takes to start again
USABLE_FOR = timedelta(seconds=20)  # a token that ends sooner is refreshed before it is used
RENEWED = "The channel was connected again while an older permission was being renewed."
NOT_CONNECTED = "The channel is not connected; connect it again."
NO_RIGHT = "The platform gave no right to renew this permission any further; it holds until its end."
TOO_LATE = "The permission has ended and cannot be renewed; connect the channel again."


class AppRefused(ConnectorError):
    """The platform renews nothing for our app as it is registered, and said nothing of the grant: to connect again helps nobody."""


def is_due_before_use(credential: Credential, *, now: datetime) -> bool:
    ends = credential.expires_at is not None and credential.expires_at <= now + USABLE_FOR
    return ends and platforms.get(credential.app.platform).auth.refresh != "none"


def refresh(
    *, channel_id: int, seen_version: int, clock: Clock, watch: Before | None = None, ahead: bool = False
) -> Tokens:
    """Tokens newer than the version the caller saw. Whoever comes second waits for the first one's. `watch`: called ahead of each
    request. `ahead`: what we have still holds, so that nothing need wait for this.

    Raises ConnectorError: RECONNECT has parked the channel already, RETRY means later. AppRefused has parked it, too, unless it was
    asked for ahead of time, until a later renewal is answered.
    """
    if _take_lease(channel_id, seen_version, clock()):
        return _refresh_as_winner(channel_id, seen_version, clock, watch, ahead=ahead)
    return _wait_for_winner(channel_id, seen_version, clock)


@transaction.atomic
def _take_lease(channel_id: int, seen_version: int, now: datetime) -> bool:
    free = Q(refresh_lease_until=None) | Q(refresh_lease_until__lt=now)
    return bool(
        Credential.objects.filter(free, channel_id=channel_id, version=seen_version).update(
            refresh_lease_until=now + LEASE
        )
    )


def _refresh_as_winner(
    channel_id: int, seen_version: int, clock: Clock, watch: Before | None, *, ahead: bool
) -> Tokens:
    channel = Channel.objects.get(pk=channel_id)
    try:
        if platforms.get(channel.platform).auth.refresh == "none":
            raise ConnectorError(TOO_LATE, remedy=Remedy.RECONNECT)
        connector, context, _ = contexts.of_channel(channel, now=clock())
        if watch is not None:
            context = replace(context, http=context.http.watched(watch))
        tokens = connector.refresh(context)
    except ConnectorError as error:
        passes = error.remedy in (Remedy.RETRY, Remedy.UNKNOWN, Remedy.WAIT)
        of_app = error.remedy in (Remedy.BUG, Remedy.TELL)  # a grant that is refused is RECONNECT
        _give_up_lease(channel_id, seen_version, "" if passes else error.reason)
        log.warning("refresh_failed", channel=channel_id, remedy=error.remedy.value, code=error.code)
        if of_app:
            log.error("app_refused", channel=channel_id, platform=channel.platform, code=error.code)
        if passes:
            raise ConnectorError(
                error.reason,
                remedy=Remedy.RETRY,
                code=error.code,
                retry_at=error.retry_at,
                rates=error.rates,
                throttled=error.throttled,
            ) from error
        if of_app and ahead:
            raise AppRefused(error.reason, remedy=Remedy.REFRESH, code=error.code) from error
        parked = parking.heed_refusal(
            channel_id=channel_id,
            reason=error.reason,
            seen_version=seen_version,
            now=clock(),
            of_access=of_app,
        )
        if not parked:
            raise ConnectorError(RENEWED, remedy=Remedy.RETRY, code=error.code) from error
        if of_app:
            raise AppRefused(error.reason, remedy=Remedy.REFRESH, code=error.code) from error
        raise ConnectorError(error.reason, remedy=Remedy.RECONNECT, code=error.code) from error
    except Exception:  # nobody was asked, or it is a fault of ours: nothing is wrong with the grant
        _give_up_lease(channel_id, seen_version)
        raise
    _store_surely(channel_id, seen_version, tokens, clock)
    log.info("token_refreshed", channel=channel_id, version=seen_version + 1)
    return tokens


def _store_surely(channel_id: int, seen_version: int, tokens: Tokens, clock: Clock) -> None:
    """The old token may be spent already: while the database is away for a moment, the new one lives in here alone."""
    for pause in STORE_PAUSES:
        try:
            return _store(channel_id, seen_version, tokens, clock())
        except (OperationalError, InterfaceError) as error:
            if connection.in_atomic_block:
                raise
            log.warning("refresh_not_stored_yet", channel=channel_id, error=type(error).__name__)
            connection.close()
            time.sleep(pause)
    return _store(channel_id, seen_version, tokens, clock())


@transaction.atomic
def _store(channel_id: int, seen_version: int, tokens: Tokens, now: datetime) -> None:
    stored = Credential.objects.filter(channel_id=channel_id, version=seen_version).update(
        version=F("version") + 1, refresh_lease_until=None, refresh_error="", **columns(tokens, now)
    )
    if not stored:
        # Somebody connected the channel anew meanwhile; their grant is the newer one.
        log.warning("refresh_outdated", channel=channel_id, version=seen_version)


def columns(tokens: Tokens, now: datetime) -> dict[str, object]:
    """Tokens as the columns of a credential."""
    return {
        "sealed": sealing.seal({"access": tokens.access, "refresh": tokens.refresh}),
        "scopes": list(tokens.scopes),
        "issued_at": tokens.issued_at or now,
        "expires_at": tokens.expires_at,
        "refresh_expires_at": tokens.refresh_expires_at,
    }


@transaction.atomic
def _give_up_lease(channel_id: int, seen_version: int, refused: str = "") -> None:
    """`refused`: why the platform renews it no more. What passes by itself is told by whatever it kept from being done, and not of the grant:
    it would stand there until the next renewal, for weeks where that is due in weeks."""
    mine = Credential.objects.filter(channel_id=channel_id, version=seen_version)
    mine.update(refresh_lease_until=None, **({"refresh_error": refused[:300]} if refused else {}))


def _wait_for_winner(channel_id: int, seen_version: int, clock: Clock) -> Tokens:
    for _ in range(int(LOSER_WAITS / LOOK_EVERY)):
        credential = Credential.objects.select_related("channel").get(channel_id=channel_id)
        if credential.channel.state == ChannelState.DISCONNECTED:
            raise ConnectorError(contexts.RETIRED, remedy=Remedy.RECONNECT)
        if credential.version > seen_version:
            return contexts.tokens_of(credential)
        lease = credential.refresh_lease_until
        if lease is None or lease < clock():
            parked = credential.channel.state != ChannelState.CONNECTED
            for_good = parked and not parking.waits_for_access(channel_id)
            remedy = Remedy.RECONNECT if for_good else Remedy.RETRY
            raise ConnectorError(
                credential.refresh_error or "The permission could not be renewed yet.", remedy=remedy
            )
        time.sleep(LOOK_EVERY)
    raise ConnectorError("Another worker is still renewing the permission.", remedy=Remedy.RETRY)


def refresh_if_due(
    *, channel_id: int, clock: Clock, at_once: bool = False, watch: Before | None = None
) -> str:
    """Renew the grant when it ends soon, by the platform's own margin; `at_once`: as soon as the platform allows it. The answer: why
    it was not renewed; empty: it was."""
    credential = Credential.objects.select_related("channel").filter(channel_id=channel_id).first()
    if credential is None:
        return NOT_CONNECTED
    try:
        kept = why_not(credential, now=clock(), at_once=at_once)
    except platforms.UnknownPlatform as missing:
        raise contexts.NotReady(str(missing)) from missing
    if kept:
        return kept
    refresh(channel_id=channel_id, seen_version=credential.version, clock=clock, watch=watch, ahead=True)
    return ""


def may_be_renewed(credential: Credential, *, now: datetime, at_once: bool = False) -> bool:
    return not why_not(credential, now=now, at_once=at_once)


def why_not(credential: Credential, *, now: datetime, at_once: bool = False) -> str:
    rules = platforms.get(credential.channel.platform).auth
    if rules.refresh == "none":
        return "The platform renews no permission without a person."
    if credential.channel.state != ChannelState.CONNECTED:
        return NOT_CONNECTED
    if credential.issued_at > now - rules.refresh_min_age:
        return "The platform does not renew a permission that is so new."
    ends_soon = credential.expires_at is not None and credential.expires_at <= now + rules.refresh_before
    if not (at_once or ends_soon):
        return "It does not end soon."
    return "" if grants.is_renewed(credential, now=now) else NO_RIGHT
