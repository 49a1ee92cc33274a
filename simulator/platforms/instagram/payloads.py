"""Webhook elements of Instagram messaging and comments."""

from typing import Any

from simulator import media
from simulator.models import Account, Message
from simulator.world import Happening, World

STORY_MS = 24 * 3600 * 1000
REACTION_NAMES = {
    "❤": "love",
    "❤️": "love",
    "😂": "smile",
    "😮": "wow",
    "😢": "sad",
    "😡": "angry",
    "👍": "like",
    "👎": "dislike",
}

# Which subscribed field carries which happening; Instagram echoes come with `messages`.
FIELDS = {
    "message": "messages",
    "unsend": "messages",
    "edit": "message_edit",
    "react": "message_reactions",
    "unreact": "message_reactions",
    "read": "messaging_seen",
    "referral": "messaging_referral",
    "comment": "comments",
    "mention": "mentions",
}


def field_of(happening: Happening) -> str:
    message = happening.message
    if happening.kind == "message" and message is not None:
        if message.kind == "postback":
            return "messaging_postbacks"
        if message.kind in {"comment", "mention"}:
            return FIELDS[message.kind]
    return FIELDS.get(happening.kind, "")


def element(world: World, happening: Happening) -> dict[str, Any] | None:
    """`{"messaging": …}`, `{"standby": …}` or `{"changes": …}`; None for what Meta does not tell."""
    message = happening.message
    if message is not None and message.kind in {"comment", "mention"}:
        return _change(world, message) if happening.kind == "message" and message.direction == "in" else None
    body = _body(world, happening)
    if body is None:
        return None
    account = happening.account
    sender, recipient = happening.actor, account.id
    if message is not None and happening.actor == account.id:
        sender, recipient = account.id, message.recipient if message.direction == "out" else message.sender
    head: dict[str, Any] = {
        "sender": {"id": sender},
        "recipient": {"id": recipient},
        "timestamp": happening.at_ms,
    }
    if happening.kind == "edit" and message is not None and message.edits % 2:
        del head["sender"], head["recipient"]  # some name the message alone
    by_another_app = message is not None and message.extra.get("app") and happening.kind == "message"
    return {"standby" if by_another_app else "messaging": {**head, **body}}


def _body(world: World, happening: Happening) -> dict[str, Any] | None:
    message, kind = happening.message, happening.kind
    by_brand = happening.actor == happening.account.id
    if kind == "referral":
        return {
            "referral": {
                "ref": happening.data.get("ref", ""),
                "source": "IGME-SOURCE-LINK",
                "type": "OPEN_THREAD",
            }
        }
    if message is None:
        return None
    if kind == "message":
        if message.kind == "postback":
            return {
                "postback": {
                    "mid": message.id,
                    "title": message.text,
                    "payload": message.extra.get("payload", "START"),
                }
            }
        return {"message": content(world, message)}
    if kind == "unsend":
        return {"message": {"mid": message.id, "is_deleted": True, **({"is_echo": True} if by_brand else {})}}
    if by_brand:
        return None
    if kind == "edit":
        return {
            "message_edit": {"mid": message.id, "text": happening.data["text"], "num_edit": message.edits}
        }
    if kind == "react":
        emoji = happening.data["emoji"]
        return {
            "reaction": {
                "mid": message.id,
                "action": "react",
                "reaction": REACTION_NAMES.get(emoji, "other"),
                "emoji": emoji,
            }
        }
    if kind == "unreact":
        return {"reaction": {"mid": message.id, "action": "unreact"}}
    if kind == "read":
        return {"read": {"mid": message.id}}
    return None


def content(world: World, message: Message) -> dict[str, Any]:
    body: dict[str, Any] = {"mid": message.id}
    if message.direction == "out":
        body["is_echo"] = True
    if message.kind == "unsupported":
        body["is_unsupported"] = True
        return body
    if message.text or not message.attachments:
        body["text"] = message.text
    if message.attachments:
        body["attachments"] = [attachment(world, one) for one in message.attachments]
    if story := message.extra.get("story"):
        body["reply_to"] = {"story": {"id": story["id"], "url": story_url(world, story)}}
    elif message.reply_to:
        body["reply_to"] = {"mid": message.reply_to}
    if message.kind == "quick_reply":
        body["quick_reply"] = {"payload": message.extra.get("payload", "OPTION")}
    if referral := message.extra.get("referral"):
        body["referral"] = referral
    return body


def story_url(world: World, story: dict[str, Any]) -> str:
    held = world.media.get(str(story.get("media_id", "")))
    return media.instagram_url(world, held, lifetime_ms=STORY_MS) if held else str(story.get("url", ""))


def attachment(world: World, row: dict[str, Any]) -> dict[str, Any]:
    kind = str(row["kind"])
    if kind in {"ig_post", "share"}:
        payload = {
            "ig_post_media_id": row.get("post", ""),
            "title": row.get("title", ""),
            "url": url(world, row),
        }
        return {"type": kind, "payload": payload}
    if kind == "ig_reel":
        payload = {
            "reel_video_id": row.get("post", ""),
            "title": row.get("title", ""),
            "url": url(world, row),
        }
        return {"type": kind, "payload": payload}
    if kind == "unsupported_type":
        return {"type": kind, "payload": {}}
    return {"type": kind, "payload": {"url": url(world, row)}}


def url(world: World, row: dict[str, Any]) -> str:
    """A fresh signed address each time, as the CDN gives."""
    held = world.media.get(str(row.get("media_id", "")))
    if held is None:
        return str(row.get("url", ""))
    lifetime = STORY_MS if row["kind"] == "story_mention" else media.LIFETIME_MS
    return media.instagram_url(world, held, lifetime_ms=lifetime)


def _change(world: World, message: Message) -> dict[str, Any]:
    post = message.extra.get("post", "")
    if message.kind == "mention":
        place = {} if message.extra.get("caption") else {"comment_id": message.id}
        return {"changes": {"field": "mentions", "value": {"media_id": post, **place}}}
    person = world.person("instagram", message.sender)
    value: dict[str, Any] = {
        "id": message.id,
        "text": message.text,
        "from": {"id": message.sender, "username": person.handle if person else ""},
        "media": {"id": post, "media_product_type": "FEED"},
    }
    if message.reply_to:
        value["parent_id"] = message.reply_to
    return {"changes": {"field": "comments", "value": value}}


def envelope(*, account: Account | str, now_ms: int, elements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries of one account: messaging in one (milliseconds), each change in its own (seconds)."""
    account_id = account if isinstance(account, str) else account.id
    entries: list[dict[str, Any]] = []
    for section in ("messaging", "standby"):
        if found := [one[section] for one in elements if section in one]:
            entries.append({"id": account_id, "time": now_ms, section: found})
    for one in elements:
        if "changes" in one:
            entries.append({"id": account_id, "time": now_ms // 1000, "changes": [one["changes"]]})
        elif "entry" in one:
            entries.append({"id": account_id, "time": now_ms, **one["entry"]})
    return entries
