"""Variables in words that are kept for later: `{{contact.first_name}}`, or `{{contact.first_name|there}}` where nobody knows it.

A grammar of its own and nothing more: a name is looked up, never run. What is filled in is plain text and is not read again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    means: str


VARIABLES = (
    Variable("contact.first_name", "the customer's first name"),
    Variable("contact.name", "the customer's whole name"),
    Variable("contact.username", "the customer's name on the network, without @"),
    Variable("contact.orders.last", "the order number the customer wrote last"),
    Variable("agent.first_name", "your first name"),
    Variable("agent.name", "your whole name"),
    Variable("brand.name", "the brand's name"),
    Variable("conversation.channel", "the network, such as Instagram"),
)
KNOWN = {variable.name: variable for variable in VARIABLES}

# What begins like one of ours was meant to be one, also misspelt. `{{first_name}}` may be what a customer complains of.
ROOTS = frozenset(name.partition(".")[0] for name in KNOWN)

# One slot: a dotted name, and perhaps what stands there when it is not known.
_SLOT = re.compile(r"\{\{[ \t]*([A-Za-z_]+(?:\.[A-Za-z_]+)*)[ \t]*(?:\|([^{}|\n]*))?\}\}")


_TWO_BRACES = re.compile(r"\{(?=\{)")


class InvalidText(ValueError):
    """The text cannot be kept as it is. The words say what to write instead."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place to be filled. `written` is how it stands in the text, `fallback` what it becomes where nobody knows; without one it stays."""

    written: str
    name: str
    fallback: str | None


Part = str | Slot


def parse(text: str) -> list[Part]:
    """Words and slots in their order. Put together as written they are the text again."""
    parts: list[Part] = []
    at = 0
    for found in _SLOT.finditer(text):
        if found.start() > at:
            parts.append(text[at : found.start()])
        parts.append(Slot(found[0], found[1].lower(), None if found[2] is None else found[2].strip()))
        at = found.end()
    if at < len(text):
        parts.append(text[at:])
    return parts


def check(text: str) -> None:
    """Raises InvalidText for a variable that there is not, or braces that are not one."""
    for part in parse(text):
        if isinstance(part, Slot):
            _check_name(part)
        elif "{{" in part:
            begun = part[part.index("{{") :].splitlines()[0][:40]
            raise InvalidText(f"“{begun}” is no variable. Write it like {{{{contact.first_name}}}}.")


def _check_name(slot: Slot) -> None:
    if slot.name in KNOWN:
        return
    near = get_close_matches(slot.name, KNOWN, n=1)
    hint = (
        f"Did you mean {{{{{near[0]}}}}}?" if near else "The list beside the text shows those that there are."
    )
    raise InvalidText(f"There is no variable {slot.written}. {hint}")


def render(text: str, values: Mapping[str, str]) -> str:
    """Filled in where something is known. What is not known stays as it stands, to be seen and filled by hand."""
    return "".join(part if isinstance(part, str) else _fill(part, values) for part in parse(text))


def _fill(slot: Slot, values: Mapping[str, str]) -> str:
    return values.get(slot.name) or (slot.written if slot.fallback is None else slot.fallback)


def unfilled(text: str) -> list[str]:
    """Slots of ours that are still in words about to be sent, each once. No customer shall read one."""
    slots = (part for part in parse(text) if isinstance(part, Slot))
    return list(dict.fromkeys(slot.written for slot in slots if slot.name.partition(".")[0] in ROOTS))


def as_value(said: str) -> str:
    """What somebody calls themselves, as it may be filled in: two braces together would look like a slot that nobody has filled."""
    return _TWO_BRACES.sub("{ ", said)


def first_name(name: str) -> str:
    """What somebody is called by: the first word with a letter in it. "✨ Anna K." is Anna."""
    words = name.split()
    return next((word.strip("., ") for word in words if any(letter.isalpha() for letter in word)), "")
