"""What a connection page says of the grant: its token's end, its renewal, and what a person has to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from connectors.models import Credential
from connectors.queries import grants
from connectors.queries.findings import Finding
from connectors.rules.remedies import OF_APP, fix_for
from inbox.models import ChannelState
from inbox.platforms import Manifest

ENDS_SOON = timedelta(days=7)
MAY_BE_REFUSED = "The platform may refuse it by now."
RENEWALS = {
    "none": "it cannot be renewed; a person connects again",
    "extend": "it is extended before it ends",
    "rotate": "it is renewed with a refresh token, which changes each time",
    "fixed_end": "it is renewed until its last day; then a person connects again",
}


def of(
    manifest: Manifest, credential: Credential | None, now: datetime, *, is_retired: bool
) -> Iterator[Finding]:
    if credential is None or is_retired:
        yield Finding("Token", False, "There is none.", fix="Connect the account.", button="connect")
        return
    may_renew = grants.is_renewed(credential, now=now)
    again, button = "Connect the account again.", "connect"
    if _is_refused_for_the_app(credential):
        again, button = fix_for(OF_APP).text, ""
    ends, renewal = credential.expires_at, RENEWALS[manifest.auth.refresh if may_renew else "none"]
    if ends is None:
        refused = _is_refused(credential)
        yield Finding("Token", None if refused else True, MAY_BE_REFUSED if refused else "It has no end.")
    elif ends <= now:
        renews = may_renew and not credential.refresh_error and manifest.auth.refresh != "extend"
        yield Finding(
            "Token", None if renews else False, f"It has ended; {renewal}. It ended", at=ends,
            fix="" if renews else again, button="" if renews else button,
        )  # fmt: skip
    elif _is_refused(credential):
        yield Finding("Token", None, f"{MAY_BE_REFUSED} As it was given it would end", at=ends)
    else:
        soon = not may_renew and ends <= now + ENDS_SOON
        yield _until("Token", f"It holds; {renewal}. It ends", ends, soon=soon)
    if (last := credential.refresh_expires_at) is not None:
        # What was renewed shortly before its last day holds on beyond it: then the token's own end counts, as for the alarm.
        soon = (grants.ends_for_good(credential, now=now) or last) <= now + ENDS_SOON
        yield _until("Refresh token", "It ends" if last > now else "It ended", last, soon=soon)
    if credential.refresh_error:
        yield Finding("Renewing", False, "It failed: " + credential.refresh_error, fix=again, button=button)
    elif credential.version > 1:
        times = credential.version - 1
        said = "Renewed once," if times == 1 else f"Renewed {times} times, the last time"
        yield Finding("Renewing", True, said, at=credential.issued_at)


def _until(name: str, said: str, at: datetime, *, soon: bool) -> Finding:
    fix, button = ("Connect the account again before that day.", "connect") if soon else ("", "")
    return Finding(name, not soon, said, at=at, fix=fix, button=button)


def _is_refused_for_the_app(credential: Credential) -> bool:
    """A grant that is refused itself parks its channel for good."""
    health = getattr(credential.channel, "health", None)
    is_of_app = credential.channel.state == ChannelState.CONNECTED or (
        health is not None and health.is_of_app
    )
    return bool(credential.refresh_error) and is_of_app


def _is_refused(credential: Credential) -> bool:
    """What parked the channel may have been another thing; then to connect again is the fix all the same. A restriction says nothing of the
    token."""
    health = getattr(credential.channel, "health", None)
    is_parked = credential.channel.state == ChannelState.NEEDS_RECONNECT
    return is_parked and not (health is not None and health.is_restriction)
