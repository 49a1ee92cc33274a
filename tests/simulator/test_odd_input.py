"""Bodies that no platform expects: each is answered in the platform's own words, and by no crash."""

import copy
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulator import media
from tests.simulator.outside import FILES, ORIGIN, RECEIVER, Outside, Receiver, apart, opened, simulated

ODD: list[Any] = [5, "\ud83d", ["x"], {"x": "x"}, None, float("inf")]
NO_BODIES = [b"{nonsense", b"[1]", b"5", b'"x"', b"\xff", b"[" * 20_000]
Call = tuple[str, str, dict[str, str], dict[str, Any]]


def odd(body: Any) -> Iterator[Any]:
    """The body with one member, however deep, exchanged for something else; every member in turn."""
    for path in _paths(body):
        for value in ODD:
            changed = copy.deepcopy(body)
            place = changed
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = value
            yield changed


def _paths(body: Any, *before: Any) -> Iterator[tuple[Any, ...]]:
    steps = body if isinstance(body, dict) else range(len(body)) if isinstance(body, list) else []
    for step in steps:
        yield (*before, step)
        yield from _paths(body[step], *before, step)


async def of_instagram(outside: Outside) -> list[Call]:
    headers = await outside.instagram()
    app = await outside.apps("instagram")
    outside.receiver.files["a.png"] = (b"\x89PNG\r\n\x1a\n....", "image/png")
    mara = await outside.says("instagram", "Hello")
    comment = await outside.says("instagram", "Nice", kind="comment")
    to = {"recipient": {"id": mara["person"]["id"]}}
    picture = {"type": "image", "payload": {"url": f"{FILES}/a.png", "is_reusable": True}}
    held = {"type": "image", "payload": {"attachment_id": "1"}}
    quick = [{"content_type": "text", "title": "Yes", "payload": "YES"}]
    tagged = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT", "reply_to": {"mid": mara["id"]}}
    reaction = {"sender_action": "react", "payload": {"message_id": mara["id"], "reaction": "love"}}
    hook = {"verify_token": "ours", "fields": ["messages"], "object": "instagram", "callback_url": RECEIVER}
    install = {"subscribed_fields": ["messages"]}
    bodies = [
        ("me/messages", {**to, **tagged, "message": {"text": "Hi", "quick_replies": quick}}),
        ("me/messages", {**to, "message": {"attachment": picture}}),
        ("me/messages", {**to, "message": {"attachments": [held, held]}}),
        ("me/messages", {**to, **reaction}),
        ("me/messages", {"recipient": {"comment_id": comment["id"]}, "message": {"text": "Hi"}}),
        ("me/message_attachments", {"message": {"attachment": picture}}),
        ("me/subscribed_apps", install),
        ("me/mentions", {"media_id": "1", "comment_id": "2", "message": "Hi"}),
        (f"{comment['id']}/replies", {"message": "Thanks"}),
        (comment["id"], {"hide": True}),
        (f"{app['client_id']}/subscriptions", hook),
    ]
    proof = {"authorization": f"Bearer {app['client_id']}|{app['client_secret']}"}
    calls = [
        ("POST", f"/v25.0/{path}", proof if path.endswith("/subscriptions") else headers, body)
        for path, body in bodies
    ]
    return [*calls, ("POST", "/oauth/access_token", {}, {"code": "1", "client_id": app["client_id"]})]


async def of_x(outside: Outside) -> list[Call]:
    user = await outside.x()
    app = {"authorization": f"Bearer {(await outside.apps('x'))['app_bearer']}"}
    hook = (await outside.api.get("/2/webhooks", headers=app)).json()["data"][0]["id"]
    mara = await outside.says("x", "Hello")
    noor = await outside.says("x", "Hi", **{"from": "Noor"})
    comment = await outside.says("x", "Nice", kind="comment")
    people = [mara["person"]["id"], noor["person"]["id"]]
    words = {"text": "Hi", "attachments": [{"media_id": "1"}]}
    upload = {"media_category": "dm_image", "media_type": "image/png", "total_bytes": 10}
    wish = {"event_type": "dm.received", "filter": {"user_id": "2244994945"}, "tag": "a", "webhook_id": hook}
    job = {"webhook_id": hook, "from_date": "202601010000", "to_date": "202601010100"}
    group = {"conversation_type": "Group", "participant_ids": people, "message": words}
    return [
        ("POST", f"/2/dm_conversations/with/{people[0]}/messages", user, words),
        ("POST", f"/2/dm_conversations/{mara['thread']}/messages", user, words),
        ("POST", "/2/dm_conversations", user, group),
        ("POST", "/2/tweets", user, {"text": "Thanks", "reply": {"in_reply_to_tweet_id": comment["id"]}}),
        ("PUT", f"/2/tweets/{comment['id']}/hidden", user, {"hidden": True}),
        ("POST", "/2/media/upload/initialize", user, upload),
        ("POST", "/2/media/upload/1/append", user, {"segment_index": 0}),
        ("POST", "/2/webhooks", app, {"url": RECEIVER}),
        ("POST", "/2/webhooks/replay", app, job),
        ("POST", "/2/activity/subscriptions", user, wish),
        ("POST", "/2/oauth2/token", {}, {"grant_type": "refresh_token"}),
    ]


