"""The grant doctor: one page a connection, and a look at the platform's side now."""

from __future__ import annotations

import time

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from connectors import clock
from connectors.actions import examining, retiring
from connectors.actions._asking import Asker
from connectors.contexts import NotConnected
from connectors.contract import ConnectorError
from connectors.forms import RANGES, BackfillForm
from connectors.models import Level
from connectors.queries import doctor, schedules
from connectors.views import _console
from inbox import access
from inbox.actions import channels, recording
from inbox.models import ChannelState
from inbox.views._door import AgentRequest, signed_in

HERE = "channels"
LOOKED = "The platform's side was looked at."
NOT_DELIVERED = "The platform does not deliver; below stands why."
PATIENCE = 10.0  # seconds that a page may wait for a platform


@require_GET
@signed_in
def show(request: AgentRequest, brand_slug: str, public_id: str) -> HttpResponse:
    channel = access.channel_for_running(request.user, brand_slug, public_id)
    examined = doctor.examine(channel, now=timezone.now())
    return _console.page(
        request, "connection.html", channel.brand, HERE, channel=channel, platform=schedules.label_of(channel),
        examined=examined, form=BackfillForm(), ranges=RANGES, answers=[*channel.automatic_answers, ""],
        is_retired=channel.state == ChannelState.DISCONNECTED,
        may_retire=channel.state != ChannelState.DISCONNECTED
        and access.may(request.user, channel.brand, access.Permission.ADMINISTER),
    )  # fmt: skip


@require_POST
@signed_in
def look(request: AgentRequest, brand_slug: str, public_id: str) -> HttpResponse:
    channel = access.channel_for_running(request.user, brand_slug, public_id)
    now = timezone.now()
    recording.record(
        brand=channel.brand,
        by=request.user,
        act="looked at",
        subject="channel",
        subject_id=channel.pk,
        subject_name=channel.name,
        now=now,
    )
    told: dict[str, str] = {}  # what was noted, and how grave it is
    until = time.monotonic() + PATIENCE
    asker = Asker(channel, clock.from_(now), until, time.sleep, told.__setitem__)
    try:
        delivers = examining.look_and_mend(asker, now=now)
    except (ConnectorError, NotConnected) as refused:
        messages.error(request, str(refused))
    else:
        if not delivers and Level.WARNING not in told.values():  # what could not be settled says so itself
            told[NOT_DELIVERED] = Level.WARNING
        tell = messages.success if delivers else messages.error
        tell(request, " ".join(told) or LOOKED)
    return redirect("connectors:connection", brand_slug=brand_slug, public_id=public_id)


@require_POST
@signed_in
def retire(request: AgentRequest, brand_slug: str, public_id: str) -> HttpResponse:
    """For administrators alone."""
    access.brand_for_administering(request.user, brand_slug)
    channel = access.channel_for_running(request.user, brand_slug, public_id)
    if "sure" in request.POST:
        retiring.retire(channel=channel, by=request.user, now=timezone.now())
        messages.success(
            request, f"{channel.name} is retired. Take Parley out of the account at the platform, too."
        )
    else:
        messages.error(request, "Nothing was retired: say first that you are sure.")
    return redirect("connectors:connection", brand_slug=brand_slug, public_id=public_id)


@require_POST
@signed_in
def automatic(request: AgentRequest, brand_slug: str, public_id: str) -> HttpResponse:
    """What the account says by itself."""
    channel = access.channel_for_running(request.user, brand_slug, public_id)
    try:
        channels.name_automatic(
            channel=channel,
            answers=request.POST.getlist("answers"),
            other_apps_are_bots="other_apps_are_bots" in request.POST,
        )
    except channels.Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "What comes from now on is told apart by these.")
    return redirect("connectors:connection", brand_slug=brand_slug, public_id=public_id)
