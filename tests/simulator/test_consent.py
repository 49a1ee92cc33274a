"""The page on which a person allows or denies."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.simulator.outside import Outside, simulated

BACK = "http://receiver.test/back"


@simulated
async def test_allowing_leads_back_with_a_code_that_the_token_endpoint_takes_once(outside: Outside) -> None:
    app = await outside.apps("instagram")
    query = {
        "client_id": app["client_id"],
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "instagram_business_basic,b",
        "state": "s1",
    }

    page = await outside.api.get("/oauth/authorize", params=query)
    form = {**query, "account": "17841400000000001", "decision": "allow"}
    back = await outside.api.post("/oauth/authorize", data=form)
    target = urlsplit(back.headers["location"])
    found = parse_qs(target.query)
    redeem = {
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        "grant_type": "authorization_code",
        "redirect_uri": BACK,
        "code": found["code"][0],
    }
    first = await outside.api.post("/oauth/access_token", data=redeem)
    second = await outside.api.post("/oauth/access_token", data=redeem)

    assert "acme.shop" in page.text and "borealis.tea" in page.text and "Deny" in page.text
    assert (back.status_code, found["state"], target.fragment) == (302, ["s1"], "_")
    grant = first.json()["data"][0]
    # The id beside the token is this app's own; deliveries name the one of /me.
    me = (
        await outside.api.get(
            "/v25.0/me", params={"fields": "user_id", "access_token": grant["access_token"]}
        )
    ).json()
    assert me["user_id"] == "17841400000000001" != me["id"] == grant["user_id"]
    assert second.status_code == 400


@simulated
async def test_the_whole_page_is_dark_where_the_browser_is(outside: Outside) -> None:
    """Named on <body> alone it leaves the page behind it white."""
    style = await outside.api.get("/consent.css")

    assert "html{color-scheme:light dark}" in style.text and "GrayText" not in style.text


@simulated
async def test_denying_says_so_in_each_platforms_words(outside: Outside) -> None:
    errors = {}
    for path in ("/oauth/authorize", "/i/oauth2/authorize", "/oauth/v2/authorization"):
        back = await outside.api.post(path, data={"redirect_uri": BACK, "state": "s", "decision": "deny"})
        errors[path] = parse_qs(urlsplit(back.headers["location"]).query)["error"][0]

    assert errors == {
        "/oauth/authorize": "access_denied",
        "/i/oauth2/authorize": "access_denied",
        "/oauth/v2/authorization": "user_cancelled_authorize",
    }


@simulated
async def test_what_a_link_carries_is_never_markup(outside: Outside) -> None:
    app = await outside.apps("linkedin")
    query = {
        "client_id": app["client_id"],
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "<script>alert(1)</script>",
        "state": '"><img src=x>',
    }

    page = await outside.api.get("/oauth/v2/authorization", params=query)

    assert "<script>" not in page.text and "<img" not in page.text
    assert "unsafe-inline" not in page.headers["content-security-policy"]


@pytest.mark.parametrize("missing", ["client_id", "redirect_uri", "code_challenge"])
def test_a_broken_link_is_refused_on_the_page(missing: str, tmp_path: object) -> None:
    @simulated
    async def refused(outside: Outside) -> None:
        app = await outside.apps("x")
        query = {
            "client_id": app["client_id"],
            "redirect_uri": BACK,
            "response_type": "code",
            "code_challenge": "abc",
        }
        del query[missing]
        page = await outside.api.get("/i/oauth2/authorize", params=query)
        assert page.status_code == 400 and "not valid" in page.text

    refused(tmp_path)  # type: ignore[arg-type]


@simulated
async def test_a_code_of_x_needs_its_verifier_within_thirty_seconds(outside: Outside) -> None:
    app = await outside.apps("x")
    auth = (app["client_id"], app["client_secret"])
    form = {"grant_type": "authorization_code", "redirect_uri": BACK, "code_verifier": "right"}

    async def redeem(verifier: str, *, late: bool = False) -> int:
        code = await outside.code("x", code_challenge="right", code_challenge_method="plain")
        if late:
            await outside.control.post("/control/clock", json={"advance_ms": 31_000})
        answer = await outside.api.post(
            "/2/oauth2/token", data={**form, "code": code, "code_verifier": verifier}, auth=auth
        )
        return answer.status_code

    assert await redeem("right") == 200
    assert await redeem("wrong") == 400
    assert await redeem("right", late=True) == 400


@simulated
async def test_a_wrong_crc_answer_ends_a_webhook_until_it_is_put_again(outside: Outside) -> None:
    await outside.x()
    right = outside.receiver.secrets["x"]
    outside.receiver.secrets["x"] = "wrong"

    await outside.control.post("/control/handshake", json={"platform": "x"})
    await outside.says("x", "unheard")
    await outside.settle()
    unheard = len(outside.receiver.seen)
    outside.receiver.secrets["x"] = right
    app = await outside.apps("x")
    bearer = {"authorization": f"Bearer {app['app_bearer']}"}
    hook = (await outside.api.get("/2/webhooks", headers=bearer)).json()["data"][0]
    repaired = await outside.api.put(f"/2/webhooks/{hook['id']}", headers=bearer)
    await outside.says("x", "heard")
    await outside.settle()

    assert hook["valid"] is False and unheard == 0
    assert repaired.json() == {"data": {"valid": True}}
    assert len(outside.receiver.seen) == 1
