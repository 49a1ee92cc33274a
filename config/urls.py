"""The pages of every app. Sockets and the webhook door are routed in config/edge.py, before Django."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include("allauth.urls")),
    path("admin/rq/", include("django_rq.urls")),
    path("admin/", admin.site.urls),
    path("", include("connectors.urls")),
    path("", include("inbox.urls")),
]
