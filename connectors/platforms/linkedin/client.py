"""Calls to LinkedIn's REST API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.contract import Account, ConnectorError, Context, Remedy, Tokens
from connectors.http import Answer
from connectors.platforms.linkedin import errors

VERSION: Final = "202607"
CHANGELOG_VERSION: Final = "202312"  # the change log insists on an older one


def url(ctx: Context, path: str) -> str:
    return f"{ctx.origins.api.rstrip('/')}/{path}"


def account(ctx: Context) -> Account:
    if ctx.account is None:
        raise ConnectorError("No account is connected.", remedy=Remedy.RECONNECT)
    return ctx.account


def tokens(ctx: Context) -> Tokens:
    if ctx.tokens is None or not ctx.tokens.access:
        raise ConnectorError("This account is not connected.", remedy=Remedy.RECONNECT)
    return ctx.tokens


def call(
    ctx: Context,
    method: str,
    path: str,
    *,
    bucket: str,
    version: str = VERSION,
    params: Mapping[str, str] | None = None,
    json: object | None = None,
    repeatable: bool | None = None,
) -> tuple[Mapping[str, Any], Answer]:
    answer = _answered(ctx, method, path, bucket, version, params=params, json=json, repeatable=repeatable)
    return (answer.mapping() if answer.content else {}), answer


def create(ctx: Context, path: str, *, bucket: str, json: object) -> str:
    """The id of what was created. LinkedIn says it in a header, with an empty body: what stands in the body all the same (a line end, a
    gateway's page) takes nothing from that."""
    answer = _answered(ctx, "POST", path, bucket, json=json, repeatable=False)
    found: object = answer.headers.get("x-restli-id") or answer.headers.get("x-linkedin-id")
    if not found and answer.content:
        found = answer.mapping().get("id")
    if not isinstance(found, str) or not found:
        reason = "LinkedIn accepted the message and did not say under which id."
        raise ConnectorError(reason, remedy=Remedy.UNKNOWN, code=f"http {answer.status}")
    return found


def _answered(
    ctx: Context, method: str, path: str, bucket: str, version: str = VERSION, **asked: Any
) -> Answer:
    headers = {"LinkedIn-Version": version, "X-Restli-Protocol-Version": "2.0.0"}
    ctx.ahead(bucket)
    answer = ctx.http.request(method, url(ctx, path), token=tokens(ctx).access, headers=headers, **asked)
    if not answer.ok:
        error = errors.refusal(answer, ctx, bucket)
        ctx.heard(error.rates)
        raise error
    return answer
