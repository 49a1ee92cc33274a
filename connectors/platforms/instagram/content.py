"""What stands inside a message of Instagram: attachments, shares, stories, referrals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from connectors import wire
from connectors.contract import Attachment, AttachmentKind, MessageKind

STORY_LIFE: Final = timedelta(hours=24)
_FILES: Final = {
    "image": AttachmentKind.IMAGE,
    "video": AttachmentKind.VIDEO,
    "audio": AttachmentKind.AUDIO,
    "file": AttachmentKind.FILE,
    "sticker": AttachmentKind.STICKER,
    "like_heart": AttachmentKind.STICKER,
    "location": AttachmentKind.LOCATION,
}
_POSTS: Final = {"ig_post": "post", "share": "post", "media_share": "post", "ig_reel": "reel", "reel": "reel"}
_MEDIA_IDS: Final = ("ig_post_media_id", "reel_video_id", "media_id", "id")


@dataclass(frozen=True, slots=True)
class Content:
    kind: MessageKind
    attachments: tuple[Attachment, ...]
    card: Mapping[str, Any]


def read(message: Mapping[str, Any], *, sent_at: datetime) -> Content:
    """Kind, attachments and card of a webhook's message."""
    given = without_doubled_shares(wire.entries(message.get("attachments")))
    attachments: list[Attachment] = []
    card: dict[str, Any] = {}
    kind = MessageKind.TEXT
    for each in given:
        found, its_kind, its_card = _attachment(each, sent_at=sent_at)
        if found is not None:
            attachments.append(found)
        if its_kind is not MessageKind.TEXT:
            kind = its_kind
        card.update(its_card)
    story = wire.mapping(wire.mapping(message.get("reply_to")).get("story"))
    if story:
        kind = MessageKind.STORY_REPLY
        url, story_id = wire.text(story.get("url")), wire.ident(story.get("id"))
        card |= {"type": "story", "id": story_id, "url": url}
        attachments.append(story_media(url, story_id=story_id, title="Your story", sent_at=sent_at))
    if quick := wire.mapping(message.get("quick_reply")):
        kind = MessageKind.QUICK_REPLY
        card["payload"] = wire.text(quick.get("payload"))
    if referral := wire.mapping(message.get("referral")):
        card["referral"] = referral_card(referral)
    if message.get("is_unsupported") is True:
        kind = MessageKind.UNSUPPORTED
    if kind is MessageKind.UNSUPPORTED and (wire.text(message.get("text")) or attachments):
        kind = MessageKind.TEXT  # a part of it can be shown
    if (
        kind is MessageKind.TEXT
        and not wire.text(message.get("text"))
        and not attachments
        and not isinstance(message.get("text", 0), str | None)  # it is missing, or no text at all
    ):
        kind = MessageKind.UNSUPPORTED
    return Content(kind, tuple(attachments), card)


def _attachment(
    given: Mapping[str, Any], *, sent_at: datetime
) -> tuple[Attachment | None, MessageKind, dict[str, Any]]:
    name, payload = wire.text(given.get("type")), wire.mapping(given.get("payload"))
    url, title = wire.text(payload.get("url")), wire.text(payload.get("title"))
    if name in _FILES:
        return Attachment(_FILES[name], url=url, title=title), MessageKind.TEXT, {}
    if name in _POSTS:
        media_id = media_id_of(payload)
        card = {"type": _POSTS[name], "id": media_id, "title": title, "url": url}
        return (
            Attachment(AttachmentKind.SHARE, url=url, title=title, external_id=media_id),
            MessageKind.SHARE,
            card,
        )
    if name in ("story_mention", "ig_story"):
        mention: dict[str, Any] = {"type": "story", "url": url, "mentions_us": True}
        return story_media(url, title="Story", sent_at=sent_at), MessageKind.STORY_MENTION, mention
    if name == "unsupported_type" or not url:
        return None, MessageKind.UNSUPPORTED, {}
    return Attachment(AttachmentKind.OTHER, url=url, title=title or name), MessageKind.TEXT, {}


def story_media(url: str, *, sent_at: datetime, title: str, story_id: str = "") -> Attachment:
    """Meta forbids keeping a story: the address is all that may stay, and it dies with the story."""
    try:
        expires_at: datetime | None = sent_at + STORY_LIFE
    except OverflowError:
        expires_at = None
    return Attachment(
        AttachmentKind.OTHER,
        url=url,
        title=title,
        external_id=story_id,
        expires_at=expires_at,
        storable=False,
    )


def media_id_of(payload: Mapping[str, Any]) -> str:
    return next((found for name in _MEDIA_IDS if (found := wire.ident(payload.get(name)))), "")


def without_doubled_shares(given: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """For half a year Meta sent each shared post twice, as `share` and as `ig_post`. The newer form stays."""
    posts = [each for each in given if each.get("type") == "ig_post"]
    shares = [each for each in given if each.get("type") == "share"]
    if not posts or not shares:
        return list(given)
    if len(posts) == len(shares):
        return [each for each in given if each.get("type") != "share"]
    known = set[str]().union(*(_marks(each) for each in posts))
    return [each for each in given if each.get("type") != "share" or not _marks(each) & known]


def _marks(given: Mapping[str, Any]) -> set[str]:
    """What tells that two attachments are one: the media's id, its address, or the asset the address names."""
    payload = wire.mapping(given.get("payload"))
    url = wire.text(payload.get("url"))
    try:
        assets = parse_qs(urlsplit(url).query).get("asset_id", [])
    except ValueError:
        assets = []
    return {mark for mark in (media_id_of(payload), url, *assets) if mark}


def referral_card(referral: Mapping[str, Any]) -> dict[str, Any]:
    """Where the customer came from: a link, an ad, a product."""
    ad = wire.mapping(referral.get("ads_context_data"))
    facts = {
        "ref": wire.text(referral.get("ref")),
        "source": wire.text(referral.get("source")),
        "ad_id": wire.ident(referral.get("ad_id")),
        "ad_title": wire.text(ad.get("ad_title")),
        "photo_url": wire.text(ad.get("photo_url")),
        "video_url": wire.text(ad.get("video_url")),
        "product_id": wire.ident(wire.mapping(referral.get("product")).get("id")),
    }
    return {name: value for name, value in facts.items() if value}
