"""LinkedIn's errors, and what follows from each: service codes, words, and the status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from connectors import wire
from connectors.contract import ConnectorError, Context, RateNotice, Remedy
from connectors.http import Answer


@dataclass(frozen=True, slots=True)
class Rule:
    remedy: Remedy
    words: str
    status: int = 0
    code: int = 0  # serviceErrorCode
    says: str = ""  # part of the message, in lower case
    bucket: str = ""  # of these calls only
    until: Literal["", "midnight", "minute"] = ""
    throttled: bool = False
    contact_unavailable: bool = False


_SIGN_IN: Final = "LinkedIn no longer accepts our access. Connect the account again."
_APP: Final = "LinkedIn does not take this app's key or secret. Whoever runs Parley registers the right one (register_app)."
_ROLE: Final = "LinkedIn does not allow this: a role at the page, or a product of the app, is missing."
NO_FILES: Final = (
    "LinkedIn does not let Parley upload files for this account: a role, or a product of the app, is missing. Messages without a file go"
    " on: send the words alone, or have the account connected again."
)
_NO_PLACE: Final = "LinkedIn has no place any more for this file. Retry it: a new one is asked for."
_TODAY: Final = "LinkedIn's allowance for today is used up."
_CLOSED: Final = "This member does not take messages from this account: blocked, no connection any more, or the account is closed."

TABLE: Final[tuple[Rule, ...]] = (
    # Only an expired token is worth a refresh; the others stay refused.
    Rule(Remedy.RECONNECT, _SIGN_IN, code=65600),
    Rule(Remedy.RECONNECT, _SIGN_IN, code=65601),
    Rule(Remedy.REFRESH, "LinkedIn says that our access has expired.", code=65602),
    Rule(Remedy.TELL, "LinkedIn does not take this content here.", says="unpermitted fields"),
    # Of the person, whatever the code beside it: the same one is used for a role or a product that is missing.
    *(
        Rule(Remedy.TELL, _CLOSED, status=403, says=words, bucket="send", contact_unavailable=True)
        for words in ("recipient", "1st-degree", "not connected", "cannot be messaged")
    ),
    # Messages that need no upload go on.
    Rule(Remedy.TELL, NO_FILES, status=403, bucket="upload"),
    *(Rule(Remedy.TELL, _NO_PLACE, status=status, bucket="upload") for status in (404, 410)),
    Rule(Remedy.RECONNECT, _ROLE, code=100),
    Rule(Remedy.RETRY, "LinkedIn asks us to wait a minute.", says="comment create throttled", until="minute"),
    *(Rule(Remedy.RETRY, _TODAY, says=words, until="midnight") for words in ("day limit", "daily")),
    # No word of a day: a burst, or the infrastructure protects itself. It passes sooner than anybody could tell us.
    Rule(Remedy.RETRY, "LinkedIn asks us to slow down.", status=429, throttled=True),
    Rule(Remedy.REFRESH, _SIGN_IN, status=401),
    Rule(Remedy.RECONNECT, _ROLE, status=403),
    Rule(Remedy.TELL, "LinkedIn no longer knows this person or conversation.", status=404),
    Rule(Remedy.TELL, "LinkedIn no longer knows this person or conversation.", status=410),
    Rule(Remedy.BUG, "LinkedIn has retired the version of its API that we speak.", status=426),
    Rule(Remedy.BUG, "LinkedIn did not understand our request.", status=400),
    Rule(Remedy.BUG, "LinkedIn did not understand our request.", status=422),
)


def refusal(answer: Answer, ctx: Context, bucket: str) -> ConnectorError:
    body = answer.error_body()
    rule = _rule(body, answer.status, bucket)
    if wire.leaves_it_open(answer.status, repeatable=answer.repeatable, told=rule is not None):
        reason = "LinkedIn did not say whether it did this."
        again = wire.retry_after(answer.headers, ctx.now)
        return ConnectorError(reason, remedy=Remedy.UNKNOWN, code=f"http {answer.status}", retry_at=again)
    if rule is None:
        reason = (
            "LinkedIn had a passing fault." if answer.status >= 500 else "LinkedIn refused without a reason."
        )
        remedy = Remedy.RETRY if answer.status >= 500 else Remedy.TELL
        again = wire.retry_after(answer.headers, ctx.now) if remedy is Remedy.RETRY else None
        return ConnectorError(reason, remedy=remedy, code=_name(body, answer), retry_at=again)
    limit_ends = until(rule, ctx.now)
    told = wire.retry_after(answer.headers, ctx.now) if rule.remedy is Remedy.RETRY else None
    return ConnectorError(
        rule.words,
        remedy=rule.remedy,
        code=_name(body, answer),
        retry_at=limit_ends or told,
        contact_unavailable=rule.contact_unavailable,
        rates=(RateNotice(bucket, remaining=0, resets_at=limit_ends),) if limit_ends else (),
        throttled=rule.throttled,
    )


def lacks_ability(error: ConnectorError) -> bool:
    """Whether a role or a product is missing for this one call. The grant may be good for all else."""
    return error.reason in (_ROLE, NO_FILES)


def until(rule: Rule, now: datetime) -> datetime | None:
    """LinkedIn counts days in UTC."""
    if rule.until == "minute":
        return now + timedelta(seconds=60)
    if rule.until == "midnight":
        return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return None


def _rule(body: Mapping[str, Any], status: int, bucket: str) -> Rule | None:
    """The first of which everything that it names is so."""
    code, words = wire.count(body.get("serviceErrorCode")), wire.text(body.get("message")).lower()
    for rule in TABLE:
        if rule.code and not (rule.code == code and status in (400, 401, 403)):
            continue
        if rule.status not in (0, status) or rule.bucket not in ("", bucket) or rule.says not in words:
            continue
        return rule
    return None


def _name(body: Mapping[str, Any], answer: Answer) -> str:
    return wire.ident(body.get("serviceErrorCode")) or f"http {answer.status}"


def sign_in_refusal(answer: Answer, ctx: Context) -> ConnectorError:
    """The token endpoint speaks OAuth: a refused grant is final. What names our app says nothing of the grant, nor does a server that is
    busy or in trouble, whatever it calls that."""
    code = wire.text(answer.error_body().get("error"))
    if answer.status != 429 and answer.status < 500:
        if code in ("invalid_grant", "invalid_request", "access_denied"):
            return ConnectorError(_SIGN_IN, remedy=Remedy.RECONNECT, code=code)
        if code in ("invalid_client", "unauthorized_client"):
            return ConnectorError(_APP, remedy=Remedy.BUG, code=code)
    error = refusal(answer, ctx, "token")
    if error.remedy is Remedy.REFRESH:  # no access was shown here but our app's own
        return ConnectorError(_APP, remedy=Remedy.BUG, code=error.code)
    return error
