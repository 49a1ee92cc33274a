"""Macros: the brand's for those who set it up, and everybody's own."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import access
from inbox.actions import keeping_macros
from inbox.models import Brand, Macro
from inbox.queries import macros
from inbox.views import _settings
from inbox.views._door import AgentRequest, signed_in
from inbox.writing_forms import MacroForm

HERE = "settings-macros"


@require_GET
@signed_in
def index(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for(request.user, brand_slug)
    found = macros.described(request.user, brand)
    return _settings.page(
        request, "macros.html", brand, HERE, may_set_up=_may_set_up(request, brand),
        own=[each for each in found if each.macro.owner_id], shared=[each for each in found if not each.macro.owner_id],
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@signed_in
def create(request: AgentRequest, brand_slug: str) -> HttpResponse:
    return _edit(request, access.brand_for(request.user, brand_slug), None)


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    macro = access.macro_to_change(request.user, brand_slug, public_id)
    return _edit(request, macro.brand, macro)


@require_POST
@signed_in
def removal(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    macro = access.macro_to_change(request.user, brand_slug, public_id)
    keeping_macros.remove(macro=macro, by=request.user, now=timezone.now())
    messages.success(request, f"“{macro.name}” is gone. What it did stays done.")
    return redirect("inbox:settings-macros", brand_slug=brand_slug)


def _may_set_up(request: AgentRequest, brand: Brand) -> bool:
    return access.may(request.user, brand, access.Permission.SET_UP)


def _edit(request: AgentRequest, brand: Brand, macro: Macro | None) -> HttpResponse:
    form = MacroForm(
        request.POST or None, brand=brand, macro=macro, by=request.user, may_set_up=_may_set_up(request, brand), now=timezone.now(),
    )  # fmt: skip
    if form.is_valid():
        shared = macro.owner_id is None if macro else form.cleaned_data.get("for_all", False)
        try:
            keeping_macros.save(
                brand=brand, macro=macro, owner=None if shared else request.user, columns=form.columns, by=request.user,
                now=timezone.now(),
            )  # fmt: skip
        except keeping_macros.Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(
                request, f"“{form.cleaned_data['name']}” is saved. Type / in a reply to see what it would do."
            )
            return redirect("inbox:settings-macros", brand_slug=brand.slug)
    return _settings.page(
        request, "macro.html", brand, HERE, status=422 if form.is_bound else 200, form=form, macro=macro
    )
