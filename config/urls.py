"""The pages of every app. Sockets and the webhook door are routed in config/edge.py, before Django."""

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from config import accounts, queue_pages, sign_ins
from inbox import access

# One way to sign in, with its rate limits and second factors; Django admin's own page has neither.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


def _runs_the_installation(request: HttpRequest) -> bool:
    """The admin shows every brand at once: a role within a brand alone does not open it (docs/decisions/0020)."""
    return access.runs_installation(request.user)


# What the audit log hears of is changed on pages of ours: a second factor or an address that is set here would stand in no entry.
for _model in (Authenticator, EmailAddress, Group):
    admin.site.unregister(_model)
admin.site.has_permission = _runs_the_installation  # type: ignore[method-assign]

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
