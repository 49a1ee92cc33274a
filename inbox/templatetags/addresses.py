"""Addresses that platforms and customers hand us."""

from __future__ import annotations

from urllib.parse import urlsplit

from django import template
from django.utils.html import Urlizer
from django.utils.safestring import SafeString, mark_safe

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


@register.filter
def host(address: str) -> str:
    """Where a link leads, for its label: what a customer shares need not be of the platform that it came by."""
    return (urlsplit(address).hostname or "").removeprefix("www.")


class _Urlizer(Urlizer):
    """Each in a tab of its own: in ours it would take the workspace away, and could show a sign-in that is not Parley's in its place."""

    url_template = '<a href="{href}" target="_blank" rel="noopener noreferrer nofollow">{url}</a>'


@register.filter
def linked(words: object) -> SafeString:
    """What somebody wrote, with its addresses as links."""
    return mark_safe(_Urlizer()(str(words or ""), nofollow=True, autoescape=True))  # noqa: S308 - it escapes what is no link
