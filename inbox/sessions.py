"""Whose session it is, for sockets. They read sessions and change none: only a page can tell the browser of a new one."""

from __future__ import annotations

from typing import Any

from channels.auth import AuthMiddleware
from channels.db import database_sync_to_async
from channels.sessions import CookieMiddleware, SessionMiddleware
from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user_model,
    load_backend,
)
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import constant_time_compare

from inbox.models import Person


@database_sync_to_async
def person_of(session: SessionBase) -> Person | AnonymousUser:
    """As a page would have it, with the older keys too. Channels knows the newest alone and deletes what does not fit: with another key
    whoever had a page open was signed out."""
    try:
        pk = get_user_model()._meta.pk.to_python(session[SESSION_KEY])
        backend = session[BACKEND_SESSION_KEY]
    except KeyError:
        return AnonymousUser()
    if backend not in settings.AUTHENTICATION_BACKENDS:
        return AnonymousUser()
    person = load_backend(backend).get_user(pk)
    given = session.get(HASH_SESSION_KEY, "")
    if person is None or not any(constant_time_compare(given, each) for each in _hashes(person)):
        return AnonymousUser()
    return person


def _hashes(person: Person) -> list[str]:
    return [person.get_session_auth_hash(), *person.get_session_auth_fallback_hash()]


class _Known(AuthMiddleware):
    async def resolve_scope(self, scope: dict[str, Any]) -> None:
        scope["user"]._wrapped = await person_of(scope["session"])


def with_person(routes: Any) -> Any:
    """These routes, with `user` in the scope."""
    return CookieMiddleware(SessionMiddleware(_Known(routes)))
