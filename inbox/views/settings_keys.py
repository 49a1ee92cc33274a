"""Which keys a person has: each their own."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from inbox import access
from inbox.actions import keying
from inbox.setting_forms import KeysForm
from inbox.views import _settings
from inbox.views._door import AgentRequest, signed_in

HERE = "settings-keys"


@require_http_methods(["GET", "POST"])
@signed_in
def keys(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for(request.user, brand_slug)
    form = KeysForm(request.POST or None, initial={"letters": request.user.letter_keys})
    if not form.is_valid():
        return _settings.page(request, "keys.html", brand, HERE, form=form)
    keying.use_letters(person=request.user, used=form.cleaned_data["letters"])
    messages.success(request, "Saved. It holds from the next page on.")
    return redirect("inbox:settings-keys", brand_slug=brand.slug)
