"""Consent, tokens of sixty days, a refresh token with a fixed end, and subscriptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
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
from connectors.platforms.linkedin import client, errors, urns
from connectors.platforms.linkedin.manifest import MANIFEST

_LIFE: Final = timedelta(days=60)
_ROLES: Final = "rest/organizationAcls?q=roleAssignee&role=ADMINISTRATOR&state=APPROVED"
NO_MORE: Final = (
    "LinkedIn names this account the administrator of the page no more: its comments do not reach us. Give the account the role"
    " again, or connect it again without."
)
NOT_THIS_APP: Final = "LinkedIn does not let this app hear of the comments of the page: it lacks the product for it, or is in the Development tier."
NO_NUMBER: Final = (
    "LinkedIn delivers comments to the application whose number it is told, and Parley was not told it: add application_id with"
    " manage.py register_app. Until then comments come with each comparison only."
)


def authorise(ctx: Context, redirect_uri: str, state: str) -> Authorisation:
    query = {
        "response_type": "code",
        "client_id": ctx.app.client_id,
        "redirect_uri": redirect_uri,
        "state": state,
        "scope": " ".join(MANIFEST.auth.scopes),
    }
    return Authorisation(f"{ctx.origins.consent.rstrip('/')}/oauth/v2/authorization?{urlencode(query)}")


def exchange(ctx: Context, code: str, redirect_uri: str) -> Grant:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    tokens = _ask(ctx, form)
    return Grant(_member(replace(ctx, tokens=tokens)), tokens)


def refresh(ctx: Context) -> Tokens:
    held = client.tokens(ctx)
    if not held.refresh or (held.refresh_expires_at is not None and held.refresh_expires_at <= ctx.now):
        reason = "LinkedIn's consent has run out. Connect the account again."
        raise ConnectorError(reason, remedy=Remedy.RECONNECT)
    fresh = _ask(ctx, {"grant_type": "refresh_token", "refresh_token": held.refresh})
    return replace(
        fresh,
        refresh=fresh.refresh or held.refresh,
        # The end counts from the first consent and never moves; what the answer says is what is left.
        refresh_expires_at=_earlier(fresh.refresh_expires_at, held.refresh_expires_at),
        scopes=fresh.scopes or held.scopes,
    )


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else one or other


def _ask(ctx: Context, form: Mapping[str, str]) -> Tokens:
    form = {**form, "client_id": ctx.app.client_id, "client_secret": ctx.app.client_secret}
    url = f"{ctx.origins.token.rstrip('/')}/oauth/v2/accessToken"
    answer = ctx.http.post(url, form=form, repeatable=True)
    if not answer.ok:
        raise errors.sign_in_refusal(answer, ctx)
    body = answer.mapping()
    scope = wire.text(body.get("scope")).replace(",", " ")
    return Tokens(
        access=wire.told(wire.text(body.get("access_token")), "token"),
        refresh=wire.text(body.get("refresh_token")),
        expires_at=ctx.now + (_span(body.get("expires_in")) or _LIFE),
        refresh_expires_at=_end(ctx, body.get("refresh_token_expires_in")),
        issued_at=ctx.now,
        scopes=tuple(scope.split()),
    )


def _span(given: object) -> timedelta | None:
    seconds = wire.count(given)
    return timedelta(seconds=seconds) if seconds else None


def _end(ctx: Context, given: object) -> datetime | None:
    span = _span(given)
    return ctx.now + span if span else None


def _member(ctx: Context) -> Account:
    """Who consented. Which of these tells it depends on the products of the app, and so on the scopes that were asked for."""
    for ask in (_userinfo, _me, _authorisations, _roles):
        try:
            account = ask(ctx)
        except ConnectorError as error:
            if error.remedy in (Remedy.RETRY, Remedy.UNKNOWN):
                raise
            continue
        if account is not None:
            return account
    reason = "LinkedIn did not tell whose account this is: the app lacks the scopes openid and profile, or a product that allows them."
    raise ConnectorError(reason, remedy=Remedy.RECONNECT)


def _userinfo(ctx: Context) -> Account | None:
    body, _ = client.call(ctx, "GET", "v2/userinfo", bucket="member")
    return _from_userinfo(body)


def _me(ctx: Context) -> Account | None:
    body, _ = client.call(ctx, "GET", "v2/me", bucket="member")
    return _from_me(body)


def _authorisations(ctx: Context) -> Account | None:
    """There is none before it is given, and the log is given to no other version."""
    path, version = "rest/memberAuthorizations", client.CHANGELOG_VERSION
    client.call(ctx, "POST", path, bucket="subscribe", json={}, version=version, repeatable=True)
    body, _ = client.call(ctx, "GET", f"{path}?q=memberAndApplication", bucket="member", version=version)
    return _from_authorisations(body)


def _roles(ctx: Context) -> Account | None:
    body, _ = client.call(ctx, "GET", _ROLES, bucket="roles")
    held = {wire.ident(each.get("roleAssignee")) for each in wire.entries(body.get("elements"))} - {""}
    return Account(_person(held.pop())) if len(held) == 1 else None


def _from_userinfo(body: Mapping[str, Any]) -> Account | None:
    member = wire.ident(body.get("sub"))
    return Account(_person(member), name=wire.text(body.get("name"))) if member else None


def _from_me(body: Mapping[str, Any]) -> Account | None:
    member = wire.ident(body.get("id"))
    names = (wire.text(body.get("localizedFirstName")), wire.text(body.get("localizedLastName")))
    handle = wire.text(body.get("vanityName"))
    return Account(_person(member), handle=handle, name=" ".join(filter(None, names))) if member else None


def _from_authorisations(body: Mapping[str, Any]) -> Account | None:
    for each in wire.entries(body.get("elements")):
        key = wire.mapping(each.get("memberComplianceAuthorizationKey"))
        if member := wire.ident(key.get("member")):
            return Account(_person(member))
    return None


def _person(given: str) -> str:
    return given if given.startswith("urn:li:") else f"{urns.PERSON}{given}"


def page_of(ctx: Context) -> str:
    """The page this member speaks for; "" where there is none, or where it is not clear which."""
    account_id = client.account(ctx).external_id
    if account_id.startswith(urns.ORGANISATION):
        return account_id
    try:
        body, _ = client.call(ctx, "GET", _ROLES, bucket="roles")
    except ConnectorError as error:
        if error.remedy in (Remedy.RETRY, Remedy.REFRESH):
            raise
        return ""
    pages = {wire.ident(each.get("organization")) for each in wire.entries(body.get("elements"))} - {""}
    if (known := client.account(ctx).speaks_for) in pages:
        return known
    return pages.pop() if len(pages) == 1 else ""


def subscribe(ctx: Context, callback_url: str) -> None:
    """Messages: consent to the change log. Comments: a subscription for the page, where there is one. An app may have the product
    for one of the two alone: only where nothing is to be had is the account refused. Without the number of the
    application comments cannot be asked for; `subscription` says so."""
    refused = _refused(ctx, "POST", "rest/memberAuthorizations", json={}, version=client.CHANGELOG_VERSION)
    if ctx.app.application_id and (page := page_of(ctx)):
        refused_too = _refused(ctx, "PUT", _subscription(ctx, page), json={"webhook": callback_url})
        refused = refused if refused_too else None
    if refused is None:
        return
    if not ctx.app.application_id and errors.lacks_ability(refused) and page_of(ctx):
        raise ConnectorError(NO_NUMBER, remedy=Remedy.TELL, code=refused.code)
    raise refused


def _refused(ctx: Context, method: str, path: str, **more: Any) -> ConnectorError | None:
    """Why LinkedIn does not let this app have it; None where it does. What passes, and a dead grant, is raised."""
    try:
        client.call(ctx, method, path, bucket="subscribe", repeatable=True, **more)
    except ConnectorError as error:
        if not errors.lacks_ability(error) and error.remedy not in (Remedy.TELL, Remedy.BUG):
            raise
        return error
    return None


def subscription(ctx: Context, callback_url: str) -> Subscription:
    """It ends with the grant, with the role, on its last day, or when the proof of the address fails, and nobody tells us."""
    if not (page := page_of(ctx)):
        if client.account(ctx).speaks_for:
            return Subscription(False, NO_MORE)
        said = (
            "This account speaks for no page, or for several: no comments are delivered. Messages are polled."
        )
        return Subscription(True, said)
    if not ctx.app.application_id:
        return Subscription(False, NO_NUMBER, page)
    try:
        body, _ = client.call(ctx, "GET", _subscription(ctx, page), bucket="subscribe")
    except ConnectorError as error:
        if errors.lacks_ability(error):
            return Subscription(False, NOT_THIS_APP, page)
        if error.remedy is not Remedy.TELL:
            raise
        return Subscription(False, "LinkedIn knows no subscription to the comments of the page.", page)
    if wire.text(body.get("status")) not in ("", "ACTIVE"):
        return Subscription(
            False, "LinkedIn has blocked our webhook, because the proof of the address failed.", page
        )
    if wire.text(body.get("webhook")) not in ("", callback_url):
        return Subscription(False, "LinkedIn delivers the comments of the page to another address.", page)
    ends = wire.moment(body.get("expiresAt"))
    if ends is not None and ends <= ctx.now:
        return Subscription(False, "The subscription to the comments of the page has run out.", page)
    until = f" until {ends:%-d %B %Y}" if ends is not None else ""
    said = f"LinkedIn delivers the comments of the page to our webhook{until}. Messages are polled."
    return Subscription(True, said, page)


def _subscription(ctx: Context, page: str) -> str:
    key = ",".join(
        f"{name}:{urns.encoded(urn)}"
        for name, urn in (
            ("developerApplication", f"urn:li:developerApplication:{ctx.app.application_id}"),
            ("user", client.account(ctx).external_id),
            ("entity", page),
        )
    )
    return f"rest/eventSubscriptions/({key},eventType:ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS)"