async def of_linkedin(outside: Outside) -> list[Call]:
    headers = await outside.linkedin()
    mara = await outside.says("linkedin", "Hello")
    comment = await outside.says("linkedin", "Nice", kind="comment")
    replies = f"/rest/socialActions/{comment['id']}/comments"
    reply = {"actor": "urn:li:organization:9000001", "message": {"text": "Thanks"}}
    said = await outside.api.post(replies, json=reply, headers=headers)
    one = f"{replies}/{said.headers['x-restli-id']}"
    change = {"patch": {"message": {"$set": {"text": "Thank you"}}}}
    words = {"subject": "Order", "body": "Hi", "attachments": ["urn:li:digitalmediaAsset:1"]}
    wish = {"recipes": ["urn:li:digitalmediaRecipe:messaging-attachment"], "owner": mara["person"]["id"]}
    partly = headers | {"x-restli-method": "PARTIAL_UPDATE"}
    return [
        ("POST", "/v2/messages", headers, {**words, "recipients": [mara["person"]["id"]]}),
        ("POST", "/v2/messages", headers, {**words, "thread": f"urn:li:messagingThread:{mara['thread']}"}),
        ("POST", "/v2/assets?action=registerUpload", headers, {"registerUploadRequest": wish}),
        ("POST", replies, headers, {**reply, "parentComment": comment["id"]}),
        ("POST", one, partly, change),
        ("PUT", await outside.linkedin_subscription(), headers, {"webhook": RECEIVER}),
        ("POST", "/oauth/v2/accessToken", {}, {"grant_type": "refresh_token"}),
    ]


async def of_control(outside: Outside) -> list[Call]:
    place = {"platform": "instagram", "account": "acme"}
    mara = await outside.says("instagram", "Hello")
    words = {**place, "from": {"name": "Mara"}, "text": "Hi", "kind": "text", "at_ms": 1_786_012_345_123}
    group = {"platform": "x", "account": "acme", "from": "Ida", "kind": "group", "with": ["Noor"]}
    picture = [{"kind": "image", "name": "cat.png", "media_id": "1", "url": f"{FILES}/cat.png"}]
    reply = {**place, "kind": "native_reply", "from": "Mara Klein", "text": "Hi", "attachments": picture}
    edit = {**place, "kind": "edit", "target": mara["id"], "text": "Hello!", "from": "Mara Klein"}
    limit = {"name": "rate.limit", "form": "app", "minutes": 1, "rate": 0.5, "seed": 1, **place}
    bodies = [
        ("/control/messages", {**words, "attachments": picture, "reply_to": mara["id"]}),
        ("/control/messages", group),
        ("/control/events", reply),
        ("/control/events", edit),
        ("/control/people", {**place, "name": "Mara"}),
        ("/control/grants", {**place, "redirect_uri": RECEIVER, "scope": "a"}),
        ("/control/raw", {**place, "url": RECEIVER, "payload": {"messaging": {"message": {"mid": "1"}}}}),
        ("/control/faults", limit),
        ("/control/faults", {"name": "error.5xx", "when": "after", "on": True}),
        ("/control/play", {"rate": 0.1, "seed": 1, "limit": 0, "platforms": ["x"], "corpus": "builtin"}),
        ("/control/clock", {"now_ms": 1_786_012_345_123, "advance_ms": 1}),
        ("/control/tokens/expire", {**place, "refresh": False}),
        ("/control/handshake", {"platform": "x"}),
        ("/stage/people", {**place, "name": "Mara"}),
        ("/stage/messages", words),
        ("/stage/events", edit),
    ]
    return [("POST", path, {}, body) for path, body in bodies]


SURFACES = {"instagram": of_instagram, "x": of_x, "linkedin": of_linkedin, "control": of_control}


def speaks(surface: str, answer: httpx.Response) -> bool:
    """Whether it is taken, or refused in the shape of errors that this surface has."""
    if answer.status_code < 400:
        return True
    body = answer.json()
    if surface == "control":
        return answer.status_code == 400 and body["error"].endswith(".")
    if surface == "instagram":
        graph = isinstance(body.get("error"), dict) and {"message", "type", "code"} <= body["error"].keys()
        return answer.status_code < 500 and (graph or "error_message" in body)
    own = {"title", "detail", "type"} if surface == "x" else {"message", "status"}
    return answer.status_code < 500 and (own <= body.keys() or {"error", "error_description"} <= body.keys())


