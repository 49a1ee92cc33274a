"""What goes out: one function that calls, one that judges refusals by a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors import wire
from connectors.contract import ConnectorError, Context, Remedy
from connectors.http import Answer

# Every code the network documents, with what the caller is to do about it.
TABLE: Final[Mapping[str, tuple[Remedy, str]]] = {
    "slow_down": (Remedy.RETRY, "Echo asks us to slow down."),
    "token_expired": (Remedy.REFRESH, "Echo says that our access has expired."),
    "token_revoked": (Remedy.RECONNECT, "Echo no longer accepts our access. Connect the account again."),
    "nobody_there": (Remedy.TELL, "Nobody of this name is on Echo."),
    "bad_request": (Remedy.BUG, "Echo did not understand our request."),
}


def call(
    ctx: Context,
    method: str,
    path: str,
    *,
    json: object | None = None,
    params: Mapping[str, str] | None = None,
) -> Mapping[str, Any]:
    if ctx.tokens is None:
        raise ConnectorError("This account is not connected.", remedy=Remedy.RECONNECT)
    url = f"{ctx.origins.api.rstrip('/')}/{path}"
    # The client says by itself what a lost answer means: RETRY for GET, UNKNOWN for all else.
    answer = ctx.http.request(method, url, token=ctx.tokens.access, json=json, params=params)
    if not answer.ok:
        raise refusal(answer, ctx)
    return answer.mapping()


def refusal(answer: Answer, ctx: Context) -> ConnectorError:
    code = wire.text(answer.error_body().get("code"))
    if wire.leaves_it_open(answer.status, repeatable=answer.repeatable, told=code in TABLE):
        remedy, words = Remedy.UNKNOWN, "Echo did not say whether it did this."
    elif code in TABLE:
        remedy, words = TABLE[code]
    elif answer.status >= 500:
        remedy, words = Remedy.RETRY, "Echo had a passing fault."
    else:
        remedy, words = Remedy.TELL, "Echo refused without a reason that we know."
    retry_at = wire.retry_after(answer.headers, ctx.now)
    name, throttled = code or f"http {answer.status}", code == "slow_down"
    return ConnectorError(words, remedy=remedy, code=name, retry_at=retry_at, throttled=throttled)
