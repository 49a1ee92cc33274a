"""Direct message objects: v1 in deliveries, v2 in answers."""

import hashlib
import html
import re
from typing import Any

from simulator import media
from simulator.clock import iso_millis
from simulator.models import Account, Message, Person
from simulator.world import World

_URL = re.compile(r"https?://\S+")
_TYPES = {"image": "photo", "video": "video", "gif": "animated_gif"}
_PREFIX = {"photo": "3", "video": "7", "animated_gif": "16"}


def short_link(seed: str) -> str:
    digest = hashlib.sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()
    return f"https://t.co/{digest[:10]}"


def media_type(row: dict[str, Any]) -> str:
    return "animated_gif" if row.get("mime") == "image/gif" else _TYPES.get(str(row["kind"]), "photo")


def escaped(text: str) -> str:
    """As X writes the words of posts and of messages, whoever they are of."""
    return html.escape(text, quote=False)


def wire_text(message: Message) -> tuple[str, list[dict[str, Any]]]:
    """Addresses become t.co links, described in entities; media adds its own link at the end."""
    urls: list[dict[str, Any]] = []
    text, at = "", 0
    for found in _URL.finditer(message.text):
        link = short_link(found[0])
        text += escaped(message.text[at : found.start()])
        start = len(text)
        text += link
        urls.append(
            {
                "url": link,
                "expanded_url": found[0],
                "display_url": found[0].split("://", 1)[1][:30],
                "indices": [start, start + len(link)],
            }
        )
        at = found.end()
    text += escaped(message.text[at:])
    if message.attachments:
        link = short_link(message.id)
        start = len(text) + (1 if text else 0)
        text = f"{text} {link}" if text else link
        page = f"https://twitter.com/messages/media/{message.id}"
        urls.append(
            {
                "url": link,
                "expanded_url": page,
                "display_url": "pic.twitter.com/" + link[-10:],
                "indices": [start, start + len(link)],
            }
        )
    return text, urls


def target_of(message: Message, account: Account) -> str:
    if message.direction == "out":
        return message.recipient
    return account.id


def v1_event(world: World, message: Message, account: Account, *, group: bool, aaa: bool) -> dict[str, Any]:
    text, urls = wire_text(message)
    data: dict[str, Any] = {
        "text": text,
        "entities": {"hashtags": [], "symbols": [], "user_mentions": [], "urls": urls},
    }
    if message.attachments:
        data["attachment"] = {"type": "media", "media": v1_media(world, message)}
    create: dict[str, Any] = {
        "target": {"recipient_id": account.id if group else target_of(message, account)},
        "sender_id": message.sender,
        "message_data": data,
    }
    if aaa and message.client == "api":
        create["source_app_id"] = "1000001"
    elif aaa and message.extra.get("app"):
        create["source_app_id"] = "1000002"
    event: dict[str, Any] = {
        "type": "message_create",
        "id": message.id,
        "created_timestamp": str(message.at_ms),
        "message_create": create,
    }
    if group:
        # Synthetic: the documents leave open how a delivery names a group.
        event["dm_conversation_id"] = message.thread
    return event


def v1_media(world: World, message: Message) -> dict[str, Any]:
    row = message.attachments[0]
    held = world.media.get(str(row.get("media_id", "")))
    media_id = str(row.get("media_id", "0"))
    link = media.x_url(world, held, message_id=message.id) if held else str(row.get("url", ""))
    size = {"w": 240, "h": 180, "resize": "fit"}
    body: dict[str, Any] = {
        "id": int(float(media_id))
        if media_id.isdecimal()
        else 0,  # rounded, as in the documents' own examples
        "id_str": media_id,
        "indices": [0, 0],
        "media_url": link,
        "media_url_https": link,
        "url": short_link(message.id),
        "display_url": "pic.twitter.com/" + short_link(message.id)[-10:],
        "expanded_url": f"https://twitter.com/messages/media/{message.id}",
        "type": media_type(row),
        "sizes": {"thumb": size, "small": size, "medium": size, "large": size},
    }
    if body["type"] in {"video", "animated_gif"}:
        variants = [{"bitrate": 832000, "content_type": "video/mp4", "url": link}]
        body["video_info"] = {"aspect_ratio": [4, 3], "duration_millis": 2000, "variants": variants}
    return body


def picture(world: World, key: str) -> str:
    return f"{world.settings.origin}/profile_images/{key}/face_normal.png"


