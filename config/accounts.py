"""How people sign in: by invitation only, with second factors sealed like every other secret."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from inbox import mail_server


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def set_password(self, user: Any, password: str) -> None:
        """Nothing else of the row, which was read a while ago: an account that was locked meanwhile stays locked and without a password."""
        from inbox.models import Person  # needs the apps to be loaded

        user.set_password(password)
        Person.objects.filter(pk=user.pk, is_active=True).update(password=user.password)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """One account has one count. Allauth counts for each name of the host, which the caller spells as they like: with another port or
        in capitals it is another one."""
        return str(credentials.get("email", credentials.get("username", ""))).lower()

    def get_reset_password_from_key_url(self, key: str) -> str:
        """At the installation's own address: a stranger may ask for the mail under any name that the installation answers to, and the link
        in it opens the account."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return f"{settings.PARLEY_PUBLIC_URL}{path.replace('UID-KEY', quote(key))}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Under the same name."""
        name = urlsplit(settings.PARLEY_PUBLIC_URL).netloc
        here = SimpleNamespace(domain=name, name=name)
        super().send_mail(template_prefix, email, {"current_site": here, **context})

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        """Who has no password yet is invited; nobody forgot anything."""
        if user.has_usable_password():
            super().send_password_reset_mail(user, email, context)
            return
        names = [str(each.brand) for each in user.memberships.select_related("brand").order_by("brand__name")]
        self.send_mail("account/email/invitation", email, {**context, "brands": names})


class MFAAdapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(encrypted_text.encode()).decode()


def reset_password(request: HttpRequest) -> HttpResponseBase:
    """Where no mail can be sent, nobody is promised any: the page says who to ask."""
    if not mail_server.is_set():
        return render(request, "account/no_mail.html")
    from allauth.account.views import password_reset  # needs the apps to be loaded

    answer: HttpResponseBase = password_reset(request)
    return answer


def not_here(request: HttpRequest, **_: object) -> HttpResponseBase:
    """Allauth's pages for changing one's address: people are invited to one and keep it. Whoever found a screen unlocked would take the
    account with them, and an address that nobody proved could be the one that is invited next."""
    raise Http404


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.PARLEY_SEAL_KEYS])
