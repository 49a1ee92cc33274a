"""LinkedIn's error bodies."""

from starlette.responses import Response

from simulator import wire


def error(message: str, *, status: int, service: int | None = None, code: str = "") -> Response:
    body: dict[str, object] = {"message": message, "status": status}
    if service is not None:
        body["serviceErrorCode"] = service
    if code:
        body["code"] = code
    return wire.answer(body, status=status)


def bad_token(state: str) -> Response:
    if state == "missing":
        return error("Empty oauth2_access_token", status=401, service=401)
    if state == "expired":
        return error(
            "The token used in the request has expired",
            status=401,
            service=65602,
            code="EXPIRED_ACCESS_TOKEN",
        )
    if state == "revoked":
        return error(
            "The token used in the request has been revoked by the user",
            status=401,
            service=65601,
            code="REVOKED_ACCESS_TOKEN",
        )
    return error("Invalid access token", status=401, service=65600, code="INVALID_ACCESS_TOKEN")


def forbidden(message: str = "Not enough permissions to access this resource") -> Response:
    return error(message, status=403, service=100, code="ACCESS_DENIED")


_LIMITS = {
    "burst": "Too many requests. Please slow down.",
    "minute": "Comment create throttled: creation rate limit exceeded for member",
    "day": "Resource level throttle APPLICATION_AND_MEMBER DAY limit for calls to this resource is reached.",
}


def throttled(form: str = "day") -> Response:
    return error(_LIMITS[form], status=429)


def oauth(name: str, description: str) -> Response:
    return wire.answer({"error": name, "error_description": description}, status=400)
