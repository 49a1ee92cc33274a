"""Ids of X: decimal snowflakes of up to nineteen digits, comparable as numbers only."""

from __future__ import annotations

from typing import Final

from connectors.contract import Malformed, ThreadKind

COMMENT: Final = "comment:"


def order_key(snowflake: str) -> str:
    """Text that sorts as the number does."""
    return snowflake.zfill(20)


def between(one: str, other: str) -> str:
    """The conversation of two people: the smaller id first."""
    try:
        return "-".join(sorted((one, other), key=int))
    except ValueError:
        raise Malformed("The ids of the two sides are no numbers.") from None


def normal(conversation_id: str) -> str:
    """Encrypted chats join the two ids with a colon, all else with a hyphen; the order is not to be relied on."""
    first, dash, second = conversation_id.replace(":", "-").partition("-")
    return between(first, second) if dash and second else conversation_id


def of_posts(root: str, person: str) -> str:
    """One person's posts under one root. Many speak there, and each is somebody to answer."""
    return f"{COMMENT}{root}:{person}" if person else f"{COMMENT}{root}"


def person(thread_id: str) -> str:
    """Whose posts a thread of posts is of; "" where nobody knows."""
    return thread_id.removeprefix(COMMENT).partition(":")[2]


def kind(thread_id: str) -> ThreadKind:
    return ThreadKind.DIRECT if "-" in thread_id else ThreadKind.GROUP


def other(thread_id: str, own_id: str) -> str:
    """The other side of a conversation of two; "" in a group."""
    first, dash, second = thread_id.partition("-")
    if not dash:
        return ""
    return second if first == own_id else first
