"""Which X subscription hears of which happening, as XAA or AAA payloads."""

from typing import Any

from simulator.clock import iso_millis
from simulator.models import Account, Webhook
from simulator.platforms.base import Event
from simulator.platforms.x import payloads
from simulator.world import Happening, World

XAA_TYPES = (
    "dm.received dm.sent dm.read dm.indicate_typing post.create post.mention.create post.reply.create post.quote.create "
    "post.delete "
    "block.block block.unblock mute.mute follow.follow oauth.revoke chat.received chat.sent"
).split()
_AAA_KEYS = {
    "dm.received": "direct_message_events",
    "dm.sent": "direct_message_events",
    "dm.read": "direct_message_mark_read_events",
    "dm.indicate_typing": "direct_message_indicate_typing_events",
    "post.mention.create": "tweet_create_events",
    "post.reply.create": "tweet_create_events",
}


def event_type(happening: Happening) -> str:
    """Empty for what X tells nobody: edits, unsends and reactions have no event. Of blocks it tells whoever blocks, never who is blocked."""
    message = happening.message
    if happening.kind == "message" and message is not None:
        if message.kind == "mention":
            return "post.mention.create"
        if message.kind == "comment":
            return "post.reply.create" if message.direction == "in" else "post.create"
        return "dm.sent" if message.direction == "out" else "dm.received"
    if (
        happening.kind == "unsend"
        and message is not None
        and message.kind == "comment"
        and message.direction == "out"
    ):
        return "post.delete"  # the account's own; of nobody else's
    return {
        "read": "dm.read",
        "typing": "dm.indicate_typing",
        "revoke": "oauth.revoke",
    }.get(happening.kind, "")


def events(world: World, happening: Happening) -> list[Event]:
    kind = event_type(happening)
    if not kind:
        return []
    told = []
    for hook in world.webhooks.values():
        if hook.platform != "x" or hook.kind != "subscription" or hook.account != happening.account.id:
            continue
        target = world.webhooks.get(hook.webhook)
        if target is None or not target.valid:
            continue
        if hook.event_type == kind and _direction_fits(hook, kind):
            told.append(
                _event(happening, target.url, {"xaa": xaa(world, happening, kind, tag=hook.tag)}, group="xaa")
            )
        elif hook.event_type == "*" and (found := aaa(world, happening, kind)):
            told.append(_event(happening, target.url, {"aaa": found}, group="aaa"))
    return told


def streamed(world: World, happening: Happening) -> list[dict[str, Any]]:
    kind = event_type(happening) if happening.account.platform == "x" else ""
    return [
        xaa(world, happening, kind, tag=hook.tag)
        for hook in world.webhooks.values()
        if kind
        and hook.platform == "x"
        and hook.kind == "subscription"
        and not hook.webhook
        and hook.account == happening.account.id
        and hook.event_type == kind
        and _direction_fits(hook, kind)
    ]


def _direction_fits(hook: Webhook, kind: str) -> bool:
    return not hook.direction or (hook.direction == "inbound") == (kind != "dm.sent")


def _event(happening: Happening, url: str, payload: dict[str, Any], *, group: str) -> Event:
    message = happening.message if happening.kind in {"message", "unsend"} else None
    fault = str(message.extra.get("fault", "")) if message else ""
    return Event(
        platform="x",
        account=happening.account.id,
        url=url,
        payload=payload,
        message=message,
        what=happening.kind,
        group=group,
        fault=fault,
    )


def xaa(world: World, happening: Happening, kind: str, *, tag: str) -> dict[str, Any]:
    account = happening.account
    body: dict[str, Any] = {
        "event_uuid": world.ids.negative_long(),
        "event_type": kind,
        **({"tag": tag} if tag else {}),
        "filter": {} if kind == "oauth.revoke" else {"user_id": account.id},
        "payload": _payload(world, happening, kind),
    }
    if kind.startswith("post.") and happening.message is not None and kind != "post.delete":
        body["includes"] = {"users": [payloads.user_v2(world, happening.message.sender)]}
    return body


