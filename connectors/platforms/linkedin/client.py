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
    headers = {"LinkedIn-Version": version, "X-Restli-Protocol-Version": "2.0.0"}
    answer = ctx.http.request(
        method,
        url(ctx, path),
        token=tokens(ctx).access,
        headers=headers,
        params=params,
        json=json,
        repeatable=repeatable,
    )
    if not answer.ok:
        raise errors.refusal(answer, ctx, bucket)
    return (answer.mapping() if answer.content else {}), answer


def created_id(answer: Answer, body: Mapping[str, Any]) -> str:
    """LinkedIn answers with an empty body and the id in a header."""
    found = answer.headers.get("x-restli-id") or answer.headers.get("x-linkedin-id") or body.get("id")
    if not isinstance(found, str) or not found:
        reason = "LinkedIn accepted the message and did not say under which id."
        raise ConnectorError(reason, remedy=Remedy.UNKNOWN, code=f"http {answer.status}")
    return found
