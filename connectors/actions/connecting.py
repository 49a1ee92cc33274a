"""A brand's account comes in: consent in a browser, the grant sealed, deliveries asked for, syncs scheduled."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog
from django.db import IntegrityError, transaction

from connectors import clock as clocks
from connectors import contexts, sealing
from connectors.actions import (
    _covering,
    _handing_over,
    addressing,
    backfilling,
    planning,
    refreshing,
    scheduling,
)
from connectors.contract import Account, ConnectorError, Grant, Remedy
from connectors.models import (
    ChannelHealth,
    Credential,
    PendingConsent,
    PlatformApp,
    SyncSchedule,
    Task,
)
from inbox import events, platforms
from inbox.actions import channels, completing, recording
from inbox.models import Brand, Channel, ChannelState, Person

log = structlog.get_logger(__name__)
CONSENT_LASTS = timedelta(minutes=15)
STATE = re.compile(r"[A-Za-z0-9_-]{20,100}", re.ASCII)
NO_CONSENT = "This answer belongs to no consent of yours that is under way. Start again."
JUST_NOW = "This account is being connected by somebody else at this moment."
NOT_CONFIRMED = "The platform has not confirmed the connection yet."
Note = Callable[[str], object]
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class ConnectionRefused(Exception):
    """The account cannot be connected; the words say why and what to do."""


@transaction.atomic(durable=True)
def register_app(
    *,
    platform: str,
    client_id: str,
    secrets: Mapping[str, object],
    origins: Mapping[str, str],
    now: datetime,
) -> PlatformApp:
    """Keep our registration at a platform. `secrets`: client_secret, webhook_secrets, verify_token, bearer, application_id."""
    app, is_new = PlatformApp.objects.update_or_create(
        platform=platforms.get(platform).key,
        name="default",
        defaults={"client_id": client_id, "sealed": sealing.seal(secrets), "origins": dict(origins)},
    )
    if not is_new:  # no audited column says that the secrets are others
        recording.record(
            brand=None, by=None, act="registered again", subject="platform app", subject_name=app.platform, now=now,
        )  # fmt: skip
        scheduling.try_again(app=app, now=now)
    return app


@transaction.atomic(durable=True)
def start(
    *,
    app: PlatformApp,
    brand: Brand,
    person: Person,
    now: datetime,
    backfill_days: int | None = None,
    channel: Channel | None = None,
) -> str:
    """The address of the platform's consent page. What must come back with the answer is kept, for this person only.
    `backfill_days`: how much of the past is to come in; 0 none, None all that the platform tells. `channel`: whose grant is to be renewed;
    None: any account may be chosen."""
    PendingConsent.objects.filter(created_at__lt=now - CONSENT_LASTS).delete()
    state = secrets.token_urlsafe(32)
    connector, context = contexts.of_app(app, now=now)
    authorisation = connector.authorise(context, addressing.redirect_uri(app.platform), state)
    PendingConsent.objects.create(
        state=state,
        app=app,
        brand=brand,
        person=person,
        sealed_verifier=sealing.seal({"verifier": authorisation.verifier}),
        backfill_days=backfill_days,
        channel=channel,
    )
    return authorisation.url


@transaction.atomic(durable=True)
def forget_consents() -> None:
    """Those under way in browsers: they belong to a database that is no more."""
    PendingConsent.objects.all().delete()


@transaction.atomic(durable=True)
def take_consent(*, state: str, person: Person, now: datetime) -> PendingConsent:
    """The consent this answer belongs to, once: somebody else's, an old one and a second use do not exist."""
    if not STATE.fullmatch(state):
        raise ConnectionRefused(NO_CONSENT)
    consent = (
        PendingConsent.objects.select_for_update(of=("self",))
        .select_related("app", "brand", "channel")
        .filter(state=state, person=person, created_at__gte=now - CONSENT_LASTS)
        .first()
    )
    if consent is None:
        raise ConnectionRefused(NO_CONSENT)
    consent.delete()
    return consent


def finish(*, consent: PendingConsent, code: str, now: datetime, note: Note | None = None) -> Channel:
    """The platform said yes: exchange the code, keep the grant, ask for deliveries. `note`: told what could not be done besides."""
    kept = sealing.unseal(consent.sealed_verifier)
    connector, context = contexts.of_app(consent.app, now=now)
    try:
        grant = connector.exchange(
            context, code, addressing.redirect_uri(consent.app.platform), kept["verifier"]
        )
    except ConnectorError as error:
        raise ConnectionRefused(error.reason) from error
    if consent.channel is not None:
        _refuse_another(consent.channel, grant.account)
    return connect(
        app=consent.app, brand=consent.brand, grant=grant, now=now, by=consent.person, backfill_days=consent.backfill_days, note=note
    )  # fmt: skip


def _refuse_another(channel: Channel, account: Account) -> None:
    """Whoever renews one account's grant while the browser is signed in as another would bring that one's messages in."""
    if _handing_over.is_of(channel, account):
        return
    chosen = account.name or account.handle or "another account"
    raise ConnectionRefused(
        f"At the platform “{chosen}” was chosen, and this is the connection of “{channel.name}”. Nothing was changed. Sign in there as"
        f" {channel.name} and connect again, or connect {chosen} as an account of its own, from the list of channels."
    )


