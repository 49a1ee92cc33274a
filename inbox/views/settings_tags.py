"""How tags are set: the brand's rules, tried on the last thirty days before they are saved, and its languages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import access
from inbox.actions import tag_rules
from inbox.models import Brand, TagRule
from inbox.queries import tag_rules as rules_of
from inbox.rules import language_names
from inbox.setting_forms import LanguagesForm, TagRuleForm
from inbox.views import _settings
from inbox.views._door import AgentRequest, signed_in

HERE = "settings-tag-rules"


@require_GET
@signed_in
def index(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for_setting_up(request.user, brand_slug)
    return _index(request, brand, LanguagesForm(initial={"languages": brand.languages}))


@require_POST
@signed_in
def languages(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for_setting_up(request.user, brand_slug)
    form = LanguagesForm(request.POST)
    if not form.is_valid():
        return _index(request, brand, form, status=422)
    chosen = form.cleaned_data["languages"]
    tag_rules.choose_languages(brand=brand, languages=chosen, by=request.user, now=timezone.now())
    messages.success(
        request, f"Messages are taken to be in {', '.join(language_names.all_named(chosen))} from now on."
    )
    return redirect("inbox:settings-tag-rules", brand_slug=brand.slug)


@require_http_methods(["GET", "POST"])
@signed_in
def create(request: AgentRequest, brand_slug: str) -> HttpResponse:
    return _edit(request, access.brand_for_setting_up(request.user, brand_slug), None)


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    rule = access.tag_rule_for(request.user, brand_slug, public_id)
    return _edit(request, rule.brand, rule)


@require_POST
@signed_in
def switch(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """On or off: what `active` says."""
    rule = access.tag_rule_for(request.user, brand_slug, public_id)
    active = request.POST.get("active") == "yes"
    tag_rules.switch(rule=rule, active=active, by=request.user, now=timezone.now())
    messages.success(request, f"“{rule.name}” is {'on' if active else 'off'}.")
    return redirect("inbox:settings-tag-rules", brand_slug=brand_slug)


@require_POST
@signed_in
def removal(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    rule = access.tag_rule_for(request.user, brand_slug, public_id)
    tag_rules.remove(rule=rule, by=request.user, now=timezone.now())
    messages.success(request, f"“{rule.name}” is gone. Tags that it has set stay.")
    return redirect("inbox:settings-tag-rules", brand_slug=brand_slug)


def _index(request: AgentRequest, brand: Brand, form: LanguagesForm, *, status: int = 200) -> HttpResponse:
    rules = rules_of.of_brand(brand)
    return _settings.page(request, "tag_rules.html", brand, HERE, status=status, rules=rules, form=form)


def _edit(request: AgentRequest, brand: Brand, rule: TagRule | None) -> HttpResponse:
    """`check` lists what the rule would have met, a page at a time; everything else saves."""
    form = TagRuleForm(request.POST or None, brand=brand, rule=rule)
    context: dict[str, Any] = {"form": form, "rule": rule, "days": rules_of.DAYS}
    in_place = "X-Parley-Fragment" in request.headers
    now = timezone.now()
    if form.is_valid() and form.condition:
        told = form.cleaned_data
        if "check" in request.POST:
            before = request.POST["check"]
            context["dry_run"] = rules_of.dry_run(
                brand, form.condition, tag_name=told["tag"], now=now, before=int(before) if before.isdecimal() and len(before) < 18 else None,
            )  # fmt: skip
            if in_place:
                return render(request, "inbox/settings/_tag_rule_matches.html", {"brand": brand, **context})
            return _settings.page(request, "tag_rule.html", brand, HERE, **context)
        try:
            tag_rules.save(
                brand=brand, rule=rule, name=told["name"], tag_name=told["tag"], condition=form.condition,
                position=told["position"], by=request.user, now=now,
            )  # fmt: skip
        except tag_rules.Refused as refused:
            form.add_error("name", str(refused))
        else:
            messages.success(request, f"“{told['name']}” is saved, and holds for messages from now on.")
            return redirect("inbox:settings-tag-rules", brand_slug=brand.slug)
    status = 422 if form.is_bound else 200
    if in_place and form.is_bound:
        return render(
            request, "inbox/settings/_tag_rule_matches.html", {"brand": brand, **context}, status=status
        )
    return _settings.page(request, "tag_rule.html", brand, HERE, status=status, **context)
