"""Pictures and films of X, and the words beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors import wire
from connectors.contract import Attachment, AttachmentKind
from connectors.platforms.x.manifest import MANIFEST

_KINDS: Final = {
    "photo": AttachmentKind.IMAGE,
    "video": AttachmentKind.VIDEO,
    "animated_gif": AttachmentKind.VIDEO,
}
_ESCAPES: Final = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
_ESCAPED: Final = re.compile("|".join(_ESCAPES))
_LINK_AT_THE_END: Final = re.compile(r"https?://t\.co/\w+$")
_LONGEST_LINK: Final = 4096  # a longer one stays short: it leads to the same place
_OWN_MEDIA: Final = re.compile(
    r"https?://(?:twitter|x)\.com/(?:messages/media/|\w+/status/\d+/(?:photo|video)/)|pic\."
)


def of_v1(media: Mapping[str, Any]) -> Attachment:
    """`media` of a message's attachment, or of a post's entities."""
    external_id = wire.exact_id(media)
    kind = _KINDS.get(wire.text(media.get("type")), AttachmentKind.OTHER)
    film, mime = _best(wire.entries(wire.mapping(media.get("video_info")).get("variants")), "bitrate")
    still = wire.text(media.get("media_url_https")) or wire.text(media.get("media_url"))
    return Attachment(kind, url=film or still, mime=mime, external_id=external_id)


def of_v2(media: Mapping[str, Any]) -> Attachment:
    """`media` of a v2 answer's includes."""
    kind = _KINDS.get(wire.text(media.get("type")), AttachmentKind.OTHER)
    film, mime = _best(wire.entries(media.get("variants")), "bit_rate")
    still = wire.text(media.get("url")) or wire.text(media.get("preview_image_url"))
    key = wire.text(media.get("media_key"))
    return Attachment(kind, url=film or still, mime=mime, external_id=key.rpartition("_")[2])


def _best(variants: Sequence[Mapping[str, Any]], rate: str) -> tuple[str, str]:
    films = [
        each for each in variants if each.get("content_type") == "video/mp4" and wire.text(each.get("url"))
    ]
    if not films:
        return "", ""
    best = max(films, key=lambda each: wire.count(each.get(rate)) or 0)
    return wire.text(best.get("url")), "video/mp4"


def words(text: str, entities: object, *, with_media: bool, media_link: str = "") -> str:
    """The text as its author wrote it: without the escapes and the link that X puts in, and with shortened links long again."""
    if MANIFEST.receive.escaped:
        text = _ESCAPED.sub(lambda found: _ESCAPES[found[0]], text)  # once: whoever typed &amp; meant that
    urls = {
        wire.text(each.get("url")): each
        for each in wire.entries(wire.mapping(entities).get("urls"))
        if wire.text(each.get("url"))
    }
    if with_media:
        text = _without_media_link(text, urls, media_link)
    return _with_long_links(text, urls)


def _with_long_links(text: str, urls: Mapping[str, Mapping[str, Any]]) -> str:
    """In one pass: a long link is its author's own, and what looks like a short one within it stays. Put in there as well,
    four links of 4 kB become gigabytes."""
    longs = {short: wire.text(entity.get("expanded_url")) for short, entity in urls.items() if short in text}
    known = [short for short, long in longs.items() if 0 < len(long) <= _LONGEST_LINK]
    if not known:
        return text
    shorts = "|".join(re.escape(short) for short in sorted(known, key=len, reverse=True))
    return re.sub(shorts, lambda found: longs[found[0]], text)


def _without_media_link(text: str, urls: Mapping[str, Mapping[str, Any]], media_link: str) -> str:
    found = _LINK_AT_THE_END.search(text.rstrip())
    if found is None:
        return text
    link = found[0]
    entity = urls.get(link)
    if link == media_link or (not media_link and (entity is None or _is_own_media(entity))):
        return text[: found.start()].rstrip()
    return text


def _is_own_media(entity: Mapping[str, Any]) -> bool:
    if wire.text(entity.get("media_key")):
        return True
    targets = (wire.text(entity.get("expanded_url")), wire.text(entity.get("display_url")))
    return any(_OWN_MEDIA.match(each) for each in targets)
