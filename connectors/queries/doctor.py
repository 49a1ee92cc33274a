"""One connection, examined: grant, scopes, subscription, and the last success of each thing that we do. Each red line has its one fix."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from connectors import delivered, registry
from connectors.contract import UNKNOWN_KIND
from connectors.models import Credential, DeadItem, SyncSchedule, Task
from connectors.queries import grant_findings
from connectors.queries.findings import Finding
from connectors.rules import knocks
from connectors.rules.remedies import OF_APP, PASSING, RESTRICTED, THROTTLED, Place, fix_for
from inbox import platforms
from inbox.models import Channel, ChannelState, Handle
from inbox.platforms import Manifest
from inbox.queries import kept_words

LOOKED_LATELY = timedelta(hours=1)
SWEPT = "Start the worker and beat, or read their logs: a sweep takes them away every ten minutes."


@dataclass(frozen=True, slots=True)
class Scope:
    name: str
    held: bool
    needed: bool


@dataclass(frozen=True, slots=True)
class Examined:
    findings: tuple[Finding, ...]
    scopes: tuple[Scope, ...]

    @property
    def faults(self) -> int:
        return sum(each.ok is False for each in self.findings)


def examine(channel: Channel, *, now: datetime) -> Examined:
    is_retired = channel.state == ChannelState.DISCONNECTED
    missing = _missing(channel.platform)
    manifest = platforms.find(channel.platform)
    if manifest is None:  # what its platform grants and lets nobody keep went with its package
        return Examined(
            (_connector(missing, is_retired=is_retired), _state(channel, missing), *_leftovers(channel)), ()
        )
    credential = Credential.objects.select_related("app", "channel").filter(channel=channel).first()
    scopes = _scopes(manifest, credential)
    findings = (
        *((_connector(missing, is_retired=is_retired),) if missing else ()),
        _state(channel, missing),
        *grant_findings.of(manifest, credential, now, is_retired=is_retired),
        _scope_finding(manifest, credential, scopes),
        _subscription(manifest, channel, is_retired=is_retired),
        *_in_public(channel),
        *_operations(manifest, channel, now, is_retired=is_retired),
        *_keeping(manifest, channel, now, is_retired=is_retired),
        *_leftovers(channel),
    )
    return Examined(findings, scopes)


def out_of_order(channel: Channel, *, now: datetime) -> tuple[Finding, ...]:
    """What of the grant waits for a person. A restriction waits for the platform alone."""
    manifest, health = platforms.find(channel.platform), getattr(channel, "health", None)
    if manifest is None or channel.state == ChannelState.DISCONNECTED:
        return ()
    state = () if health is not None and health.is_restriction else (_state(channel, ""),)
    found = (
        *state,
        *grant_findings.of(manifest, getattr(channel, "credential", None), now, is_retired=False),
    )
    return tuple(each for each in found if each.ok is False)


def _missing(platform: str) -> str:
    """Why nothing can be asked: its package was taken out, or does not load. Empty: it loads."""
    try:
        registry.get(platform)
    except registry.NotLoaded as missing:
        return str(missing)
    return ""


def _connector(missing: str, *, is_retired: bool) -> Finding:
    if is_retired:
        fix = "Nothing to do, unless the account is to be connected again: then install the package that brings it first."
        return Finding("Connector", None, missing, fix=fix)
    fix = "Install the package that brings it and restart Parley's processes; where it is gone for good, an administrator retires this channel."
    return Finding("Connector", False, missing, fix=fix)


def _state(channel: Channel, missing: str) -> Finding:
    ok = channel.state == ChannelState.CONNECTED
    said = channel.get_state_display() + (f": {channel.state_reason}" if channel.state_reason else ".")
    if missing and not ok:
        return Finding("Connection", None, said, fix="It can be connected again once its connector is there.")
    health = getattr(channel, "health", None)
    if health is not None and health.is_restriction:
        said = f"Restricted by the platform: {channel.state_reason or 'it did not say why.'}"
        return Finding("Connection", False, said, fix=fix_for(RESTRICTED).text)
    if health is not None and health.is_of_app:
        said = f"Parley's app is refused: {channel.state_reason}"
        return Finding("Connection", False, said, fix=fix_for(OF_APP).text)
    return Finding(
        "Connection", ok, said, fix="" if ok else "Connect the account again.", button="" if ok else "connect"
    )


def _scopes(manifest: Manifest, credential: Credential | None) -> tuple[Scope, ...]:
    held = set(credential.scopes) if credential else set()
    needed = manifest.auth.scopes
    names = [*needed, *sorted(held - set(needed))]
    return tuple(Scope(name, name in held, name in needed) for name in names)


def _scope_finding(manifest: Manifest, credential: Credential | None, scopes: tuple[Scope, ...]) -> Finding:
    if credential is None or not credential.scopes:
        return Finding("Scopes", None, "The platform did not say which it granted.")
    missing = [each.name for each in scopes if each.needed and not each.held]
    if not missing:
        return Finding("Scopes", True, "All that are needed are held.")
    fix = "Connect again and leave every box of the consent ticked."
    return Finding("Scopes", False, f"Missing: {', '.join(missing)}.", fix=fix, button="connect")


def _subscription(manifest: Manifest, channel: Channel, *, is_retired: bool) -> Finding:
    if manifest.receive.mode == "poll" and not manifest.receive.is_partly_polled:
        return Finding("Deliveries", None, "This platform delivers no messages; they are polled.")
    if is_retired:  # what a look would say first
        return Finding(
            "Deliveries", None, "None is asked for, and what the platform still delivers is not let in."
        )
    health = getattr(channel, "health", None)
    if health is None or health.subscribed is None:
        said = (health.subscription_said if health else "") or "The platform was not asked yet."
        return Finding("Deliveries", None, said, fix="Look now.", button="look")
    if health.subscribed:
        said = health.subscription_said or "The platform delivers to our webhook."
        return Finding("Deliveries", True, f"{said} Looked", at=health.subscription_checked_at)
    fix = "Look now: Parley asks for deliveries again. If that fails, connect again."
    return Finding("Deliveries", False, health.subscription_said, health.subscription_checked_at, fix, "look")


def _in_public(channel: Channel) -> Iterator[Finding]:
    """What was refused of public talk alone; messages go on."""
    health = getattr(channel, "health", None)
    fix = "Connect again and leave every box of the consent ticked; the app needs the platform's product for it, too. Messages go on."
    for name, said in (
        ("Read in public", health.public_unread if health else ""),
        ("Answer in public", health.public_unanswered if health else ""),
    ):
        if said:
            yield Finding(name, False, said, fix=fix, button="connect")


def _operations(
    manifest: Manifest, channel: Channel, now: datetime, *, is_retired: bool
) -> Iterator[Finding]:
    health = getattr(channel, "health", None)
    if manifest.receive.mode == "webhook" or manifest.receive.is_partly_polled:
        last = health.last_receipt_at if health else None
        yield Finding("Receive a delivery", True if last else None, "Last" if last else "Never yet.", at=last)
    sent = health.last_sent_at if health else None
    yield Finding("Send a reply", True if sent else None, "Last" if sent else "Never yet.", at=sent)
    for schedule in sorted(channel.schedules.all(), key=lambda each: Task.values.index(each.task)):
        yield _operation(schedule, is_retired=is_retired)
    if health and (bad := health.last_bad_signature_at):
        if knocks.are_over(bad=bad, good=delivered.last(channel.pk), now=now):
            said = f"Right; {health.bad_signatures} deliveries had a wrong one and were refused, the last"
            yield Finding("Signatures", True, said, at=bad)
            return
        yield Finding(
            "Signatures", False, f"{health.bad_signatures} deliveries had a wrong one and were refused; the last", at=bad,
            fix="Compare the webhook secret with the platform's console; register the new one in front of the old.",
        )  # fmt: skip


def _operation(schedule: SyncSchedule, *, is_retired: bool) -> Finding:
    """Of a retired one only what is kept is still minded (`planning`): nothing else would run if it were resumed."""
    name = Task(schedule.task).label
    if schedule.paused and (not is_retired or schedule.task == Task.PURGE):
        return Finding(name, False, "It is paused.", schedule.last_success_at, "Resume it.", "schedules")
    if schedule.last_error:
        fix = fix_for(schedule.last_remedy)
        button = "connect" if fix.place == Place.CONNECTION else "schedules"
        # One failure is weather; what the platform refuses for good is red at once.
        is_weather = schedule.failures < 3 and schedule.last_remedy in PASSING
        ok = None if is_weather or schedule.last_remedy == THROTTLED else False
        return Finding(name, ok, schedule.last_error, schedule.last_success_at, fix.text, button)
    last = schedule.last_success_at
    return Finding(name, True if last else None, "Last" if last else "Never yet.", at=last)


def _keeping(manifest: Manifest, channel: Channel, now: datetime, *, is_retired: bool) -> Iterator[Finding]:
    """What the network lets nobody keep for long."""
    if (allowed := manifest.comments_kept) is not None:
        said = f"Others' comments may be kept for {_hours(allowed)}; words and files go then."
        if oldest := kept_words.overdue_since(now - allowed, channel_id=channel.pk):
            yield Finding("Comments kept", False, f"{said} The oldest came", oldest, SWEPT)
        else:
            yield Finding("Comments kept", True, said)
    if (allowed := manifest.profile_cache) is not None:
        asked = Handle.objects.filter(channel=channel, looked_up_at__isnull=False).order_by("looked_up_at")
        oldest = asked.values_list("looked_up_at", flat=True).first()
        said = f"Others' profiles may be kept for {_hours(allowed)} and are asked for anew."
        fix = "Run “Refresh profiles” now, and plan it more often; while the channel is disconnected nobody can be asked."
        if is_retired:  # then nobody is asked, and they go
            said, fix = f"Others' profiles may be kept for {_hours(allowed)}; they go then.", SWEPT
        if oldest is not None and oldest < now - allowed:
            found = f"{said} The oldest was asked for"
            yield Finding("Profiles kept", False, found, oldest, fix, "" if is_retired else "schedules")
        else:
            yield Finding("Profiles kept", True, said)


def _hours(allowed: timedelta) -> str:
    return f"{allowed // timedelta(hours=1)} hours"


def _leftovers(channel: Channel) -> Iterator[Finding]:
    waiting = DeadItem.objects.filter(channel=channel, replayed_at=None)
    told = waiting.aggregate(all=Count("pk"), unknown=Count("pk", filter=Q(reason=UNKNOWN_KIND)))
    if unread := told["all"] - told["unknown"]:
        fix = "Read the reasons; when the cause is mended, read them again."
        said = f"Updates that could not be read and are kept: {unread}."
        yield Finding("Dead items", False, said, fix=fix, button="dead-items")
    if told["unknown"]:
        fix = "Look at them; when Parley has learned their kind, read them again."
        said = f"Updates of a kind that Parley does not know yet, kept as they came: {told['unknown']}."
        yield Finding("Unknown kinds", False, said, fix=fix, button="dead-items")
