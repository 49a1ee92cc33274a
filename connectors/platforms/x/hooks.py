"""Registration of the webhook, and of what is to be delivered to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connectors import wire
from connectors.contract import (
    ConnectorError,
    Context,
    RateNotice,
    Redelivery,
    RedeliveryBounds,
    Remedy,
    Subscription,
)
from connectors.platforms.x import client, errors, rates

_PRIVATE: Final = ("dm.received", "dm.sent", "dm.read", "dm.indicate_typing", "chat.received", "chat.sent")
_PUBLIC: Final = ("post.mention.create", "post.reply.create", "post.quote.create", "post.delete")
_REVOKED: Final = "oauth.revoke"
_CRC_WORDS: Final = {
    "CrcValidationFailed": "X could not prove that the webhook's address is ours (CRC).",
    "UrlValidationFailed": "X does not take this address for a webhook: it wants https and no port.",
    "WebhookLimitExceeded": "X allows this app no further webhook.",
}
# X says 24 hours, 31 and 10 minutes. It counts in whole minutes, and its clock is not ours.
REDELIVERY: Final = RedeliveryBounds(
    reach=timedelta(hours=24, minutes=-2), begun=timedelta(minutes=32), ended=timedelta(minutes=13)
)
_MINUTE: Final = timedelta(minutes=1)
_BUSY_FOR: Final = timedelta(minutes=10)  # X does not say how long a job takes


def subscribe(ctx: Context, callback_url: str) -> None:
    webhook_id = _webhook(ctx, callback_url)
    account_id = client.account(ctx).external_id
    have = _subscribed(ctx, webhook_id)
    for event_type in (*_PRIVATE, *_PUBLIC, _REVOKED):
        if (event_type, account_id) in have:
            continue
        body = {
            "event_type": event_type,
            "filter": {"user_id": account_id},
            "tag": f"parley {account_id}",
            "webhook_id": webhook_id,
        }
        try:
            client.call(ctx, "POST", "activity/subscriptions", bucket="subscribe", json=body, repeatable=True)
        except ConnectorError as error:
            # An event this app has no access to is told apart from the messages, without which there is no channel.
            if error.remedy in (Remedy.RETRY, Remedy.REFRESH) or event_type in ("dm.received", "dm.sent"):
                raise


def subscription(ctx: Context, callback_url: str) -> Subscription:
    """X gives a webhook up when its CRC goes wrong, and says nothing but `valid: false`."""
    if (found := _find(ctx, callback_url)) is None:
        return Subscription(False, "X knows no webhook at our address.")
    if found.get("valid") is not True:
        return Subscription(False, "X has switched our webhook off, because the proof of the address failed.")
    body, _ = client.call(ctx, "GET", "activity/subscriptions", bucket="subscribe", token=ctx.app.bearer)
    account_id, webhook_id = client.account(ctx).external_id, wire.ident(found.get("id"))
    have = {
        wire.text(each.get("event_type"))
        for each in wire.entries(body)
        if wire.ident(each.get("webhook_id")) == webhook_id
        and wire.ident(wire.mapping(each.get("filter")).get("user_id")) == account_id
    }
    if missing := [name for name in ("dm.received", "dm.sent") if name not in have]:
        return Subscription(False, f"X is not asked to deliver {' and '.join(missing)} of this account.")
    said = f"X delivers {len(have)} kinds of events to our webhook."
    if missing := [name for name in (*_PUBLIC, _REVOKED) if name not in have]:
        said += f" It does not deliver {', '.join(missing)}: the app may lack access to them."
    return Subscription(True, said)


def deliver_again(ctx: Context, callback_url: str, since: datetime, until: datetime) -> Redelivery:
    """One job for each webhook at a time. What it brings was delivered before in part, or all of it."""
    found = _find(ctx, callback_url)
    if found is None or found.get("valid") is not True:
        raise ConnectorError(
            "X has no valid webhook at our address.", remedy=Remedy.RETRY, retry_at=ctx.now + _BUSY_FOR
        )
    body = {
        "webhook_id": wire.told(wire.ident(found.get("id")), "webhook id"),
        "from_date": _minute(since),
        "to_date": _minute(until + 2 * _MINUTE),  # whether its last minute belongs to it is not clear
    }
    answer = ctx.http.post(client.url(ctx, "webhooks/replay"), token=ctx.app.bearer, json=body)
    notices = rates.notices(answer.headers, "redelivery", ctx.now)
    if answer.status == 409 or (not answer.ok and b"ReplayConflict" in answer.content):
        later = ctx.now + _BUSY_FOR
        raise ConnectorError(
            "X is still delivering again what it was asked for before.", remedy=Remedy.RETRY, code="ReplayConflictError",
            retry_at=later, rates=(*notices, RateNotice("redelivery", remaining=0, resets_at=later)),
        )  # fmt: skip
    if not answer.ok:
        raise errors.refusal(answer, ctx, "redelivery")
    return Redelivery(wire.ident(_one(answer.mapping()).get("job_id")) or "unnamed", notices)


def _minute(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M")


def _subscribed(ctx: Context, webhook_id: str) -> set[tuple[str, str]]:
    try:
        body, _ = client.call(ctx, "GET", "activity/subscriptions", bucket="subscribe", token=ctx.app.bearer)
    except ConnectorError:
        return set()  # asked for twice, it is delivered twice at worst
    return {
        (wire.text(each.get("event_type")), wire.ident(wire.mapping(each.get("filter")).get("user_id")))
        for each in wire.entries(body)
        if wire.ident(each.get("webhook_id")) == webhook_id
    }


def _webhook(ctx: Context, callback_url: str) -> str:
    """The webhook's id: the existing one, proven again where X has given it up, or a new one."""
    if not ctx.app.bearer:
        raise ConnectorError("X wants the app's bearer token to register a webhook.", remedy=Remedy.BUG)
    if (found := _find(ctx, callback_url)) is not None:
        webhook_id = wire.told(wire.ident(found.get("id")), "webhook id")
        if found.get("valid") is not True:
            client.call(
                ctx, "PUT", f"webhooks/{webhook_id}", bucket="webhook", token=ctx.app.bearer, repeatable=True
            )
        return webhook_id
    answer = ctx.http.post(
        client.url(ctx, "webhooks"), token=ctx.app.bearer, json={"url": callback_url}, repeatable=True
    )
    if answer.ok:
        return wire.told(wire.ident(_one(answer.mapping()).get("id")), "webhook id")
    reason = next((name for name in _CRC_WORDS if name.encode() in answer.content), "")
    if reason:
        raise ConnectorError(_CRC_WORDS[reason], remedy=Remedy.TELL, code=reason)
    if b"DuplicateUrlFailed" in answer.content and (found := _find(ctx, callback_url)) is not None:
        return wire.told(wire.ident(found.get("id")), "webhook id")
    raise errors.refusal(answer, ctx, "webhook")


def _find(ctx: Context, callback_url: str) -> Mapping[str, Any] | None:
    body, _ = client.call(ctx, "GET", "webhooks", bucket="webhook", token=ctx.app.bearer)
    return next((each for each in wire.entries(body) if each.get("url") == callback_url), None)


def _one(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Shown as an object in one example and as an array in another."""
    data = body.get("data")
    if isinstance(data, list):
        return wire.mapping(data[0]) if data else {}
    return wire.mapping(data) or body
