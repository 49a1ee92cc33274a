"""The table of view_cases.json, read: the same for Python, for PostgreSQL and for the page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from inbox.queries import view_names
from inbox.rules import view_checks
from inbox.rules.view_checks import Checks, Day, Facts
from inbox.rules.view_query import Names
from inbox.rules.view_reading import parse

TABLE = json.loads((Path(__file__).parent / "view_cases.json").read_text(encoding="utf-8"))
NOW = datetime.fromisoformat(TABLE["now"])
DAY = Day(*(datetime.fromisoformat(at) for at in TABLE["day"]))
ME = TABLE["me"]
NAMES = Names(platforms={"instagram": ("ig", "instagram"), "x": ("x",)}, tags=("refund", "late", "spam"))
_TIMES = ("waiting", "due", "created", "updated")


@dataclass(frozen=True)
class Case:
    query: str
    facts: Facts
    holds: bool
    until: datetime | None

    @property
    def checks(self) -> Checks:
        return checks_of(self.query)


def checks_of(text: str, *, me: int = ME) -> Checks:
    midnight = view_names.midnight_in(ZoneInfo("UTC"))
    return view_checks.of_query(parse(text, NAMES), me=me, midnight=midnight)


def facts(**told: Any) -> Facts:
    all_of = {**TABLE["usual"], **told}
    times = {name: datetime.fromisoformat(at) if (at := all_of[name]) else None for name in _TIMES}
    return Facts(**{**all_of, **times, "tags": tuple(all_of["tags"])})


CASES = [
    Case(
        case["query"],
        facts(**case["facts"]),
        case["holds"],
        datetime.fromisoformat(case["until"]) if case["until"] else None,
    )
    for case in TABLE["cases"]
]
