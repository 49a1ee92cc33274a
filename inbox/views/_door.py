"""What every view of the workspace shares: who asks, and how refusals are told to a page that is already open."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from inbox.models import Person

P = ParamSpec("P")


class AgentRequest(HttpRequest):
    user: Person


def is_fragment(request: HttpRequest) -> bool:
    """A page that is already open asks, and will put the answer into itself."""
    return "HX-Request" in request.headers or "X-Parley-Fragment" in request.headers


def signed_in(
    view: Callable[Concatenate[AgentRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Only for people who are signed in. An open page is told so in words and keeps what was typed; others go to the sign-in.

    A browser keeps none of it, but what a view gives a time to.
    """

    def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(cast(AgentRequest, request), *args, **kwargs)
        if is_fragment(request):
            return notice(
                request, "You have been signed out. What you typed is kept.", status=401, sign_in=True
            )
        return redirect_to_login(request.get_full_path())

    @wraps(view)
    def door(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        response = answer(request, *args, **kwargs)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", door)


def notice(request: HttpRequest, text: str, *, status: int = 422, sign_in: bool = False) -> HttpResponse:
    """A calm line that says what to do, in the place where the open page shows such lines."""
    told = {"text": text, "sign_in": sign_in, "page": _page_of(request) if sign_in else ""}
    return render(request, "inbox/_notice.html", told, status=status)


def _page_of(request: HttpRequest) -> str:
    """The open page that asked. In a tab of its own the sign-in would leave this page with a token that is no longer taken."""
    try:
        page = urlsplit(request.headers.get("Referer", ""))
    except ValueError:  # no address at all
        return ""
    return (
        page._replace(scheme="", netloc="", fragment="").geturl() if page.netloc == request.get_host() else ""
    )
