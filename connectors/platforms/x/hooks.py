"""Registration of the webhook, and of what is to be delivered to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
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
from connectors.http import Answer
from connectors.platforms.x import client, errors, rates

_PRIVATE: Final = ("dm.received", "dm.sent", "dm.read", "dm.indicate_typing", "chat.received", "chat.sent")
_SAID_TO_US: Final = ("post.mention.create", "post.reply.create", "post.quote.create")
_OWN: Final = "post.create"
_PUBLIC: Final = (*_SAID_TO_US, _OWN, "post.delete")
_REVOKED: Final = "oauth.revoke"
_NEEDED: Final = ("dm.received", "dm.sent")  # without them there is no channel
_MOST_PAGES: Final = 100
# X counts them apart: to look at webhooks goes on where to register one has to wait.
_BUCKETS: Final = {
    "GET": "webhooks",
    "PUT": "webhook proof",
    "POST": "webhook registration",
    "DELETE": "webhook removal",
}
_CRC: Final = b"CrcValidationFailed"
_NO_ROOM: Final = "WebhookLimitExceeded"
_CRC_WORDS: Final = {
    "CrcValidationFailed": "X could not prove that the webhook's address is ours (CRC).",
    "UrlValidationFailed": "X does not take this address for a webhook: it wants https and no port.",
    _NO_ROOM: "X allows this app no further webhook, and none of those that it has leads here: delete one in X's console.",
}
# X says 24 hours, 31 and 10 minutes. It counts in whole minutes, and its clock is not ours.
REDELIVERY: Final = RedeliveryBounds(
    reach=timedelta(hours=24, minutes=-2), begun=timedelta(minutes=32), ended=timedelta(minutes=13)
)
_MINUTE: Final = timedelta(minutes=1)
_BUSY_FOR: Final = timedelta(minutes=10)  # X does not say how long a job takes


def subscribe(ctx: Context, callback_url: str) -> None:
    """X allows an app few webhooks: one serves all its accounts, at the address of whichever channel was the first."""
    if not ctx.app.bearer:
        raise ConnectorError("X wants the app's bearer token to register a webhook.", remedy=Remedy.BUG)
    account_id = client.account(ctx).external_id
    try:
        accounts = _accounts_at(ctx)
    except ConnectorError:
        accounts = None  # asked for twice, it is delivered twice at worst
    have = _of(account_id, accounts or {})
    webhook_id, dead = _proven(ctx, _at_our_door(ctx, callback_url, have), callback_url)
    if not webhook_id:
        # That the proof failed may be our door's own fault, and of a passing kind: where another account is delivered to, nothing is deleted.
        nobodys = [
            each for each in dead if accounts is not None and accounts.get(each, {}).keys() <= {account_id}
        ]
        webhook_id = _registered(ctx, callback_url, nobodys)
    delivered = set(have.get(webhook_id, ()))
    for event_type in (*_PRIVATE, *_PUBLIC, _REVOKED):
        # X bills every post of the account that it delivers: they end waits, where anybody is heard to wait.
        if event_type in delivered or (event_type == _OWN and delivered.isdisjoint(_SAID_TO_US)):
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
            if error.remedy in (Remedy.RETRY, Remedy.REFRESH) or event_type in _NEEDED:
                raise
        else:
            delivered.add(event_type)


def subscription(ctx: Context, callback_url: str) -> Subscription:
    """X gives a webhook up when its CRC goes wrong, and says nothing but `valid: false`."""
    have = _asked_for(ctx)
    hooks = _at_our_door(ctx, callback_url, have)
    if not hooks:
        return Subscription(False, "X knows no webhook at our address.")
    if hooks[0].get("valid") is not True:
        return Subscription(False, "X has switched our webhook off, because the proof of the address failed.")
    asked = have.get(_id(hooks[0]), set())
    if missing := [name for name in _NEEDED if name not in asked]:
        return Subscription(False, f"X is not asked to deliver {' and '.join(missing)} of this account.")
    said = f"X delivers {len(asked)} kinds of events to our webhook."
    needed = [name for name in (*_PUBLIC, _REVOKED) if name != _OWN or asked.intersection(_SAID_TO_US)]
    if missing := [name for name in needed if name not in asked]:
        said += f" It does not deliver {', '.join(missing)}: the app may lack access to them."
    # That X counts an address as valid says for 28 hours nothing of whether anybody still lives there.
    return Subscription(True, said, at=wire.text(hooks[0].get("url")))


def deliver_again(ctx: Context, callback_url: str, since: datetime, until: datetime) -> Redelivery:
    """One job for each webhook at a time, for all its accounts. What it brings was delivered before in part, or all of it."""
    found = next(iter(_at_our_door(ctx, callback_url)), None)
    if found is None or found.get("valid") is not True:
        raise ConnectorError(
            "X has no valid webhook at our address.", remedy=Remedy.RETRY, retry_at=ctx.now + _BUSY_FOR
        )
    body = {
        "webhook_id": _id(found),
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


def _asked_for(ctx: Context) -> Mapping[str, set[str]]:
    """By webhook, which kinds of events of this account are delivered there."""
    return _of(client.account(ctx).external_id, _accounts_at(ctx))


def _of(account_id: str, accounts: Mapping[str, Mapping[str, set[str]]]) -> Mapping[str, set[str]]:
    return {hook: kinds[account_id] for hook, kinds in accounts.items() if account_id in kinds}


def _accounts_at(ctx: Context) -> Mapping[str, Mapping[str, set[str]]]:
    """By webhook, the accounts that are delivered there, each with its kinds of events."""
    params = dict[str, str]()
    found: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for _ in range(_MOST_PAGES):
        body, _answer = client.call(
            ctx, "GET", "activity/subscriptions", bucket="subscriptions", token=ctx.app.bearer, params=params
        )
        for each in wire.entries(body):
            account_id = wire.ident(wire.mapping(each.get("filter")).get("user_id"))
            found[wire.ident(each.get("webhook_id"))][account_id].add(wire.text(each.get("event_type")))
        following = wire.text(wire.mapping(body.get("meta")).get("next_token"))
        if not following:
            break
        params = {"pagination_token": following}
    return found


def _at_our_door(
    ctx: Context, callback_url: str, have: Mapping[str, Collection[str]] | None = None
) -> list[Mapping[str, Any]]:
    """The app's webhooks that lead to us, whichever channel's address they bear: deliveries name their account. The one that this account
    is delivered to comes first, then those that X has not given up."""
    door = callback_url.rstrip("/").rpartition("/")[0] + "/"
    ours = [each for each in _hooks(ctx) if wire.text(each.get("url")).startswith(door) and _id(each)]
    asked_for = have if have is not None or len(ours) < 2 else _asked_for(ctx)

    def rank(hook: Mapping[str, Any]) -> tuple[bool, bool, bool]:
        delivers = set(_NEEDED) <= set((asked_for or {}).get(_id(hook), ()))
        return not delivers, hook.get("valid") is not True, hook.get("url") != callback_url

    return sorted(ours, key=rank)


def _hooks(ctx: Context) -> list[Mapping[str, Any]]:
    return wire.entries(client.call(ctx, "GET", "webhooks", bucket=_BUCKETS["GET"], token=ctx.app.bearer)[0])


def _proven(ctx: Context, hooks: Iterable[Mapping[str, Any]], callback_url: str) -> tuple[str, list[str]]:
    """The first that X has just proven to lead to us, and those before it that did not. That X counts one as valid says it of the account's
    own address alone: another may have lost its channel, and X goes on knocking there for a day before it says so."""
    dead: list[str] = []
    for hook in hooks:
        own = hook.get("url") == callback_url
        if own and hook.get("valid") is True:
            return _id(hook), dead
        path = f"webhooks/{client.segment(_id(hook))}"
        answer = _told(ctx, "PUT", path)
        if not answer.ok:
            refusal = errors.refusal(answer, ctx, _BUCKETS["PUT"])
            if refusal.remedy in (Remedy.RETRY, Remedy.REFRESH, Remedy.RECONNECT):
                raise refusal
            if _CRC in answer.content:
                dead.append(_id(hook))
            continue
        said = _one(answer.mapping()).get("valid")
        if said is None:  # X's reference tells no more than that it was attempted
            said = next((each.get("valid") for each in _hooks(ctx) if _id(each) == _id(hook)), None)
        if said is True or (own and said is not False):
            return _id(hook), dead
        if said is False:
            dead.append(_id(hook))
    return "", dead


def _registered(ctx: Context, callback_url: str, dead: Sequence[str] = ()) -> str:
    """`dead`: webhooks that lead to our door and to nobody behind it. Where X has no room, one of them makes it."""
    answer = _told(ctx, "POST", "webhooks", json={"url": callback_url})
    if answer.ok:
        return wire.told(_id(_one(answer.mapping())), "webhook id")
    reason = next((name for name in _CRC_WORDS if name.encode() in answer.content), "")
    if reason == _NO_ROOM and dead:
        path = f"webhooks/{client.segment(dead[0])}"
        client.call(ctx, "DELETE", path, bucket=_BUCKETS["DELETE"], token=ctx.app.bearer, repeatable=True)
        return _registered(ctx, callback_url)
    if reason:
        raise ConnectorError(_CRC_WORDS[reason], remedy=Remedy.TELL, code=reason)
    if b"DuplicateUrlFailed" in answer.content:
        known, _dead = _proven(ctx, _at_our_door(ctx, callback_url), callback_url)
        if known:
            return known
    raise errors.refusal(answer, ctx, _BUCKETS["POST"])


def _told(ctx: Context, method: str, path: str, json: object | None = None) -> Answer:
    """Whatever X answers of webhooks; a refusal may be part of it."""
    ctx.ahead(_BUCKETS[method])
    answer = ctx.http.request(method, client.url(ctx, path), token=ctx.app.bearer, json=json, repeatable=True)
    ctx.heard(rates.notices(answer.headers, _BUCKETS[method], ctx.now))
    return answer


def _id(hook: Mapping[str, Any]) -> str:
    return wire.ident(hook.get("id"))


def _one(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Shown as an object in one example and as an array in another."""
    data = body.get("data")
    if isinstance(data, list):
        return wire.mapping(data[0]) if data else {}
    return wire.mapping(data) or body
