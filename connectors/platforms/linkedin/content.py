"""What stands inside a message of LinkedIn: plain text, or the LITTLE format with mentions and recordings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from connectors import wire
from connectors.contract import Attachment, AttachmentKind
from connectors.platforms.linkedin import urns

# Names and URNs have a bound: a message of openings alone would be read to its end from each of them. What the format has a use for is
# escaped wherever it means itself, in URNs, too: {audio|urn:li:digitalmediaAsset:C4\_x}.
_MENTION: Final = re.compile(r"@\[((?:\\.|[^\]\\]){0,200})\]\((?:urn:li:(?:\\.|[^)\s\\]){0,200})\)")
_HASHTAG: Final = re.compile(r"\{hashtag\|\\?#\|((?:\\.|[^}\\]){0,200})\}")
_RECORDING: Final = re.compile(r"\{(audio|video)\|(urn:li:(?:\\.|[^}\s\\]){0,200})\}")
_ESCAPED: Final = re.compile(r"\\([\\|{}@\[\]()<>#*_~])")
_DOWNLOADS: Final = "/mediaDownload/"
_MOST_READ: Final = 1000  # of what LinkedIn adds to a message, however deep it is nested
_KINDS: Final = {"image": AttachmentKind.IMAGE, "video": AttachmentKind.VIDEO, "audio": AttachmentKind.AUDIO}


def words(content: Mapping[str, Any]) -> str:
    """What a person would read."""
    text = wire.text(wire.mapping(content.get("content")).get("string")) or wire.text(content.get("content"))
    if content.get("format") != "LITTLE":
        return text or wire.text(content.get("fallback"))
    plain = _HASHTAG.sub(r"#\1", _RECORDING.sub("", _MENTION.sub(r"@\1", text))).strip()
    return _plain(plain) or wire.text(content.get("fallback"))


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def is_told(content: Mapping[str, Any]) -> bool:
    """Whether words stand where they are looked for, be they none."""
    inner = content.get("content")
    places = (inner, wire.mapping(inner).get("string"), content.get("fallback"))
    return any(isinstance(each, str) for each in places)


def attachments(activity: Mapping[str, Any], processed: object = None) -> tuple[Attachment, ...]:
    """Files are named beside the content, inside it, or in the LITTLE text itself; one asset may be named more than once. Where an address
    is not beside the name, it may stand in what LinkedIn adds (`processed`)."""
    content = wire.mapping(activity.get("content"))
    found: dict[str, Attachment] = {}
    for given in (content.get("attachments"), activity.get("attachments")):
        for each in given if isinstance(given, list) else []:
            file = _file(each)
            if file is not None:
                found.setdefault(file.external_id or file.url, file)
    text = wire.text(wire.mapping(content.get("content")).get("string")) or wire.text(content.get("content"))
    if content.get("format") == "LITTLE":
        for kind, escaped in _RECORDING.findall(text):
            urn = _plain(escaped)
            found.setdefault(urn, Attachment(_KINDS[kind], url=urn, external_id=urn))
    for urn in _named(activity, content):
        found.setdefault(urn, Attachment(AttachmentKind.OTHER, url=urn, external_id=urn))
    if gif := _moving_picture(activity):
        found.setdefault(gif.url, gif)
    return tuple(_with_address(each, processed) for each in found.values())


def _named(*holders: Mapping[str, Any]) -> list[str]:
    """Assets that a text shows; it shows people as well."""
    given = [each.get("contentUrns") for each in holders]
    urns_of = [urn for each in given if isinstance(each, list) for urn in each if isinstance(urn, str)]
    return [urn for urn in urns_of if urn.startswith(urns.ASSET)]


def _with_address(file: Attachment, processed: object) -> Attachment:
    if not file.url.startswith(urns.ASSET) or not processed:
        return file
    place = f"{_DOWNLOADS}{file.url.removeprefix(urns.ASSET)}/"
    address = next((each for each in _texts(processed) if each.startswith("http") and place in each), "")
    return replace(file, url=address) if address else file


def _texts(given: object) -> Iterator[str]:
    waiting = [given]
    for _ in range(_MOST_READ):
        if not waiting:
            return
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, Mapping):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each


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
    for record in wire.mapping(media.get("contentRecord")).values():  # under the name of its type
        media = wire.mapping(record) or media
    inner = wire.mapping(media.get("media"))
    for size in ("gif", "previewgif", "nanogif"):
        holder = wire.mapping(inner.get(size)) or wire.mapping(media.get(size))
        if url := wire.text(holder.get("url")):
            return Attachment(
                AttachmentKind.IMAGE, url=url, mime="image/gif", title=wire.text(media.get("title"))
            )
    url = wire.text(media.get("url"))
    return Attachment(AttachmentKind.IMAGE, url=url, mime="image/gif") if url else None
