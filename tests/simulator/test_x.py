"""X over the wire, against section 3 of the platform notes."""

import asyncio
import datetime
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from httpx import Response

from simulator import signatures
from simulator.platforms.x import weighing
from simulator.settings import from_environment
from tests.simulator.outside import RECEIVER, Outside, simulated

BRAND = "2244994945"


@simulated
async def test_registration_asks_for_a_crc_and_deliveries_are_signed_in_base64(outside: Outside) -> None:
    await outside.x()

    written = await outside.says("x", "my order is late https://shop.example/o/1")
    await outside.settle()

    assert outside.receiver.asked[0].startswith("crc_token=")
    delivered = outside.receiver.seen[0]
    secret = (await outside.apps("x"))["consumer_secret"]
    assert delivered.headers["x-twitter-webhooks-signature"] == signatures.x_base64(
        secret=secret, data=delivered.body
    )
    data = delivered.json["data"]
    event = data["payload"]["direct_message_events"][0]
    sender = written["person"]["id"]
    assert (data["event_type"], data["filter"], data["tag"]) == (
        "dm.received",
        {"user_id": "2244994945"},
        "acme",
    )
    assert event["id"] == written["id"] and len(event["id"]) == 19
    assert isinstance(event["created_timestamp"], str)
    assert event["message_create"]["sender_id"] == sender
    assert event["message_create"]["target"] == {"recipient_id": "2244994945"}
    url = event["message_create"]["message_data"]["entities"]["urls"][0]
    assert url["expanded_url"] == "https://shop.example/o/1" and url["url"].startswith("https://t.co/")
    assert data["payload"]["users"][sender]["data"]["username"]


@simulated
async def test_a_send_answers_201_and_is_echoed_as_dm_sent(outside: Outside) -> None:
    user = await outside.x()
    person = (await outside.says("x"))["person"]["id"]

    answer = await outside.api.post(
        f"/2/dm_conversations/with/{person}/messages", json={"text": "On it."}, headers=user
    )
    await outside.settle()

    assert answer.status_code == 201
    assert answer.json()["data"]["dm_conversation_id"] == "-".join(sorted((person, "2244994945"), key=int))
    echo = outside.receiver.seen[-1].json["data"]
    assert echo["event_type"] == "dm.sent"
    assert echo["payload"]["direct_message_events"][0]["id"] == answer.json()["data"]["dm_event_id"]


@simulated
async def test_the_older_flavour_comes_in_its_own_envelope(outside: Outside) -> None:
    await outside.x(flavour="aaa")

    written = await outside.says("x")
    await outside.settle()

    body = outside.receiver.seen[0].json
    assert body["for_user_id"] == "2244994945"
    assert body["direct_message_events"][0]["id"] == written["id"]
    assert body["users"][written["person"]["id"]]["screen_name"]


@simulated
async def test_the_older_flavour_names_the_app_that_answered(outside: Outside) -> None:
    await outside.x(flavour="aaa")

    written = await outside.says("x")
    who = {"from": {"id": written["person"]["id"]}}
    await outside.does("x", "auto_reply", **who, text="Type 1.", app="Flows")
    await outside.settle()

    told = {
        event["message_create"]["message_data"]["text"]: body["apps"].get(
            event["message_create"].get("source_app_id")
        )
        for body in (delivered.json for delivered in outside.receiver.seen)
        for event in body["direct_message_events"]
    }
    assert told["Hello"] is None and told["Type 1."]["name"] == "Flows"


@simulated
async def test_only_one_user_of_a_refresh_token_wins(outside: Outside) -> None:
    app = await outside.apps("x")
    grant = await outside.x_tokens()
    form = {"grant_type": "refresh_token", "refresh_token": grant["refresh_token"]}
    auth = (app["client_id"], app["client_secret"])

    first, second = await asyncio.gather(
        outside.api.post("/2/oauth2/token", data=form, auth=auth),
        outside.api.post("/2/oauth2/token", data=form, auth=auth),
    )

    answers = sorted((first, second), key=lambda one: one.status_code)
    assert answers[0].json()["refresh_token"] != grant["refresh_token"]
    assert (answers[1].status_code, answers[1].json()["error"]) == (400, "invalid_grant")


