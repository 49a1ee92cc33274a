"""What a platform says of the account itself: revoked or restricted parks sending, connected lifts the restriction. Receiving goes on. And what it
answers to a call: that the grant is broken parks sending, too, as long as it is about the grant we have; where it was about the access alone, a
call that is answered with access renewed since lifts it, and a while later one that is answered with that access, for another try."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q

from connectors.actions import scheduling
from connectors.contract import AccountChanged, AccountState, Remedy
from connectors.models import ChannelHealth, Credential, DeliveryAttempt
from inbox import events
from inbox.actions import channels, completing
from inbox.models import ON_ITS_WAY, Channel, ChannelState

log = structlog.get_logger(__name__)
REVOKED = "The platform ended the permission; connect the channel again."
RESTRICTED = "The platform restricted this account for now."
# After access was refused; where it is refused again, as long as that has gone on.
FIRST_TRY = timedelta(minutes=15)
LONGEST_TILL_A_TRY = timedelta(days=1)


@transaction.atomic
def heed_refusal(
    *,
    channel_id: int,
    reason: str,
    seen_version: int,
    now: datetime,
    restricted: bool = False,
    of_access: bool = False,
) -> bool:
    """A call was told that the grant is broken. `seen_version`: of the grant it was made with; 0: none could be read. An answer that
    comes when somebody has consented again, or the grant was renewed, is about one that nobody uses any more. `of_access`: it is the
    access of that version which was refused, and no more was said of the grant."""
    with events.ledger(Channel.objects.values_list("brand_id", flat=True).get(pk=channel_id)):
        newer = Credential.objects.filter(channel_id=channel_id, version__gt=seen_version)
        if seen_version and newer.exists():
            log.info("refusal_of_an_older_grant", channel=channel_id, seen=seen_version)
            return False
        _park(
            channel_id, reason, now, restricted=restricted, refused_version=seen_version if of_access else 0
        )
    return True


@transaction.atomic
def heed_answer(*, channel_id: int, used_version: int, now: datetime) -> None:
    """A call was answered. With access newer than what parked sending it shows that the grant holds; with that very access, that it
    may be accepted again by now: the platform's sign-in alone may have been down for minutes."""
    of_good_access = Q(refused_version__lt=used_version) | Q(
        refused_version=used_version, access_tried_from__lte=now
    )
    is_lifted = ChannelHealth.objects.filter(of_good_access, channel=channel_id, refused_version__gt=0)
    if not is_lifted.exists():
        return
    with events.ledger(Channel.objects.values_list("brand_id", flat=True).get(pk=channel_id)):
        if _is_parked(channel_id) and is_lifted.exists():
            scheduling.hold(channel_ids=[channel_id])
            log.info("refused_access_is_tried_again", channel=channel_id, version=used_version)
            _resume(channel_id, now)


@transaction.atomic
def apply(*, brand_id: int, changes: Sequence[tuple[int, AccountChanged]], now: datetime) -> None:
    """Joins the caller's transaction: what brought the news is read and done together with it."""
    with events.ledger(brand_id):  # the brand's lock comes before every other
        scheduling.hold(channel_ids={channel_id for channel_id, _ in changes})
        for channel_id, change in sorted(changes, key=lambda each: each[1].at):
            if _is_newest(channel_id, change.at):
                _apply(channel_id, change, now)


def _is_newest(channel_id: int, at: datetime) -> bool:
    """Deliveries come late and in any order: news of an earlier grant, or older than what we know, changes nothing."""
    issued_at = Credential.objects.filter(channel_id=channel_id).values_list("issued_at", flat=True).first()
    if issued_at is not None and at < issued_at:
        return False
    health, _ = ChannelHealth.objects.get_or_create(channel_id=channel_id)
    if health.account_news_at is not None and at < health.account_news_at:
        return False
    ChannelHealth.objects.filter(pk=health.pk).update(account_news_at=at)
    return True


def _apply(channel_id: int, change: AccountChanged, now: datetime) -> None:
    match change.state:
        case AccountState.REVOKED:
            _park(channel_id, change.reason or REVOKED, now, restricted=False)
        case AccountState.RESTRICTED:
            _park(channel_id, change.reason or RESTRICTED, now, restricted=True)
        case AccountState.CONNECTED:
            if _is_parked(channel_id) and _is_restricted(channel_id):
                _resume(channel_id, now)
                completing.ask_again(channel_id=channel_id, now=now)


def _resume(channel_id: int, now: datetime) -> None:
    """Replies go, and with them what failed for the same reason."""
    channels.resume_sending(channel_id=channel_id, now=now)
    scheduling.go_on(channel_ids=[channel_id], now=now)


def _park(channel_id: int, reason: str, now: datetime, *, restricted: bool, refused_version: int = 0) -> None:
    """The platform lifts a restriction itself, and renewed access lifts what refused access parked. Where both came, or the grant is
    broken as well, neither helps: a person connects again, whichever came first."""
    is_parked = _is_parked(channel_id)
    if is_parked and not waits_for_access(channel_id):
        refused_version = 0
    if restricted and is_parked and not _is_restricted(channel_id):
        ChannelHealth.objects.filter(channel_id=channel_id).update(refused_version=0)
        return
    next_try = _next_try(channel_id, now) if refused_version else {}
    cause = {"restricted": restricted, "refused_version": refused_version, **next_try}
    ChannelHealth.objects.update_or_create(channel_id=channel_id, defaults=cause)
    channels.park_sending(channel_id=channel_id, reason=reason, now=now)


def _next_try(channel_id: int, now: datetime) -> dict[str, datetime]:
    """Each pause is as long as the access has been refused by then, so that the pauses double."""
    health = ChannelHealth.objects.filter(channel=channel_id).first()
    since = (health.refused_since if health is not None and _is_on_trial(health, now=now) else None) or now
    pause = min(max(now - since, FIRST_TRY), LONGEST_TILL_A_TRY)
    return {"refused_since": since, "access_tried_from": now + pause}


def is_unproven(health: ChannelHealth, *, now: datetime) -> bool:
    """Whether nothing shows yet that access is accepted again, though replies may go. What answered a call and was renewed since is good,
    unless replies that were refused wait for their turn with it."""
    if not _is_on_trial(health, now=now):
        return False
    renewed = Credential.objects.filter(channel=health.channel_id, version__gt=health.refused_version)
    refused = DeliveryAttempt.objects.filter(outcome=Remedy.REFRESH, message__channel=health.channel_id)
    return not renewed.exists() or refused.filter(message__state__in=ON_ITS_WAY).exists()


def _is_on_trial(health: ChannelHealth, *, now: datetime) -> bool:
    """Whether refused access is being tried again, or soon will be, and no reply has left since it was refused."""
    tried_from, since, sent = health.access_tried_from, health.refused_since, health.last_sent_at
    if not health.refused_version or tried_from is None or since is None:
        return False
    return tried_from > now - LONGEST_TILL_A_TRY and (sent is None or sent < since)


def _is_parked(channel_id: int) -> bool:
    return Channel.objects.filter(pk=channel_id, state=ChannelState.NEEDS_RECONNECT).exists()


def _is_restricted(channel_id: int) -> bool:
    return ChannelHealth.objects.filter(channel_id=channel_id, restricted=True).exists()


def waits_for_access(channel_id: int) -> bool:
    """Whether renewed access is all that a parked channel lacks, as far as we were told."""
    return ChannelHealth.objects.filter(channel_id=channel_id, refused_version__gt=0).exists()
