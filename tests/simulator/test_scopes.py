"""What a grant is not for is refused, and what a connector asks for is enough."""

from typing import Any

import pytest

from connectors.platforms.instagram.manifest import MANIFEST as INSTAGRAM
from connectors.platforms.linkedin.manifest import MANIFEST as LINKEDIN
from connectors.platforms.x.manifest import MANIFEST as X
from tests.simulator.outside import LOG_VERSION, Outside, simulated

BASIC, MESSAGES, COMMENTS = (
    "instagram_business_basic",
    "instagram_business_manage_messages",
    "instagram_business_manage_comments",
)
FEED, SENDS, ADMIN = "r_dma_portability_3rd_party", "w_member_messages", "rw_organization_admin"
READS, WRITES = "r_organization_social_feed", "w_organization_social_feed"


async def instagram_token(outside: Outside, scopes: tuple[str, ...]) -> dict[str, str]:
    app = await outside.apps("instagram")
    form = {
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        "grant_type": "authorization_code",
        "redirect_uri": "http://receiver.test/back",
        "code": await outside.code("instagram", scope=",".join(scopes)),
    }
    short = (await outside.api.post("/oauth/access_token", data=form)).json()["data"][0]["access_token"]
    return {"authorization": f"Bearer {short}"}


async def linkedin_token(outside: Outside, scopes: tuple[str, ...]) -> dict[str, str]:
    app = await outside.apps("linkedin")
    form = {
        "grant_type": "authorization_code",
        "code": await outside.code("linkedin", scope=" ".join(scopes)),
        "redirect_uri": "http://receiver.test/back",
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
    }
    token = (await outside.api.post("/oauth/v2/accessToken", data=form)).json()["access_token"]
    return {"authorization": f"Bearer {token}", "linkedin-version": "202607"}


async def refused_by_instagram(outside: Outside, scopes: tuple[str, ...]) -> set[str]:
    """Which scopes the refused calls were for."""
    mara = await outside.says("instagram", "Hello")
    comment = await outside.says("instagram", "Nice", kind="comment")
    headers = await instagram_token(outside, scopes)
    calls = [
        ("GET", "me", BASIC),
        ("GET", "me/media", BASIC),
        ("GET", "me/subscribed_apps", BASIC),
        ("GET", "me/conversations", MESSAGES),
        ("GET", mara["id"], MESSAGES),
        ("GET", f"{mara['thread']}/messages", MESSAGES),
        ("POST", "me/messages", MESSAGES),
        ("POST", "me/message_attachments", MESSAGES),
        ("GET", comment["id"], COMMENTS),
        ("GET", f"{comment['id']}/replies", COMMENTS),
        ("POST", f"{comment['id']}/replies", COMMENTS),
        ("POST", "me/mentions", COMMENTS),
        ("GET", f"me?fields=mentioned_comment.comment_id({comment['id']})", COMMENTS),
    ]
    answers = [
        (scope, (await outside.api.request(method, f"/v25.0/{path}", headers=headers)).json())
        for method, path, scope in calls
    ]
    return _refused(answers, lambda body: body.get("error", {}).get("code") == 10)


async def refused_by_linkedin(outside: Outside, scopes: tuple[str, ...]) -> set[str]:
    await outside.linkedin()
    comment = await outside.says("linkedin", "Still waiting", kind="comment")
    headers = await linkedin_token(outside, scopes)
    organisation = "urn:li:organization:9000001"
    calls = [
        ("GET", "/v2/userinfo", "openid"),
        ("GET", "/v2/me", "profile"),
        ("POST", "/rest/memberAuthorizations", FEED),
        ("GET", "/rest/memberChangeLogs?q=memberAndApplication", FEED),
        ("POST", "/v2/messages", SENDS),
        ("POST", "/v2/assets?action=registerUpload", SENDS),
        ("GET", "/rest/organizationAcls", ADMIN),
        ("GET", await outside.linkedin_subscription(), ADMIN),
        (
            "GET",
            f"/rest/organizationalEntityNotifications?q=criteria&organizationalEntity={organisation}",
            READS,
        ),
        ("GET", f"/rest/socialActions/{comment['id']}/comments", READS),
        ("POST", f"/rest/socialActions/{comment['id']}/comments", WRITES),
    ]
    answers = []
    for method, path, scope in calls:
        version = LOG_VERSION if "/rest/member" in path else {}
        answer = await outside.api.request(method, path, headers=headers | version)
        answers.append((scope, answer.json() if answer.content else {}))
    return _refused(answers, lambda body: str(body.get("message", "")).startswith("Not enough permissions"))