@simulated
async def test_an_access_token_lives_two_hours(outside: Outside) -> None:
    user = await outside.x()

    await outside.advance(hours=2.1)

    assert (await outside.api.get("/2/users/me", headers=user)).status_code == 401


@simulated
async def test_who_neither_follows_nor_accepts_cannot_be_written_to(outside: Outside) -> None:
    user = await outside.x()
    shy = {"platform": "x", "account": "acme", "name": "Shy One", "follows": False, "accepts_messages": False}
    person = (await outside.control.post("/control/people", json=shy)).json()["id"]

    profile = await outside.api.get(
        f"/2/users/{person}", params={"user.fields": "receives_your_dm,connection_status"}, headers=user
    )
    answer = await outside.api.post(
        f"/2/dm_conversations/with/{person}/messages", json={"text": "Hi"}, headers=user
    )

    assert profile.json()["data"]["receives_your_dm"] is False
    assert answer.status_code == 403
    assert answer.json()["detail"] == "You do not have permission to DM one or more participants."


@simulated
async def test_unknown_keys_long_texts_and_two_attachments_are_refused(outside: Outside) -> None:
    user = await outside.x()
    person = (await outside.says("x"))["person"]["id"]
    path = f"/2/dm_conversations/with/{person}/messages"

    answers = [
        await outside.api.post(path, json=body, headers=user)
        for body in (
            {"text": "x" * 10_001},
            {"text": "a", "reply_to": "1"},
            {"attachments": [{"media_id": "1"}, {"media_id": "2"}]},
            {},
        )
    ]

    assert [answer.status_code for answer in answers] == [400] * 4
    assert answers[0].json()["type"] == "https://api.x.com/2/problems/invalid-request"
    assert (await outside.api.post(path, json={"text": "x" * 10_000}, headers=user)).status_code == 201


@simulated
async def test_history_is_newest_first_and_an_empty_page_has_no_data(outside: Outside) -> None:
    user = await outside.x()
    empty = await outside.api.get("/2/dm_events", headers=user)
    written = [(await outside.says("x", f"n{n}"))["id"] for n in range(3)]

    first = (await outside.api.get("/2/dm_events", params={"max_results": 2}, headers=user)).json()
    second = await outside.api.get(
        "/2/dm_events",
        params={"max_results": 2, "pagination_token": first["meta"]["next_token"]},
        headers=user,
    )
    await outside.advance(days=31)
    renewed = await outside.x_tokens()
    later = await outside.api.get(
        "/2/dm_events", headers={"authorization": f"Bearer {renewed['access_token']}"}
    )

    assert empty.json() == {"meta": {"result_count": 0}}
    assert [row["id"] for row in first["data"] + second.json()["data"]] == written[::-1]
    assert set(first["data"][0]) == {"id", "event_type", "text"}
    assert len(first["meta"]["next_token"]) >= 16
    assert later.json() == {"meta": {"result_count": 0}}


@simulated
async def test_limits_are_told_in_headers_and_end_in_429(outside: Outside) -> None:
    user = await outside.x()
    limit = outside.simulator.kernel.world.settings.x_read_limit

    first = await outside.api.get("/2/dm_events", headers=user)
    for _ in range(limit - 1):
        await outside.api.get("/2/dm_events", headers=user)
    last = await outside.api.get("/2/dm_events", headers=user)

    assert first.headers["x-rate-limit-limit"] == str(limit)
    assert first.headers["x-rate-limit-remaining"] == str(limit - 1)
    assert last.status_code == 429 and last.headers["x-rate-limit-remaining"] == "0"


