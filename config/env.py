"""Typed readers of the environment. A secret may also come from the file that NAME_FILE names."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

YES = {"1", "true", "yes", "on"}
NO = {"0", "false", "no", "off", ""}


class EnvironmentFault(ImproperlyConfigured):
    """A variable is missing or unreadable. Its text is one line that a person can act on."""


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return split(text(name, default))


def split(listed: str) -> list[str]:
    return [word.strip() for word in listed.split(",") if word.strip()]


def flag(name: str, *, default: bool = False) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.strip().lower() in YES:
        return True
    if value.strip().lower() in NO:
        return False
    raise EnvironmentFault(f"{name} must be one of 1, 0, true, false, yes, no, on, off; it is {value!r}.")


def choice(name: str, *known: str) -> str:
    """One of these words; the first where nothing is said."""
    value = text(name, known[0])
    if value not in known:
        raise EnvironmentFault(f"{name} must be one of {', '.join(known)}; it is {value!r}.")
    return value


def number(name: str, default: int) -> int:
    value = text(name)
    if not value:
        return default
    try:
        return int(value)
    except ValueError:
        raise EnvironmentFault(f"{name} must be a whole number; it is {value!r}.") from None


def secret(name: str) -> str:
    """The value of NAME, or the content of the file NAME_FILE; empty when neither is set."""
    if value := text(name):
        return value
    path = text(f"{name}_FILE")
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise EnvironmentFault(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from None


def required_secret(name: str) -> str:
    value = secret(name)
    if not value:
        raise EnvironmentFault(f"{name} is not set. Production needs {name} or {name}_FILE.")
    return value
