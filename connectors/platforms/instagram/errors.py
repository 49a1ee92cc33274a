"""Meta's error codes, and what follows from each. Data first: a new code is a new line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from connectors import wire
from connectors.contract import ConnectorError, Context, Remedy
from connectors.http import Answer
from connectors.platforms.instagram import rates


@dataclass(frozen=True, slots=True)
class Rule:
    code: int
    subcode: int | None  # None: any subcode that has no line of its own
    remedy: Remedy
    words: str
    contact_unavailable: bool = False
    most_tries: int | None = None


FAULT_TRIES: Final = 4  # the first and three more
_THROTTLED: Final = "Instagram asks us to slow down."
_RESTRICTED: Final = "Instagram has restricted this account's messaging."
NOT_IN_PUBLIC: Final = "Instagram did not take this public answer: it may be its words, or it lets this account write no comments for now. Messages go on."
_WINDOW: Final = "The reply window has closed. It opens again when the customer writes."
_GONE: Final = "This person cannot receive messages now (blocked, or the account is deactivated)."
_NO_SUCH: Final = "Instagram no longer knows this person or message."
_FILE: Final = "Instagram could not take this file."
_OWNED: Final = "Another app holds this conversation on Instagram."
_PERMISSION: Final = "Parley lacks a permission or a setting on Instagram. Connect the account again."
_SIGN_IN: Final = "Instagram no longer accepts our access. Connect the account again."
NO_COMMENTS: Final = "Instagram does not let Parley read or answer the comments and mentions of this account: a permission is missing."
_PASSING: Final = "Instagram had a passing fault."
_LOST: Final = "Instagram did not say whether it did this."

TABLE: Final[tuple[Rule, ...]] = (
    Rule(
        1,
        1357046,
        Remedy.UNKNOWN,
        "Instagram reported a fault, and the message may have arrived all the same.",
    ),
    # 2 may also hide that the customer has blocked us: who waits for long learns nothing more.
    *(Rule(code, None, Remedy.RETRY, _PASSING, most_tries=FAULT_TRIES) for code in (1, 2, 1200)),
    *(Rule(code, None, Remedy.RETRY, _THROTTLED) for code in (4, 17, 32, 341, 613, 80001, 80002, 80006)),
    Rule(613, 2018338, Remedy.RECONNECT, _RESTRICTED),
    Rule(368, None, Remedy.RECONNECT, _RESTRICTED),
    Rule(2022, None, Remedy.RECONNECT, _RESTRICTED),
    Rule(10, 1893063, Remedy.RECONNECT, _RESTRICTED),
    Rule(100, 2534029, Remedy.RECONNECT, _RESTRICTED),
    *(Rule(10, subcode, Remedy.WAIT, _WINDOW) for subcode in (2018278, 2534022, 2018065)),
    Rule(10, 2018108, Remedy.TELL, _GONE, contact_unavailable=True),
    Rule(551, None, Remedy.TELL, _GONE, contact_unavailable=True),
    Rule(200, 1545041, Remedy.TELL, _GONE, contact_unavailable=True),
    *(Rule(100, subcode, Remedy.TELL, _NO_SUCH) for subcode in (2018001, 2534014, 33)),
    Rule(100, 2534025, Remedy.TELL, "This comment cannot be answered, or has been answered already."),
    Rule(10900, None, Remedy.TELL, "This comment has been answered already."),
    Rule(10903, None, Remedy.TELL, "This comment cannot be answered."),
    *(Rule(100, code, Remedy.TELL, _FILE) for code in (2018008, 2018047, 2018074, 2018109, 2018294, 2534015)),
    *(Rule(100, code, Remedy.TELL, _OWNED) for code in (2534037, 2018300, 2018321)),
    # An expired token cannot be refreshed either (refreshes come long before), so there is nothing to try.
    Rule(190, 463, Remedy.RECONNECT, "Our access to Instagram has expired. Connect the account again."),
    Rule(190, None, Remedy.RECONNECT, _SIGN_IN),
    Rule(102, None, Remedy.RECONNECT, _SIGN_IN),
    Rule(200, 2018028, Remedy.RECONNECT, "The app is still in development mode on Instagram."),
    Rule(200, 2534041, Remedy.RECONNECT, "In Instagram, allow access to messages under Connected tools."),
    Rule(10, 2534077, Remedy.RECONNECT, _PERMISSION),
    Rule(10, None, Remedy.RECONNECT, _PERMISSION),
    *(Rule(code, None, Remedy.RECONNECT, _PERMISSION) for code in range(200, 300) if code != 230),
    *(
        Rule(100, code, Remedy.TELL, "Instagram does not show this profile to us.")
        for code in (2018218, 2018247)
    ),
    Rule(230, None, Remedy.TELL, "Instagram does not show this profile to us."),
    Rule(9000001, None, Remedy.TELL, "Instagram has deleted this message, or no longer tells it."),
    Rule(100, None, Remedy.BUG, "Instagram did not understand our request."),
)
# Of the app or of one permission; a dead token has codes of its own.
_OF_A_PERMISSION: Final = {
    rule.words
    for rule in TABLE
    if rule.remedy is Remedy.RECONNECT
    and (rule.code == 10 or 200 <= rule.code < 300)
    and rule.words != _RESTRICTED
}
_BY_CODE: Final = {(rule.code, rule.subcode): rule for rule in TABLE}

# Subcodes that also come as codes of their own.
_BARE: Final = {
    rule.subcode: rule for rule in TABLE if rule.subcode is not None and rule.subcode > 1_000_000
}  # fmt: skip


def refusal(answer: Answer, ctx: Context) -> ConnectorError:
    """The error an answer stands for."""
    error = wire.mapping(answer.error_body().get("error"))
    code, subcode = wire.count(error.get("code")), wire.count(error.get("error_subcode"))
    notices = rates.notices(answer.headers, ctx)
    name = "/".join(str(part) for part in (code, subcode) if part is not None) or f"http {answer.status}"
    rule = _rule(code, subcode, error)
    if wire.leaves_it_open(answer.status, repeatable=answer.repeatable, told=rule is not None):
        return ConnectorError(
            _LOST,
            remedy=Remedy.UNKNOWN,
            code=f"http {answer.status}",
            retry_at=wire.retry_after(answer.headers, ctx.now),
            rates=notices,
        )
    if rule is not None:
        passing = rule.remedy is Remedy.RETRY
        retry_at = (
            (rates.regained_at(notices) or wire.retry_after(answer.headers, ctx.now)) if passing else None
        )
        return ConnectorError(
            rule.words,
            remedy=rule.remedy,
            code=name,
            retry_at=retry_at,
            contact_unavailable=rule.contact_unavailable,
            rates=notices,
            most_tries=rule.most_tries,
            throttled=rule.words == _THROTTLED,
            restricted=rule.words == _RESTRICTED,
        )
    tries, remedy = FAULT_TRIES if answer.status >= 500 else None, _by_status(answer)
    return ConnectorError(
        _unknown_words(error),
        remedy=remedy,
        code=name,
        retry_at=wire.retry_after(answer.headers, ctx.now) if remedy is Remedy.RETRY else None,
        rates=notices,
        most_tries=tries,
        throttled=answer.status == 429,
    )


@contextmanager
def in_public() -> Iterator[None]:
    """Around a call that is about comments or mentions: what is refused there for want of a permission says nothing of messages,
    which have one of their own."""
    try:
        yield
    except ConnectorError as error:
        if error.reason not in _OF_A_PERMISSION:
            raise
        reason = NO_COMMENTS if error.reason == _PERMISSION else error.reason
        raise ConnectorError(
            reason, remedy=Remedy.TELL, code=error.code, rates=error.rates, of_public=True
        ) from None


@contextmanager
def answering_in_public() -> Iterator[None]:
    """The same around a public answer. 368 blocks the act that was tried, where the other restrictions name the messages: whether those
    are, too, the next one is told itself."""
    try:
        with in_public():
            yield
    except ConnectorError as error:
        if not error.restricted or error.code.partition("/")[0] != "368":
            raise
        raise ConnectorError(NOT_IN_PUBLIC, remedy=Remedy.TELL, code=error.code, rates=error.rates) from None


def _rule(code: int | None, subcode: int | None, error: Any) -> Rule | None:
    if code is None:
        return None
    exact = _BY_CODE.get((code, subcode)) if subcode is not None else None
    if exact or (exact := _BARE.get(code)):
        return exact
    words = wire.text(error.get("message")).lower()
    if "outside of allowed window" in words:
        return _BY_CODE[10, 2534022]
    if "user consent is required" in words:
        return _BY_CODE[230, None]
    known = _BY_CODE.get((code, None))
    if error.get("is_transient") is True and (known is None or known.remedy is not Remedy.RETRY):
        return _BY_CODE[2, None]
    return known


def _by_status(answer: Answer) -> Remedy:
    """For answers without a code that we know: empty, HTML, or new."""
    if answer.status == 429:
        return Remedy.RETRY
    if answer.status >= 500:
        return Remedy.RETRY
    return Remedy.RECONNECT if answer.status == 401 else Remedy.TELL


def _unknown_words(error: Any) -> str:
    """The platform's own words for a person, where it has some."""
    words = wire.text(error.get("error_user_msg"))[:200]
    return f"Instagram refused: {words}" if words else "Instagram refused without a reason that we know."


def media_gone(answer: Answer) -> ConnectorError:
    """Addresses of media expire; asking again helps only where the host itself has a fault."""
    if answer.status >= 500 or answer.status == 429:
        return ConnectorError(
            "The media host had a passing fault.", remedy=Remedy.RETRY, code=f"http {answer.status}"
        )
    return ConnectorError("This file is no longer there.", remedy=Remedy.TELL, code=f"http {answer.status}")
