"""What the settings' pages share: who may come in, and the pages beside."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from inbox.models import Brand
from inbox.views._door import AgentRequest

# Name of the address, label. Further pages of the settings stand here, too.
PAGES = (
    ("settings-priority", "Priority"),
    ("settings-tag-rules", "Tags"),
    ("settings-policies", "SLA policies"),
    ("settings-hours", "Business hours"),
)


def page(
    request: AgentRequest, template: str, brand: Brand, here: str, *, status: int = 200, **context: Any
) -> HttpResponse:
    found = {"brand": brand, "pages": PAGES, "here": here, **context}
    return render(request, f"inbox/settings/{template}", found, status=status)
