"""The pages of every app. Sockets and the webhook door are routed in config/edge.py, before Django."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.utils import get_next_redirect_url
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.cache import never_cache
from django.views.generic import RedirectView

from config import accounts, queue_pages, sign_ins
from inbox import access


def _runs_the_installation(request: HttpRequest) -> bool:
    """The admin shows every brand at once: a role within a brand alone does not open it (docs/decisions/0020)."""
    return access.runs_installation(request.user)


@never_cache
def _no_sign_in_of_its_own(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """There is one way to sign in, with its limits of tries and its second factors. Django admin's own page knows neither, and takes any
    name and password from whoever is signed in: it is never shown, and never asked."""
    if not request.user.is_authenticated:
        return redirect_to_login(get_next_redirect_url(request) or request.get_full_path())
    if not access.runs_installation(request.user):
        raise Http404
    return redirect("admin:index")


# What the audit log hears of is changed on pages of ours: a second factor or an address that is set here would stand in no entry.
for _model in (Authenticator, EmailAddress, Group):
    admin.site.unregister(_model)
admin.site.has_permission = _runs_the_installation  # type: ignore[method-assign]
admin.site.login = _no_sign_in_of_its_own  # type: ignore[method-assign]

queue_pages.open_to_those_who_run_the_installation()
sign_ins.watch_keys()

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/password/reset/", accounts.reset_password),
    path("accounts/email/", accounts.not_here),
    path("accounts/confirm-email/", accounts.not_here),
    path("accounts/confirm-email/<path:key>", accounts.not_here),
    path("accounts/", include("allauth.urls")),
    path("admin/rq/", include("django_rq.urls")),
    # Its own page knows no limit of tries, tells the audit log nothing, and writes the whole row back: an account that is locked meanwhile
    # would be open again.
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("admin/", admin.site.urls),
    path("", include("connectors.urls")),
    path("", include("analytics.urls")),
    path("", include("inbox.urls")),
]
