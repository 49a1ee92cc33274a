"""Comments and attachments as Graph objects."""

from typing import Any

from simulator.clock import iso_graph
from simulator.models import Message
from simulator.world import World


def comment_body(world: World, message: Message) -> dict[str, Any]:
    person = world.person("instagram", message.sender)
    account = world.accounts.get(("instagram", message.sender))
    username = person.handle if person else account.handle if account else ""
    body: dict[str, Any] = {
        "id": message.id,
        "text": message.text,
        "timestamp": iso_graph(message.at_ms),
        "username": username,
        "from": {"id": message.sender, "username": username},
        "media": {"id": message.extra.get("post", "")},
        "hidden": message.hidden,
    }
    if message.reply_to:
        body["parent_id"] = message.reply_to
    return body


def attachment_body(row: dict[str, Any], *, link: str, number: int, message_id: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": f"{message_id[-20:]}{number}",
        "mime_type": row.get("mime", ""),
        "name": row.get("name", ""),
    }
    if row["kind"] == "image":
        body["image_data"] = {"url": link, "preview_url": link, "width": 240, "height": 180}
    elif row["kind"] == "video":
        body["video_data"] = {"url": link, "preview_url": link}
    else:
        body["file_url"] = link
    return body
