"""LinkedIn over the wire, against section 4 of the platform notes."""

import asyncio

from simulator import signatures
from tests.simulator.outside import LOG_VERSION, Outside, simulated


@simulated
async def test_a_message_is_found_by_polling_in_the_documented_shape(outside: Outside) -> None:
    headers = await outside.linkedin()

    written = await outside.says("linkedin", "Hello, do you ship to Norway?")
    element = (await outside.poll(headers))["elements"][0]

    person = written["person"]["id"]
    assert (element["resourceName"], element["method"]) == ("messages", "CREATE")
    assert element["owner"] == "urn:li:person:2qXA98-mVk" and element["actor"] == person
    assert element["resourceId"] == written["id"] and written["id"].startswith("2-")
    assert element["activity"]["thread"] == f"urn:li:messagingThread:{written['thread']}"
    assert element["activity"]["content"]["content"] == {"string": "Hello, do you ship to Norway?"}


@simulated
async def test_nothing_from_before_the_consent_is_in_the_feed(outside: Outside) -> None:
    await outside.says("linkedin", "too early")
    headers = await outside.linkedin()
    await outside.says("linkedin", "in time")

    texts = [one["activity"]["content"]["fallback"] for one in (await outside.poll(headers))["elements"]]
    rows = await outside.ledger(platform="linkedin")

    assert texts == ["in time"]
    assert [row["expected"] for row in rows] == [False, True]
    assert not any(row["overtaken"] for row in rows)


@simulated
async def test_what_waited_says_that_it_was_taken_up_again(outside: Outside) -> None:
    headers = await outside.linkedin()
    await outside.says("linkedin", "at once")
    await outside.fault("reorder", seed=5, max_ms=1)
    await outside.says("linkedin", "after a while")
    await asyncio.sleep(0.01)

    told = (await outside.poll(headers))["elements"]

    assert [each["activityStatus"] for each in told] == ["SUCCESS", "SUCCESSFUL_REPLAY"]


@simulated
async def test_the_cursor_is_inclusive_and_a_page_is_at_most_fifty(outside: Outside) -> None:
    headers = await outside.linkedin()
    for n in range(12):
        await outside.says("linkedin", f"n{n}")

    first = await outside.poll(headers, count=10)
    again = await outside.poll(headers, startTime=first["elements"][-1]["processedAt"])
    too_many = await outside.api.get(
        "/rest/memberChangeLogs",
        params={"q": "memberAndApplication", "count": 51},
        headers=headers | LOG_VERSION,
    )

    assert len(first["elements"]) == 10 and first["paging"]["links"][0]["rel"] == "next"
    assert again["elements"][0] == first["elements"][-1]
    assert len(again["elements"]) == 3
    assert too_many.status_code == 400


@simulated
async def test_a_send_answers_201_with_an_empty_body_and_its_id_in_a_header(outside: Outside) -> None:
    headers = await outside.linkedin()
    written = await outside.says("linkedin")
    thread = f"urn:li:messagingThread:{written['thread']}"

    answer = await outside.api.post("/v2/messages", json={"thread": thread, "body": "Yes."}, headers=headers)
    echo = (await outside.poll(headers))["elements"][-1]

    assert (answer.status_code, answer.content) == (201, b"")
    assert echo["resourceId"] == answer.headers["x-restli-id"]
    assert echo["actor"] == echo["owner"]


@simulated
async def test_thread_and_recipients_exclude_one_another(outside: Outside) -> None:
    headers = await outside.linkedin()
    written = await outside.says("linkedin")
    thread = f"urn:li:messagingThread:{written['thread']}"

    both = await outside.api.post(
        "/v2/messages",
        json={"thread": thread, "recipients": [written["person"]["id"]], "body": "a"},
        headers=headers,
    )
    neither = await outside.api.post("/v2/messages", json={"body": "a"}, headers=headers)
    recipient = await outside.api.post(
        "/v2/messages", json={"recipients": [written["person"]["id"]], "body": "a"}, headers=headers
    )

    assert (both.status_code, neither.status_code, recipient.status_code) == (400, 400, 201)


