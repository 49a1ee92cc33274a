"""Graph API error bodies."""

import random
import string

from starlette.responses import Response

from simulator import wire


def error(
    message: str,
    *,
    code: int,
    subcode: int = 0,
    status: int = 400,
    transient: bool = False,
    kind: str = "OAuthException",
    headers: dict[str, str] | None = None,
) -> Response:
    body: dict[str, object] = {"message": message, "type": kind, "code": code}
    if subcode:
        body["error_subcode"] = subcode
    if transient:
        body["is_transient"] = True
    body["fbtrace_id"] = "A" + "".join(random.choices(string.ascii_letters + string.digits, k=22))
    return wire.answer({"error": body}, status=status, headers=headers)


def unknown_object(name: str) -> Response:
    text = (
        f"Unsupported get request. Object with ID '{name}' does not exist, cannot be loaded due to missing permissions, "
        "or does not support this operation."
    )
    return error(text, code=100, subcode=33, kind="GraphMethodException")


def unknown_path(path: str) -> Response:
    return error(f"Unknown path components: {path}", code=2500, status=404)


def bad_token(state: str) -> Response:
    if state == "expired":
        text = "Error validating access token: Session has expired."
        return error(text, code=190, subcode=463, status=401)
    if state == "revoked":
        text = "Error validating access token: The user has not authorized application."
        return error(text, code=190, subcode=458, status=401)
    return error("Invalid OAuth access token - Cannot parse access token", code=190, status=401)


def throttled() -> Response:
    headers = {"x-app-usage": '{"call_count":100,"total_time":25,"total_cputime":24}'}
    return error(
        "(#4) Application request limit reached", code=4, status=400, transient=True, headers=headers
    )


def account_throttled(account_id: str, *, minutes: int) -> Response:
    """Of one account: its own header tells in minutes when it may be called again."""
    use = {"type": "instagram", "call_count": 100, "total_time": 25, "total_cputime": 24}
    usage = {account_id: [{**use, "estimated_time_to_regain_access": minutes}]}
    text = "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again."
    headers = {"x-business-use-case-usage": wire.escaped(usage).decode()}
    return error(text, code=80002, headers=headers)


def too_many_calls() -> Response:
    """Without any header."""
    return error("(#613) Calls to this api have exceeded the rate limit.", code=613, subcode=2534040)


def not_permitted() -> Response:
    return error("(#10) Application does not have permission for this action", code=10)


def outside_window() -> Response:
    text = "(#10) This message is sent outside of allowed window."
    return error(text, code=10, subcode=2534022)


def wrong_type() -> Response:
    return error("(#100) Attachment type does not match the file", code=100, subcode=2018047)


def no_such_person() -> Response:
    return error("(#100) No matching user found", code=100, subcode=2534014)
