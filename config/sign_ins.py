"""Who came in, who tried, and by what they sign in. Apart from config.accounts: every process reads this, and only those that serve pages
read allauth."""

from typing import Any

from django.contrib.auth import signals
from django.http import HttpRequest
from django.utils import timezone

from config import tracing


def watch_sign_ins() -> None:
    """Who came in, and who tried, is for the audit log of their brands."""
    signals.user_logged_in.connect(_came_in, dispatch_uid="parley.came_in")
    signals.user_login_failed.connect(_was_refused, dispatch_uid="parley.was_refused")


def watch_keys() -> None:
    """So is who gets or loses a password or a second factor: no audited row says it. For processes that serve pages."""
    from allauth.account import signals as account
    from allauth.mfa import signals as mfa

    for name in _PASSWORDS:
        getattr(account, name).connect(_PASSWORDS[name], dispatch_uid=f"parley.{name}")
    for name in _FACTORS:
        getattr(mfa, name).connect(_FACTORS[name], dispatch_uid=f"parley.{name}")


def _came_in(sender: object, request: HttpRequest, user: Any, **_: object) -> None:
    _record(request, user, "signed in")


def _was_refused(
    sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **_: object
) -> None:
    from inbox.models import Person

    email = str(credentials.get("email") or credentials.get("username") or "").lower()
    person = Person.objects.filter(email=email).first() if request is not None else None
    if request is not None and person is not None:
        _record(request, person, "failed to sign in")


def _password(act: str) -> Any:
    def hear(sender: object, request: HttpRequest, user: Any, **_: object) -> None:
        _record(request, user, act)

    return hear


def _factor(act: str) -> Any:
    def hear(sender: object, request: HttpRequest, user: Any, authenticator: Any, **_: object) -> None:
        _record(request, user, act, {"factor": str(authenticator.type)})

    return hear


# Signals hold what hears them weakly: these hold it for good.
_PASSWORDS = {
    "password_set": _password("set the password of"),
    "password_changed": _password("changed the password of"),
    "password_reset": _password("reset the password of"),
}
_FACTORS = {
    "authenticator_added": _factor("added a second factor of"),
    "authenticator_removed": _factor("removed a second factor of"),
    "authenticator_reset": _factor("renewed a second factor of"),
    "authentication_failed": _factor("failed the second factor of"),  # somebody has the password
}


def _record(request: HttpRequest, person: Any, act: str, after: dict[str, Any] | None = None) -> None:
    from config.middleware import address_of
    from inbox.actions import recording

    recording.record_sign_in(
        person=person, act=act, address=address_of(request), request=tracing.current(), now=timezone.now(), after=after
    )  # fmt: skip
