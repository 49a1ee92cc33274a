"""Sockets, mounted by config/asgi.py."""

from __future__ import annotations

from django.urls import path

from inbox import consumers

websocket_urlpatterns = [path("ws/b/<slug:brand_slug>/", consumers.live)]  # type: ignore[arg-type]  # an ASGI application
