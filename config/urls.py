"""The pages of every app. Sockets and the webhook door are routed in config/asgi.py, before Django."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include("allauth.urls")),
    path("admin/rq/", include("django_rq.urls")),
    path("admin/", admin.site.urls),
]
for name in ("connectors.urls", "inbox.urls"):
    if find_spec(name):
        urlpatterns.append(path("", include(name)))
