"""Pictures and profiles, fetched politely and apart from the messages they belong to."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db import OperationalError
from django.db.models import Q

from connectors import clock as clocks
from connectors import contexts, downloads
from connectors.actions import _copies, _profiles, budgets, refreshing
from connectors.actions._asking import Asker
from connectors.actions._passed_over import PassedOver
from connectors.actions._runs import Synced
from connectors.clock import Clock
from connectors.contract import Connector, ConnectorError, Context, Media, Party, Remedy
from connectors.models import Credential, Level
from connectors.rules import sniffing
from inbox import platforms
from inbox.actions import contacts, media
from inbox.models import Attachment, Handle
from inbox.queries import unasked

log = structlog.get_logger(__name__)
MAX_BYTES = 64 * 1024 * 1024
PROFILE_BUCKETS = budgets.limits_of("read") | {"profile"}
MAX_TRIES = 6
FIRST_WAIT = timedelta(seconds=5)
HANGING_WAIT = timedelta(seconds=30)
HELD_WAIT = timedelta(seconds=30)
NOT_WRITABLE_WAIT = timedelta(minutes=1)
MEDIA_AT_ONCE = 20
PROFILES_AT_ONCE = 20
FAULTS_IN_A_ROW = 3  # then it is the platform that is in trouble, and not the answer about one person
EARLY = timedelta(minutes=20)  # two sweeps of what may be kept no longer
PROFILES_GOOD_FOR = timedelta(days=14)  # where the platform sets no limit


def fetch_due_media(*, clock: Clock, limit: int = MEDIA_AT_ONCE) -> int:
    """Copy what is due. One that fails waits longer each time; one whose address has died is said to be gone."""
    due = media.claim_due(now=clock(), limit=limit)
    hanging: set[str] = set()
    for place, attachment in enumerate(due):
        host = _host_of(attachment.url)
        if host in hanging:
            media.put_back(attachment_id=attachment.pk, at=clock() + HANGING_WAIT)
            continue
        try:
            if _fetch(attachment, clock) and host:
                hanging.add(host)
        except _copies.NotWritable as error:
            # It is ours that is broken, not the picture: none is asked for in vain, and none is given up for it.
            log.error("media_not_writable", folder=str(settings.MEDIA_ROOT), error=str(error))
            again = clock() + NOT_WRITABLE_WAIT
            media.put_back(attachment_id=attachment.pk, at=again, was_tried=False)
            for untouched in due[place + 1 :]:
                media.put_back(attachment_id=untouched.pk, at=again)
            return 0
        except OperationalError as error:  # somebody holds its brand: nothing is wrong with the picture
            log.warning("media_not_kept", attachment=attachment.pk, error=str(error.__cause__))
            media.put_back(attachment_id=attachment.pk, at=clock() + HELD_WAIT, was_tried=False)
        except Exception:
            log.exception("media_failed", attachment=attachment.pk)
            with suppress(OperationalError):  # then the end of its lease brings it again
                _later(attachment, clock())
    return len(due)


def _host_of(url: str) -> str:
    """Of what is no address: none. Whoever calls it says that it cannot be called."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _fetch(attachment: Attachment, clock: Clock) -> bool:
    """True: its host did not answer in time. The others of it wait, so that it holds up a batch for one answer at most."""
    now = clock()
    if attachment.expires_at and attachment.expires_at <= now:
        media.mark_gone(attachment_id=attachment.pk, now=now)
        return False
    media.begin(attachment_id=attachment.pk, now=now)
    try:
        connector, context, _ = contexts.of_channel(attachment.channel, now=now)
        if (
            attachment.fetch_attempts >= MAX_TRIES
        ):  # the last one ended without a word: its worker did not survive it
            log.warning("media_given_up", attachment=attachment.pk)
            media.mark_gone(attachment_id=attachment.pk, now=now)
            return False
        found = connector.media(context, attachment.url)
    except contexts.NotConnected:
        media.put_back(attachment_id=attachment.pk, at=now + timedelta(minutes=10), was_tried=False)
    except ConnectorError as error:
        _refused(attachment, error, clock)
        return error.code in _profiles.TOO_LATE
    else:
        _keep(attachment, found, clock())
    return False


