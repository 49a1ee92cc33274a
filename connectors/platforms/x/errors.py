"""X's errors, and what follows from each: legacy codes, problem types, words, and the bare status, in this order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from connectors import wire
from connectors.contract import ConnectorError, Context, RateNotice, Remedy
from connectors.http import Answer
from connectors.platforms.x import rates


@dataclass(frozen=True, slots=True)
class Rule:
    remedy: Remedy
    words: str
    code: int = 0  # legacy code
    problem: str = ""  # end of the problem's type
    says: str = ""  # part of its words, in lower case
    contact_unavailable: bool = False


_SIGN_IN: Final = "X no longer accepts our access."
_APP: Final = (
    "X does not take this app's key or secret. Whoever runs Parley registers the right one (register_app)."
)
_SCOPE: Final = "X does not allow the app to do this. Connect the account again, with all permissions."
_SPENT: Final = "The app's allowance at X is used up. See to its billing."
NO_MENTIONS: Final = (
    "X does not let Parley read the mentions of this account: the app, or the grant, has no right to them."
)
NO_POSTS: Final = (
    "X does not let Parley post in the name of this account: the app, or the grant, has no right to it."
)
NO_OWN_POSTS: Final = (
    "X does not let Parley read what this account has posted: the app, or the grant, has no right to it."
)
NO_FILES: Final = (
    "X does not let Parley upload files for this account: the app, or the grant (media.write), has no right to it. Messages without a file"
    " go on: send the words alone, or have the account connected again with all permissions."
)
_CLOSED: Final = "This person does not accept messages from this account on X."
_BLOCKED: Final = "This person has blocked this account on X."
_LIMIT: Final = "X asks us to wait."
_LOCKED: Final = "X has locked or suspended this account."
_FAULT: Final = "X had a passing fault."
_LOST: Final = "X did not say whether it did this."
_FILE: Final = "X could not take this file."
_POST_GONE: Final = (
    "The post that this would answer is no longer there, or X does not show it to this account."
)
_NO_REPLIES: Final = "Its author, or X, does not let this account answer this post."
_TOO_LONG: Final = "This text is too long for X."
_UNKNOWN: Final = "X refused without a reason that we know."
_MOST_WORDS: Final = 200
_TWICE: Final = "X takes the same words in public only once, and has them. Look there; to say it once more, say it in other words."

TABLE: Final[tuple[Rule, ...]] = (
    *(Rule(Remedy.REFRESH, _SIGN_IN, code=code) for code in (32, 89, 99, 215)),
    Rule(Remedy.TELL, "X has suspended this person's account.", code=63, contact_unavailable=True),
    Rule(Remedy.RECONNECT, _LOCKED, code=64),
    Rule(Remedy.RETRY, _LIMIT, code=88),
    Rule(Remedy.RECONNECT, _SCOPE, code=93),
    Rule(Remedy.RETRY, _FAULT, code=130),
    Rule(Remedy.RETRY, _FAULT, code=131),
    Rule(Remedy.BUG, "The clocks of X and Parley differ too much.", code=135),
    Rule(Remedy.TELL, _BLOCKED, code=136, contact_unavailable=True),
    Rule(Remedy.TELL, _CLOSED, code=150, contact_unavailable=True),
    Rule(Remedy.TELL, "X could not send this message.", code=151),
    Rule(Remedy.TELL, _CLOSED, code=214, contact_unavailable=True),
    Rule(Remedy.RECONNECT, _SCOPE, code=220),
    Rule(Remedy.TELL, _NO_REPLIES, code=179),
    Rule(Remedy.TELL, "This account has posted as often as X allows for now.", code=185),
    Rule(Remedy.TELL, _TOO_LONG, code=186),
    Rule(Remedy.TELL, _TWICE, code=187),
    Rule(Remedy.RECONNECT, "To X this looks automated. It wants a pause, and perhaps a sign-in.", code=226),
    Rule(Remedy.RECONNECT, _SCOPE, code=261),
    *(Rule(Remedy.TELL, _FILE, code=code) for code in (324, 325)),
    Rule(Remedy.RECONNECT, _LOCKED, code=326),
    Rule(Remedy.TELL, _CLOSED, code=349, contact_unavailable=True),
    Rule(Remedy.TELL, _TOO_LONG, code=354),
    Rule(Remedy.TELL, _POST_GONE, code=385),
    Rule(Remedy.TELL, _NO_REPLIES, code=433),
    Rule(
        Remedy.TELL,
        "This person takes messages from verified accounts only.",
        code=476,
        contact_unavailable=True,
    ),
    Rule(Remedy.TELL, _TWICE, says="duplicate content"),
    Rule(Remedy.TELL, _TOO_LONG, says="text is too long"),
    Rule(Remedy.TELL, _POST_GONE, says="deleted or not visible"),
    Rule(Remedy.TELL, _NO_REPLIES, says="reply to this conversation is not allowed"),
    Rule(Remedy.TELL, _BLOCKED, says="you have been blocked", contact_unavailable=True),
    Rule(Remedy.TELL, _FILE, says="not permitted to attach"),
    Rule(Remedy.TELL, _CLOSED, says="permission to dm", contact_unavailable=True),
    Rule(Remedy.RETRY, _LIMIT, problem="rate-limit-exceeded"),
    Rule(Remedy.RECONNECT, _SPENT, problem="usage-capped"),
    Rule(Remedy.RECONNECT, _SCOPE, problem="client-forbidden"),
    Rule(Remedy.RECONNECT, _SCOPE, problem="oauth1-permissions"),
    Rule(Remedy.RECONNECT, _SCOPE, problem="unsupported-authentication"),
    Rule(Remedy.TELL, "X does not show this to this account.", problem="not-authorized-for-resource"),
    Rule(Remedy.TELL, "X no longer knows this.", problem="resource-not-found"),
    Rule(Remedy.RETRY, _FAULT, problem="resource-unavailable"),
    Rule(Remedy.RETRY, _FAULT, problem="internal-error"),
    Rule(Remedy.BUG, "X did not understand our request.", problem="invalid-request"),
)


def refusal(answer: Answer, ctx: Context, bucket: str) -> ConnectorError:
    body = answer.error_body()
    rule = _rule(body, answer)
    if wire.leaves_it_open(answer.status, repeatable=answer.repeatable, told=rule is not None):
        return ConnectorError(
            _LOST,
            remedy=Remedy.UNKNOWN,
            code=f"http {answer.status}",
            retry_at=wire.retry_after(answer.headers, ctx.now),
            rates=rates.notices(answer.headers, bucket, ctx.now),
        )
    remedy = rule.remedy if rule else _by_status(body, answer)
    notices = rates.notices(answer.headers, bucket, ctx.now)
    limited = _limited(rule, answer)
    retry_at = rates.retry_at(answer.headers, ctx.now) if limited else None
    if limited and all(each.remaining for each in notices):
        notices += (
            RateNotice(bucket, remaining=0, resets_at=retry_at),
        )  # of this call, whatever else is told
    return ConnectorError(
        rule.words if rule else _status_words(body, answer, ctx),
        remedy=remedy,
        code=_name(body, answer),
        retry_at=retry_at or (wire.retry_after(answer.headers, ctx.now) if remedy is Remedy.RETRY else None),
        contact_unavailable=bool(rule and rule.contact_unavailable),
        rates=notices,
    )


@contextmanager
def in_public(words: str) -> Iterator[None]:
    """Around a call that is about posts: they have scopes, plans and allowances of their own, and what is refused for want of one says
    nothing of messages."""
    with _apart(words, of_public=True):
        yield


@contextmanager
def of_files() -> Iterator[None]:
    """Around a call that uploads: that has a scope of its own, too, and messages without a file need none."""
    with _apart(NO_FILES, of_public=False):
        yield


@contextmanager
def _apart(words: str, *, of_public: bool) -> Iterator[None]:
    try:
        yield
    except ConnectorError as error:
        if error.reason not in (_SCOPE, _SPENT):
            raise
        reason = words if error.reason == _SCOPE else error.reason
        raise ConnectorError(
            reason, remedy=Remedy.TELL, code=error.code, rates=error.rates, of_public=of_public
        ) from None


def _limited(rule: Rule | None, answer: Answer) -> bool:
    if rule is not None:
        return rule.words == _LIMIT
    return answer.status == 429


def _rule(body: Mapping[str, Any], answer: Answer) -> Rule | None:
    problem = wire.text(body.get("type")).rpartition("/")[2]
    if answer.status == 429 and problem == "about:blank":
        return None
    codes = {wire.count(each.get("code")) for each in wire.entries(body.get("errors"))}
    words = " ".join(_words(body)).lower()
    for rule in TABLE:
        if rule.code and rule.code in codes:
            return rule
        if rule.says and rule.says in words:
            return rule
        if rule.problem and rule.problem == problem:
            return rule
    return None


def _words(body: Mapping[str, Any]) -> Iterable[str]:
    for holder in (body, *wire.entries(body.get("errors"))):
        for name in ("detail", "message", "title"):
            yield wire.text(holder.get(name))


def _by_status(body: Mapping[str, Any], answer: Answer) -> Remedy:
    if answer.status == 401:
        return Remedy.REFRESH
    if answer.status == 403:
        return Remedy.TELL if _particulars(body) else Remedy.RECONNECT
    if answer.status == 429:
        return Remedy.RETRY
    if answer.status >= 500:
        return Remedy.RETRY
    return Remedy.BUG if answer.status == 400 else Remedy.TELL


def _status_words(body: Mapping[str, Any], answer: Answer, ctx: Context) -> str:
    if answer.status == 403 and (why := _particulars(body)):
        return _quoted(why, ctx)
    known = {401: _SIGN_IN, 403: _SCOPE, 429: _LIMIT}
    return known.get(answer.status) or (_FAULT if answer.status >= 500 else _UNKNOWN)


def _quoted(words: str, ctx: Context) -> str:
    """People may read X's own words, but never a secret of ours that it repeats in them."""
    held = ctx.tokens
    secrets = (ctx.app.client_secret, ctx.app.verify_token, ctx.app.bearer, *ctx.app.webhook_secrets)
    secrets += (held.access, held.refresh) if held else ()
    if any(secret and secret in words for secret in secrets):
        return _UNKNOWN
    return f"X refused this and said: {words[:_MOST_WORDS]}"


