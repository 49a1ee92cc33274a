"""Calls to X's API v2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from connectors.contract import Account, ConnectorError, Context, Remedy, Tokens
from connectors.http import Answer
from connectors.platforms.x import errors, rates


def url(ctx: Context, path: str) -> str:
    return f"{ctx.origins.api.rstrip('/')}/2/{path}"


def segment(native_id: str) -> str:
    return quote(native_id, safe="")


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
    token: str = "",
    params: Mapping[str, str] | None = None,
    json: object | None = None,
    form: Mapping[str, str] | None = None,
    files: Mapping[str, tuple[str, bytes, str]] | None = None,
    repeatable: bool | None = None,
) -> tuple[Mapping[str, Any], Answer]:
    ctx.ahead(bucket)
    answer = ctx.http.request(
        method,
        url(ctx, path),
        token=token or tokens(ctx).access,
        params=params,
        json=json,
        form=form,
        files=files,
        repeatable=repeatable,
    )
    if not answer.ok:
        error = errors.refusal(answer, ctx, bucket)
        ctx.heard(error.rates)
        raise error
    ctx.heard(rates.notices(answer.headers, bucket, ctx.now))
    if not answer.content:
        return {}, answer
    return answer.mapping(), answer