def _refused(attachment: Attachment, error: ConnectorError, clock: Clock) -> None:
    now = clock()
    match error.remedy:
        case Remedy.TELL if error.code == downloads.SHOWN_THERE:
            log.info("media_shown_there", attachment=attachment.pk, reason=error.reason)
            media.mark_shown_there(attachment_id=attachment.pk, now=now)
        case Remedy.TELL | Remedy.BUG | Remedy.WAIT:
            media.mark_gone(attachment_id=attachment.pk, now=now)
        case Remedy.REFRESH:
            version = Credential.objects.values_list("version", flat=True).get(channel=attachment.channel_id)
            try:
                refreshing.refresh(channel_id=attachment.channel_id, seen_version=version, clock=clock)
            except ConnectorError:
                _later(attachment, now)
            else:
                media.put_back(attachment_id=attachment.pk, at=now)
        case Remedy.RECONNECT:
            media.put_back(attachment_id=attachment.pk, at=now + timedelta(minutes=10), was_tried=False)
        case _:
            _later(attachment, now, error.retry_at)


def _later(attachment: Attachment, now: datetime, at: datetime | None = None) -> None:
    if attachment.fetch_attempts + 1 >= MAX_TRIES and at is None:
        media.mark_gone(attachment_id=attachment.pk, now=now)
    else:
        again = at or now + FIRST_WAIT * 3**attachment.fetch_attempts
        media.put_back(attachment_id=attachment.pk, at=again, was_tried=at is None)


def _keep(attachment: Attachment, found: Media, now: datetime) -> None:
    mime = sniffing.safe_mime(found.content[:512], claimed=found.mime)
    if not found.content or len(found.content) > MAX_BYTES:
        media.mark_gone(attachment_id=attachment.pk, now=now)
        return
    _copies.keep(attachment, found.content, mime=mime, now=now)


def fetch_due_profiles(*, clock: Clock, limit: int = PROFILES_AT_ONCE) -> int:
    """Ask who people are, of all accounts in turn. Asked once whatever the answer; an account that cannot be asked is left alone until it
    can, and takes no other's turn. Nor does a brand that somebody holds, of whose accounts none is asked in vain then, nor a person of
    whom the platform never answers, who is asked about ever more seldom."""
    asked = 0
    willing = unasked.connected_channels() - budgets.closed_channels(buckets=PROFILE_BUCKETS, now=clock())
    answered: set[int] = set()
    in_a_row: Counter[int] = Counter()
    faulty: list[Handle] = []
    lines: dict[int, PassedOver] = {}
    aside: set[int] = set()
    while asked < limit and (found := unasked.handles(channels=willing, limit=limit - asked, but=aside)):
        for handle in found:
            if handle.channel_id not in lines:
                lines[handle.channel_id] = PassedOver(handle.channel)
                aside.update(lines[handle.channel_id].resting(clock()))
            if handle.channel_id not in willing or handle.pk in aside:
                continue
            now = clock()
            way = _way_to_ask(handle, now)
            asked += way is not None
            try:
                came = (
                    _profiles.look_up(handle, *way, now) if way is not None else _profiles.Came.NOTHING_MORE
                )
            except OperationalError as error:
                log.warning("profile_not_kept", handle=handle.pk, error=str(error.__cause__))
                willing -= unasked.channels_of(handle.channel.brand_id)
                continue
            if came is _profiles.Came.ANSWER:
                answered.add(handle.channel_id)
                in_a_row[handle.channel_id] = 0
                lines[handle.channel_id].forget(handle)
            elif came is _profiles.Came.FAULT:
                faulty.append(handle)
                aside.add(handle.pk)
                in_a_row[handle.channel_id] += 1
            if came is _profiles.Came.NOTHING_MORE or in_a_row[handle.channel_id] >= FAULTS_IN_A_ROW:
                willing.remove(handle.channel_id)
    for handle in faulty:
        if handle.channel_id in willing & answered:
            _judge(handle, clock)
        else:
            lines[handle.channel_id].add(handle, clock())
    for channel_id, faults in in_a_row.items():
        if faults >= FAULTS_IN_A_ROW:
            _profiles.leave_alone(channel_id, None, clock())
    return asked


