"""A brand's channels and how they are, in words."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from connectors import channel_states
from connectors.actions import addressing
from connectors.forms import RANGES
from connectors.views import _console
from inbox import access
from inbox.models import Person


@login_required
@never_cache
@require_GET
def show(request: HttpRequest, brand_slug: str) -> HttpResponse:
    person = cast(Person, request.user)
    brand = access.brand_for(person, brand_slug)
    may_run = access.may(person, brand, access.Permission.RUN_CHANNELS)
    # With each the address that is registered at the platform.
    offers = (
        [(each, addressing.redirect_uri(each.key)) for each in channel_states.offers()] if may_run else []
    )
    return _console.page(
        request, "channels.html", brand, "channels", may_run=may_run, ranges=RANGES,
        pages=_console.PAGES if may_run else _console.PAGES[:1], channels=channel_states.of_brand(brand, now=timezone.now()),
        offers=offers,
    )  # fmt: skip