@simulated
async def test_media_is_uploaded_in_chunks_sent_once_and_read_with_a_token(outside: Outside) -> None:
    user = await outside.x()
    person = (await outside.says("x"))["person"]["id"]
    picture = b"\x89PNG\r\n\x1a\n" + bytes(100)
    start = {"media_type": "image/png", "total_bytes": len(picture), "media_category": "dm_image"}

    media_id = (await outside.api.post("/2/media/upload/initialize", json=start, headers=user)).json()[
        "data"
    ]["id"]
    for index, part in enumerate((picture[:50], picture[50:])):
        await outside.api.post(
            f"/2/media/upload/{media_id}/append",
            data={"segment_index": index},
            files={"media": part},
            headers=user,
        )
    await outside.api.post(f"/2/media/upload/{media_id}/finalize", headers=user)
    body = {"text": "Here", "attachments": [{"media_id": media_id}]}
    sent = await outside.api.post(f"/2/dm_conversations/with/{person}/messages", json=body, headers=user)
    await outside.settle()

    assert sent.status_code == 201
    data = outside.receiver.seen[-1].json["data"]["payload"]["direct_message_events"][0]["message_create"][
        "message_data"
    ]
    link = data["attachment"]["media"]["media_url_https"]
    assert data["text"].startswith("Here https://t.co/")
    assert data["attachment"]["media"]["id_str"] == media_id
    assert (await outside.api.get(link, headers=user)).content == picture
    assert (await outside.api.get(link)).status_code == 401


@simulated
async def test_reads_typing_and_revocation_are_told_but_an_unsend_is_not(outside: Outside) -> None:
    user = await outside.x()
    written = await outside.says("x")
    sent = await outside.api.post(
        f"/2/dm_conversations/{written['thread']}/messages", json={"text": "Hi"}, headers=user
    )
    await outside.settle()
    outside.receiver.seen.clear()

    await outside.does("x", "typing", **{"from": "Mara Klein"})
    await outside.does("x", "read", **{"from": "Mara Klein"})
    await outside.does("x", "unsend", target=written["id"])
    await outside.does("x", "revoke")
    await outside.settle()

    told = {one.json["data"]["event_type"]: one.json["data"] for one in outside.receiver.seen}
    assert set(told) == {"dm.indicate_typing", "dm.read", "oauth.revoke"}
    assert told["dm.read"]["payload"]["last_read_event_id"] == sent.json()["data"]["dm_event_id"]
    assert told["oauth.revoke"]["filter"] == {}
    assert (await outside.api.get("/2/users/me", headers=user)).status_code == 401


@simulated
async def test_a_group_is_named_in_deliveries_and_history(outside: Outside) -> None:
    user = await outside.x()
    written = await outside.says("x", "Hello all", kind="group", title="Order 12")
    await outside.settle()

    event = outside.receiver.seen[0].json["data"]["payload"]["direct_message_events"][0]
    history = await outside.api.get(f"/2/dm_conversations/{written['thread']}/dm_events", headers=user)

    assert event["dm_conversation_id"] == written["thread"]
    assert history.json()["data"][0]["id"] == written["id"]


@simulated
async def test_a_group_that_is_refused_is_not_there(outside: Outside) -> None:
    user = await outside.x()
    people = [(await outside.says("x", **{"from": name}))["person"]["id"] for name in ("Ida", "Noor")]
    body = {"conversation_type": "Group", "participant_ids": people}

    async def status(message: object) -> int:
        given = {**body, "message": message}
        return (await outside.api.post("/2/dm_conversations", json=given, headers=user)).status_code

    async def groups() -> int:
        query = {"platform": "x", "account": "acme"}
        found = (await outside.control.get("/stage/people", params=query)).json()["people"]
        return sum(one["group"] for one in found)

    refused = [{}, "Hi", {"text": "x" * 10_001}, {"text": "Hi", "attachments": [{"media_id": "1"}]}]
    assert [await status(one) for one in refused] == [400] * 4
    assert await groups() == 0
    assert (await status({"text": "Hi"}), await groups()) == (201, 1)


