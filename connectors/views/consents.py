"""To the platform's consent page, and back."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from connectors.actions import connecting
from connectors.actions.connecting import ConnectionRefused
from connectors.contexts import NotConnected
from connectors.forms import RangeForm
from connectors.models import PlatformApp
from inbox import access, platforms
from inbox.models import Channel, Person

ELSEWHERE = "The platform sends you back to {0}, where you are not signed in. Open Parley there, and connect it there."
DENIED = "You, or the platform, said no; nothing was connected."


@login_required
@require_POST
def create(request: HttpRequest, brand_slug: str, platform: str) -> HttpResponse:
    brand = access.brand_for_running(cast(Person, request.user), brand_slug)
    app = get_object_or_404(PlatformApp, platform=platform, name="default")
    form = RangeForm(request.POST)
    try:
        if not form.is_valid():
            raise ConnectionRefused("Choose how much of the past is to come in from the list.")
        if _comes_back_elsewhere(request):
            raise ConnectionRefused(ELSEWHERE.format(settings.PARLEY_PUBLIC_URL))
        address = connecting.start(
            app=app, brand=brand, person=cast(Person, request.user), now=timezone.now(), backfill_days=form.days,
            channel=_renewed(request, brand_slug, platform),
        )  # fmt: skip
    except (ConnectionRefused, NotConnected) as refused:
        messages.error(request, str(refused))
        return redirect("connectors:channels", brand_slug=brand.slug)
    return _leave_for(request, address, platforms.get(platform).label)


def _comes_back_elsewhere(request: HttpRequest) -> bool:
    """A browser takes 127.0.0.1 and localhost for two sites: a consent would come back to where nobody is signed in, and be spent before
    they are. Only of these it is certain; a proxy in front may name us as it likes."""
    names = {urlsplit(f"//{request.get_host()}").hostname, urlsplit(settings.PARLEY_PUBLIC_URL).hostname}
    return len(names) > 1 and names <= connecting.LOCAL_HOSTS


def _renewed(request: HttpRequest, brand_slug: str, platform: str) -> Channel | None:
    """Whose grant the page wants renewed; None: an account is connected that may be any."""
    if not (named := request.POST.get("channel", "")):
        return None
    try:
        public_id = UUID(named)
    except ValueError:
        raise Http404 from None
    channel = access.channel_for_running(cast(Person, request.user), brand_slug, public_id)
    if channel.platform != platform:
        raise Http404
    return channel


def _leave_for(request: HttpRequest, address: str, label: str) -> HttpResponse:
    """By a page of our own: the policy of pages lets forms be sent to ourselves only, and browsers hold every redirect that follows a
    form to it. Platforms redirect from host to host before they ask."""
    answer = render(request, "connectors/leaving.html", {"address": address, "label": label})
    answer["Refresh"] = f"0; url={address}"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


@login_required
@never_cache
@require_GET
def callback(request: HttpRequest, platform: str) -> HttpResponse:
    """The browser comes back. The state says which brand; whose it is and whether they may still run it is asked again."""
    person, now = cast(Person, request.user), timezone.now()
    try:
        consent = connecting.take_consent(state=request.GET.get("state", ""), person=person, now=now)
    except ConnectionRefused as refused:
        messages.error(request, str(refused))
        brand = access.brands_of(person).first()
        return redirect("connectors:channels", brand_slug=brand.slug) if brand else redirect("inbox:home")
    if consent.app.platform != platform:
        raise Http404
    brand = access.brand_for_running(person, consent.brand.slug)
    code = request.GET.get("code", "")
    told: list[str] = []
    try:
        if not code:
            raise ConnectionRefused(DENIED)
        channel = connecting.finish(consent=consent, code=code, now=now, note=told.append)
    except (ConnectionRefused, NotConnected) as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"{channel.name} on {platforms.get(channel.platform).label} is connected.")
        for said in told:
            messages.warning(request, said)
        if access.may(person, brand, access.Permission.RUN_CHANNELS):
            return redirect("connectors:connection", brand_slug=brand.slug, public_id=channel.public_id)
    return redirect("connectors:channels", brand_slug=brand.slug)
