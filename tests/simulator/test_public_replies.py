"""What somebody of the brand answers in public by hand, in the platform's own app."""

from dataclasses import replace
from typing import Any

import pytest

from connectors.contract import Connector, InboundEvent, InboundMessage, ThreadKind
from connectors.platforms.instagram.connector import connector as instagram
from connectors.platforms.linkedin.connector import connector as linkedin
from connectors.platforms.x.connector import connector as x
from tests.simulator.bridge import Called, connected, walked
from tests.simulator.outside import RECEIVER, Outside, simulated

WHERE_IT_IS_TOLD = [(instagram, "history"), (linkedin, "delivery"), (x, "delivery")]
IDS = ["instagram", "linkedin", "x"]


async def brand_on(outside: Outside, connector: Connector) -> Called:
    brand = await connected(outside, connector)
    outside.receiver.verify_token = brand.app.verify_token
    await brand.signs_in()
    if connector.manifest.key == "linkedin":
        await outside.linkedin()
    else:
        await brand.subscribe(RECEIVER)
    return brand


async def told(outside: Outside, brand: Called, way: str) -> list[InboundEvent]:
    """All that the connector is told of, one way or the other."""
    await outside.settle()
    if way == "delivery":
        connector = brand.connector
        items = [item for each in outside.receiver.seen for item in connector.items(each.body)]
        return [event for item in items for event in connector.parse(item, brand.account)]
    world = outside.simulator.kernel.world
    world.settings = replace(world.settings, instagram_reads_per_second=100)
    return [event for page in await walked(brand) for event in page.events]


@pytest.mark.parametrize("kind", ["native_reply", "auto_reply"])
@pytest.mark.parametrize(("connector", "way"), WHERE_IT_IS_TOLD, ids=IDS)
def test_an_answer_by_hand_below_a_post_is_a_post_in_the_same_public_thread(
    connector: Connector, way: str, kind: str, tmp_path: Any
) -> None:
    @simulated
    async def answered(outside: Outside) -> None:
        brand, platform = await brand_on(outside, connector), connector.manifest.key
        asked = await outside.says(platform, "Where is my parcel?", kind="comment")
        answer = await outside.does(
            platform, kind, target=asked["id"], text="On its way!", **{"from": "Mara Klein"}
        )

        [row] = [each for each in await outside.ledger() if each["id"] == answer["id"]]
        events = [each for each in await told(outside, brand, way) if isinstance(each, InboundMessage)]

        assert (row["kind"], row["thread"], row["reply_to"]) == ("comment", asked["thread"], asked["id"])
        assert row["expected"] is True
        threads = {each.external_id: each.thread_id for each in events}
        [ours] = [each for each in events if each.external_id == answer["id"]]
        assert (ours.outbound, ours.thread_kind, ours.text) == (True, ThreadKind.COMMENT, "On its way!")
        assert (ours.thread_id, ours.reply_to) == (threads[asked["id"]], asked["id"])

    answered(tmp_path)


@pytest.mark.parametrize("platform", ["instagram", "linkedin"])
def test_with_two_levels_an_answer_to_an_answer_stands_under_the_same_comment(
    platform: str, tmp_path: Any
) -> None:
    @simulated
    async def answered(outside: Outside) -> None:
        comment = await outside.says(platform, "Where is it?", kind="comment")
        again = await outside.says(platform, "Still nothing", kind="comment", reply_to=comment["id"])
        who = {"from": "Mara Klein", "text": "We look."}

        named = await outside.does(platform, "native_reply", target=again["id"], **who)
        newest = await outside.does(platform, "native_reply", thread=comment["thread"], **who)

        rows = {row["id"]: row["reply_to"] for row in await outside.ledger()}
        assert rows[named["id"]] == rows[newest["id"]] == comment["id"]

    answered(tmp_path)


@pytest.mark.parametrize(("connector", "way"), WHERE_IT_IS_TOLD[:2], ids=IDS[:2])
def test_what_a_customer_says_below_our_public_answer_goes_on_with_the_same_conversation(
    connector: Connector, way: str, tmp_path: Any
) -> None:
    @simulated
    async def talked(outside: Outside) -> None:
        brand, platform = await brand_on(outside, connector), connector.manifest.key
        asked = await outside.says(platform, "Where is my parcel?", kind="comment")
        answer = await outside.does(
            platform, "native_reply", target=asked["id"], text="On its way!", **{"from": "Mara Klein"}
        )
        thanks = await outside.says(platform, "Thank you!", kind="comment", reply_to=answer["id"])

        events = [each for each in await told(outside, brand, way) if isinstance(each, InboundMessage)]

        threads = {each.external_id: each.thread_id for each in events}
        assert threads.keys() == {asked["id"], answer["id"], thanks["id"]}
        assert set(threads.values()) == {f"comment:{asked['id']}"}

    talked(tmp_path)


@simulated
async def test_what_is_gone_is_answered_by_nobody_and_no_file_stands_below_a_post(outside: Outside) -> None:
    comment = await outside.says("x", "@acme hello", kind="mention")
    given = {"platform": "x", "account": "acme", "kind": "native_reply", "from": "Mara Klein", "text": "Hi"}
    picture = {"attachments": [{"kind": "image"}]}
    refused = [
        await outside.control.post("/control/events", json={**given, "target": comment["id"], **picture})
    ]
    await outside.does("x", "unsend", target=comment["id"])
    for place in ({"target": comment["id"]}, {"thread": comment["thread"]}):
        refused.append(await outside.control.post("/control/events", json={**given, **place}))

    assert [each.status_code for each in refused] == [400] * 3
    assert [row["direction"] for row in await outside.ledger()] == ["in"]


@pytest.mark.parametrize("connector", [linkedin, x], ids=["linkedin", "x"])
def test_that_nobody_was_told_of_the_end_of_a_public_answer_stands_in_the_ledger(
    connector: Connector, tmp_path: Any
) -> None:
    @simulated
    async def swallowed(outside: Outside) -> None:
        await brand_on(outside, connector)
        platform = connector.manifest.key
        asked = await outside.says(platform, "Where is my parcel?", kind="comment")
        answer = await outside.does(
            platform, "native_reply", target=asked["id"], text="On its way!", **{"from": "Mara Klein"}
        )
        await outside.settle()
        await outside.fault("drop")

        await outside.does(platform, "unsend", target=answer["id"])

        [row] = [each for each in await outside.ledger() if each["id"] == answer["id"]]
        assert [(each["what"], each.get("fault")) for each in row["history"]] == [
            ("created", None),
            ("unsend", "drop"),
        ]
        assert (row["deliveries"][-1]["what"], row["deliveries"][-1]["status"]) == ("unsend", "dropped")

    swallowed(tmp_path)