def _particulars(body: Mapping[str, Any]) -> str:
    """What a 403 says of one message, post or person. A missing permission says "Forbidden" and no more: only that is of the account."""
    bare = ("", "forbidden")
    return next((said for said in _words(body) if said.strip(" .").lower() not in bare), "")


def _name(body: Mapping[str, Any], answer: Answer) -> str:
    codes = [str(code) for each in wire.entries(body.get("errors")) if (code := wire.count(each.get("code")))]
    problem = wire.text(body.get("type")).rpartition("/")[2]
    return codes[0] if codes else problem if problem not in ("", "about:blank") else f"http {answer.status}"


def sign_in_refusal(answer: Answer, ctx: Context) -> ConnectorError:
    """The token endpoint speaks OAuth: a refused grant is final, whoever used it up. What names our app says nothing of the grant, nor does
    a server that is busy or in trouble, whatever it calls that."""
    code = wire.text(answer.error_body().get("error"))
    if answer.status != 429 and answer.status < 500:
        if code in ("invalid_grant", "invalid_request", "access_denied"):
            reason = "X does not accept this sign-in any more. Connect the account again."
            return ConnectorError(reason, remedy=Remedy.RECONNECT, code=code)
        if code in ("invalid_client", "unauthorized_client"):  # the second of a secret that is wrong, too
            return ConnectorError(_APP, remedy=Remedy.BUG, code=code)
    error = refusal(answer, ctx, "token")
    # No access was shown here but our app's own, and no account was named.
    if error.remedy is Remedy.REFRESH or error.reason in (_SCOPE, _SPENT):
        reason = _SPENT if error.reason == _SPENT else _APP
        return ConnectorError(reason, remedy=Remedy.BUG, code=error.code, rates=error.rates)
    return error
