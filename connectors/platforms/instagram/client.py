"""Calls to the Instagram Graph API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from connectors.contract import Account, ConnectorError, Context, Remedy, Tokens
from connectors.http import Answer
from connectors.platforms.instagram import errors

VERSION: Final = "v25.0"


def url(ctx: Context, path: str) -> str:
    return f"{ctx.origins.api.rstrip('/')}/{VERSION}/{path}"


def segment(native_id: str) -> str:
    """An id as one part of a path: some look like base64, slashes and all."""
    return quote(native_id, safe="")


def account(ctx: Context) -> Account:
    if ctx.account is None:
        raise ConnectorError("No account is connected.", remedy=Remedy.RECONNECT)
    return ctx.account


def tokens(ctx: Context) -> Tokens:
    if ctx.tokens is None or not ctx.tokens.access:
        raise ConnectorError("This account is not connected.", remedy=Remedy.RECONNECT)
    return ctx.tokens


def get(ctx: Context, path: str, params: Mapping[str, str] | None = None) -> tuple[Mapping[str, Any], Answer]:
    return _accept(ctx, ctx.http.get(url(ctx, path), token=tokens(ctx).access, params=params))


def post(
    ctx: Context,
    path: str,
    *,
    json: object | None = None,
    params: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    repeatable: bool = False,
    patience: float = 0.0,
) -> tuple[Mapping[str, Any], Answer]:
    answer = ctx.http.post(
        url(ctx, path),
        token=tokens(ctx).access,
        json=json,
        params=params,
        form=form,
        repeatable=repeatable,
        patience=patience,
    )
    return _accept(ctx, answer)


def _accept(ctx: Context, answer: Answer) -> tuple[Mapping[str, Any], Answer]:
    if not answer.ok:
        raise errors.refusal(answer, ctx)
    body = answer.mapping()
    if "error" in body:  # Graph has answered 200 with an error before
        raise errors.refusal(answer, ctx)
    return body, answer
