"""Run a channel's syncs now."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from connectors.actions import scheduling
from inbox import access
from inbox.access import Permission
from inbox.models import ChannelState, Person


@login_required
@require_POST
def create(request: HttpRequest, brand_slug: str, public_id: str) -> HttpResponse:
    person = cast(Person, request.user)
    channel = access.channel_for(person, brand_slug, public_id)
    if not access.may(person, channel.brand, Permission.RUN_CHANNELS):
        raise Http404
    if channel.state == ChannelState.DISCONNECTED:
        messages.error(request, f"{channel.name} was retired: nothing is asked until it is connected again.")
    else:
        scheduling.run_soon(channel=channel, by=person, now=timezone.now())
        messages.success(request, f"{channel.name} is compared with the platform now.")
    return redirect("connectors:channels", brand_slug=brand_slug)
