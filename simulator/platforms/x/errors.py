"""X's problem documents."""

from typing import Any

from starlette.responses import Response

from simulator import wire

_TYPES = "https://api.x.com/2/problems/"


def problem(
    *,
    title: str,
    detail: str,
    status: int,
    kind: str = "about:blank",
    headers: dict[str, str] | None = None,
    **more: Any,
) -> Response:
    body = {"title": title, "detail": detail, "type": kind, "status": status, **more}
    return wire.answer(body, status=status, headers=headers, media_type="application/problem+json")


def invalid(message: str, /, **parameters: Any) -> Response:
    body = {
        "errors": [
            {"parameters": {key: [str(value)] for key, value in parameters.items()}, "message": message}
        ],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": _TYPES + "invalid-request",
    }
    return wire.answer(body, status=400)


def unauthorized() -> Response:
    return problem(title="Unauthorized", detail="Unauthorized", status=401)


def forbidden(detail: str = "Forbidden") -> Response:
    return problem(title="Forbidden", detail=detail, status=403)


def not_enrolled() -> Response:
    """The app's plan does not hold what was asked for."""
    detail = "The app is not enrolled for this endpoint."
    return problem(
        title="Client Forbidden",
        detail=detail,
        status=403,
        kind=_TYPES + "client-forbidden",
        reason="client-not-enrolled",
    )


def no_permission_to_message() -> Response:
    return forbidden("You do not have permission to DM one or more participants.")


def not_found(what: str = "resource", value: str = "") -> Response:
    return problem(
        title="Not Found Error",
        detail=f"Could not find {what} with id: [{value}].",
        status=404,
        kind=_TYPES + "resource-not-found",
        resource_type=what,
        value=value,
    )


def no_post(name: str) -> dict[str, Any]:
    """One of many that were asked for."""
    return {
        "value": name,
        "resource_id": name,
        "resource_type": "tweet",
        "parameter": "ids",
        "title": "Not Found Error",
        "detail": f"Could not find tweet with ids: [{name}].",
        "type": _TYPES + "resource-not-found",
    }


def too_many(headers: dict[str, str] | None = None) -> Response:
    return problem(title="Too Many Requests", detail="Too Many Requests", status=429, headers=headers)


def limit_of_old(headers: dict[str, str]) -> Response:
    """As API v1.1 says it."""
    body = {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}
    return wire.answer(body, status=429, headers=headers)


def server() -> Response:
    return problem(title="Service Unavailable", detail="Service Unavailable", status=503)


def oauth(error: str, description: str) -> Response:
    return wire.answer({"error": error, "error_description": description}, status=400)
