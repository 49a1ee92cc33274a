"""Comments as Graph lists them: by post, with their answers, page by page."""

from tests.simulator.outside import Outside, simulated

FIELDS = "id,text,from,parent_id,replies{id,text,from,parent_id}"


@simulated
async def test_posts_are_listed_with_how_many_comments_they_have(outside: Outside) -> None:
    headers = await outside.instagram()
    await outside.says("instagram", "Never got my parcel!!", kind="comment")

    fields = {"fields": "id,timestamp,comments_count"}
    posts = (await outside.api.get("/v25.0/me/media", params=fields, headers=headers)).json()["data"]

    assert {post["id"]: post["comments_count"] for post in posts} == {
        "17910000000000008": 0,
        "17910000000000007": 1,
    }


@simulated
async def test_a_comment_nobody_was_told_of_is_listed_under_its_post_and_a_mention_nowhere(
    outside: Outside,
) -> None:
    headers = await outside.instagram()
    await outside.fault("drop", platform="instagram")
    comment = await outside.says("instagram", "Never got my parcel!!", kind="comment")
    mention = await outside.says("instagram", "@acme.shop look", kind="mention")
    await outside.settle()

    told = await outside.api.get(
        "/v25.0/17910000000000007/comments", params={"fields": FIELDS}, headers=headers
    )
    expected = {row["id"]: row["expected"] for row in await outside.ledger(platform="instagram")}

    assert [each["id"] for each in told.json()["data"]] == [comment["id"]]
    assert expected == {comment["id"]: True, mention["id"]: False}


@simulated
async def test_answers_stand_under_their_comment_and_a_long_list_goes_on(outside: Outside) -> None:
    headers = await outside.instagram()
    comment = await outside.says("instagram", "Where is it?", kind="comment")
    answers = [
        (await outside.says("instagram", f"Same here {n}", kind="comment", reply_to=comment["id"]))["id"]
        for n in range(27)
    ]

    told = await outside.api.get(
        "/v25.0/17910000000000007/comments", params={"fields": FIELDS}, headers=headers
    )
    (listed,) = told.json()["data"]
    onward = listed["replies"]["paging"]["next"].removeprefix("http://platform.test")
    rest = (await outside.api.get(onward, headers=headers)).json()["data"]

    assert [each["id"] for each in [*listed["replies"]["data"], *rest]] == answers
    assert {each["parent_id"] for each in listed["replies"]["data"]} == {comment["id"]}
