"""The pages of every app. Sockets and the webhook door are routed in config/edge.py, before Django."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

# One way to sign in, with its rate limits and second factors; Django admin's own page has neither.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include("allauth.urls")),
    path("admin/rq/", include("django_rq.urls")),
    path("admin/", admin.site.urls),
    path("", include("connectors.urls")),
    path("", include("inbox.urls")),
]