@simulated
async def test_edits_and_deletions_carry_the_same_resource_id(outside: Outside) -> None:
    headers = await outside.linkedin()
    written = await outside.says("linkedin", "Helo")
    await outside.does("linkedin", "edit", target=written["id"], text="Hello")
    await outside.does("linkedin", "unsend", target=written["id"])

    create, update, delete = (await outside.poll(headers))["elements"]

    assert [create["method"], update["method"], delete["method"]] == ["CREATE", "UPDATE", "DELETE"]
    assert {one["resourceId"] for one in (create, update, delete)} == {written["id"]}
    assert update["activity"]["content"]["fallback"] == "Hello"
    assert "content" not in delete["activity"]


@simulated
async def test_that_a_reply_was_read_is_a_change_of_its_own_and_stands_in_the_row_from_then_on(
    outside: Outside,
) -> None:
    headers = await outside.linkedin()
    written = await outside.says("linkedin", "Are you hiring?")
    body = {"thread": f"urn:li:messagingThread:{written['thread']}", "body": "We are."}
    sent = await outside.api.post("/v2/messages", json=body, headers=headers)

    assert "readAt" not in (await outside.poll(headers))["elements"][1]["activity"]
    await outside.does("linkedin", "read", **{"from": "Mara Klein"}, thread=written["thread"])

    _, row, change = (await outside.poll(headers))["elements"]
    assert (change["method"], change["resourceId"]) == ("UPDATE", sent.headers["x-restli-id"])
    assert row["activity"]["readAt"] == change["activity"]["readAt"]
    assert "content" not in change["activity"]  # nobody edited it


@simulated
async def test_comments_are_delivered_signed_over_the_prefixed_body(outside: Outside) -> None:
    await outside.linkedin()

    comment = await outside.says("linkedin", "Still waiting for support", kind="comment")
    await outside.settle()

    assert "challengeCode=" in outside.receiver.asked[0]
    delivered = outside.receiver.seen[0]
    secret = (await outside.apps("linkedin"))["webhook_secret"]
    assert delivered.headers["x-li-signature"] == signatures.linkedin_signature(
        secret=secret, body=delivered.body
    )
    row = delivered.json["notifications"][0]
    assert row["action"] == "COMMENT" and row["generatedActivity"] == comment["id"]
    assert row["organizationalEntity"] == "urn:li:organization:9000001"
    assert isinstance(row["notificationId"], int)


@simulated
async def test_a_group_names_its_members_unless_that_is_kept_from_us(outside: Outside) -> None:
    linkedin = await outside.linkedin()
    await outside.says("linkedin", "Hello", kind="text")
    await outside.says("linkedin", "Hello all", kind="group", title="Order 12")
    await outside.fault("group.untold", platform="linkedin")
    await outside.says("linkedin", "Me too", kind="group", title="Order 12", **{"from": "Robin Sommer"})

    direct, told, untold = [row["activity"] for row in (await outside.poll(linkedin))["elements"]]

    assert told["thread"] == untold["thread"] != direct["thread"]
    assert told["author"] != untold["author"]
    assert {told["author"], untold["author"], "urn:li:person:2qXA98-mVk"} < set(told["membership"])
    assert "membership" not in direct and "membership" not in untold


@simulated
async def test_a_subscription_names_the_application_by_its_number_and_the_member_who_asks(
    outside: Outside,
) -> None:
    linkedin, app = await outside.linkedin(), await outside.apps("linkedin")

    async def status(**changes: str) -> int:
        path = await outside.linkedin_subscription(**changes)
        return (await outside.api.get(path, headers=linkedin)).status_code

    assert app["application_id"].isdecimal()
    assert await status() == 200
    assert await status(developerApplication=f"urn:li:developerApplication:{app['client_id']}") == 403
    assert await status(developerApplication="urn:li:developerApplication:1") == 403
    assert await status(user="urn:li:person:another") == 403


