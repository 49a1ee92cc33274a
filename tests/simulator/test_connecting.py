"""Accounts are connected, by the connectors themselves, as the platforms want it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from connectors import signatures
from connectors.contract import ConnectorError, Remedy, ThreadKind, WebhookRequest
from connectors.platforms.instagram.connector import connector as instagram
from connectors.platforms.instagram.errors import NO_COMMENTS as no_comments
from connectors.platforms.linkedin.connector import connector as linkedin
from connectors.platforms.x.connector import connector as x
from connectors.platforms.x.errors import NO_MENTIONS as no_mentions
from tests.connectors.helpers import reply
from tests.simulator.bridge import connected, walked
from tests.simulator.outside import RECEIVER, Outside, simulated

MEMBER = "urn:li:person:2qXA98-mVk"


@simulated
async def test_linkedin_tells_who_consented_to_what_is_asked_for(outside: Outside) -> None:
    brand = await connected(outside, linkedin)

    await brand.signs_in()

    assert brand.account is not None and brand.account.external_id == MEMBER
    assert brand.account.name


@pytest.mark.parametrize("scope", ["r_basicprofile", "r_dma_portability_3rd_party", "rw_organization_admin"])
def test_linkedin_tells_who_consented_to_an_app_with_one_product(scope: str, tmp_path: Any) -> None:
    @simulated
    async def told(outside: Outside) -> None:
        brand = await connected(outside, linkedin)

        await brand.signs_in(scope=scope)

        assert brand.account is not None and brand.account.external_id == MEMBER

    told(tmp_path)


@pytest.mark.parametrize("partner", [True, False])
def test_linkedin_gives_the_right_to_renew_to_partners_alone(partner: bool, tmp_path: Any) -> None:
    @simulated
    async def granted(outside: Outside) -> None:
        world = outside.simulator.kernel.world
        world.settings = replace(world.settings, linkedin_partner=partner)
        brand = await connected(outside, linkedin)

        await brand.signs_in()

        assert brand.tokens is not None and bool(brand.tokens.refresh) is partner

    granted(tmp_path)


@pytest.mark.parametrize("signs", ["legacy", "oauth2", "both"])
def test_x_proves_the_address_and_signs_with_whatever_secrets_the_app_has(signs: str, tmp_path: Any) -> None:
    @simulated
    async def delivered(outside: Outside) -> None:
        world = outside.simulator.kernel.world
        world.settings = replace(world.settings, x_signs=signs)
        brand = await connected(outside, x)
        secrets = brand.app.webhook_secrets or (brand.app.client_secret,)
        asked = WebhookRequest("GET", {"crc_token": "MTYzMTIzNDU2Nw"}, {}, b"")
        told = x.handshake(asked, brand.app)
        assert told is not None and json.loads(told.body)["response_token"] == signatures.x(
            secrets[0], b"MTYzMTIzNDU2Nw"
        )
        outside.receiver.secrets["x"] = secrets[0]
        await outside.x()

        await outside.says("x", "Hello")
        await outside.settle()

        [delivery] = outside.receiver.seen
        request = WebhookRequest("POST", {}, delivery.headers, delivery.body)
        assert x.verify(request, brand.app, brand.context.now)
        assert not x.verify(replace(request, body=delivery.body + b" "), brand.app, brand.context.now)

    delivered(tmp_path)


@pytest.mark.parametrize("in_caption", [False, True])
def test_a_mention_on_instagram_is_told_and_answered_where_it_was_made(
    in_caption: bool, tmp_path: Any
) -> None:
    @simulated
    async def answered(outside: Outside) -> None:
        await outside.instagram()
        brand = await connected(outside, instagram)
        await brand.signs_in()
        said = {"post": "17910000000000077"} | ({"in_caption": True} if in_caption else {})
        await outside.says("instagram", "@acme.shop look", kind="mention", **said)
        await outside.settle()
        [item] = instagram.items(outside.receiver.seen[0].body)
        [untold] = instagram.parse(item, brand.account)

        told = await brand.told(untold.external_id, untold.thread_id)
        answer = reply("Thank you!", thread_id=untold.thread_id, thread_kind=ThreadKind.COMMENT)
        sent = await brand.send(answer)

        assert told.text == "@acme.shop look"
        assert len(sent.external_ids) == 1

    answered(tmp_path)


@simulated
async def test_a_post_whose_caption_does_not_name_the_account_takes_no_answer(outside: Outside) -> None:
    headers = await outside.instagram()
    await outside.says("instagram", "@acme.shop look", kind="mention", post="17910000000000077")

    form = {"media_id": "17910000000000077", "message": "Thank you!"}
    answer = await outside.api.post("/v25.0/me/mentions", data=form, headers=headers)

    assert answer.json()["error"]["code"] == 100


@simulated
async def test_x_tells_of_a_strangers_deleted_post_only_who_asks(outside: Outside) -> None:
    await outside.x()
    brand = await connected(outside, x)
    await brand.signs_in()
    kept, deleted = [(await outside.says("x", f"@acme {n}", kind="mention"))["id"] for n in range(2)]
    await outside.settle()
    heard = len(outside.receiver.seen)

    await outside.does("x", "unsend", target=deleted)
    await outside.settle()

    assert len(outside.receiver.seen) == heard
    assert await brand.gone([kept, deleted]) == {deleted}


@simulated
async def test_instagram_delivers_to_one_address_and_another_one_is_noticed(outside: Outside) -> None:
    brand = await connected(outside, instagram)
    outside.receiver.verify_token = brand.app.verify_token
    await brand.signs_in()
    await brand.subscribe(RECEIVER)
    assert (await brand.subscription(RECEIVER)).is_active
    assert (await brand.subscription("http://receiver.test/another/channel")).is_active

    moved = await brand.subscription("https://new.example/hook")
    outside.simulator.kernel.world.app("instagram").callback_url = ""
    none = await brand.subscription(RECEIVER)

    assert (moved.is_active, moved.said) == (False, "Instagram delivers to another address than ours.")
    assert not none.is_active


@simulated
async def test_a_grant_for_instagrams_messages_alone_is_good_for_all_of_them(outside: Outside) -> None:
    world = outside.simulator.kernel.world
    world.settings = replace(world.settings, instagram_reads_per_second=100)
    comment = await outside.says("instagram", "Nice", kind="comment")
    await outside.says("instagram", "Hello")
    brand = await connected(outside, instagram)
    await brand.signs_in(scope="instagram_business_basic,instagram_business_manage_messages")

    pages = await walked(brand)

    assert [event.text for page in pages for event in page.events] == ["Hello"]
    assert pages[-1].withheld == no_comments
    for question in (
        brand.history("", f"comment:{comment['id']}"),
        brand.told(comment["id"], f"comment:{comment['id']}"),
        brand.send(reply("Thanks", thread_id=f"comment:{comment['id']}", thread_kind=ThreadKind.COMMENT)),
    ):
        with pytest.raises(ConnectorError) as refused:
            await question
        assert (refused.value.remedy, refused.value.of_public) == (Remedy.TELL, True)


@simulated
async def test_an_app_of_x_without_posts_is_good_for_messages(outside: Outside) -> None:
    world = outside.simulator.kernel.world
    world.settings = replace(world.settings, x_posts=False)
    said = await outside.says("x", "Hello")
    brand = await connected(outside, x)
    await brand.signs_in()

    pages = await walked(brand)
    sent = await brand.send(reply("Hello back", thread_id=said["thread"]))
    with pytest.raises(ConnectorError) as refused:
        await brand.send(reply("Thanks", thread_id="comment:9", thread_kind=ThreadKind.COMMENT, reply_to="9"))

    assert [event.text for page in pages for event in page.events] == ["Hello"]
    assert (pages[-1].withheld, len(sent.external_ids)) == (no_mentions, 1)
    assert (refused.value.remedy, refused.value.of_public) == (Remedy.TELL, True)
