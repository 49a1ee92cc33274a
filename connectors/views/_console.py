"""What the sync console's pages share: who may come in, and the pages beside."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from inbox import access
from inbox.models import Brand

# Name of the address, label.
PAGES = (
    ("channels", "Channels"),
    ("schedules", "Schedules"),
    ("runs", "Runs"),
    ("coverage", "Coverage"),
    ("dead-items", "Dead items"),
    ("audit", "Audit log"),
)


def page(
    request: HttpRequest, template: str, brand: Brand, here: str, *, status: int = 200, **context: Any
) -> HttpResponse:
    staff = access.runs_installation(request.user)
    found = {"brand": brand, "pages": PAGES, "here": here, "may_run": True, "is_staff": staff, **context}
    return render(request, f"connectors/{template}", found, status=status)


def is_fragment(request: HttpRequest) -> bool:
    return "X-Parley-Fragment" in request.headers