@simulated
async def test_replay_brings_old_events_again_and_says_when_it_is_done(outside: Outside) -> None:
    await outside.x()
    written = await outside.says("x")
    await outside.settle()
    outside.receiver.seen.clear()
    app = await outside.apps("x")
    bearer = {"authorization": f"Bearer {app['app_bearer']}"}
    hook = (await outside.api.get("/2/webhooks", headers=bearer)).json()["data"][0]["id"]
    await outside.advance(hours=2)
    now = (await outside.control.get("/control/clock")).json()["now_ms"]

    def minute(hours: float) -> str:
        return datetime.datetime.fromtimestamp(now / 1000 - hours * 3600, datetime.UTC).strftime("%Y%m%d%H%M")

    wish = {"webhook_id": hook, "from_date": minute(3), "to_date": minute(0.5)}
    answer = await outside.api.post("/2/webhooks/replay", json=wish, headers=bearer)
    await outside.settle()

    bodies = [one.json for one in outside.receiver.seen]
    again = next(one for one in bodies if "data" in one)["data"]["payload"]["direct_message_events"][0]
    done = next(one for one in bodies if "replay_job_status" in one)["replay_job_status"]
    assert answer.status_code == 200
    assert again["id"] == written["id"]
    assert done["job_state"] == "Complete" and done["job_id"] == answer.json()["data"]["job_id"]


@simulated
async def test_an_unknown_path_is_a_problem_document(outside: Outside) -> None:
    answer = await outside.api.get("/2/nothing")

    assert answer.status_code == 404
    assert answer.json() == {
        "title": "Not Found",
        "detail": "Not Found",
        "type": "about:blank",
        "status": 404,
    }


@simulated
async def test_an_unsent_message_is_not_found_when_asked_for(outside: Outside) -> None:
    user = await outside.x()
    written = await outside.says("x")
    path = f"/2/dm_events/{written['id']}"
    before = await outside.api.get(path, headers=user)
    await outside.does("x", "unsend", target=written["id"])

    answer = await outside.api.get(path, headers=user)

    assert before.status_code == 200
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "resource-not-found")


async def told_of_posts(outside: Outside, user: dict[str, str], *kinds: str) -> None:
    hooks = await outside.api.get(
        "/2/webhooks", headers={"authorization": f"Bearer {(await outside.apps('x'))['app_bearer']}"}
    )
    for kind in kinds:
        wish = {"event_type": kind, "filter": {"user_id": BRAND}, "webhook_id": hooks.json()["data"][0]["id"]}
        answer = await outside.api.post("/2/activity/subscriptions", json=wish, headers=user)
        assert answer.status_code == 200, answer.text


@simulated
async def test_a_comment_names_the_brands_post_and_an_answer_names_the_comment(outside: Outside) -> None:
    user = await outside.x()
    await told_of_posts(outside, user, "post.reply.create")
    mara = await outside.says("x", "Where is my parcel?", kind="comment")
    noor = await outside.says("x", "Mine, too?", kind="comment", **{"from": "Noor El Amrani"})
    await outside.settle()

    first, second = (one.json["data"]["payload"] for one in outside.receiver.seen)
    post = first["conversation_id"]
    assert post not in (mara["id"], noor["id"]) and second["conversation_id"] == post
    assert first["referenced_tweets"] == [{"type": "replied_to", "id": post}]
    assert first["in_reply_to_user_id"] == second["in_reply_to_user_id"] == BRAND
    assert mara["thread"] != noor["thread"]

    body = {"text": "On its way.", "reply": {"in_reply_to_tweet_id": noor["id"]}}
    answer = await outside.api.post("/2/tweets", json=body, headers=user)
    again = await outside.says(
        "x", "Thanks", kind="comment", reply_to=answer.json()["data"]["id"], **{"from": "Noor El Amrani"}
    )
    await outside.settle()

    last = outside.receiver.seen[-1].json["data"]["payload"]
    assert (last["conversation_id"], again["thread"]) == (post, noor["thread"])
    assert last["referenced_tweets"] == [{"type": "replied_to", "id": answer.json()["data"]["id"]}]


