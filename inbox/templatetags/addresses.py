"""Addresses that platforms and customers hand us."""

from __future__ import annotations

from urllib.parse import urlsplit

from django import template

register = template.Library()


@register.filter
def web_address(address: object) -> str:
    """The address if a browser may follow it: http or https with a host. Empty for javascript:, data:, file: and the like."""
    text = str(address or "").strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme.lower() in {"http", "https"} and parts.hostname else ""
