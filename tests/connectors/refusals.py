"""What the platforms answer to a send that they do not take, in their own words and as the simulators answer, and what must follow.

Nothing here is read from the connectors' tables: what their documentation says of each code is written down once more, so that a line
that is changed there is a fault here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.responses import Response

from connectors.contract import Remedy
from simulator.platforms.instagram import errors as simulated_instagram
from simulator.platforms.linkedin import errors as simulated_linkedin
from simulator.platforms.x import errors as simulated_x
from tests.connectors.helpers import json_answer


@dataclass(frozen=True)
class Refused:
    """`unavailable`: it is said of the person, and no message of anybody reaches them."""

    name: str
    answer: httpx.Response
    remedy: Remedy
    unavailable: bool = False

    def __str__(self) -> str:
        return self.name


def by_the_simulator(name: str, response: Response, remedy: Remedy, *, unavailable: bool = False) -> Refused:
    headers = {key: value for key, value in response.headers.items() if key != "content-length"}
    answer = httpx.Response(response.status_code, headers=headers, content=bytes(response.body))
    return Refused(f"simulated: {name}", answer, remedy, unavailable)


# code, and where it is told, subcode.
Codes = list[tuple[int, int | None]]
PASSING: Codes = [(1, None), (2, None), (1200, None)]
THROTTLED: Codes = [
    (4, None), (17, None), (32, None), (341, None), (613, None), (613, 2534040), (80001, None), (80002, None), (80006, None),
]  # fmt: skip
RESTRICTED: Codes = [(613, 2018338), (368, None), (10, 1893063), (2022, None), (100, 2534029)]
SIGN_IN: Codes = [
    (190, None), (190, 458), (190, 459), (190, 460), (190, 463), (190, 464), (190, 467), (190, 492), (102, None),
]  # fmt: skip
SETTINGS: Codes = [
    (10, None), (10, 2534077), (200, None), (200, 2018028), (200, 2534041),
    *((code, None) for code in range(201, 300) if code != 230),
]  # fmt: skip
OUTSIDE_THE_WINDOW: Codes = [(10, 2018278), (10, 2534022), (10, 2018065)]
UNAVAILABLE: Codes = [(10, 2018108), (551, None), (551, 1545041), (200, 1545041)]
TOLD: Codes = [
    (100, 2018001), (100, 2534014), (100, 33),  # nobody, and nothing, of this name
    (100, 2534025), (10900, None), (10903, None),  # a comment that takes no private answer
    (100, 2018008), (100, 2018047), (100, 2018074), (100, 2018109), (100, 2018294), (100, 2534015),  # the file
    (100, 2534037), (100, 2018300), (100, 2018321),  # another app has the thread
    (100, 2018218), (100, 2018247), (230, None), (9000001, None),  # a profile, a message that is not shown
]  # fmt: skip
INSTAGRAM_CODES: list[tuple[Remedy, Codes, bool]] = [
    (Remedy.RETRY, PASSING + THROTTLED, False),
    (Remedy.UNKNOWN, [(1, 1357046)], False),
    (Remedy.RECONNECT, RESTRICTED + SIGN_IN + SETTINGS, False),
    (Remedy.WAIT, OUTSIDE_THE_WINDOW, False),
    (Remedy.TELL, UNAVAILABLE, True),
    (Remedy.TELL, TOLD, False),
    (Remedy.BUG, [(100, None)], False),
]


def instagram() -> Iterator[Refused]:
    for remedy, codes, unavailable in INSTAGRAM_CODES:
        for code, subcode in codes:
            error = {"message": "words", "type": "OAuthException", "code": code}
            if subcode:
                error["error_subcode"] = subcode
            yield Refused(f"{code}/{subcode}", json_answer({"error": error}, 400), remedy, unavailable)
    told = simulated_instagram
    yield by_the_simulator("expired", told.bad_token("expired"), Remedy.RECONNECT)
    yield by_the_simulator("revoked", told.bad_token("revoked"), Remedy.RECONNECT)
    yield by_the_simulator("no token", told.bad_token(""), Remedy.RECONNECT)
    yield by_the_simulator("app throttled", told.throttled(), Remedy.RETRY)
    yield by_the_simulator(
        "account throttled", told.account_throttled("17841400000000001", minutes=5), Remedy.RETRY
    )
    yield by_the_simulator("too many calls", told.too_many_calls(), Remedy.RETRY)
    yield by_the_simulator("not permitted", told.not_permitted(), Remedy.RECONNECT)
    yield by_the_simulator("outside the window", told.outside_window(), Remedy.WAIT)
    yield by_the_simulator("no such person", told.no_such_person(), Remedy.TELL)
    yield by_the_simulator("no such object", told.unknown_object("1"), Remedy.TELL)


def problem(status: int, detail: str, kind: str = "") -> httpx.Response:
    kind = f"https://api.x.com/2/problems/{kind}" if kind else "about:blank"
    title = "Forbidden" if status == 403 else "Problem"
    return json_answer({"title": title, "detail": detail, "type": kind, "status": status}, status)


X_CODES: list[tuple[Remedy, list[int], bool]] = [
    (Remedy.REFRESH, [32, 89, 99, 215], False),
    (Remedy.RECONNECT, [64, 93, 220, 226, 261, 326], False),
    (Remedy.RETRY, [88, 130, 131], False),
    (Remedy.TELL, [63, 136, 150, 214, 349, 476], True),
    (Remedy.TELL, [151, 179, 185, 186, 187, 324, 325, 354, 385, 433], False),
    (Remedy.BUG, [135], False),
]
X_WORDS: list[tuple[Remedy, str, bool]] = [
    (Remedy.TELL, "You do not have permission to DM one or more participants.", True),
    (Remedy.TELL, "You are not permitted to attach this media to a DM event.", False),
    (Remedy.TELL, "You have been blocked from performing this action.", True),
    (Remedy.TELL, "You are not allowed to create a Tweet with duplicate content.", False),
    (Remedy.TELL, "Your Tweet text is too long.", False),
    (Remedy.TELL, "Something about this post that nobody has written down.", False),
    (Remedy.TELL, "You attempted to reply to a Tweet that is deleted or not visible to you.", False),
    (Remedy.TELL, "Reply to this conversation is not allowed because you have not been mentioned.", False),
    (Remedy.RECONNECT, "Forbidden", False),
]
X_PROBLEMS: list[tuple[Remedy, int, str]] = [
    (Remedy.BUG, 400, "invalid-request"), (Remedy.TELL, 404, "resource-not-found"),
    (Remedy.TELL, 403, "not-authorized-for-resource"), (Remedy.RECONNECT, 403, "client-forbidden"),
    (Remedy.RECONNECT, 403, "oauth1-permissions"), (Remedy.RECONNECT, 403, "unsupported-authentication"),
    (Remedy.RECONNECT, 403, "usage-capped"), (Remedy.RETRY, 429, "rate-limit-exceeded"),
    (Remedy.RETRY, 503, "resource-unavailable"), (Remedy.RETRY, 500, "internal-error"),
]  # fmt: skip


def x() -> Iterator[Refused]:
    for remedy, codes, unavailable in X_CODES:
        for code in codes:
            body = {"errors": [{"code": code, "message": "words"}]}
            yield Refused(str(code), json_answer(body, 403), remedy, unavailable)
    for remedy, detail, unavailable in X_WORDS:
        yield Refused(detail, problem(403, detail), remedy, unavailable)
    for remedy, status, kind in X_PROBLEMS:
        yield Refused(kind, problem(status, "words", kind), remedy)
    told = simulated_x
    yield by_the_simulator("unauthorized", told.unauthorized(), Remedy.REFRESH)
    yield by_the_simulator("forbidden", told.forbidden(), Remedy.RECONNECT)
    yield by_the_simulator("not enrolled", told.not_enrolled(), Remedy.RECONNECT)
    yield by_the_simulator(
        "nobody to message", told.no_permission_to_message(), Remedy.TELL, unavailable=True
    )
    yield by_the_simulator("not found", told.not_found("user", "1"), Remedy.TELL)
    yield by_the_simulator("too many", told.too_many(), Remedy.RETRY)
    yield by_the_simulator("limit of old", told.limit_of_old({}), Remedy.RETRY)
    yield by_the_simulator("server", told.server(), Remedy.UNKNOWN)
    yield by_the_simulator(
        "invalid", told.invalid("The text or attachments are required.", text=""), Remedy.BUG
    )


LINKEDIN: list[tuple[Remedy, int, int | None, str, bool]] = [
    (Remedy.RECONNECT, 401, 65600, "Invalid access token", False),
    (Remedy.RECONNECT, 401, 65601, "The token used in the request has been revoked by the user", False),
    (Remedy.REFRESH, 401, 65602, "The token used in the request has expired", False),
    (Remedy.REFRESH, 401, 401, "Empty oauth2_access_token", False),
    (Remedy.RECONNECT, 403, 100, "Not enough permissions to access: POST /messages", False),
    (Remedy.RECONNECT, 403, None, "Access denied", False),
    (Remedy.TELL, 403, None, "Unpermitted fields present in REQUEST_BODY", False),
    (Remedy.TELL, 403, 100, "Recipient is not a 1st-degree connection", True),
    (Remedy.TELL, 403, 100, "Sender and member are not connected", True),
    (Remedy.TELL, 403, 100, "This member cannot be messaged", True),
    (Remedy.TELL, 403, 100, "The recipient has closed their account", True),
    (Remedy.TELL, 403, 100, "Only 1st-degree connections take messages", True),
    (Remedy.TELL, 404, None, "Thread not found", False),
    (Remedy.TELL, 410, None, "Gone", False),
    (Remedy.BUG, 400, None, "Syntax exception in path variables", False),
    (Remedy.BUG, 422, None, "Field body is required", False),
    (Remedy.BUG, 426, None, "Requested version 20240101 is not active", False),
    (Remedy.RETRY, 429, None, "Comment create throttled: creation rate limit exceeded for member", False),
    (Remedy.RETRY, 429, None, "Resource level throttle APPLICATION_AND_MEMBER DAY limit for calls to this resource is reached.", False),
    (Remedy.RETRY, 429, None, "The daily quota of this application is used up", False),
    (Remedy.RETRY, 429, None, "Too many requests", False),
]  # fmt: skip


def linkedin() -> Iterator[Refused]:
    for remedy, status, code, message, unavailable in LINKEDIN:
        body: dict[str, Any] = {"message": message, "status": status}
        if code is not None:
            body["serviceErrorCode"] = code
        yield Refused(f"{status} {message}", json_answer(body, status), remedy, unavailable)
    told = simulated_linkedin
    yield by_the_simulator("expired", told.bad_token("expired"), Remedy.REFRESH)
    yield by_the_simulator("revoked", told.bad_token("revoked"), Remedy.RECONNECT)
    yield by_the_simulator("invalid", told.bad_token(""), Remedy.RECONNECT)
    yield by_the_simulator("no token", told.bad_token("missing"), Remedy.REFRESH)
    yield by_the_simulator("forbidden", told.forbidden(), Remedy.RECONNECT)
    yield by_the_simulator(
        "nobody to message", told.forbidden("Recipient cannot be messaged"), Remedy.TELL, unavailable=True
    )
    for form in ("burst", "minute", "day"):
        yield by_the_simulator(form, told.throttled(form), Remedy.RETRY)


def echo() -> Iterator[Refused]:
    for code, remedy in {
        "slow_down": Remedy.RETRY, "token_expired": Remedy.REFRESH, "token_revoked": Remedy.RECONNECT, "nobody_there": Remedy.TELL,
        "bad_request": Remedy.BUG,
    }.items():  # fmt: skip
        yield Refused(code, json_answer({"code": code}, 400), remedy)
