"""Reports by mail: one asks for one's own."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from analytics.actions import mailing
from analytics.models import Cadence, ReportMail
from analytics.views import _door
from analytics.views._door import AgentRequest, signed_in
from inbox import mail_server

WEEKDAYS = [
    (number, day)
    for number, day in enumerate(
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    )
]


class MailForm(forms.Form):
    cadence = forms.ChoiceField(choices=Cadence.choices)
    weekday = forms.TypedChoiceField(choices=WEEKDAYS, coerce=int, required=False, empty_value=None)
    hour = forms.IntegerField(
        min_value=0,
        max_value=23,
        error_messages={"invalid": "Type a full hour, 0 to 23.", "required": "Type a full hour, 0 to 23."},
    )


@require_http_methods(["GET", "POST"])
@signed_in
def index(request: AgentRequest, brand_slug: str) -> HttpResponse:
    visit = _door.visit(request, brand_slug)
    form = MailForm(request.POST or None)
    if request.method == "POST" and "stop" in request.POST:
        mailing.stop(brand=visit.brand, person=request.user, cadence=request.POST["stop"])
        messages.success(request, "That report is no longer sent to you.")
        return redirect("analytics:mails", brand_slug=brand_slug)
    if request.method == "POST" and not mail_server.is_set():
        form.add_error(None, mail_server.NONE_LEAVES)
    elif request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        mailing.ask_for(
            brand=visit.brand, person=request.user, cadence=Cadence(told["cadence"]), weekday=told["weekday"] or 0, hour=told["hour"],
            now=timezone.now(),
        )  # fmt: skip
        messages.success(request, f"The report is sent to {request.user.email}.")
        return redirect("analytics:mails", brand_slug=brand_slug)
    known = {row.cadence: row for row in ReportMail.objects.filter(brand=visit.brand, person=request.user)}
    kinds = [(value, label, known.get(value)) for value, label in Cadence.choices]
    status = 422 if form.errors else 200
    fault = "" if mail_server.is_set() else mail_server.NONE_LEAVES
    return _door.page(
        request, "mails.html", visit, "mails", status=status, kinds=kinds, weekdays=WEEKDAYS, form=form, fault=fault
    )  # fmt: skip