def user_v2(world: World, native: str) -> dict[str, Any]:
    person = world.person("x", native)
    account = world.accounts.get(("x", native))
    name, handle = native, native
    followers, key = 0, native
    if person is not None:
        name, handle, followers, key = person.name, person.handle, person.followers, person.key
    elif account is not None:
        name, handle, followers = account.name, account.handle, 4812
    return {
        "id": native,
        "username": handle,
        "name": name,
        "profile_image_url": picture(world, key),
        "verified": False,
        "verified_type": "none",
        "protected": False,
        "public_metrics": {"followers_count": followers, "followers_count_str": str(followers)},
    }


def user_v1(world: World, native: str) -> dict[str, Any]:
    full = user_v2(world, native)
    return {
        "id": native,
        "created_timestamp": "1422556069340",
        "name": full["name"],
        "screen_name": full["username"],
        "protected": False,
        "verified": False,
        "followers_count": full["public_metrics"]["followers_count"],
        "friends_count": 40,
        "statuses_count": 9,
        "profile_image_url": full["profile_image_url"],
        "profile_image_url_https": full["profile_image_url"],
    }


def media_key(row: dict[str, Any]) -> str:
    return f"{_PREFIX[media_type(row)]}_{row.get('media_id', '0')}"


def v2_event(message: Message, *, fields: set[str]) -> dict[str, Any]:
    text, urls = wire_text(message)
    body: dict[str, Any] = {
        "id": message.id,
        "event_type": "MessageCreate",
        "text": text,
        "sender_id": message.sender,
        "dm_conversation_id": message.thread,
        "created_at": iso_millis(message.at_ms),
    }
    if message.attachments:
        body["attachments"] = {"media_keys": [media_key(message.attachments[0])]}
    if urls:
        body["entities"] = {
            "urls": [{**one, "start": one["indices"][0], "end": one["indices"][1]} for one in urls]
        }
    return {key: value for key, value in body.items() if key in fields}


def v2_media(world: World, message: Message) -> dict[str, Any]:
    row = message.attachments[0]
    held = world.media.get(str(row.get("media_id", "")))
    link = media.x_url(world, held, message_id=message.id) if held else str(row.get("url", ""))
    body: dict[str, Any] = {"media_key": media_key(row), "type": media_type(row), "width": 240, "height": 180}
    if body["type"] == "photo":
        body["url"] = link
    else:
        body["preview_image_url"] = link
        body["variants"] = [{"bit_rate": 832000, "content_type": "video/mp4", "url": link}]
    return body


def root_of(message: Message) -> str:
    """The post under which all of the talk stands; a mention may be one itself."""
    return str(message.extra.get("post") or message.id)


def answered_by(world: World, message: Message) -> tuple[str, str]:
    """The post that this one answers, and its author; empty where it answers none, or where nobody here knows whose it is."""
    root = root_of(message)
    parent_id = message.reply_to or (root if root != message.id else "")
    account = world.accounts[("x", message.account)]
    if any(each["id"] == parent_id for each in account.posts):
        return parent_id, account.id
    parent = world.message(account, parent_id) if parent_id else None
    return parent_id, parent.sender if parent is not None else ""


def post(world: World, message: Message) -> dict[str, Any]:
    parent_id, parent_author = answered_by(world, message)
    body: dict[str, Any] = {
        "id": message.id,
        "text": escaped(message.text),
        "author_id": message.sender,
        "created_at": iso_millis(message.at_ms),
        "conversation_id": root_of(message),
        "edit_history_tweet_ids": [message.id],
    }
    if parent_author:
        body["in_reply_to_user_id"] = parent_author
    if parent_id:
        body["referenced_tweets"] = [{"type": "replied_to", "id": parent_id}]
    return body


def own_answer(world: World, message: Message) -> dict[str, Any]:
    """An answer of the account as a list of its posts shows it: whom it answers stands in front."""
    body = post(world, message)
    person = world.person("x", body.get("in_reply_to_user_id", ""))
    if person is None:
        return body
    handle = person.handle.replace(".", "_")  # names of X have none
    text = f"@{handle} {body['text']}"
    return body | {"text": text, "display_text_range": [len(handle) + 2, len(text)]}


def own_post(account: Account, given: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": given["id"],
        "text": escaped(given["caption"]),
        "author_id": account.id,
        "created_at": iso_millis(given.get("at_ms", 0)),
        "conversation_id": given["id"],
        "edit_history_tweet_ids": [given["id"]],
    }


def conversation_id(one: str, other: str) -> str:
    low, high = sorted((one, other), key=int)
    return f"{low}-{high}"


def relation(person: Person) -> list[str]:
    """Who is blocked is not told so."""
    return ["followed_by"] if person.follows else []
