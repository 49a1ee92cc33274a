"""RQ's own pages under /admin/rq/: they open for those who run the installation, and what is done there stands in the audit log. Queues are
no tables, so no trigger sees it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

import django_rq.urls
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django_rq.queues import get_queue_by_index
from rq.exceptions import NoSuchJobError

from inbox import access
from inbox.actions import recording
from inbox.models import Person
from inbox.rules.cleaning import clean

Page = Callable[..., HttpResponseBase]
# By the page, and on the one that is for several jobs by what was chosen.
DONE: Final = {
    "clear": "emptied",
    "requeue_all": "queued all again that failed in",
    "delete_failed_jobs": "removed all that failed in",
    "delete_job": "removed a job of",
    "requeue_job": "queued a job again of",
    "enqueue_job": "queued a job at once of",
    "stop_job": "stopped a job of",
}
DONE_TO_SEVERAL: Final = {
    "delete": "removed jobs of",
    "requeue": "queued jobs again of",
    "stop": "stopped jobs of",
}
MOST_NAMED: Final = 50
AGAIN: Final = ("requeue_job", "enqueue_job")
GONE: Final = "A job that was asked for is gone: it was done or removed meanwhile. Of several, those before it were seen to and those after it not."


def open_to_those_who_run_the_installation() -> None:
    """The queues are those of every brand: a role within a brand alone does not open them (docs/decisions/0020)."""
    for page in django_rq.urls.urlpatterns:
        page.callback = _door(page.callback)


def _door(view: Page) -> Page:
    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        person = request.user
        if not person.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not access.runs_installation(person):
            raise Http404
        doer = person if request.method == "POST" and isinstance(person, Person) and person.is_staff else None
        try:
            answer = view(request, *args, **kwargs)
        except Exception as error:
            # Of several jobs some may be removed before one cannot be found.
            if doer and "job_id" not in kwargs:
                _tell(request, doer)
            if not isinstance(error, NoSuchJobError) or "queue_index" not in kwargs:
                raise
            messages.warning(request, GONE)
            return redirect("django_rq:jobs", kwargs["queue_index"])
        if doer:
            _tell(request, doer)
        match = request.resolver_match
        return _on_the_queue(answer, **kwargs) if match and match.url_name in AGAIN else answer

    return door


def _on_the_queue(answer: HttpResponseBase, **asked: Any) -> HttpResponseBase:
    """Whoever queues a job again is led to the job's page, and ours are done and gone (`result_ttl=0`) before that is asked for."""
    if not isinstance(answer, HttpResponseRedirect) or "job_id" not in asked:
        return answer
    if answer.url != reverse("django_rq:job_detail", args=[asked["queue_index"], asked["job_id"]]):
        return answer
    return redirect("django_rq:jobs", asked["queue_index"])


def _tell(request: HttpRequest, person: Person) -> None:
    match = request.resolver_match
    if match is None or match.url_name is None:
        return
    jobs = [match.kwargs["job_id"]] if "job_id" in match.kwargs else request.POST.getlist("job_ids")
    if match.url_name == "actions":
        act = DONE_TO_SEVERAL.get(request.POST.get("action", "")) if jobs else None
    else:
        act = DONE.get(match.url_name)
    if act is None:  # it only asks whether one is sure
        return
    recording.record(
        brand=None,
        by=person,
        act=act,
        subject="queue",
        subject_name=get_queue_by_index(match.kwargs["queue_index"]).name,
        after={"jobs": [clean(job) for job in jobs[:MOST_NAMED]]} if jobs else {},
        now=timezone.now(),
    )
