"""Who came in, and who tried. Apart from config.accounts: every process reads this, and only those that serve pages read allauth."""

from typing import Any

from django.contrib.auth import signals
from django.http import HttpRequest
from django.utils import timezone

from config import tracing


def watch_sign_ins() -> None:
    """Who came in, and who tried, is for the audit log of their brands."""
    signals.user_logged_in.connect(_came_in, dispatch_uid="parley.came_in")
    signals.user_login_failed.connect(_was_refused, dispatch_uid="parley.was_refused")


def _came_in(sender: object, request: HttpRequest, user: Any, **_: object) -> None:
    from config.middleware import address_of
    from inbox.actions import recording

    recording.record_sign_in(
        person=user, address=address_of(request), request=tracing.current(), now=timezone.now()
    )


def _was_refused(
    sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **_: object
) -> None:
    from config.middleware import address_of
    from inbox.actions import recording
    from inbox.models import Person

    email = str(credentials.get("email") or credentials.get("username") or "").lower()
    person = Person.objects.filter(email=email).first() if request is not None else None
    if request is not None and person is not None:
        recording.record_sign_in(
            person=person,
            address=address_of(request),
            request=tracing.current(),
            now=timezone.now(),
            failed=True,
        )
