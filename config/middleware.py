"""Around every page: the request's name in the logs, and who is behind what it writes."""

import re
import time
from collections.abc import Callable

import structlog
from allauth.account.adapter import get_adapter
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from config import tracing
from inbox import auditing
from inbox.actions import recording
from inbox.models import Brand
from inbox.rules.cleaning import clean_json

log = structlog.get_logger(__name__)
Answer = Callable[[HttpRequest], HttpResponseBase]
SLOW = 1.0  # seconds
FILE_NAME = re.compile(r'filename="([^"]+)"')


def address_of(request: HttpRequest) -> str:
    """Where the request came from, behind as many proxies as are trusted."""
    try:
        return str(get_adapter().get_client_ip(request))[:64]
    except Exception:  # allauth refuses an address that it cannot make out
        return str(request.META.get("REMOTE_ADDR", ""))[:64]


class RequestName:
    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        name = tracing.name_from(request.headers.get(tracing.HEADER, ""))
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=name)
        began = time.monotonic()
        try:
            answer = self.get_response(request)
        finally:
            took = time.monotonic() - began
            if request.method not in ("GET", "HEAD") or took > SLOW:
                log.info("answered", method=request.method, path=request.path, ms=round(took * 1000))
        answer[tracing.HEADER] = name
        return answer


class Caller:
    """Behind the sign-in's own middleware. Reading pages write nothing that is audited."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.get_response(request)
        if request.method in ("GET", "HEAD") and not request.path.startswith("/connect/"):
            answer = self.get_response(request)
            note_taken_out(request, answer)
            return answer
        with auditing.as_caller(
            person_id=request.user.pk,
            person_name=recording.named(request.user),
            address=address_of(request),
            request=tracing.current(),
        ):
            return self.get_response(request)


def note_taken_out(request: HttpRequest, answer: HttpResponseBase) -> None:
    """A table that leaves Parley as a file, whichever page it comes from, is an entry of the brand's audit log."""
    said = answer.headers.get("Content-Disposition", "")
    if not said.startswith("attachment") or not answer.headers.get("Content-Type", "").startswith("text/csv"):
        return
    match = request.resolver_match
    slug = match.kwargs.get("brand_slug", "") if match else ""
    brand = Brand.objects.filter(slug=slug).first()
    name = FILE_NAME.search(said)
    recording.record(
        brand=brand,
        by=request.user,  # type: ignore[arg-type]
        act="took out",
        subject="audit log" if match and match.view_name == "connectors:audit-export" else "file",
        subject_name=name[1] if name else "",
        address=address_of(request),
        request=tracing.current(),
        now=timezone.now(),
        after=clean_json({key: value for key, value in request.GET.items() if value}),
    )