def _judge(handle: Handle, clock: Clock) -> None:
    """Others were told of meanwhile, so the fault may be of this person. Nobody else waits: one more try, and they are asked about with
    the next refresh."""
    now = clock()
    way = _way_to_ask(handle, now)
    if way is None:
        return
    with suppress(OperationalError):
        if _profiles.look_up(handle, *way, now) is _profiles.Came.FAULT:
            log.warning("profile_always_faulty", handle=handle.pk)
            due = now if _profiles.may_only_be_cached(handle) else now - PROFILES_GOOD_FOR
            contacts.note_looked_up(channel_id=handle.channel_id, external_id=handle.external_id, now=due)


def _way_to_ask(handle: Handle, now: datetime) -> tuple[Connector, Context] | None:
    """None: nobody can be asked there now."""
    if budgets.closed_until(channel_id=handle.channel_id, buckets=PROFILE_BUCKETS, now=now):
        return None
    try:
        connector, context, _ = contexts.of_channel(handle.channel, now=now)
    except contexts.NotConnected:
        return None
    return connector, budgets.heeded(context, channel=handle.channel, clock=clocks.from_(now))


def refresh_profiles(
    asker: Asker,
    done: Synced,
    *,
    days: int | None,
    began: datetime | None = None,
    ahead: timedelta = timedelta(0),
) -> None:
    """Ask anew who people are, where the answer has become old (the platform's own limit, or `days`), the oldest first. `ahead`: until the
    run after the one that `began`; what a platform's limit would overtake before then is asked for now, and well ahead of what forgets it
    (expiring.expire_profiles). Who was passed over is asked about last, and once in a run."""
    asker.buckets = PROFILE_BUCKETS
    manifest = platforms.get(asker.channel.platform)
    age = manifest.profile_cache or PROFILES_GOOD_FOR
    if manifest.profile_cache is not None:
        age -= min(ahead + EARLY, age)
    started = began or asker.clock()
    before = started - (min(age, timedelta(days=days)) if days else age)
    is_due = Q(looked_up_at__lt=before)
    if manifest.send.reach_in_profile:  # it may say that they take messages again
        is_due |= Q(looked_up_at__lt=started) & ~Q(unavailable_reason="")
    line = PassedOver(asker.channel)
    known = frozenset(line.faults)
    due = Handle.objects.filter(is_due, channel=asker.channel).select_related("channel")
    for of_them in (due.exclude(pk__in=known), due.filter(pk__in=known)):
        in_a_row = 0
        while True:
            old = of_them.exclude(pk__in=line.since(started)).order_by("looked_up_at", "pk")
            batch = list(old[:PROFILES_AT_ONCE])
            for handle in batch:
                try:
                    _look_up_again(handle, asker)
                except ConnectorError as error:
                    if not _profiles.may_be_of_one(error):
                        raise
                    line.add(handle, asker.clock())
                    # Where nobody at all is answered it is the platform, whoever is asked about.
                    in_a_row += handle.pk not in known or not done.events
                    if in_a_row >= FAULTS_IN_A_ROW:
                        raise
                    asker.note(f"One person was passed over: {error.reason}", Level.WARNING)
                else:
                    line.forget(handle)
                    in_a_row = 0
                    done.events += 1
                done.requests = asker.requests
                if asker.time_is_over:
                    done.complete = False
                    return
            if len(batch) < PROFILES_AT_ONCE:
                break


def _look_up_again(handle: Handle, asker: Asker) -> None:
    try:
        party = asker.ask(lambda connector, context: connector.profile(context, handle.external_id))
    except ConnectorError as error:
        if error.remedy not in (Remedy.TELL, Remedy.BUG, Remedy.WAIT):
            raise
        if not _profiles.may_only_be_cached(handle):
            contacts.note_looked_up(
                channel_id=handle.channel_id, external_id=handle.external_id, now=asker.clock()
            )
            return
        party = Party(handle.external_id)
    contacts.update_profile(
        channel_id=handle.channel_id,
        party=party,
        now=asker.clock(),
        whole=_profiles.may_only_be_cached(handle),
    )
