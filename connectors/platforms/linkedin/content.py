"""What stands inside a message of LinkedIn: plain text, or the LITTLE format with mentions and recordings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from connectors import wire
from connectors.contract import Attachment, AttachmentKind

# Names and URNs have a bound: a message of openings alone would be read to its end from each of them.
_MENTION: Final = re.compile(r"@\[([^\]]{0,200})\]\((urn:li:[^)\s]{0,200})\)")
_RECORDING: Final = re.compile(r"\{(audio|video)\|(urn:li:[^}\s]{0,200})\}")
_KINDS: Final = {"image": AttachmentKind.IMAGE, "video": AttachmentKind.VIDEO, "audio": AttachmentKind.AUDIO}


def words(content: Mapping[str, Any]) -> str:
    """What a person would read."""
    text = wire.text(wire.mapping(content.get("content")).get("string")) or wire.text(content.get("content"))
    if content.get("format") != "LITTLE":
        return text or wire.text(content.get("fallback"))
    plain = _RECORDING.sub("", _MENTION.sub(r"@\1", text)).strip()
    return plain or wire.text(content.get("fallback"))


def is_told(content: Mapping[str, Any]) -> bool:
    """Whether words stand where they are looked for, be they none."""
    inner = content.get("content")
    places = (inner, wire.mapping(inner).get("string"), content.get("fallback"))
    return any(isinstance(each, str) for each in places)


def attachments(activity: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """Files are named beside the content, inside it, or in the LITTLE text itself; one asset may be named more than once."""
    content = wire.mapping(activity.get("content"))
    found: dict[str, Attachment] = {}
    for given in (content.get("attachments"), activity.get("attachments")):
        for each in given if isinstance(given, list) else []:
            file = _file(each)
            if file is not None:
                found.setdefault(file.external_id or file.url, file)
    text = wire.text(wire.mapping(content.get("content")).get("string")) or wire.text(content.get("content"))
    if content.get("format") == "LITTLE":
        for kind, urn in _RECORDING.findall(text):
            found.setdefault(urn, Attachment(_KINDS[kind], url=urn, external_id=urn))
    if gif := _moving_picture(activity):
        found.setdefault(gif.url, gif)
    return tuple(found.values())


def _file(given: object) -> Attachment | None:
    """A bare asset URN, or an object around one. Where no address is told the URN stands for it; an address is nobody's name."""
    if isinstance(given, str):
        asset = given if given.startswith("urn:") else ""
        return Attachment(AttachmentKind.OTHER, url=given, external_id=asset) if given else None
    holder = wire.mapping(given)
    asset = wire.ident(holder.get("id")) or wire.ident(holder.get("asset"))
    reference = holder.get("reference")
    url = (
        wire.text(wire.mapping(reference).get("string"))
        or wire.text(reference)
        or wire.text(holder.get("url"))
    )
    if not (url or asset):
        return None
    mime = wire.text(holder.get("mediaType")) or wire.text(holder.get("mimeType"))
    kind = _KINDS.get(mime.partition("/")[0], AttachmentKind.FILE if mime else AttachmentKind.OTHER)
    size = wire.count(holder.get("byteSize"))
    return Attachment(
        kind,
        url=url or asset,
        mime=mime,
        name=wire.text(holder.get("name")),
        size=size,
        external_id=asset,
    )


def _moving_picture(activity: Mapping[str, Any]) -> Attachment | None:
    extension = wire.mapping(activity.get("extensionContent"))
    if not extension:
        extension = wire.mapping(wire.mapping(activity.get("content")).get("extensionContent"))
    media = wire.mapping(wire.mapping(extension.get("contentRecordMap")).get("ThirdPartyMedia"))
    inner = wire.mapping(media.get("media"))
    for size in ("gif", "previewgif", "nanogif"):
        holder = wire.mapping(inner.get(size)) or wire.mapping(media.get(size))
        if url := wire.text(holder.get("url")):
            return Attachment(
                AttachmentKind.IMAGE, url=url, mime="image/gif", title=wire.text(media.get("title"))
            )
    url = wire.text(media.get("url"))
    return Attachment(AttachmentKind.IMAGE, url=url, mime="image/gif") if url else None