def _refused(answers: list[tuple[str, Any]], is_refusal: Any) -> set[str]:
    refused = {scope for scope, body in answers if is_refusal(body)}
    assert (
        not {scope for scope, body in answers if not is_refusal(body)} & refused
    )  # each call of a scope alike
    return refused


def without(scopes: tuple[str, ...], left_out: str) -> tuple[str, ...]:
    return tuple(scope for scope in scopes if scope != left_out)


@pytest.mark.parametrize("left_out", ["", MESSAGES, COMMENTS])
def test_instagram_refuses_what_the_grant_is_not_for(left_out: str, tmp_path: Any) -> None:
    @simulated
    async def refused(outside: Outside) -> None:
        scopes = without(INSTAGRAM.auth.scopes, left_out)
        assert await refused_by_instagram(outside, scopes) == {left_out} - {""}

    refused(tmp_path)


@pytest.mark.parametrize("left_out", ["", *LINKEDIN.auth.scopes])
def test_linkedin_refuses_what_the_grant_is_not_for(left_out: str, tmp_path: Any) -> None:
    @simulated
    async def refused(outside: Outside) -> None:
        scopes = without(LINKEDIN.auth.scopes, left_out)
        assert await refused_by_linkedin(outside, scopes) == {left_out} - {""}

    refused(tmp_path)


@simulated
async def test_without_the_basic_one_instagram_refuses_everything(outside: Outside) -> None:
    headers = await instagram_token(outside, without(INSTAGRAM.auth.scopes, BASIC))

    answers = [
        await outside.api.get(f"/v25.0/{path}", headers=headers) for path in ("me", "me/conversations")
    ]

    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in answers] == [(400, 10)] * 2


async def refused_by_x(outside: Outside, scopes: tuple[str, ...]) -> set[str]:
    app = await outside.apps("x")
    proof = {"code_challenge": "plain-proof", "code_challenge_method": "plain"}
    form = {
        "grant_type": "authorization_code",
        "code": await outside.code("x", scope=" ".join(scopes), **proof),
        "redirect_uri": "http://receiver.test/back",
        "code_verifier": "plain-proof",
    }
    auth = (app["client_id"], app["client_secret"])
    token = (await outside.api.post("/2/oauth2/token", data=form, auth=auth)).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    calls = {
        "messages": ("GET", "/2/dm_events"),
        "sending": ("POST", "/2/dm_conversations/with/1/messages"),
        "mentions": ("GET", "/2/users/1/mentions"),
        "posts": ("GET", "/2/tweets?ids=1"),
        "posting": ("POST", "/2/tweets"),
    }
    answers = {
        name: await outside.api.request(method, path, headers=headers)
        for name, (method, path) in calls.items()
    }
    return {name for name, answer in answers.items() if answer.status_code == 403}


READING = {"messages", "sending", "mentions", "posts", "posting"}


@pytest.mark.parametrize(
    ("left_out", "refused"),
    [
        ("", set()),
        ("dm.read", {"messages", "sending"}),
        ("dm.write", {"sending"}),
        ("tweet.read", READING),
        ("users.read", READING),
        ("tweet.write", {"posting"}),
    ],
)
def test_x_refuses_what_the_grant_is_not_for(left_out: str, refused: set[str], tmp_path: Any) -> None:
    @simulated
    async def asked(outside: Outside) -> None:
        assert await refused_by_x(outside, without(X.auth.scopes, left_out)) == refused

    asked(tmp_path)
