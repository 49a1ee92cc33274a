"""How long replies wait before they leave: the brand's word, and each person's own."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from inbox import access
from inbox.actions import holding
from inbox.setting_forms import HoldForm, OwnHoldForm
from inbox.views import _settings
from inbox.views._door import AgentRequest, signed_in

HERE = "settings-replies"


@require_http_methods(["GET", "POST"])
@signed_in
def replies(request: AgentRequest, brand_slug: str) -> HttpResponse:
    """For everybody who answers; the brand's own choice for those who set it up."""
    brand = access.brand_for(request.user, brand_slug)
    sets_up = access.may(request.user, brand, access.Permission.SET_UP)
    of_brand = request.POST if "brand" in request.POST and sets_up else None
    own = request.POST if "own" in request.POST else None
    brand_form = HoldForm(of_brand, initial={"seconds": brand.reply_hold})
    own_form = OwnHoldForm(own, initial={"seconds": request.user.reply_hold})
    if brand_form.is_valid():
        holding.hold_replies(brand=brand, seconds=brand_form.cleaned_data["seconds"])
    elif own_form.is_valid():
        holding.hold_own(person=request.user, seconds=own_form.cleaned_data["seconds"])
    else:
        status = 422 if request.method == "POST" else 200
        shown = {"brand_form": brand_form if sets_up else None, "own_form": own_form}
        return _settings.page(request, "replies.html", brand, HERE, status=status, **shown)
    messages.success(request, "Saved. It holds from the next reply on.")
    return redirect("inbox:settings-replies", brand_slug=brand.slug)
