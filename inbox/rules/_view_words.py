"""What may stand where in the query bar, and how it is said that something else stands there."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from inbox.rules.view_query import (
    ANY,
    FLAGS,
    KINDS,
    ME,
    MOODS,
    NONE,
    PRIORITIES,
    STATES,
    TIMES,
    Names,
    QueryError,
)

IS_WORDS = (*STATES, ANY, *FLAGS, "assigned", "unassigned", "public", "read")
_SHOWN = 16  # all fields, and of what a brand has as many


@dataclass(slots=True)
class Token:
    """`word`: as it was typed. `op` is empty for words that are looked for."""

    word: str
    negated: bool
    field: str
    op: str
    values: list[str]


def choices(field: str, names: Names) -> list[str]:
    """What may stand after a field, as it is typed; what the query bar offers."""
    match field:
        case "is":
            return [*FLAGS, "unassigned", "assigned", "read", "public", *STATES, ANY]
        case "priority":
            return list(PRIORITIES)
        case "mood":
            return [*MOODS, NONE]
        case "kind":
            return list(KINDS)
        case "tag":
            return [*names.tags, NONE]
        case "channel":
            return [
                *(said[0] for said in names.platforms.values() if said),
                *(n.said for n in names.channels),
            ]
        case "assignee":
            return [ME, NONE, *(name.said for name in names.people)]
        case "team":
            return [*(name.said for name in names.teams), NONE]
        case "language":
            return ["en", "de", "fr", "es", NONE]
        case "from":
            return ["anna"]
    return [] if field not in TIMES else ["<1h", ">30m"] if field == "waiting" else ["<1h", ">2d", ":today"]


def given(token: Token, allowed: Iterable[str]) -> list[str]:
    if token.values:
        return token.values
    raise QueryError(
        f"“{token.word}” says nothing after “{token.field}”. {may(allowed, token)}", word=token.word
    )


def may(allowed: Iterable[str], token: Token) -> str:
    examples = [
        f"{token.field}{'' if each[:1] in ('<', '>', ':') else ':'}{each}" for each in list(allowed)[:5]
    ]
    return f"Write for example {', '.join(examples)}." if examples else "There is nothing to choose from yet."


def unknown(what: str, value: str, allowed: Iterable[str], word: str, *, prefix: str = "", after: str = "") -> QueryError:  # fmt: skip
    allowed = list(allowed)
    near = difflib.get_close_matches(value.lower(), [each.lower() for each in allowed], n=1, cutoff=0.6)
    if near:
        return QueryError(f"{what} Did you mean “{prefix}{near[0]}”?{after}", word=word)
    shown = ", ".join(f"{prefix}{each}" for each in allowed[:_SHOWN])
    return QueryError(
        f"{what} {f'You may write {shown}.' if shown else 'There is none yet.'}{after}", word=word
    )
