"""Where a list of Graph goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors import wire


def after(body: Mapping[str, Any]) -> str:
    """The end is where `next` is missing; a cursor without `next` leads nowhere."""
    paging = wire.mapping(body.get("paging"))
    following = wire.text(paging.get("next"))
    if not following:
        return ""
    named = parse_qs(urlsplit(following).query).get("after", [""])[0]
    return named or wire.text(wire.mapping(paging.get("cursors")).get("after"))
