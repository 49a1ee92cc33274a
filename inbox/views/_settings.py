"""What the settings' pages share: who may come in, and the pages beside."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from inbox import access
from inbox.models import Brand
from inbox.views._door import AgentRequest

# Name of the address, label. Further pages of the settings stand here, too.
PAGES = (
    ("settings-priority", "Priority"),
    ("settings-tag-rules", "Tags"),
    ("settings-policies", "SLA policies"),
    ("settings-hours", "Business hours"),
    ("settings-canned", "Canned replies"),
    ("settings-macros", "Macros"),
    ("settings-replies", "Replies"),
    ("settings-teams", "Teams"),
    ("settings-routing", "Routing"),
)
OWN = {"settings-canned", "settings-macros", "settings-replies"}  # where everybody has something of their own


def page(
    request: AgentRequest, template: str, brand: Brand, here: str, *, status: int = 200, **context: Any
) -> HttpResponse:
    sets_up = access.may(request.user, brand, access.Permission.SET_UP)
    pages = [each for each in PAGES if sets_up or each[0] in OWN]
    found = {"brand": brand, "pages": pages, "here": here, **context}
    return render(request, f"inbox/settings/{template}", found, status=status)
