"""Addresses that platforms and customers hand us."""

from __future__ import annotations

from urllib.parse import urlsplit

from django import template
from django.template.defaultfilters import urlize
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
AWAY = 'rel="noopener noreferrer nofollow" target="_blank"'


@register.filter
def web_address(address: object) -> str:
    """The address if a browser may follow it: http or https with a host. Empty for javascript:, data:, file: and the like."""
    text = str(address or "").strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme.lower() in {"http", "https"} and parts.hostname else ""


@register.filter(is_safe=True, needs_autoescape=True)
def links(text: str, autoescape: bool = True) -> SafeString:
    """What somebody wrote, with its links. They open beside the workspace: in its place they would take what is being written with them."""
    linked = urlize(text, autoescape=autoescape)
    # What was written has no quotation marks any more, so these are those of the links.
    return mark_safe(linked.replace('rel="nofollow"', AWAY))  # noqa: S308


@register.filter
def host(address: str) -> str:
    """Where a link leads, for its label: what a customer shares need not be of the platform that it came by."""
    return (urlsplit(address).hostname or "").removeprefix("www.")
