"""What a column held, as people say it: nothing of what is empty, lists without their brackets, the names of what has a number."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Model

from inbox.models import (
    AuditEntry,
    BusinessHours,
    CannedReply,
    Channel,
    ChannelState,
    ConversationKind,
    Person,
    Priority,
    Role,
    Tag,
    Team,
)
from inbox.rules import week_text

# Columns with the numbers of rows, one or a list of them.
NUMBERS: dict[str, type[Model]] = {
    "owner_id": Person, "person_id": Person, "asked_by_id": Person, "reassigns_to_id": Person, "notifies": Person,
    "team_id": Team, "tag_id": Tag, "puts_on": Tag, "takes_off": Tag, "reply_id": CannedReply, "hours_id": BusinessHours,
    "channels": Channel,
}  # fmt: skip
UNSAID = {"brand_id"}  # it is the brand whose log is read
CHOICES: dict[tuple[str, str], Mapping[Any, str]] = {
    ("channel", "state"): dict(ChannelState.choices), ("membership", "role"): dict(Role.choices),
    ("macro", "priority"): {0: "By its score", **dict(Priority.choices)}, ("SLA policy", "priorities"): dict(Priority.choices),
    ("team", "kinds"): dict(ConversationKind.choices),
}  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LONGEST = 200
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d(?::?\d\d)?|Z)")
_WHOM = re.compile(r"(?P<what>person|team):(?P<number>\d+)")
_WHOSE: dict[str, type[Model]] = {"person": Person, "team": Team}


@dataclass(frozen=True, slots=True)
class Said:
    """`at`: it is a moment, which pages tell by the reader's clock."""

    text: str = ""
    at: datetime | None = None


class Words:
    """Of these entries: the names are read at once, however many there are. `numbers`: columns of other apps with numbers of rows."""

    def __init__(self, entries: Iterable[AuditEntry], numbers: Mapping[str, type[Model]]) -> None:
        self._numbers = {**NUMBERS, **numbers}
        asked: dict[type[Model], set[int]] = defaultdict(set)
        for entry in entries:
            for name, value in [*entry.before.items(), *entry.after.items()]:
                for model, number in self._rows(name, value):
                    asked[model].add(number)
        self._names = {
            model: {pk: str(row) for pk, row in model._default_manager.in_bulk(numbers).items()}
            for model, numbers in asked.items()
        }

    def column(self, name: str) -> str:
        return (name.removesuffix("_id") if name in self._numbers else name).replace("_", " ")

    def said(self, subject: str, name: str, value: Any) -> Said:
        if name in UNSAID or value in (None, "", [], {}):
            return Said()
        if isinstance(value, str) and _MOMENT.fullmatch(value):
            at = datetime.fromisoformat(value).astimezone(UTC)
            return Said(f"{at:%Y-%m-%d %H:%M:%S} UTC", at)
        text = self._text(subject, name, value)
        return Said(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")

    def _text(self, subject: str, name: str, value: Any) -> str:
        if rows := self._rows(name, value):
            return ", ".join(self._name(*row) for row in rows)
        if name == "week" and isinstance(value, dict) and all(map(_are_times, value.values())):
            return "; ".join(
                f"{day} {week_text.say(value[str(number)])}"
                for number, day in enumerate(WEEKDAYS)
                if value.get(str(number))
            )
        if name == "intervals" and _are_times(value):
            return week_text.say(value)
        choices = CHOICES.get((subject, name), {})
        values = value if isinstance(value, list) else [value]
        return _plain([choices.get(each, each) if isinstance(each, str | int) else each for each in values])

    def _rows(self, name: str, value: Any) -> list[tuple[type[Model], int]]:
        """What rows a value means, if it means any."""
        if name == "assigns" and (whom := _WHOM.fullmatch(str(value))):
            return [(_WHOSE[whom["what"]], int(whom["number"]))]
        model = self._numbers.get(name)
        values = value if isinstance(value, list) else [value]
        return [(model, each) for each in values if type(each) is int] if model else []

    def _name(self, model: type[Model], number: int) -> str:
        return self._names[model].get(number, f"number {number}, which is gone")


def _are_times(value: Any) -> bool:
    """A log is read as it was written, also by a version that called something else so."""
    pairs = value if isinstance(value, list) else [None]
    return all(
        isinstance(each, list) and len(each) == 2 and all(type(time) is int for time in each)
        for each in pairs
    )


def _plain(value: Any) -> str:
    """Without signs that only programs need; what is empty in it is left out."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        parts = ((str(key).replace("_", " "), _plain(each)) for key, each in value.items())
        return "; ".join(f"{key}: {said}" for key, said in parts if said)
    if isinstance(value, list):
        return ", ".join(filter(None, map(_plain, value)))
    return "" if value is None else str(value)
