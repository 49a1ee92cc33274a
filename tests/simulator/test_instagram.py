"""Instagram over the wire, against section 1 of the platform notes."""

import asyncio
from dataclasses import replace

from simulator import signatures
from simulator.settings import from_environment
from tests.simulator.outside import FILES, RECEIVER, Outside, simulated

MOVED = f"{RECEIVER}?moved"


@simulated
async def test_a_message_arrives_signed_over_escaped_bytes(outside: Outside) -> None:
    await outside.instagram()

    written = await outside.says("instagram", "¿Abren hoy? 👋🏽")
    await outside.settle()

    delivered = outside.receiver.seen[0]
    secret = (await outside.apps("instagram"))["webhook_secret"]
    assert delivered.headers["x-hub-signature-256"] == signatures.meta_sha256(
        secret=secret, body=delivered.body
    )
    assert delivered.body.isascii()
    assert rb"\u00bfAbren hoy? \ud83d\udc4b\ud83c\udffd" in delivered.body
    element = outside.elements()[0]
    assert element["message"] == {"mid": written["id"], "text": "¿Abren hoy? 👋🏽"}
    assert element["sender"] == {"id": written["person"]["id"]}
    assert element["recipient"] == {"id": "17841400000000001"}
    assert isinstance(element["timestamp"], int)
    assert len(written["id"]) > 100


@simulated
async def test_a_wrong_verify_token_fails_the_registration(outside: Outside) -> None:
    app = await outside.apps("instagram")

    answer = await outside.api.post(
        f"/v25.0/{app['client_id']}/subscriptions",
        params={
            "object": "instagram",
            "callback_url": "http://receiver.test/hook",
            "verify_token": "not ours",
            "fields": "messages",
            "access_token": f"{app['client_id']}|{app['client_secret']}",
        },
    )

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == 2200


@simulated
async def test_an_app_has_one_address_for_all_its_accounts_and_whoever_moves_it_moves_them_all(
    outside: Outside,
) -> None:
    deliverer = outside.simulator.kernel.deliverer
    world = outside.simulator.kernel.world
    world.settings = replace(world.settings, retry_scale=1)
    app = await outside.apps("instagram")
    for account in ("acme", "borealis"):
        await outside.instagram(account)
    outside.receiver.statuses = [500, 500]
    await outside.says("instagram", "it waits to be delivered again")
    while outside.receiver.statuses:
        await asyncio.sleep(0.01)

    await outside.api.post(
        f"/v25.0/{app['client_id']}/subscriptions",
        params={
            "object": "instagram",
            "callback_url": MOVED,
            "verify_token": "ours",
            "fields": "messages",
            "access_token": f"{app['client_id']}|{app['client_secret']}",
        },
    )
    for account in ("acme", "borealis"):
        await outside.says("instagram", f"new to {account}", account=account)
    while deliverer.pending:
        deliverer.hurry()
        await asyncio.sleep(0.01)

    assert {one.to for one in outside.receiver.seen} == {MOVED}
    assert sorted(element["message"]["text"] for element in outside.elements()) == [
        "it waits to be delivered again", "new to acme", "new to borealis",
    ]  # fmt: skip
    told = (await outside.apps("instagram"))["accounts"]
    assert [one["delivered_to"] for one in told] == [[MOVED], [MOVED]]


@simulated
async def test_a_send_is_answered_and_echoed_under_the_same_mid(outside: Outside) -> None:
    headers = await outside.instagram()
    person = (await outside.says("instagram"))["person"]["id"]

    answer = await outside.api.post(
        "/v25.0/me/messages", json={"recipient": {"id": person}, "message": {"text": "Yes."}}, headers=headers
    )
    await outside.settle()

    mid = answer.json()["message_id"]
    echo = outside.elements()[-1]
    assert answer.json()["recipient_id"] == person
    assert echo["message"] == {"mid": mid, "is_echo": True, "text": "Yes."}
    assert (echo["sender"]["id"], echo["recipient"]["id"]) == ("17841400000000001", person)