def _payload(world: World, happening: Happening, kind: str) -> dict[str, Any]:
    account, message = happening.account, happening.message
    if kind == "oauth.revoke":
        return {"date_time": iso_millis(happening.at_ms), "user_id": account.id, "app_id": "1000001"}
    if kind == "post.delete" and message is not None:
        return {"id": message.id, "author_id": message.sender}
    if kind == "post.create" and message is not None:
        return payloads.own_answer(world, message)
    if kind.startswith("post.") and message is not None:
        return payloads.post(world, message)
    if kind in {"dm.read", "dm.indicate_typing"}:
        return _sign(happening)
    assert message is not None and happening.thread is not None
    group = happening.thread.kind == "group"
    people = [account.id, *happening.thread.people]
    return {
        "direct_message_events": [payloads.v1_event(world, message, account, group=group, aaa=False)],
        "users": {native: {"data": payloads.user_v2(world, native)} for native in people},
    }


def _sign(happening: Happening) -> dict[str, Any]:
    body: dict[str, Any] = {
        "created_timestamp": str(happening.at_ms),
        "sender_id": happening.actor,
        "target": {"recipient_id": happening.account.id},
    }
    if happening.kind == "read" and happening.message is not None:
        body["last_read_event_id"] = happening.message.id
    return body


def aaa(world: World, happening: Happening, kind: str) -> dict[str, Any] | None:
    account, message = happening.account, happening.message
    if kind == "oauth.revoke":
        revoke = {
            "date_time": iso_millis(happening.at_ms),
            "target": {"app_id": "1000001"},
            "source": {"user_id": account.id},
        }
        return {"user_event": {"revoke": revoke}}
    key = _AAA_KEYS.get(kind)
    if key is None:
        return None
    body: dict[str, Any] = {"for_user_id": account.id}
    people = {account.id, happening.actor}
    if kind in {"dm.read", "dm.indicate_typing"}:
        body[key] = [_sign(happening)]
    elif kind in {"post.mention.create", "post.reply.create"} and message is not None:
        return {"for_user_id": account.id, key: [_tweet(world, message, account)]}
    elif message is not None and happening.thread is not None:
        group = happening.thread.kind == "group"
        people |= set(happening.thread.people)
        body[key] = [payloads.v1_event(world, message, account, group=group, aaa=True)]
        body["apps"] = {"1000001": {"id": "1000001", "name": "Parley", "url": "https://parley.example"}}
        if name := message.extra.get("app"):
            body["apps"]["1000002"] = {"id": "1000002", "name": name, "url": "https://app.example"}
    body["users"] = {native: payloads.user_v1(world, native) for native in sorted(people) if native}
    return body


def _tweet(world: World, message: Any, account: Account) -> dict[str, Any]:
    parent_id, parent_author = payloads.answered_by(world, message)
    return {
        "id": int(float(message.id)),
        "id_str": message.id,
        "timestamp_ms": str(message.at_ms),
        "text": payloads.escaped(message.text),
        "user": {**payloads.user_v1(world, message.sender), "id_str": message.sender},
        "in_reply_to_status_id_str": parent_id or None,
        "in_reply_to_user_id_str": parent_author or None,
        "entities": {
            "user_mentions": [{"id_str": account.id, "screen_name": account.handle}],
            "urls": [],
            "hashtags": [],
        },
    }


def merged(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """AAA deliveries of one account may carry several events."""
    by_account: dict[str, dict[str, Any]] = {}
    alone = []
    for row in rows:
        if "for_user_id" not in row:
            alone.append(row)
            continue
        held = by_account.setdefault(row["for_user_id"], {"for_user_id": row["for_user_id"]})
        for key, value in row.items():
            if isinstance(value, list):
                held.setdefault(key, []).extend(value)
            elif isinstance(value, dict):
                held.setdefault(key, {}).update(value)
    return [*by_account.values(), *alone]
