"""Who is behind a request, told to the database, whose triggers write the audit log: no way of writing can go around it.

Only statements that touch an audited table cost anything: they say who it is (outside of a transaction the first one does), and the end of
the request takes it back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import connection

VARIABLE = "parley.caller"
AUDITED = re.compile(
    r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(?:connectors_(?:syncschedule|syncrun|credential|platformapp|deaditem)'
    r"|analytics_(?:export|reportmail)"
    r"|inbox_(?:channel|contact|membership|person|brand|team|teammember|desk|routingsettings|tag|tagrule|slapolicy|businesshours"
    r'|holiday|cannedreply|macro|priorityweights|savedview|contactmerge))"?[\s(]',
    re.IGNORECASE,
)


class _Caller:
    def __init__(self, person_id: int, person_name: str, address: str, request: str) -> None:
        self.address, self.request = address, request
        self.told = json.dumps(
            {"person": person_id, "name": person_name, "address": address, "request": request}
        )
        self.is_set = False
        self.is_away = False
        self.was_set = False

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not (self.is_set or self.is_away) and isinstance(sql, str) and AUDITED.match(sql):
            self._say(self.told)
            self.was_set = True
            # A transaction that is taken back takes back what was said within it, and nobody hears of that: there it is said each time.
            self.is_set = not connection.in_atomic_block
        return execute(sql, params, many, context)

    def _say(self, told: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config(%s, %s, false)", [VARIABLE, told])

    def take_back(self) -> None:
        """Also where it seems to be taken back already: a transaction that failed meanwhile has put back what was said before it."""
        if self.was_set and not connection.needs_rollback:
            self._say("")
            self.is_set = False


_present: ContextVar[_Caller | None] = ContextVar("parley_caller", default=None)


def whence() -> tuple[str, str]:
    """Of the request that is being answered: where it came from, and its name in the logs. Empty outside of one."""
    caller = _present.get()
    return (caller.address, caller.request) if caller is not None else ("", "")


@contextmanager
def as_caller(*, person_id: int, person_name: str, address: str, request: str = "") -> Iterator[None]:
    """Whatever is written to an audited table in here was done by this person."""
    caller = _Caller(person_id, person_name, address, request)
    before = _present.set(caller)
    with connection.execute_wrapper(caller):
        try:
            yield
        finally:
            _present.reset(before)
            caller.take_back()


@contextmanager
def as_parley() -> Iterator[None]:
    """Whatever is written in here nobody did but Parley, though somebody's request set it going."""
    caller = _present.get()
    if caller is None or caller.is_away:
        yield
        return
    caller.take_back()
    caller.is_away = True
    try:
        yield
    finally:
        caller.is_away = False