@simulated
async def test_the_window_closes_after_a_day_and_the_human_tag_after_a_week(outside: Outside) -> None:
    headers = await outside.instagram()
    person = (await outside.says("instagram"))["person"]["id"]
    body = {"recipient": {"id": person}, "message": {"text": "Late"}}
    tagged = {**body, "messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}

    await outside.advance(hours=25)
    plain = await outside.api.post("/v25.0/me/messages", json=body, headers=headers)
    human = await outside.api.post("/v25.0/me/messages", json=tagged, headers=headers)
    await outside.advance(days=6)
    too_late = await outside.api.post("/v25.0/me/messages", json=tagged, headers=headers)

    assert plain.json()["error"]["code"] == 10
    assert plain.json()["error"]["error_subcode"] == 2534022
    assert human.status_code == 200
    assert too_late.json()["error"]["error_subcode"] == 2534022


@simulated
async def test_the_limit_counts_bytes_not_characters(outside: Outside) -> None:
    headers = await outside.instagram()
    person = (await outside.says("instagram"))["person"]["id"]

    fits = await outside.api.post(
        "/v25.0/me/messages",
        json={"recipient": {"id": person}, "message": {"text": "é" * 500}},
        headers=headers,
    )
    exceeds = await outside.api.post(
        "/v25.0/me/messages",
        json={"recipient": {"id": person}, "message": {"text": "é" * 501}},
        headers=headers,
    )

    assert fits.status_code == 200
    assert exceeds.json()["error"]["code"] == 100


@simulated
async def test_a_sent_picture_is_fetched_from_our_address(outside: Outside) -> None:
    headers = await outside.instagram()
    person = (await outside.says("instagram"))["person"]["id"]
    outside.receiver.files["a.png"] = (b"\x89PNG\r\n\x1a\n....", "image/png")
    outside.receiver.files["b.png"] = (b"plain words", "text/plain")

    def picture(name: str) -> dict[str, object]:
        attachment = {"type": "image", "payload": {"url": f"{FILES}/{name}"}}
        return {"recipient": {"id": person}, "message": {"attachment": attachment}}

    good = await outside.api.post("/v25.0/me/messages", json=picture("a.png"), headers=headers)
    bad = await outside.api.post("/v25.0/me/messages", json=picture("b.png"), headers=headers)
    await outside.settle()

    assert good.status_code == 200
    assert bad.json()["error"]["error_subcode"] == 2018047
    link = outside.elements()[-1]["message"]["attachments"][0]["payload"]["url"]
    assert (await outside.api.get(link)).content == b"\x89PNG\r\n\x1a\n...."
    await outside.advance(days=3)
    assert (await outside.api.get(link)).status_code == 403


@simulated
async def test_what_may_be_sent_ends_where_the_documents_say(outside: Outside) -> None:
    headers = await outside.instagram()
    to = {"recipient": {"id": (await outside.says("instagram"))["person"]["id"]}}
    outside.receiver.files["a.png"] = (b"\x89PNG\r\n\x1a\n....", "image/png")
    outside.receiver.files["a.mp4"] = (b"\x00\x00\x00\x18ftypisom....", "video/mp4")

    async def uploaded(kind: str, name: str) -> str:
        row = {"type": kind, "payload": {"url": f"{FILES}/{name}", "is_reusable": True}}
        body = {"message": {"attachment": row}}
        return str(
            (await outside.api.post("/v25.0/me/message_attachments", json=body, headers=headers)).json()[
                "attachment_id"
            ]
        )

    async def code(message: dict[str, object], **more: str) -> int:
        body = {**to, "message": message, **more}
        answer = await outside.api.post("/v25.0/me/messages", json=body, headers=headers)
        return int(answer.json().get("error", {}).get("code", 0))

    def offering(number: int, title: str) -> dict[str, object]:
        one = {"content_type": "text", "title": title, "payload": "YES"}
        return {"text": "Hi", "quick_replies": [one] * number}

    def held(kind: str, name: str) -> dict[str, object]:
        return {"attachment": {"type": kind, "payload": {"attachment_id": name}}}

    picture, film = await uploaded("image", "a.png"), await uploaded("video", "a.mp4")

    assert [await code(offering(13, "x" * 20)), await code(held("image", picture))] == [0, 0]
    assert [await code(offering(14, "x")), await code(offering(1, "x" * 21))] == [100, 100]
    assert [await code(held("file", picture)), await code({"text": "Hi"}, tag="HUMAN_AGENT")] == [100, 100]
    # However they fall, more than ten of them are in one second.
    films = [await code(held("video", film)) for _ in range(21)]
    assert 10 <= films.count(0) <= 20 and set(films) == {0, 4}


@simulated
async def test_a_blocked_or_foreign_person_is_refused(outside: Outside) -> None:
    headers = await outside.instagram()
    person = (await outside.says("instagram"))["person"]["id"]
    await outside.does("instagram", "block", **{"from": "Mara Klein"})
    body = {"recipient": {"id": person}, "message": {"text": "Hello?"}}

    blocked = await outside.api.post("/v25.0/me/messages", json=body, headers=headers)
    foreign = await outside.api.post(
        "/v25.0/me/messages", json={**body, "recipient": {"id": "123456789012345"}}, headers=headers
    )

    assert blocked.json()["error"]["code"] == 551
    assert foreign.json()["error"]["error_subcode"] == 2534014


@simulated
async def test_every_kind_has_its_documented_shape(outside: Outside) -> None:
    await outside.instagram()
    first = await outside.says("instagram", "Frist")
    await outside.says("instagram", "🔥", kind="story_reply")
    await outside.says("instagram", "", kind="story_mention")
    await outside.says("instagram", "", kind="share", title="Our jacket")
    await outside.says("instagram", "", kind="image", attachments=[{"kind": "image", "name": "parcel"}])
    await outside.says("instagram", "Order status", kind="quick_reply", payload="ORDER_STATUS")
    await outside.says("instagram", "Get started", kind="postback", payload="START")
    await outside.says("instagram", "", kind="unsupported")
    await outside.says("instagram", "", kind="referral", ref="spring")
    await outside.says("instagram", "quoted", reply_to=first["id"])
    await outside.does("instagram", "edit", target=first["id"], text="First")
    await outside.does("instagram", "react", target=first["id"], emoji="❤️")
    await outside.does("instagram", "unreact", target=first["id"])
    await outside.does("instagram", "unsend", target=first["id"])
    await outside.settle()

    (
        _,
        story,
        mention,
        share,
        image,
        quick,
        postback,
        strange,
        referral,
        quote,
        edit,
        react,
        unreact,
        unsend,
    ) = outside.elements()
    assert set(story["message"]["reply_to"]["story"]) == {"id", "url"}
    assert mention["message"]["attachments"][0]["type"] == "story_mention"
    assert set(share["message"]["attachments"][0]["payload"]) == {"ig_post_media_id", "title", "url"}
    assert image["message"]["attachments"][0]["type"] == "image" and "text" not in image["message"]
    assert quick["message"]["quick_reply"] == {"payload": "ORDER_STATUS"}
    assert postback["postback"]["payload"] == "START" and "message" not in postback
    assert strange["message"]["is_unsupported"] is True
    assert referral["referral"]["ref"] == "spring"
    assert quote["message"]["reply_to"] == {"mid": first["id"]}
    assert edit["message_edit"] == {"mid": first["id"], "text": "First", "num_edit": 1}
    assert not {"sender", "recipient"} & set(edit)
    assert react["reaction"] == {"mid": first["id"], "action": "react", "reaction": "love", "emoji": "❤️"}
    assert unreact["reaction"] == {"mid": first["id"], "action": "unreact"}
    assert unsend["message"] == {"mid": first["id"], "is_deleted": True}


@simulated
async def test_an_automatic_answer_is_an_echo_and_another_apps_is_overheard(outside: Outside) -> None:
    await outside.instagram()
    written = await outside.says("instagram")
    who = {"from": {"id": written["person"]["id"]}}
    await outside.does("instagram", "auto_reply", **who, text="Back at nine.")
    await outside.does("instagram", "auto_reply", **who, text="Type 1.", app="Flows")
    await outside.settle()

    entries = [each for delivered in outside.receiver.seen for each in delivered.json["entry"]]
    own = [each["message"] for entry in entries for each in entry.get("messaging", ())][-1]
    (flow,) = [each["message"] for entry in entries for each in entry.get("standby", ())]
    assert (own["text"], own["is_echo"], flow["text"], flow["is_echo"]) == (
        "Back at nine.",
        True,
        "Type 1.",
        True,
    )


@simulated
async def test_history_shows_details_of_the_twenty_newest_only(outside: Outside) -> None:
    headers = await outside.instagram()
    written = [await outside.says("instagram", f"number {n}") for n in range(23)]
    thread = written[0]["thread"]

    listed = await outside.api.get(
        f"/v25.0/{thread}/messages",
        params={"fields": "id,created_time,from,to,message", "limit": 50},
        headers=headers,
    )
    old = await outside.api.get(
        f"/v25.0/{written[0]['id']}", params={"fields": "id,message"}, headers=headers
    )

    rows = listed.json()["data"]
    assert [row["id"] for row in rows] == [one["id"] for one in reversed(written)]
    assert sum("message" in row for row in rows) == 20
    assert rows[0]["created_time"].endswith("+0000")
    assert old.json()["error"]["code"] == 9000001


@simulated
async def test_paging_ends_without_a_next(outside: Outside) -> None:
    headers = await outside.instagram()
    for name in ("Ana", "Bo", "Cem"):
        await outside.says("instagram", **{"from": name})

    first = (await outside.api.get("/v25.0/me/conversations", params={"limit": 2}, headers=headers)).json()
    second = (await outside.api.get(first["paging"]["next"], headers=headers)).json()

    assert len(first["data"]) == 2 and len(second["data"]) == 1
    assert "next" not in second["paging"]


@simulated
async def test_a_profile_needs_a_contact_first(outside: Outside) -> None:
    headers = await outside.instagram()
    person = (await outside.says("instagram"))["person"]["id"]

    profile = await outside.api.get(
        f"/v25.0/{person}", params={"fields": "name,username,profile_pic"}, headers=headers
    )

    assert profile.json()["name"] == "Mara Klein"
    assert (await outside.api.get(profile.json()["profile_pic"])).headers["content-type"] == "image/png"


@simulated
async def test_refresh_is_refused_for_a_day_and_after_the_end(outside: Outside) -> None:
    headers = await outside.instagram()
    token = headers["authorization"].removeprefix("Bearer ")
    query = {"grant_type": "ig_refresh_token", "access_token": token}

    young = await outside.api.get("/refresh_access_token", params=query)
    await outside.advance(hours=25)
    ripe = await outside.api.get("/refresh_access_token", params=query)
    await outside.advance(days=61)
    dead = await outside.api.get("/refresh_access_token", params=query)

    assert young.json()["error"]["code"] == 100
    assert ripe.json()["expires_in"] == 5184000
    assert dead.json()["error"] | {"fbtrace_id": ""} == {
        "message": "Error validating access token: Session has expired.",
        "type": "OAuthException",
        "code": 190,
        "error_subcode": 463,
        "fbtrace_id": "",
    }


@simulated
async def test_one_private_reply_per_comment(outside: Outside) -> None:
    headers = await outside.instagram()
    comment = await outside.says("instagram", "Never got my parcel!!", kind="comment")
    body = {"recipient": {"comment_id": comment["id"]}, "message": {"text": "We look into it."}}

    first = await outside.api.post("/v25.0/me/messages", json=body, headers=headers)
    second = await outside.api.post("/v25.0/me/messages", json=body, headers=headers)
    await outside.settle()

    change = next(entry for one in outside.receiver.seen for entry in one.json["entry"] if "changes" in entry)
    assert change["changes"][0]["value"]["from"]["id"] == comment["person"]["id"]
    assert len(str(change["time"])) == 10
    assert first.json()["recipient_id"] == comment["person"]["id"]
    assert second.json()["error"]["code"] == 10900


@simulated
async def test_the_words_of_a_mention_must_be_asked_for(outside: Outside) -> None:
    headers = await outside.instagram()
    mention = await outside.says("instagram", "@acme.shop look at this", kind="mention")
    await outside.settle()

    value = outside.receiver.seen[0].json["entry"][0]["changes"][0]["value"]
    asked = f"mentioned_comment.comment_id({mention['id']}){{id,text,username}}"
    answer = await outside.api.get("/v25.0/17841400000000001", params={"fields": asked}, headers=headers)

    assert set(value) == {"media_id", "comment_id"}
    assert answer.json()["mentioned_comment"]["text"] == "@acme.shop look at this"


@simulated
async def test_usage_headers_and_code_four_when_throttled(outside: Outside) -> None:
    headers = await outside.instagram()
    await outside.fault("rate.limit", platform="instagram")

    limited = await outside.api.get("/v25.0/me", headers=headers)
    await outside.control.delete("/control/faults")
    free = await outside.api.get("/v25.0/me", headers=headers)

    assert (limited.status_code, limited.json()["error"]["code"]) == (400, 4)
    assert "x-app-usage" in free.headers and "17841400000000001" in free.headers["x-business-use-case-usage"]


@simulated
async def test_so_many_messages_a_second_are_taken_as_the_setting_says(outside: Outside) -> None:
    headers = await outside.instagram()
    world = outside.simulator.kernel.world
    few = from_environment({"SIMULATOR_INSTAGRAM_SENDS": "2"}).instagram_sends_per_second
    assert (from_environment({}).instagram_sends_per_second, few) == (100, 2)
    world.settings = replace(world.settings, instagram_sends_per_second=few)
    sign = {"recipient": {"id": "1"}, "sender_action": "typing_on"}

    codes = [
        (await outside.api.post("/v25.0/me/messages", json=sign, headers=headers)).json()["error"]["code"]
        for _ in range(6)
    ]

    assert codes[0] != 4 and 4 in codes  # wherever among these calls a second ends


@simulated
async def test_an_unknown_path_is_refused_in_graph_style(outside: Outside) -> None:
    answer = await outside.api.get("/v25.0/me/nothing/here")

    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "OAuthException"


@simulated
async def test_an_unsent_message_is_said_to_be_deleted_when_asked_for(outside: Outside) -> None:
    headers = await outside.instagram()
    written = await outside.says("instagram")
    await outside.does("instagram", "unsend", target=written["id"])

    answer = await outside.api.get(f"/v25.0/{written['id']}", headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 9000001)
