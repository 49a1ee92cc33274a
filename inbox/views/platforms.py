"""The colours of the installed platforms, as their connectors declare them: pages may hold no style of their own (CSP)."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from inbox import platforms

_COLOUR = re.compile(r"[#\w(),.%/ -]+")
_KEY = re.compile(r"[\w.-]+")


@require_GET
@cache_control(max_age=3600, public=True)
def colours(request: HttpRequest) -> HttpResponse:
    rules = [
        f'[data-platform="{each.key}"] {{ --platform: {each.colour}; }}'
        for each in platforms.installed()
        if _KEY.fullmatch(each.key) and _COLOUR.fullmatch(each.colour)
    ]
    return HttpResponse("\n".join(rules), content_type="text/css; charset=utf-8")
