"""Consent, tokens and subscription of Instagram Login."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from connectors import wire
from connectors.contract import (
    Account,
    Authorisation,
    ConnectorError,
    Context,
    Grant,
    Remedy,
    Subscription,
    Tokens,
)
from connectors.http import Answer, same_origin
from connectors.platforms.instagram import client, errors
from connectors.platforms.instagram.manifest import MANIFEST

_LONG_LIFE: Final = timedelta(days=60)
_FIELDS: Final = (
    "messages", "message_reactions", "messaging_seen", "messaging_postbacks", "messaging_referral", "messaging_optins",
    "messaging_handover", "standby", "message_edit", "comments", "live_comments", "mentions",
)  # fmt: skip
_OPTIONAL: Final = ("messaging_policy_enforcement",)  # not every deployment knows it


def authorise(ctx: Context, redirect_uri: str, state: str) -> Authorisation:
    query = {
        "client_id": ctx.app.client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": ",".join(MANIFEST.auth.scopes),
        "state": state,
    }
    return Authorisation(f"{ctx.origins.consent.rstrip('/')}/oauth/authorize?{urlencode(query)}")


def exchange(ctx: Context, code: str, redirect_uri: str) -> Grant:
    """The code for a token of an hour, that for one of sixty days."""
    form = {
        "client_id": ctx.app.client_id,
        "client_secret": ctx.app.client_secret,
        "grant_type": "authorization_code",
        "redirect_uri": redirect_uri,
        "code": code.removesuffix("#_"),
    }
    url = f"{ctx.origins.token.rstrip('/')}/oauth/access_token"
    short = _short_grant(_accept(ctx, ctx.http.post(url, form=form)))
    token = wire.told(wire.text(short.get("access_token")), "token")
    params = {
        "grant_type": "ig_exchange_token",
        "client_secret": ctx.app.client_secret,
        "access_token": token,
    }
    answer = ctx.http.get(f"{ctx.origins.api.rstrip('/')}/access_token", params=params)
    tokens = _tokens(ctx, _accept(ctx, answer), _scopes(short.get("permissions")))
    return Grant(_account(replace(ctx, tokens=tokens), wire.ident(short.get("user_id"))), tokens)


def _short_grant(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Newer deployments wrap the grant in a list, older ones do not."""
    wrapped = wire.entries(body.get("data"))
    return wrapped[0] if wrapped else body


def _scopes(given: object) -> tuple[str, ...]:
    names = given.split(",") if isinstance(given, str) else given if isinstance(given, list) else []
    return tuple(name.strip() for name in names if isinstance(name, str) and name.strip())


def _account(ctx: Context, user_id: str) -> Account:
    """Deliveries name the account as `user_id` of `/me` does. The id that came with the token may be another one, of this app alone:
    it stands in only where `/me` is refused, and not where a fault passes. It was taken for the account's once (`formerly`)."""
    found: Mapping[str, Any] = {}
    try:
        found, _ = client.get(ctx, "me", {"fields": "user_id,username,name"})
    except ConnectorError as error:
        if error.remedy in (Remedy.RETRY, Remedy.UNKNOWN):
            raise
    external_id = wire.told(
        wire.ident(found.get("user_id")) or user_id or wire.ident(found.get("id")), "account id"
    )
    return Account(
        external_id,
        handle=wire.text(found.get("username")),
        name=wire.text(found.get("name")),
        formerly=user_id if user_id != external_id else "",
    )


def refresh(ctx: Context) -> Tokens:
    """Sixty more days. Refused before the first day is over, impossible after the last."""
    held = client.tokens(ctx)
    if held.expires_at is not None and held.expires_at <= ctx.now:
        raise ConnectorError(
            "Instagram's access has expired. Connect the account again.", remedy=Remedy.RECONNECT
        )
    ready_at = held.issued_at + MANIFEST.auth.refresh_min_age if held.issued_at else None
    if ready_at is not None and ready_at > ctx.now:
        reason = "Instagram renews access only after its first day."
        raise ConnectorError(reason, remedy=Remedy.RETRY, retry_at=ready_at)
    params = {"grant_type": "ig_refresh_token", "access_token": held.access}
    answer = ctx.http.get(f"{ctx.origins.api.rstrip('/')}/refresh_access_token", params=params)
    return _tokens(ctx, _accept(ctx, answer), held.scopes)


