"""A platform's figures, as a deployment may set them: pages contradict one another, and limits move.

PARLEY_PLATFORM_FIGURES is JSON, by platform and figure, with the day on which somebody looked:

    {"linkedin": {"text_max": 3000, "checked_on": "2026-11-23"}, "instagram": {"window_s": 82800}}
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from inbox.platforms import Manifest, Pace, Quota, ReceiveRules, SendRules, TextLimit, Unit

VARIABLE: Final = "PARLEY_PLATFORM_FIGURES"


class FiguresUnreadable(ValueError):
    """The variable does not say what it should; the words say where."""


class _Unread(Exception):
    """The platform has nothing that goes by this figure."""


def mistake(environment: Mapping[str, str] = os.environ) -> str:
    """What is wrong with the variable, in words; empty when nothing is. Known without any connector."""
    try:
        for platform in json.loads(environment.get(VARIABLE) or "{}"):
            configured(replace(_ANY, key=str(platform)), environment)
    except FiguresUnreadable as unreadable:
        return str(unreadable)
    except (ValueError, TypeError):
        return f"{VARIABLE} is no JSON object of objects."
    return ""


def named(environment: Mapping[str, str] = os.environ) -> set[str]:
    """The platforms of which the variable, when it can be read, says anything."""
    return set(json.loads(environment.get(VARIABLE) or "{}"))


def configured(manifest: Manifest, environment: Mapping[str, str] = os.environ) -> Manifest:
    """The manifest with what the deployment says of its figures. Raises FiguresUnreadable."""
    try:
        everything = json.loads(environment.get(VARIABLE) or "{}")
        figures = dict(everything.get(manifest.key, {}))
    except (ValueError, AttributeError, TypeError):
        raise FiguresUnreadable(f"{VARIABLE} is no JSON object of objects.") from None
    try:
        checked_on = date.fromisoformat(figures.pop("checked_on", "")) if "checked_on" in figures else None
        for name, value in figures.items():
            try:
                manifest = _CHANGES[name](manifest, value)
            except _Unread:
                raise ValueError(f"nothing of it goes by {name}") from None
            if checked_on and name in _DATED:
                manifest = _DATED[name](manifest, checked_on)
        if checked_on:
            manifest = replace(manifest, checked={**manifest.checked, **dict.fromkeys(figures, checked_on)})
    except KeyError as unknown:
        raise FiguresUnreadable(
            f"{VARIABLE}: unknown figure {unknown}. Known: {', '.join(_CHANGES)}, checked_on."
        ) from None
    except (ValueError, TypeError) as error:
        raise FiguresUnreadable(f"{VARIABLE}, {manifest.key}: {error}") from None
    return manifest


_SENDS: Final = "send"  # the bucket of calls
_CONVERSATIONS: Final = "conversations"
_ANY: Final = Manifest(  # that has all of which there is a figure
    key="",
    label="",
    mark="",
    colour="",
    send=SendRules(text=TextLimit(max=0, unit=Unit.CODE_POINTS, checked_on=date.min)),
    receive=ReceiveRules(mode="webhook"),
    paces=dict.fromkeys((_SENDS, _CONVERSATIONS), Pace(per_second=1, checked_on=date.min)),
    quotas=dict.fromkeys(
        (_SENDS, "reads"), Quota(calls=1, window=timedelta(minutes=15), checked_on=date.min)
    ),
)


def _number(value: Any, *, least: int = 0) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{value!r} is no whole number of at least {least}")
    return value


def _seconds(value: Any) -> timedelta:
    return timedelta(seconds=_number(value))


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(each, str) and each for each in value):
        raise ValueError(f"{value!r} is no list of names")
    return tuple(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def _text(manifest: Manifest, **changes: Any) -> Manifest:
    return replace(manifest, send=replace(manifest.send, text=replace(manifest.send.text, **changes)))


def _public_text(manifest: Manifest, value: Any) -> Manifest:
    before: TextLimit = manifest.text_limit(public=True)
    return replace(manifest, send=replace(manifest.send, public_text=replace(before, max=_number(value))))


def _paces(manifest: Manifest, bucket: str, **changes: Any) -> Manifest:
    """Of what a connector does at no pace there is none to set: a figure that nothing reads says nothing."""
    if bucket not in manifest.paces:
        raise _Unread
    return replace(manifest, paces={**manifest.paces, bucket: replace(manifest.paces[bucket], **changes)})


def _quotas(manifest: Manifest, *, of_sends: bool, **changes: Any) -> Manifest:
    meant = {name: each for name, each in manifest.quotas.items() if (name == _SENDS) is of_sends}
    if not meant:
        raise _Unread
    changed = {name: replace(each, **changes) for name, each in meant.items()}
    return replace(manifest, quotas={**manifest.quotas, **changed})


_CHANGES: Final[Mapping[str, Callable[[Manifest, Any], Manifest]]] = {
    "text_max": lambda m, v: _text(m, max=_number(v)),
    "text_unit": lambda m, v: _text(m, unit=Unit(v)),
    "text_escaped": lambda m, v: replace(m, receive=replace(m.receive, escaped=_flag(v))),
    "public_text_max": _public_text,
    "files_per_message": lambda m, v: replace(m, send=replace(m.send, files_per_message=_number(v))),
    "window_s": lambda m, v: replace(m, window=replace(m.window, standard=_seconds(v))),
    "human_agent_window_s": lambda m, v: replace(m, window=replace(m.window, human_agent=_seconds(v))),
    "window_margin_s": lambda m, v: replace(m, window=replace(m.window, margin=_seconds(v))),
    "history_days": lambda m, v: replace(m, history=replace(m.history, age=timedelta(days=_number(v)))),
    "history_messages_per_thread": lambda m, v: replace(
        m, history=replace(m.history, messages_per_thread=_number(v))
    ),
    "fetches_for_s": lambda m, v: replace(m, send=replace(m.send, fetches_for=_seconds(v))),
    "history_behind_s": lambda m, v: replace(m, history=replace(m.history, behind=_seconds(v))),
    "scopes": lambda m, v: replace(m, auth=replace(m.auth, scopes=_names(v))),
    "poll_every_s": lambda m, v: replace(m, poll_every=_seconds(v)),
    "send_per_s": lambda m, v: _paces(m, _SENDS, per_second=_number(v, least=1)),
    "conversations_per_s": lambda m, v: _paces(m, _CONVERSATIONS, per_second=_number(v, least=1)),
    "sends_per_15_min": lambda m, v: _quotas(m, of_sends=True, calls=_number(v, least=1)),
    "reads_per_15_min": lambda m, v: _quotas(m, of_sends=False, calls=_number(v, least=1)),
}

# Limits that carry their day with them; of the others Manifest.checked holds it.
_DATED: Final[Mapping[str, Callable[[Manifest, date], Manifest]]] = {
    "text_max": lambda m, day: _text(m, checked_on=day),
    "text_unit": lambda m, day: _text(m, checked_on=day),
    "public_text_max": lambda m, day: replace(
        m, send=replace(m.send, public_text=replace(m.text_limit(public=True), checked_on=day))
    ),
    "send_per_s": lambda m, day: _paces(m, _SENDS, checked_on=day),
    "conversations_per_s": lambda m, day: _paces(m, _CONVERSATIONS, checked_on=day),
    "sends_per_15_min": lambda m, day: _quotas(m, of_sends=True, checked_on=day),
    "reads_per_15_min": lambda m, day: _quotas(m, of_sends=False, checked_on=day),
}
