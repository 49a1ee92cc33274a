"""The ordinary way, for comparison: a Django view under ASGI that checks the signature and creates the row with the ORM."""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.ordinary_settings")

from django.core.asgi import get_asgi_application

application = get_asgi_application()

from django.http import HttpRequest, HttpResponse  # noqa: E402  # Django must be set up before views and models
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

from bench.cast import SECRET  # noqa: E402
from connectors.models import Receipt  # noqa: E402

CHANNEL_ID = int(os.environ.get("BENCH_CHANNEL", "0"))


@csrf_exempt
def webhook(request: HttpRequest, platform: str, public_id: Any) -> HttpResponse:
    """It is spared looking up the channel and its secret."""
    body = request.body
    expected = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(request.headers.get("X-Hub-Signature-256", ""), expected):
        return HttpResponse(status=403)
    Receipt.objects.create(channel_id=CHANNEL_ID, received_at=timezone.now(), body=body)
    return HttpResponse()


@csrf_exempt
async def awebhook(request: HttpRequest, platform: str, public_id: Any) -> HttpResponse:
    body = request.body
    expected = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(request.headers.get("X-Hub-Signature-256", ""), expected):
        return HttpResponse(status=403)
    await Receipt.objects.acreate(channel_id=CHANNEL_ID, received_at=timezone.now(), body=body)
    return HttpResponse()


view = awebhook if os.environ.get("BENCH_ASYNC_VIEW") else webhook
urlpatterns = [path("webhooks/<str:platform>/<uuid:public_id>/", view)]
