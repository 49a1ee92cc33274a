"""How people sign in: by invitation only, with second factors sealed like every other secret."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class MFAAdapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(encrypted_text.encode()).decode()


def reset_password(request: HttpRequest) -> HttpResponseBase:
    """Where no mail can be sent, nobody is promised any: the page says who to ask."""
    if settings.EMAIL_BACKEND.endswith("dummy.EmailBackend"):
        return render(request, "account/no_mail.html")
    from allauth.account.views import password_reset  # needs the apps to be loaded

    answer: HttpResponseBase = password_reset(request)
    return answer


def watch_sign_ins() -> None:
    """Who came in, and who tried, is for the audit log of their brands."""
    from django.contrib.auth import signals

    signals.user_logged_in.connect(_came_in, dispatch_uid="parley.came_in")
    signals.user_login_failed.connect(_was_refused, dispatch_uid="parley.was_refused")


def _came_in(sender: object, request: HttpRequest, user: Any, **_: object) -> None:
    from config.middleware import address_of
    from inbox.actions import recording

    recording.record_sign_in(person=user, address=address_of(request), now=timezone.now())


def _was_refused(
    sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **_: object
) -> None:
    from config.middleware import address_of
    from inbox.actions import recording
    from inbox.models import Person

    email = str(credentials.get("email") or credentials.get("username") or "").lower()
    person = Person.objects.filter(email=email).first() if request is not None else None
    if request is not None and person is not None:
        recording.record_sign_in(person=person, address=address_of(request), now=timezone.now(), failed=True)


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.PARLEY_SEAL_KEYS])
