"""What weighs how much, and how the queue would look."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import access
from inbox.actions import prioritising, weighing
from inbox.models import Brand, PriorityWeights
from inbox.rules import priority
from inbox.setting_forms import WeightsForm
from inbox.views import _settings
from inbox.views._door import AgentRequest, signed_in


@require_GET
@signed_in
def home(request: AgentRequest, brand_slug: str) -> HttpResponse:
    access.brand_for_setting_up(request.user, brand_slug)
    return redirect("inbox:settings-priority", brand_slug=brand_slug)


@require_http_methods(["GET", "POST"])
@signed_in
def weights(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for_setting_up(request.user, brand_slug)
    form = _form(request, brand)
    now = timezone.now()
    if form.is_valid():
        prioritising.change_weights(
            brand=brand, facts=form.facts, tags=form.tag_weights, by=request.user, now=now
        )
        messages.success(request, "Saved. Open conversations are scored anew now.")
        return redirect("inbox:settings-priority", brand_slug=brand_slug)
    shown = weighing.preview(brand=brand, facts={}, tags={}, now=now)
    status = 422 if form.is_bound else 200
    return _settings.page(
        request, "priority.html", brand, "settings-priority", status=status, form=form, preview=shown
    )


@require_POST
@signed_in
def preview(request: AgentRequest, brand_slug: str) -> HttpResponse:
    """How the queue would reorder, while somebody edits. Writes nothing."""
    brand = access.brand_for_setting_up(request.user, brand_slug)
    form = _form(request, brand)
    if not form.is_valid():
        faults = [fault for found in form.errors.values() for fault in found]
        return render(request, "inbox/settings/_weights_preview.html", {"faults": faults})
    shown = weighing.preview(brand=brand, facts=form.facts, tags=form.tag_weights, now=timezone.now())
    return render(request, "inbox/settings/_weights_preview.html", {"preview": shown})


def _form(request: AgentRequest, brand: Brand) -> WeightsForm:
    saved = PriorityWeights.objects.filter(brand=brand).values_list("weights", flat=True).first()
    data = request.POST if request.method == "POST" else None
    return WeightsForm(data, brand=brand, saved=priority.complete(saved or {}))
