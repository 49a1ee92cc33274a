"""Consent with PKCE, tokens of two hours, and a refresh token that changes with every use."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

from connectors import signatures, wire
from connectors.contract import Account, Authorisation, ConnectorError, Context, Grant, Remedy, Tokens
from connectors.platforms.x import client, errors
from connectors.platforms.x.manifest import MANIFEST

_LIFE: Final = timedelta(hours=2)
_LONGEST_STATE: Final = 500


def authorise(ctx: Context, redirect_uri: str, state: str) -> Authorisation:
    if len(state) > _LONGEST_STATE:
        raise ConnectorError("X takes a state of at most 500 characters.", remedy=Remedy.BUG)
    verifier = secrets.token_urlsafe(64)
    query = {
        "response_type": "code",
        "client_id": ctx.app.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(MANIFEST.auth.scopes),
        "state": state,
        "code_challenge": signatures.pkce_challenge(verifier),
        "code_challenge_method": "S256",
    }
    return Authorisation(f"{ctx.origins.consent.rstrip('/')}/i/oauth2/authorize?{urlencode(query)}", verifier)


def exchange(ctx: Context, code: str, redirect_uri: str, verifier: str) -> Grant:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    tokens = _ask(ctx, form, old_refresh="")
    fields = {"user.fields": "name,username"}
    body, _ = client.call(replace(ctx, tokens=tokens), "GET", "users/me", bucket="profile", params=fields)
    me = wire.mapping(body.get("data"))
    account_id = wire.told(wire.ident(me.get("id")), "account id")
    return Grant(Account(account_id, wire.text(me.get("username")), wire.text(me.get("name"))), tokens)


def refresh(ctx: Context) -> Tokens:
    """The refresh token is used up by this call: the caller lets nobody else refresh, and stores what comes back first."""
    held = client.tokens(ctx)
    if not held.refresh:
        reason = "X gave no right to renew access. Connect the account again."
        raise ConnectorError(reason, remedy=Remedy.RECONNECT)
    fresh = _ask(
        ctx, {"grant_type": "refresh_token", "refresh_token": held.refresh}, old_refresh=held.refresh
    )
    return fresh if fresh.scopes else replace(fresh, scopes=held.scopes)


def _ask(ctx: Context, form: Mapping[str, str], *, old_refresh: str) -> Tokens:
    headers = {}
    if ctx.app.client_secret:
        pair = f"{quote(ctx.app.client_id, safe='')}:{quote(ctx.app.client_secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        form = {**form, "client_id": ctx.app.client_id}
    url = f"{ctx.origins.token.rstrip('/')}/2/oauth2/token"
    answer = ctx.http.post(url, form=form, headers=headers, repeatable=True)
    if not answer.ok:
        raise errors.sign_in_refusal(answer, ctx)
    return _tokens(ctx, answer.mapping(), old_refresh)


def _tokens(ctx: Context, body: Mapping[str, Any], old_refresh: str) -> Tokens:
    seconds = wire.count(body.get("expires_in"))
    return Tokens(
        access=wire.told(wire.text(body.get("access_token")), "token"),
        refresh=wire.text(body.get("refresh_token")) or old_refresh,
        expires_at=ctx.now + (timedelta(seconds=seconds) if seconds else _LIFE),
        issued_at=ctx.now,
        scopes=tuple(wire.text(body.get("scope")).split()),
    )
