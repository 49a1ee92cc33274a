"""What people must know of a channel: told once, in the app and by mail, and not again until it has changed."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from smtplib import SMTPAuthenticationError, SMTPException

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.urls import reverse

from connectors.actions import _covering, _troubles, listening, scheduling
from connectors.actions._troubles import Key, Trouble
from connectors.models import Alarm, AlarmKind, AlarmMail, GapCause
from connectors.rules import remedies
from connectors.rules.silence import Ear
from inbox import access, mail_server, platforms
from inbox.actions import announcing
from inbox.models import Channel, ChannelState, NotificationKind, Person

log = structlog.get_logger(__name__)
# Something else, before people are told of it: a sync that fails now of this and now of that has had another turn by then.
LASTS = {AlarmKind.FAILING: scheduling.MAX_BACK_OFF + timedelta(minutes=5)}
LASTS_ELSE = timedelta(minutes=2)
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


def look(*, now: datetime, ear: Ear | None = None) -> int:
    """At every channel. How many alarms are new; those whose cause is gone are cleared, and one of which something else is to be done by
    now makes room for its like. `ear`: when the house was there to hear; None: ever."""
    channels = {
        channel.pk: channel
        for channel in Channel.objects.select_related("brand", "health", "credential").exclude(
            state=ChannelState.DISCONNECTED
        )
    }
    found = _troubles.of(channels, now=now, ear=ear)
    known = {(each.channel_id, each.kind, each.task): each for each in Alarm.objects.filter(cleared_at=None)}
    # That somebody tries again, or pauses it, mends nothing: only what succeeds does.
    for key in sorted(set(known) - set(found) - _troubles.unproven(channels, now=now)):
        _clear(known[key], now)
    for key in set(known) - set(found):
        if known[key].turned_at is not None:  # what is not found now has not lasted
            _note(known[key], remedy=known[key].remedy, turned_at=None)
    new = 0
    for key, trouble in sorted(found.items()):
        alarm = known.get(key)
        if alarm is not None:
            if not _has_turned(alarm, trouble, now):
                continue
            _clear(alarm, now)
        new += _raise(channels[key[0]], key, trouble, now)
    return new


def _has_turned(alarm: Alarm, trouble: Trouble, now: datetime) -> bool:
    """Whether what is to be done has been something else than people were told for a while, and not now this and now that."""
    if not trouble.remedy:
        return False
    told = alarm.remedy or trouble.remedy  # from before it was kept
    since = None if remedies.asks_the_same(told, trouble.remedy) else alarm.turned_at or now
    if (alarm.remedy, alarm.turned_at) != (told, since):
        _note(alarm, remedy=told, turned_at=since)
    return since is not None and now >= since + LASTS.get(AlarmKind(alarm.kind), LASTS_ELSE)


@transaction.atomic
def _note(alarm: Alarm, *, remedy: str, turned_at: datetime | None) -> None:
    Alarm.objects.filter(pk=alarm.pk).update(remedy=remedy, turned_at=turned_at)


@transaction.atomic
def _clear(alarm: Alarm, now: datetime) -> None:
    """This one: another look may have raised its like meanwhile."""
    Alarm.objects.filter(pk=alarm.pk, cleared_at=None).update(cleared_at=now)


@transaction.atomic(durable=True)
def _raise(channel: Channel, key: Key, trouble: Trouble, now: datetime) -> bool:
    """Once: of two that see it at the same time one makes the row."""
    kind, task = AlarmKind(key[1]), key[2]
    alarm, is_new = Alarm.objects.get_or_create(
        channel=channel,
        kind=kind,
        task=task,
        cleared_at=None,
        defaults={"said": trouble.said[:300], "remedy": trouble.remedy, "raised_at": now},
    )
    if not is_new:
        return False
    if kind in listening.OUTAGES:
        since = _covering.complete_until(channel.pk) or now
        _covering.begin_gap(channel.pk, GapCause.DISCONNECTED, since=since, now=now)
    people = access.who_may(channel.brand, access.Permission.RUN_CHANNELS)
    text = f"{headline(channel, kind)}. {trouble.said}"
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
