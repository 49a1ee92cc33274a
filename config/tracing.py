"""One name for each request, in every log line that follows from it: from the edge to the pages, from a page to the worker."""

import re
import uuid
from typing import Any

import structlog
from celery import signals

HEADER = "x-request-id"
_NAME = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)
_TASK_HEADER = "parley_request"


def new_name() -> str:
    return uuid.uuid4().hex[:20]


def name_from(given: str) -> str:
    """What a proxy in front called the request, or a name of our own for what is no name."""
    return given if _NAME.fullmatch(given) else new_name()


def current() -> str:
    return str(structlog.contextvars.get_contextvars().get("request", ""))


@signals.before_task_publish.connect
def _hand_on(headers: Any = None, **_: Any) -> None:
    if (name := current()) and isinstance(headers, dict):
        headers[_TASK_HEADER] = name


@signals.task_prerun.connect
def _take_up(task: Any = None, task_id: str = "", **_: Any) -> None:
    if task is None or task.request.is_eager:
        return
    structlog.contextvars.clear_contextvars()
    told = {"task": task.name.rpartition(".")[2], "task_id": task_id}
    if name := getattr(task.request, _TASK_HEADER, None):
        told["request"] = str(name)
    structlog.contextvars.bind_contextvars(**told)