def connect(
    *,
    app: PlatformApp,
    brand: Brand,
    grant: Grant,
    now: datetime,
    by: Person | None = None,
    backfill_days: int | None = None,
    note: Note | None = None,
) -> Channel:
    """Keep a grant and open the ways in. Connecting again renews the grant, lets parked replies go, and looks at once for what was
    missed meanwhile."""
    with (
        transaction.atomic(durable=True),
        events.ledger(brand.pk),
    ):  # the brand's lock comes before every other
        channel, left_out = _keep(
            app=app, brand=brand, grant=grant, by=by, backfill_days=backfill_days, now=now
        )
    if left_out and note is not None:
        note(f"What you chose of its past is not asked for: {left_out}")
    subscribe(channel=channel, now=now)
    # What a look found before is over, and the next one has not been made: until then nobody knows.
    ChannelHealth.objects.filter(channel=channel).update(
        subscribed=None,
        subscription_said="",
        subscription_checked_at=None,
        mending_failed_since=None,
        public_unread="",
        public_unanswered="",
        restricted=False,
        refused_version=0,
    )
    completing.ask_again(channel_id=channel.pk, now=now)
    channels.resume_sending(channel_id=channel.pk, now=now)
    channel.refresh_from_db()
    if channel.state == ChannelState.DISCONNECTED:
        raise ConnectionRefused(f"{channel.state_reason} That was while it was being connected.")
    log.info("channel_connected", channel=channel.pk, platform=channel.platform)
    return channel


def _keep(
    *, app: PlatformApp, brand: Brand, grant: Grant, by: Person | None, backfill_days: int | None, now: datetime
) -> tuple[Channel, str]:  # fmt: skip
    account = grant.account
    try:
        channel = _handing_over.channel_of(account, platform=app.platform, brand=brand)
    except _handing_over.Taken:
        raise ConnectionRefused(
            f"{account.name or account.handle or 'This account'} is connected by another brand already."
            " Once an administrator there has retired it, it can be connected here."
        ) from None
    name = (account.name or account.handle or account.external_id)[:120]
    if channel is None:
        try:
            with transaction.atomic():
                channel = Channel.objects.create(
                    brand=brand,
                    platform=app.platform,
                    external_id=account.external_id,
                    name=name,
                    handle=account.handle[:120],
                    state=ChannelState.NEEDS_RECONNECT,
                    state_reason=NOT_CONFIRMED,
                )
        except IntegrityError:
            raise ConnectionRefused(JUST_NOW) from None
    else:
        scheduling.hold(channel_ids=[channel.pk])
        # What comes from here on is let in.
        if channels.take_back(channel_id=channel.pk, reason=NOT_CONFIRMED, now=now):
            ChannelHealth.objects.filter(channel=channel).update(restricted=False, refused_version=0)
            _covering.end_gaps(channel.pk, now=now)
            channel.refresh_from_db()
        channel.external_id, channel.name, channel.handle = account.external_id, name, account.handle[:120]
        try:
            with transaction.atomic():
                channel.save(update_fields=["external_id", "name", "handle"])
        except IntegrityError:  # another brand took it meanwhile
            raise ConnectionRefused(JUST_NOW) from None
    credential = Credential.objects.select_for_update().filter(channel=channel).first()
    columns = refreshing.columns(grant.tokens, now)
    if credential is None:
        Credential.objects.create(channel=channel, app=app, **columns)
    else:
        Credential.objects.filter(pk=credential.pk).update(
            app=app, version=credential.version + 1, refresh_lease_until=None, refresh_error="", **columns
        )
        ChannelHealth.objects.filter(channel=channel).update(
            speaks_for="",  # what the new grant is for is told anew
            refused_version=0,  # and sending waits until it is confirmed
        )
        # The audit log's triggers leave out what a refresh writes, and a grant that is as it was but somebody else's is all of that.
        recording.record(
            brand=brand, by=by, act="connected again", subject="grant", subject_id=credential.pk, subject_name=name, now=now
        )  # fmt: skip
    _schedule(channel, now)
    return channel, backfilling.ask_with_consent(channel=channel, days=backfill_days, by=by, now=now)


def _schedule(channel: Channel, now: datetime) -> None:
    """A new channel's past is a backfill's affair, and what comes from now on a reconcile's. Of one that is connected again the
    schedules go on where they stood: they know what is missing. A backfill that is planned was put to rest when the channel was retired."""
    is_new = not SyncSchedule.objects.filter(channel=channel).exists()
    planning.give_defaults(channel, now)
    mine = SyncSchedule.objects.filter(channel=channel)
    if is_new:
        mine.filter(task=Task.RECONCILE).update(cursor=scheduling.Walk(now, None, "").written())
    else:
        mine.filter(task=Task.BACKFILL, days__isnull=False).update(next_run_at=now)
        scheduling.go_on(
            channel_ids=[channel.pk], now=now, at_once=(Task.POLL, Task.RECONCILE, Task.BACKFILL)
        )


def our_door(channel: Channel) -> str:
    """Where the platform is asked to deliver. Raises ConnectionRefused where it would not."""
    url = addressing.callback_url(channel)
    parts = urlsplit(url)
    delivers = platforms.get(channel.platform).receive.mode == "webhook"
    if delivers and parts.scheme != "https" and parts.hostname not in LOCAL_HOSTS:
        raise ConnectionRefused("Platforms deliver to https addresses only: set PARLEY_PUBLIC_URL to one.")
    return url


def subscribe(*, channel: Channel, now: datetime) -> None:
    """Ask the platform to deliver to our door, or, where it is polled, to keep for us what we will poll."""
    url = our_door(channel)
    connector, context, credential = contexts.of_channel(channel, now=now)
    try:
        try:
            connector.subscribe(context, url)
        except ConnectorError as error:
            if error.remedy is not Remedy.REFRESH:
                raise
            tokens = refreshing.refresh(
                channel_id=channel.pk, seen_version=credential.version, clock=clocks.from_(now)
            )
            connector.subscribe(replace(context, tokens=tokens), url)
    except ConnectorError as error:
        raise ConnectionRefused(
            f"The grant is kept, but deliveries could not be asked for: {error.reason}"
        ) from error