@simulated
async def test_a_mention_is_a_post_of_its_own_or_stands_under_a_strangers(outside: Outside) -> None:
    await outside.x()
    alone = await outside.says("x", "Look at @acme", kind="mention")
    await outside.says("x", "Ask @acme", kind="mention", post="2080765901528530000")
    await outside.settle()

    first, second = (one.json["data"]["payload"] for one in outside.receiver.seen)
    assert (first["conversation_id"], "referenced_tweets" in first) == (alone["id"], False)
    assert second["conversation_id"] == "2080765901528530000"
    assert second["referenced_tweets"] == [{"type": "replied_to", "id": "2080765901528530000"}]
    assert "in_reply_to_user_id" not in second  # whose post it is, nobody here knows


@simulated
async def test_a_post_that_is_gone_takes_no_answer(outside: Outside) -> None:
    user = await outside.x()
    comment = await outside.says("x", "Where is my parcel?", kind="comment")
    await outside.does("x", "unsend", target=comment["id"])

    for target in (comment["id"], "2080765901528539999"):
        body = {"text": "On its way.", "reply": {"in_reply_to_tweet_id": target}}
        answer = await outside.api.post("/2/tweets", json=body, headers=user)
        assert (answer.status_code, "deleted or not visible" in answer.json()["detail"]) == (403, True)


@pytest.mark.parametrize(
    ("text", "weight"),
    json.loads((Path(__file__).parents[1] / "weights.json").read_text()),
    ids=lambda each: str(each)[:24],
)
def test_a_post_is_weighed(text: str, weight: int) -> None:
    assert weighing.weighted(text) == weight


def test_what_is_no_address_at_last_is_weighed_at_once() -> None:
    weighing.weighted(
        "http://" + "a." * 40 + "!"
    )  # by trying each way to read the dots it would take for ever


@simulated
async def test_nobody_tells_that_a_person_has_blocked_the_account(outside: Outside) -> None:
    user = await outside.x()
    person = (await outside.says("x"))["person"]["id"]
    await told_of_posts(outside, user, "block.block")
    await outside.settle()
    heard = len(outside.receiver.seen)

    await outside.does("x", "block", **{"from": {"id": person}})
    await outside.settle()
    path = f"/2/dm_conversations/with/{person}/messages"
    answer = await outside.api.post(path, json={"text": "On it."}, headers=user)

    assert len(outside.receiver.seen) == heard
    assert answer.status_code == 403


@simulated
async def test_a_post_that_weighs_too_much_is_refused(outside: Outside) -> None:
    user = await outside.x()

    taken = await outside.api.post("/2/tweets", json={"text": "x" * 256 + " acme.shop"}, headers=user)
    refused = await outside.api.post("/2/tweets", json={"text": "x" * 257 + " acme.shop"}, headers=user)

    assert (taken.status_code, refused.status_code) == (201, 403)
    assert refused.json()["detail"] == "Your Tweet text is too long."


@simulated
async def test_the_same_words_are_posted_once_whoever_they_answer(outside: Outside) -> None:
    user = await outside.x()
    mara, noor = [await outside.says("x", "Where is it?", kind="comment") for _ in range(2)]

    async def answer(comment: dict[str, Any], text: str) -> Response:
        body = {"text": text, "reply": {"in_reply_to_tweet_id": comment["id"]}}
        return await outside.api.post("/2/tweets", json=body, headers=user)

    assert (await answer(mara, "Please write to us.")).status_code == 201
    again = await answer(noor, "Please write to us.")
    assert (again.status_code, again.json()["detail"]) == (
        403,
        "You are not allowed to create a Tweet with duplicate content.",
    )
    assert (await answer(noor, "Please do write to us.")).status_code == 201


