"""Fields as Graph is asked for them, and its pages."""

import base64
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from simulator import wire
from simulator.platforms.instagram import errors
from simulator.world import World


def fields_of(text: str) -> dict[str, str]:
    """`a,b{c,d}` as {"a": "", "b": "c,d"}."""
    return {
        match[1]: match[3] or ""
        for match in re.finditer(r"([\w.]+)(\.limit\(\d+\))?(?:\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\})?", text)
    }


def cursor(n: int) -> str:
    return base64.b64encode(f"QVF{n}".encode()).decode().rstrip("=")


def uncursor(text: str) -> int | None:
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        return None
    return int(plain[3:]) if plain.startswith("QVF") and plain[3:].isdecimal() else None


def page(
    world: World,
    request: Request,
    rows: list[Any],
    *,
    given: dict[str, Any],
    cap: int,
    build: Callable[[Any], dict[str, Any]],
) -> Response:
    limit = min(cap, max(1, int(given["limit"]) if str(given.get("limit", "")).isdecimal() else 25))
    start = 0
    if after := str(given.get("after", "")):
        found = uncursor(after)
        if found is None:
            return errors.error("(#100) Invalid cursors values", code=100)
        start = found
    shown = rows[start : start + limit]
    body: dict[str, Any] = {"data": [build(row) for row in shown]}
    if shown:
        body["paging"] = {"cursors": {"before": cursor(start), "after": cursor(start + len(shown))}}
        if start + len(shown) < len(rows):
            again = {k: v for k, v in request.query_params.items() if k != "after"}
            again["after"] = cursor(start + len(shown))
            body["paging"]["next"] = f"{world.settings.origin}{request.state.full_path}?{urlencode(again)}"
    return wire.answer(body)
