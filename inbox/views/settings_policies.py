"""What is promised to whom."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import access
from inbox.actions import policies
from inbox.models import Brand, SlaPolicy
from inbox.rules import length_text
from inbox.setting_forms import PolicyForm
from inbox.views import _settings
from inbox.views._door import AgentRequest, signed_in

HERE = "settings-policies"


@require_GET
@signed_in
def index(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for_setting_up(request.user, brand_slug)
    rows = (
        SlaPolicy.objects.filter(brand=brand).select_related("hours").order_by("-is_active", "position", "pk")
    )
    lines = [(row, _promises(row)) for row in rows]
    return _settings.page(request, "policies.html", brand, HERE, lines=lines)


@require_http_methods(["GET", "POST"])
@signed_in
def create(request: AgentRequest, brand_slug: str) -> HttpResponse:
    return _edit(request, access.brand_for_setting_up(request.user, brand_slug), None)


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    policy = access.policy_for(request.user, brand_slug, public_id)
    return _edit(request, policy.brand, policy)


@require_POST
@signed_in
def retirement(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """Promise it to nobody any more, or again: what `active` says."""
    policy = access.policy_for(request.user, brand_slug, public_id)
    active = request.POST.get("active") == "yes"
    policies.retire(policy=policy, active=active, by=request.user, now=timezone.now())
    messages.success(request, f"“{policy.name}” is {'kept again' if active else 'retired'}.")
    return redirect("inbox:settings-policies", brand_slug=brand_slug)


def _edit(request: AgentRequest, brand: Brand, policy: SlaPolicy | None) -> HttpResponse:
    """`check` asks for the effect on running clocks; everything else saves."""
    form = PolicyForm(request.POST or None, brand=brand, policy=policy)
    now = timezone.now()
    context: dict[str, Any] = {"form": form, "policy": policy}
    if form.is_valid():
        columns = dict(form.cleaned_data)
        try:
            if "check" in request.POST:
                context["effect"] = policies.effect(
                    brand=brand, change=lambda: policies.write(brand, policy, columns), now=now
                )
                return (
                    render(request, "inbox/settings/_effect.html", context)
                    if _asks(request)
                    else _page(request, brand, context)
                )
            policies.save(brand=brand, policy=policy, columns=columns, by=request.user, now=now)
        except policies.Refused as refused:
            form.add_error("name", str(refused))
        else:
            messages.success(request, f"“{columns['name']}” is saved. Running clocks follow now.")
            return redirect("inbox:settings-policies", brand_slug=brand.slug)
    if _asks(request) and form.is_bound:
        return render(request, "inbox/settings/_effect.html", context, status=422)
    return _page(request, brand, context, status=422 if form.is_bound else 200)


def _asks(request: AgentRequest) -> bool:
    return "X-Parley-Fragment" in request.headers


def _page(request: AgentRequest, brand: Brand, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return _settings.page(request, "policy.html", brand, HERE, status=status, **context)


def _promises(row: SlaPolicy) -> str:
    told = (
        ("first response", row.first_response),
        ("next response", row.next_response),
        ("resolution", row.resolution),
    )
    said = ", ".join(f"{what} within {length_text.say(seconds)}" for what, seconds in told if seconds)
    return f"{said}, {'in ' + row.hours.name if row.hours else 'around the clock'}"