@simulated
async def test_the_older_flavour_names_the_post_that_a_comment_answers(outside: Outside) -> None:
    await outside.x(flavour="aaa")
    comment = await outside.says("x", "Where is my parcel?", kind="comment")
    await outside.settle()

    [tweet] = outside.receiver.seen[0].json["tweet_create_events"]
    assert (tweet["id_str"], tweet["in_reply_to_user_id_str"]) == (comment["id"], BRAND)
    assert tweet["in_reply_to_status_id_str"] not in (None, comment["id"])


@simulated
async def test_mentions_come_in_pages_and_only_what_was_shown_counts_as_shown(outside: Outside) -> None:
    user = await outside.x()
    await outside.fault("drop", platform="x")
    written = [(await outside.says("x", f"@acme {n}", kind="comment"))["id"] for n in range(12)]
    path = "/2/users/2244994945/mentions"

    def shown() -> list[str]:
        return [row.id for row in outside.simulator.kernel.world.messages.values() if row.shown_ms]

    first = (await outside.api.get(path, params={"max_results": 5}, headers=user)).json()
    seen = [one["id"] for one in first["data"]]
    assert sorted(shown()) == sorted(seen) == sorted(written[-5:])

    while token := first["meta"].get("next_token"):
        query = {"max_results": 5, "pagination_token": token}
        first = (await outside.api.get(path, params=query, headers=user)).json()
        seen += [one["id"] for one in first["data"]]
    assert seen == written[::-1]

    between = {"since_id": written[2], "until_id": written[5]}
    found = (await outside.api.get(path, params=between, headers=user)).json()
    assert [one["id"] for one in found["data"]] == [written[4], written[3]]
    too_few = await outside.api.get(path, params={"max_results": 4}, headers=user)
    assert too_few.status_code == 400


@simulated
async def test_words_are_written_with_escapes_wherever_they_are_told(outside: Outside) -> None:
    user = await outside.x()
    await outside.says("x", text='Tom & Jerry <3 "&amp;"')
    await outside.says("x", text="@acme & co", kind="mention")
    await outside.settle()

    dms = (await outside.api.get("/2/dm_events", headers=user)).json()["data"]
    me = (await outside.api.get("/2/users/me", headers=user)).json()["data"]["id"]
    mentions = (await outside.api.get(f"/2/users/{me}/mentions", headers=user)).json()["data"]
    said = sorted((row["text"] for row in await outside.ledger()), reverse=True)
    assert [dms[0]["text"], mentions[0]["text"]] == ['Tom &amp; Jerry &lt;3 "&amp;amp;"', "@acme &amp; co"]
    assert said == ['Tom & Jerry <3 "&amp;"', "@acme & co"]


@simulated
async def test_an_app_has_as_many_webhooks_as_its_plan_allows(outside: Outside) -> None:
    await outside.x()
    bearer = {"authorization": f"Bearer {(await outside.apps('x'))['app_bearer']}"}

    async def register(place: int) -> int:
        wish = {"url": f"{RECEIVER}?place={place}"}
        return (await outside.api.post("/2/webhooks", json=wish, headers=bearer)).status_code

    assert await register(2) == 400
    world = outside.simulator.kernel.world
    world.settings = replace(world.settings, x_webhooks=3)
    assert [await register(place) for place in (2, 3, 4)] == [200, 200, 400]


def test_it_is_generous_unless_told_otherwise() -> None:
    few = from_environment({"SIMULATOR_X_WEBHOOKS": "2"})

    assert (from_environment({}).x_webhooks, few.x_webhooks) == (25, 2)