@simulated
async def test_a_comment_is_answered_in_its_thread(outside: Outside) -> None:
    headers = await outside.linkedin()
    comment = await outside.says("linkedin", "Where is my order?", kind="comment")
    path = f"/rest/socialActions/{comment['id'].replace(':', '%3A')}/comments"
    body = {
        "actor": "urn:li:organization:9000001",
        "message": {"text": "Please write to us."},
        "parentComment": comment["id"],
    }

    answer = await outside.api.post(path, json=body, headers=headers)
    listed = await outside.api.get(path, headers=headers)
    with_image = await outside.api.post(path, json={**body, "content": []}, headers=headers)

    assert answer.status_code == 201 and answer.headers["x-restli-id"].isdecimal()
    assert [one["message"]["text"] for one in listed.json()["elements"]] == ["Please write to us."]
    assert with_image.status_code == 403


@simulated
async def test_files_are_uploaded_as_assets_and_read_with_a_token(outside: Outside) -> None:
    headers = await outside.linkedin()
    written = await outside.says("linkedin")
    wish = {
        "registerUploadRequest": {"recipes": ["urn:li:digitalmediaRecipe:messaging-attachment"], "owner": "x"}
    }
    value = (await outside.api.post("/v2/assets?action=registerUpload", json=wish, headers=headers)).json()[
        "value"
    ]
    mechanism = value["uploadMechanism"]["com.linkedin.digitalmedia.uploading.MediaUploadHttpRequest"]

    await outside.api.put(mechanism["uploadUrl"], content=b"%PDF-1.4 bill", headers=headers)
    body = {
        "thread": f"urn:li:messagingThread:{written['thread']}",
        "body": "Your bill",
        "attachments": [value["asset"]],
    }
    sent = await outside.api.post("/v2/messages", json=body, headers=headers)
    activity = (await outside.poll(headers))["elements"][-1]["activity"]
    link = activity["content"]["attachments"][0]["reference"]["string"]

    assert sent.status_code == 201
    assert activity["attachments"] == [value["asset"]]
    assert (await outside.api.get(link, headers=headers)).content == b"%PDF-1.4 bill"
    assert (await outside.api.get(link)).status_code == 401
    await outside.advance(days=3)
    assert (await outside.api.get(link, headers=headers)).status_code == 403


@simulated
async def test_versions_tokens_and_the_fixed_end_of_refreshing(outside: Outside) -> None:
    headers = await outside.linkedin()
    app = await outside.apps("linkedin")
    refresh = next(one for one in outside.simulator.kernel.world.tokens.values() if one.kind == "refresh")
    form = {
        "grant_type": "refresh_token",
        "refresh_token": refresh.value,
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
    }

    sunset = await outside.api.get(
        "/rest/organizationAcls", headers={**headers, "linkedin-version": "202401"}
    )
    newer = await outside.api.get("/rest/memberAuthorizations", headers=headers)
    nobody = await outside.api.get("/v2/me")
    await outside.advance(days=61)
    expired = await outside.api.get("/v2/me", headers=headers)
    await outside.advance(days=290)
    capped = await outside.api.post("/oauth/v2/accessToken", data=form)
    await outside.advance(days=15)
    over = await outside.api.post("/oauth/v2/accessToken", data=form)

    assert (sunset.status_code, sunset.json()["code"]) == (426, "NONEXISTENT_VERSION")
    assert newer.status_code == 426
    assert nobody.json() == {"message": "Empty oauth2_access_token", "status": 401, "serviceErrorCode": 401}
    assert expired.json()["serviceErrorCode"] == 65602
    assert capped.json()["expires_in"] <= 14 * 86400
    assert over.json()["error"] == "invalid_grant"


@simulated
async def test_who_has_blocked_the_account_is_told_in_words_beside_a_code_that_means_much(
    outside: Outside,
) -> None:
    headers = await outside.linkedin()
    written = await outside.says("linkedin")
    await outside.does("linkedin", "block", **{"from": "Mara Klein"})

    wish = {"thread": f"urn:li:messagingThread:{written['thread']}", "body": "Yes."}
    answer = await outside.api.post("/v2/messages", json=wish, headers=headers)

    assert answer.status_code == 403
    assert (answer.json()["serviceErrorCode"], answer.json()["message"]) == (
        100,
        "Recipient cannot be messaged",
    )
