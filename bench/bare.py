"""The floor: bare ASGI applications under the same server, which do nothing but what cannot be left out."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from bench.cast import SECRET

KEY = SECRET.encode()
HEADERS = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"0")]


async def door(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Reads the body and checks its HMAC."""
    if scope["type"] != "http":
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    given = next((value for name, value in scope["headers"] if name == b"x-hub-signature-256"), b"")
    expected = b"sha256=" + hmac.new(KEY, body, hashlib.sha256).hexdigest().encode()
    status = 200 if hmac.compare_digest(given, expected) else 403
    await send({"type": "http.response.start", "status": status, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b""})
