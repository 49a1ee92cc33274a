"""What the settings' pages share: who may come in, and the pages beside."""

from __future__ import annotations

from collections.abc import Collection
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
    ("settings-keys", "Keys"),
    ("settings-teams", "Teams"),
    ("settings-routing", "Routing"),
    ("settings-people", "People"),
)
ADMINISTERED = {"settings-people"}
OWN = {
    "settings-canned",
    "settings-macros",
    "settings-replies",
    "settings-keys",
}  # where everybody has something of their own


def page(
    request: AgentRequest, template: str, brand: Brand, here: str, *, status: int = 200, **context: Any
) -> HttpResponse:
    granted = access.granted_to(request.user, brand)
    own = [each for each in PAGES if each[0] in OWN]
    found = {"brand": brand, "pages": set_up_by(granted) or own, "here": here, **context}
    return render(request, f"inbox/settings/{template}", found, status=status)


def set_up_by(granted: Collection[access.Permission]) -> list[tuple[str, str]]:
    """The pages of those who decide how the brand works; none for everybody else."""
    if access.Permission.SET_UP not in granted:
        return []
    administers = access.Permission.ADMINISTER in granted
    return [each for each in PAGES if administers or each[0] not in ADMINISTERED]
