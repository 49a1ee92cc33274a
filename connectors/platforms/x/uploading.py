"""Media for a message: announced, sent in pieces, and waited for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from connectors import wire
from connectors.contract import ConnectorError, Context, OutboundAttachment, Remedy
from connectors.platforms.x import client, errors

_PIECE: Final = 4 * 1024 * 1024
_LONGEST_WAIT: Final = 120.0


def upload(ctx: Context, attachment: OutboundAttachment) -> str:
    """The media id. Nothing is published by it, so every step may be repeated."""
    try:
        content = Path(attachment.path).read_bytes()
    except OSError:
        raise ConnectorError(
            "The file to send is no longer there.", remedy=Remedy.TELL, code="file"
        ) from None
    announced = {
        "media_type": attachment.mime,
        "total_bytes": len(content),
        "media_category": _category(attachment.mime),
    }
    body = _call(ctx, "POST", "media/upload/initialize", json=announced)
    media_id = wire.told(wire.exact_id(wire.mapping(body.get("data"))), "media id")
    for index, start in enumerate(range(0, len(content), _PIECE)):
        piece = content[start : start + _PIECE]
        files = {"media": (attachment.name or "file", piece, attachment.mime)}
        _call(ctx, "POST", f"media/upload/{media_id}/append", form={"segment_index": str(index)}, files=files)
    body = _call(ctx, "POST", f"media/upload/{media_id}/finalize")
    _wait(ctx, media_id, wire.mapping(body.get("data")))
    return media_id


def _category(mime: str) -> str:
    if mime == "image/gif":
        return "dm_gif"
    return "dm_video" if mime.startswith("video/") else "dm_image"


def _call(ctx: Context, method: str, path: str, **body: Any) -> Mapping[str, Any]:
    with errors.of_files():
        answered, _ = client.call(ctx, method, path, bucket="upload", repeatable=True, **body)
    return answered


def _wait(ctx: Context, media_id: str, told: Mapping[str, Any]) -> None:
    waited = 0.0
    while processing := wire.mapping(told.get("processing_info")):
        state = processing.get("state")
        if state == "succeeded":
            return
        if state == "failed":
            raise ConnectorError("X could not take this file.", remedy=Remedy.TELL, code="media failed")
        if waited >= _LONGEST_WAIT:
            raise ConnectorError("X is still working on this file.", remedy=Remedy.RETRY, code="media slow")
        seconds = float(min(max(wire.count(processing.get("check_after_secs")) or 1, 1), 30))
        ctx.http.pause(seconds)
        waited += seconds
        body = _call(ctx, "GET", "media/upload", params={"command": "STATUS", "media_id": media_id})
        told = wire.mapping(body.get("data"))
