"""Times in a query: by how long, by a day, by two."""

from __future__ import annotations

import re
from datetime import date, timedelta

from inbox.rules._view_words import Token, choices, given, may
from inbox.rules.view_query import NONE, Names, QueryError, Term, seconds_of, span

_TEN_YEARS = 3650 * 86_400


def read_time(token: Token) -> list[Term]:
    """`due<1h`, `created>=2026-11-01`, `due:today`, `created:2026-11-01..2026-11-05`."""
    values = given(token, choices(token.field, Names()))
    if token.op != ":" and seconds_of(",".join(values).lower()) is not None:
        values = [",".join(values)]  # the comma of "1,5h"
    if len(values) > 1:
        raise QueryError(f"“{token.field}” takes one time. Say it twice for both.", word=token.word)
    value = values[0].lower()
    if token.op == ":":
        return _read_day_or_range(value, token)
    seconds = seconds_of(value)
    if seconds is not None:
        if seconds > _TEN_YEARS:
            raise QueryError("That is more than ten years. Say less.", word=token.word)
        return [Term(token.field, token.op[0], (span(seconds),), token.negated)]
    day = None if token.field == "waiting" else _day(value, token)
    if day is None:
        raise QueryError(f"“{value}” is no length of time. Write {token.field}{token.op}30m, 2h, 1d or 1h30m.", word=token.word)  # fmt: skip
    # After a day is from the next one on; up to a day is before the next one.
    op, day = (">=", day) if token.op == ">=" else ("<", day) if token.op == "<" else (">=" if token.op == ">" else "<", _next(day, token))  # fmt: skip
    return [Term(token.field, op, (day.isoformat(),), token.negated)]


def _read_day_or_range(value: str, token: Token) -> list[Term]:
    if value in ("today", NONE) and not (token.field in ("waiting",) and value == "today"):
        return _read_none(token) if value == NONE else [Term(token.field, ":", ("today",), token.negated)]
    if value == "late" and token.field == "due":
        return [Term("is", ":", ("late",), token.negated)]
    first, dots, last = value.partition("..")
    begin = _day(first, token) if first else None
    end = _day(last if dots else first, token) if (last or not dots) else None
    if token.field == "waiting" or (begin is None and end is None):
        raise QueryError(
            f"“{token.word}” names no time. {may(choices(token.field, Names()), token)}", word=token.word
        )
    if begin and end and begin > end:
        raise QueryError(f"{first} is after {last}. Write {token.field}:{last}..{first}.", word=token.word)
    if token.negated and begin and end:
        raise QueryError("Say which side you mean, created<… or created>…, instead of “not between”.".replace("created", token.field), word=token.word)  # fmt: skip
    found = []
    if begin:
        found.append(Term(token.field, ">=", (begin.isoformat(),), token.negated))
    if end:
        found.append(Term(token.field, "<", (_next(end, token).isoformat(),), token.negated))
    return found


def _read_none(token: Token) -> list[Term]:
    if token.field in ("created", "updated"):
        raise QueryError(f"Every conversation was {token.field} at some time.", word=token.word)
    if token.field == "waiting":
        return [Term("is", ":", ("waiting",), not token.negated)]
    return [Term(token.field, ":", (NONE,), token.negated)]


def _day(text: str, token: Token) -> date | None:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise QueryError(f"There is no day {text}. Write it as year-month-day.", word=token.word) from None
    if not 1971 <= found.year <= 2999:
        raise QueryError(f"{text} is too far away to mean anything here.", word=token.word)
    return found


def _next(day: date, token: Token) -> date:
    return day + timedelta(days=1)
