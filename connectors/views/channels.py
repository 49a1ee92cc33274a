"""A brand's channels and how they are, in words."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from connectors import channel_states
from inbox import access
from inbox.models import Person


@login_required
@never_cache
@require_GET
def show(request: HttpRequest, brand_slug: str) -> HttpResponse:
    person = cast(Person, request.user)
    brand = access.brand_for(person, brand_slug)
    may_run = access.may(person, brand, access.Permission.RUN_CHANNELS)
    context = {
        "brand": brand,
        "may_run": may_run,
        "channels": channel_states.of_brand(brand, now=timezone.now()),
        "offers": channel_states.offers() if may_run else [],
    }
    return render(request, "connectors/channels.html", context)