@pytest.mark.parametrize("surface", SURFACES)
def test_whatever_a_body_holds_is_answered_in_the_words_of_the_surface(surface: str, tmp_path: Path) -> None:
    async def play() -> None:
        outside = await opened(tmp_path, Receiver())
        simulator = outside.simulator
        app = simulator.control if surface == "control" else simulator.platforms
        way = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        client = httpx.AsyncClient(
            transport=way, base_url=ORIGIN if surface != "control" else "http://localhost"
        )
        wrong = []
        for method, path, headers, body in await SURFACES[surface](outside):
            contents = [*(json.dumps(one).encode("ascii") for one in odd(body)), *NO_BODIES]
            kinds = ["application/json"] * len(contents) + ["multipart/form-data"]
            for content, kind in zip([*contents, b"x"], kinds, strict=True):
                simulator.kernel.limits.clear()
                answer = await client.request(
                    method, path, headers={"content-type": kind, **headers}, content=content
                )
                if not speaks(surface, answer):
                    wrong.append((path, content[:300], answer.status_code, answer.text[:200]))
                simulator.kernel.faults.clear()
        await simulator.close()
        assert wrong == []

    apart(play)


@simulated
async def test_what_is_asked_for_in_a_query_or_a_path_may_be_odd_as_well(outside: Outside) -> None:
    headers = await outside.linkedin()
    on_instagram = await outside.says("instagram", kind="image")
    row = next(one for one in await outside.ledger() if one["id"] == on_instagram["id"])
    asset = row["attachments"][0]["media_id"]
    wish = {"registerUploadRequest": {"recipes": ["urn:li:digitalmediaRecipe:messaging-attachment"]}}
    waiting = await outside.api.post("/v2/assets?action=registerUpload", json=wish, headers=headers)
    name = waiting.json()["value"]["asset"].rpartition(":")[2]
    page = "/rest/organizationalEntityNotifications?organizationalEntity=urn:li:organization:9000001"

    paths = {
        f"{page}&start=x": 400,
        f"{page}&count=-1": 400,
        f"/mediaDownload/{name}/messaging-attachmentFile/0": 404,
        "/rest/organizations/organization:9000001": 404,
        f"/ig_messaging_cdn/?asset_id={asset}&oe=9999999999999&signature=é": 403,
    }
    for path, status in paths.items():
        assert (await outside.api.get(path, headers=headers)).status_code == status, path


@simulated
async def test_a_payload_that_nobody_could_sign_keeps_no_other_away(outside: Outside) -> None:
    """What is gathered within a moment leaves in one delivery."""
    place = {"platform": "instagram", "account": "acme", "url": RECEIVER}
    for levels, status in ((60, 200), (600, 400)):
        deep: dict[str, Any] = {}
        for level in range(levels):
            deep = {"a": [deep]} if level % 2 else {"a": deep}

        answer = await outside.control.post("/control/raw", json={**place, "payload": deep})

        assert answer.status_code == status
        assert status == 200 or "nested too deeply" in answer.json()["error"]


@simulated
async def test_a_comment_that_is_gone_is_not_changed(outside: Outside) -> None:
    headers = await outside.linkedin()
    comment = await outside.says("linkedin", "Nice", kind="comment")
    path = f"/rest/socialActions/{comment['id']}/comments"
    body = {"actor": "urn:li:organization:9000001", "message": {"text": "Thanks"}}
    said = await outside.api.post(path, json=body, headers=headers)
    one = f"{path}/{said.headers['x-restli-id']}"
    await outside.api.delete(one, headers=headers)

    change = {"patch": {"message": {"$set": {"text": "Thank you"}}}}
    answer = await outside.api.post(one, json=change, headers=headers | {"x-restli-method": "PARTIAL_UPDATE"})

    assert (answer.status_code, answer.json()["status"]) == (404, 404)


@simulated
async def test_what_fails_here_is_a_server_error_in_the_platforms_words(outside: Outside) -> None:
    world = outside.simulator.kernel.world
    headers = {"instagram": {}, "x": await outside.x(), "linkedin": await outside.linkedin()}
    links = {}
    for platform in headers:
        message = await outside.says(platform, kind="image")
        held = world.media[
            world.message(world.account(platform, "acme"), message["id"]).attachments[0]["media_id"]
        ]
        links[platform] = {
            "instagram": media.instagram_url(world, held),
            "x": media.x_url(world, held, message_id=message["id"]),
            "linkedin": media.linkedin_url(world, held),
        }[platform]
    shutil.rmtree(world.settings.folder / "media")
    way = httpx.ASGITransport(app=outside.simulator.platforms, raise_app_exceptions=False)

    answers = {
        platform: await httpx.AsyncClient(transport=way).get(link, headers=headers[platform])
        for platform, link in links.items()
    }

    assert answers["instagram"].json()["error"]["code"] == 2
    assert answers["x"].json()["title"] == "Service Unavailable"
    assert answers["linkedin"].json() == {"message": "Internal Server Error", "status": 500}
