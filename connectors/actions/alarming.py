"""What people must know of a channel: told once, in the app and by mail, and not again until it has changed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from smtplib import SMTPAuthenticationError, SMTPException

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from connectors.actions import _covering, connecting, listening, parking
from connectors.models import Alarm, AlarmKind, AlarmMail, GapCause, SyncSchedule, Task
from connectors.queries import grants
from connectors.rules.remedies import OF_APP, RESTRICTED, THROTTLED, fix_for
from inbox import access, mail_server, platforms
from inbox.actions import announcing
from inbox.models import Channel, ChannelState, NotificationKind, Person

log = structlog.get_logger(__name__)
FAILURES = 3  # in a row; one is weather
CONFIRMED_WITHIN = timedelta(minutes=2)  # a new connection: the platform is being asked for its deliveries
ENDS_SOON = timedelta(days=7)
MAIL_AGAIN = timedelta(
    hours=1
)  # to whom it was refused: a mail server may say no to one address and take the next
MAIL_FOR = timedelta(days=1)
MAIL_SECONDS = 20.0  # of one look, and the mail that is on its way; the rest leaves with the next look
WORDS = {
    AlarmKind.DISCONNECTED: "is disconnected",
    AlarmKind.RESTRICTED: "is restricted by its platform",
    AlarmKind.NOT_SUBSCRIBED: "is not delivered to us",
    AlarmKind.SILENT: "is silent",
    AlarmKind.FAILING: "cannot be synced",
    AlarmKind.ENDING: "must be connected again soon",
}
Key = tuple[int, str, str]  # channel, kind, and of what fails the task: one that fails hides no other


def look(*, now: datetime) -> int:
    """At every channel. How many alarms are new; those whose cause is gone are cleared."""
    channels = {
        channel.pk: channel
        for channel in Channel.objects.select_related("brand", "health", "credential").exclude(
            state=ChannelState.DISCONNECTED
        )
    }
    found = {
        **_states(channels, now),
        **_ending(channels, now),
        **_failing(channels),
        **_silent(channels, now),
    }
    known = set(Alarm.objects.filter(cleared_at=None).values_list("channel_id", "kind", "task"))
    # That somebody tries again, or pauses it, mends nothing: only what succeeds does.
    unproven = _not_succeeding(channels) | _not_looked_at(channels) | _on_trial(channels, now)
    for key in sorted(known - set(found) - unproven):
        _clear(key, now)
    new = 0
    for (channel_id, kind, task), said in sorted(found.items()):
        if (channel_id, kind, task) not in known:
            new += _raise(channels[channel_id], AlarmKind(kind), task, said, now)
    return new


def _states(channels: Mapping[int, Channel], now: datetime) -> dict[Key, str]:
    found: dict[Key, str] = {}
    for pk, channel in channels.items():
        health = getattr(channel, "health", None)
        if channel.state_reason == connecting.NOT_CONFIRMED and _is_being_connected(channel, now):
            continue
        if channel.state == ChannelState.NEEDS_RECONNECT and (health is not None or channel.state_reason):
            said = channel.state_reason or "Nobody said why."
            short = said if len(said) <= 100 else f"{said[:99]}…"
            if health is not None and health.is_restriction:
                found[pk, AlarmKind.RESTRICTED, ""] = f"{short} {fix_for(RESTRICTED).text}"
            elif health is not None and health.is_of_app:
                found[pk, AlarmKind.DISCONNECTED, ""] = f"{short} {fix_for(OF_APP).text}"
            else:
                found[pk, AlarmKind.DISCONNECTED, ""] = said
        elif health is not None and health.subscribed is False:
            found[pk, AlarmKind.NOT_SUBSCRIBED, ""] = health.subscription_said
    return found


def _ending(channels: Mapping[int, Channel], now: datetime) -> dict[Key, str]:
    """What nobody renews but a person."""
    found: dict[Key, str] = {}
    for pk, channel in channels.items():
        credential = getattr(channel, "credential", None)
        if credential is None or channel.state != ChannelState.CONNECTED:
            continue
        try:
            ends = grants.ends_for_good(credential, now=now)
        except platforms.UnknownPlatform:  # its connector is not installed: nobody can say
            continue
        if ends is not None and now < ends <= now + ENDS_SOON:
            found[pk, AlarmKind.ENDING, ""] = (
                f"Its permission ends on {ends:%-d %B, %H:%M} UTC, and the platform renews it no further. Connect the account again before."
            )
    return found


def _is_being_connected(channel: Channel, now: datetime) -> bool:
    """A new one, or one that was retired and is taken back."""
    credential = getattr(channel, "credential", None)
    began = max(channel.created_at, credential.issued_at) if credential is not None else channel.created_at
    return began > now - CONFIRMED_WITHIN


def _failing(channels: Mapping[int, Channel]) -> dict[Key, str]:
    failing = _wanted(channels).filter(failures__gte=FAILURES, paused=False).exclude(last_remedy=THROTTLED)
    return {
        (schedule.channel_id, AlarmKind.FAILING, schedule.task): (
            f"{Task(schedule.task).label}: {schedule.last_error} {fix_for(schedule.last_remedy).text}"
        )
        for schedule in failing
        if channels[schedule.channel_id].state == ChannelState.CONNECTED
    }


def _not_succeeding(channels: Mapping[int, Channel]) -> set[Key]:
    failing = _wanted(channels).exclude(last_error="").values_list("channel_id", "task")
    return {(channel_id, AlarmKind.FAILING.value, task) for channel_id, task in failing}


def _not_looked_at(channels: Mapping[int, Channel]) -> set[Key]:
    """Connected again, and the platform has not been asked yet whether it delivers now."""
    return {
        (pk, AlarmKind.NOT_SUBSCRIBED.value, "")
        for pk, channel in channels.items()
        if channel.state == ChannelState.CONNECTED
        and (health := getattr(channel, "health", None)) is not None
        and health.subscribed is None
    }


def _on_trial(channels: Mapping[int, Channel], now: datetime) -> set[Key]:
    """Sending goes on for a try after access was refused. Where it is refused once more, nothing is new."""
    return {
        (pk, AlarmKind.DISCONNECTED.value, "")
        for pk, channel in channels.items()
        if channel.state == ChannelState.CONNECTED
        and (health := getattr(channel, "health", None)) is not None
        and parking.is_unproven(health, now=now)
    }


def _wanted(channels: Mapping[int, Channel]) -> QuerySet[SyncSchedule]:
    """What will run again by itself. A backfill that gave up or was stopped waits for somebody to ask: nothing fails there."""
    return SyncSchedule.objects.filter(channel__in=channels).exclude(next_run_at=None)


def _silent(channels: Mapping[int, Channel], now: datetime) -> dict[Key, str]:
    listened = [channel for channel in channels.values() if channel.state == ChannelState.CONNECTED]
    return {
        (pk, AlarmKind.SILENT, ""): (
            f"Nobody has written since {silent.since:%-d %B, %H:%M} UTC; about {round(silent.expected)} messages were to be"
            " expected. Look at the platform's side on the connection page."
        )
        for pk, silent in listening.silences(listened, now=now).items()
    }  # fmt: skip


@transaction.atomic
def _clear(key: Key, now: datetime) -> None:
    channel_id, kind, task = key
    Alarm.objects.filter(channel=channel_id, kind=kind, task=task, cleared_at=None).update(cleared_at=now)


@transaction.atomic(durable=True)
def _raise(channel: Channel, kind: AlarmKind, task: str, said: str, now: datetime) -> bool:
    """Once: of two that see it at the same time one makes the row."""
    alarm, is_new = Alarm.objects.get_or_create(
        channel=channel,
        kind=kind,
        task=task,
        cleared_at=None,
        defaults={"said": said[:300], "raised_at": now},
    )
    if not is_new:
        return False
    if kind in listening.OUTAGES:
        since = _covering.complete_until(channel.pk) or now
        _covering.begin_gap(channel.pk, GapCause.DISCONNECTED, since=since, now=now)
    people = access.who_may(channel.brand, access.Permission.RUN_CHANNELS)
    text = f"{headline(channel, kind)}. {said}"
    announcing.tell_of_channel(
        channel=channel, kind=NotificationKind.CHANNEL, matter=f"{kind}/{task}", people=people, text=text, now=now
    )  # fmt: skip
    log.warning("alarm_raised", channel=channel.pk, kind=kind.value, alarm=alarm.pk)
    return True


def headline(channel: Channel, kind: str) -> str:
    try:
        label = platforms.get(channel.platform).label
    except platforms.UnknownPlatform:
        label = channel.platform
    return f"{channel.name} on {label} {WORDS.get(AlarmKind(kind), kind)}"


def mail_due(*, now: datetime, limit: int = 20, seconds: float = MAIL_SECONDS) -> int:
    """Each alarm by one mail to each person, claimed before it is sent: what one mail server thinks of one address sends nobody
    else theirs again. Who was refused is tried again later; where no server answers, at the next look; where none is set,
    the bell alone has rung, and no row says that a mail left."""
    if not mail_server.is_set():
        return 0
    until = time.monotonic() + seconds
    # What was mended before it could be mailed needs no mail: it would say what is so no more.
    due = Alarm.objects.filter(mailed_at=None, cleared_at=None, raised_at__gte=now - MAIL_FOR)
    sent = tried = 0
    for alarm in due.select_related("channel__brand").order_by("pk"):
        left = 0
        for person in access.who_may(alarm.channel.brand, access.Permission.RUN_CHANNELS):
            if tried >= limit or time.monotonic() > until:
                return sent
            if not _claim_mail(alarm, person, now):
                left += not _has_left(alarm, person)
                continue
            if not tried and (error := _why_no_server(alarm)) is not None:
                # A wrong password is tried once an hour for each address: servers lock accounts that sign in wrongly every few seconds.
                if not isinstance(error, SMTPAuthenticationError):
                    _unclaim_mail(alarm, person)
                return sent
            tried += 1
            try:
                _mail(alarm, person)
            except OSError as error:  # SMTP's own errors are of this kind, too
                log.warning("alarm_not_mailed", alarm=alarm.pk, person=person.pk, error=type(error).__name__)
                left += 1
                if not isinstance(error, SMTPException | TimeoutError):
                    _unclaim_mail(alarm, person)
                    return sent
                if isinstance(error, TimeoutError):
                    return sent  # the next address would wait as long; it has its turn at the next look
            else:
                _note_sent(alarm, person, now)
                sent += 1
        if not left:
            _note_mailed(alarm, now)
    return sent


def _why_no_server(alarm: Alarm) -> OSError | None:
    """None: one answers and lets us in. Where it drops what comes to it, each address would wait for its own end of patience."""
    connection = get_connection()
    try:
        connection.open()
    except OSError as error:
        log.warning("mail_server_does_not_answer", alarm=alarm.pk, error=type(error).__name__)
        return error
    connection.close()
    return None


@transaction.atomic
def _claim_mail(alarm: Alarm, person: Person, now: datetime) -> bool:
    mail, is_new = AlarmMail.objects.get_or_create(alarm=alarm, person=person, defaults={"tried_at": now})
    if is_new:
        return True
    # Refused, or whoever claimed it died before the server's word: nobody knows, and twice is better than never.
    again = AlarmMail.objects.filter(pk=mail.pk, sent_at=None, tried_at__lte=now - MAIL_AGAIN)
    return bool(again.update(tried_at=now))


def _has_left(alarm: Alarm, person: Person) -> bool:
    return AlarmMail.objects.filter(alarm=alarm, person=person, sent_at__isnull=False).exists()


@transaction.atomic
def _unclaim_mail(alarm: Alarm, person: Person) -> None:
    AlarmMail.objects.filter(alarm=alarm, person=person).delete()


@transaction.atomic
def _note_sent(alarm: Alarm, person: Person, now: datetime) -> None:
    AlarmMail.objects.filter(alarm=alarm, person=person).update(sent_at=now)


@transaction.atomic
def _note_mailed(alarm: Alarm, now: datetime) -> None:
    Alarm.objects.filter(pk=alarm.pk).update(mailed_at=now)


def _mail(alarm: Alarm, person: Person) -> None:
    channel = alarm.channel
    page = reverse("connectors:connection", args=[channel.brand.slug, channel.public_id])
    said = " ".join(headline(channel, alarm.kind).split())  # a name with a line break is no subject
    body = (
        f"{said}.\n\n{alarm.said}\n\nWhat is wrong and how to mend it: {settings.PARLEY_PUBLIC_URL}{page}\n\n"
        "You get this once, and again only after it has changed.\n"
    )
    EmailMessage(f"Parley: {said}", body, to=[person.email]).send()
