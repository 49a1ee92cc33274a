"""Whom a note speaks of: `@Mara Lindt`. What is typed by hand counts like what was chosen, so a draft needs to keep nothing beside its words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping


def handles(people: Iterable[tuple[int, str, str]]) -> dict[int, str]:
    """(id, name, address) of each -> what stands after the @. Those who share a name are told apart by their address."""
    known = [
        (pk, " ".join((name or address.partition("@")[0]).split()), address) for pk, name, address in people
    ]
    shared = Counter(name.casefold() for _, name, _ in known)
    return {
        pk: name if shared[name.casefold()] == 1 else f"{name} ({address})" for pk, name, address in known
    }


def mentioned(text: str, handle_of: Mapping[int, str]) -> list[int]:
    """Ids in the order of their mentions, each once. The longest handle that fits is meant: “@Mara Lindt” is not “@Mara”."""
    longest_first = sorted(handle_of.items(), key=lambda item: (-len(item[1]), item[0]))
    found: list[int] = []
    at = text.find("@")
    while at >= 0:
        if at == 0 or not (text[at - 1].isalnum() or text[at - 1] in "._-"):  # not the middle of an address
            pk = _whom(text, at + 1, longest_first)
            if pk is not None and pk not in found:
                found.append(pk)
        at = text.find("@", at + 1)
    return found


def _whom(text: str, start: int, longest_first: list[tuple[int, str]]) -> int | None:
    for pk, handle in longest_first:
        end = start + len(handle)
        if text[start:end].casefold() != handle.casefold():
            continue
        if end == len(text) or not (text[end].isalnum() or text[end] == "_"):
            return pk
    return None