def _tokens(ctx: Context, body: Mapping[str, Any], scopes: tuple[str, ...]) -> Tokens:
    seconds = wire.count(body.get("expires_in"))
    life = timedelta(seconds=seconds) if seconds else _LONG_LIFE
    return Tokens(
        access=wire.told(wire.text(body.get("access_token")), "token"),
        expires_at=ctx.now + life,
        issued_at=ctx.now,
        scopes=scopes,
    )


def subscribe(ctx: Context, callback_url: str) -> None:
    """Ask for all that is read here; where one of the fields is not known, for those without which nothing works."""
    try:
        _subscribe(ctx, callback_url, (*_FIELDS, *_OPTIONAL))
    except ConnectorError as error:
        if error.remedy is not Remedy.BUG:
            raise
        _subscribe(ctx, callback_url, _FIELDS)


def _subscribe(ctx: Context, callback_url: str, wanted: Sequence[str]) -> None:
    """First the app's address and fields, then this account's wish to be heard."""
    form = {
        "object": "instagram",
        "callback_url": callback_url,
        "fields": ",".join(wanted),
        "verify_token": ctx.app.verify_token,
        "access_token": f"{ctx.app.client_id}|{ctx.app.client_secret}",
    }
    answer = ctx.http.post(client.url(ctx, f"{ctx.app.client_id}/subscriptions"), form=form, repeatable=True)
    if not answer.ok and not _is_of_the_dashboard(answer):
        raise errors.refusal(answer, ctx)
    account_id = client.account(ctx).external_id
    fields = {"subscribed_fields": ",".join(wanted)}
    client.post(ctx, f"{account_id}/subscribed_apps", params=fields, repeatable=True)


def _is_of_the_dashboard(answer: Answer) -> bool:
    """Whether this deployment takes the address in the dashboard only (docs/connectors.md): it knows no such path or object, or no
    tokens of apps on this host. That ours is right was proved when the code was exchanged."""
    error = wire.mapping(answer.error_body().get("error"))
    return answer.status == 404 or (
        answer.status in (400, 401)
        and (wire.count(error.get("code")) == 190 or wire.count(error.get("error_subcode")) == 33)
    )


def subscription(ctx: Context, callback_url: str) -> Subscription:
    """Whether this account has our app installed with messages among its fields, and whether the app's address is here. All accounts of
    an app share one address, that of one of their channels, so its origin alone is compared."""
    account_id = client.account(ctx).external_id
    body, _ = client.get(ctx, f"{account_id}/subscribed_apps", {})
    installed = wire.entries(body.get("data"))
    if not installed:
        return Subscription(
            False, "Instagram delivers nothing of this account: Parley's app is not subscribed to it."
        )
    fields = {
        name for each in installed for name in each.get("subscribed_fields") or () if isinstance(name, str)
    }
    if "messages" not in fields:
        return Subscription(False, "Instagram is not asked to deliver messages of this account.")
    said = f"Instagram delivers {len(fields)} kinds of events to our webhook."
    return _at_its_address(ctx, callback_url, said)


def _at_its_address(ctx: Context, callback_url: str, said: str) -> Subscription:
    """`said`: what was told of the account, which stands where the address is right, and where only the dashboard knows."""
    app = f"{ctx.app.client_id}|{ctx.app.client_secret}"
    answer = ctx.http.get(client.url(ctx, f"{ctx.app.client_id}/subscriptions"), token=app)
    if not answer.ok:
        refused = errors.refusal(answer, ctx)
        if _is_of_the_dashboard(answer) or refused.remedy is not Remedy.RETRY:
            return Subscription(True, said)
        raise refused
    held = [
        each
        for each in wire.entries(answer.mapping().get("data"))
        if wire.text(each.get("object")) == "instagram"
    ]
    if not held or held[0].get("active") is False:
        return Subscription(
            False, "Instagram delivers nothing to this app: it has no address that is in use."
        )
    address = wire.text(held[0].get("callback_url"))
    if not same_origin(address, callback_url):
        # It may be a relay's, or that of another installation with the same app, which would take it back.
        return Subscription(False, "Instagram delivers to another address than ours.", is_for_a_person=True)
    return Subscription(True, said, at=address)


def _accept(ctx: Context, answer: Answer) -> Mapping[str, Any]:
    if answer.ok:
        return answer.mapping()
    error = answer.error_body()
    if "error" not in error and "error_message" in error:  # api.instagram.com speaks an older dialect
        reason = "Instagram did not accept the sign-in. Try to connect again."
        raise ConnectorError(reason, remedy=Remedy.RECONNECT, code=wire.ident(error.get("code")))
    raise errors.refusal(answer, ctx)
