"""An order number as customers write it. Orders are not kept yet; until they are, the number in their own words is what is known."""

from __future__ import annotations

import re
from collections.abc import Iterable

# A word for order in six languages and a number after it; or a number that says by itself that it is one. What may be long (letters)
# is never given back, and blanks have a bound: a customer's message takes as long as it has characters.
_NAMED = re.compile(
    r"\b(?:order|bestell(?:ung|nummer)|auftrag|commande|pedido|ordine|encomenda)[^\W\d]*+"
    r"(?:\s{1,20}(?:number|nummer|no|nr|num|numéro|número|numero|n°|nº|is|ist|est|es|è|é))*[\s.:#]{0,20}"
    r"([A-Za-z]{0,4}-?\d{3,12})\b",
    re.IGNORECASE,
)
_MARKED = re.compile(r"(?<!\w)#((?:[A-Z]{1,4}-?)?\d{3,12})\b")


def find(text: str) -> str:
    """The last one in a text; empty where there is none."""
    found = [(match.start(), match[1]) for pattern in (_NAMED, _MARKED) for match in pattern.finditer(text)]
    return max(found)[1] if found else ""


def last(texts: Iterable[str]) -> str:
    """The first that is found; hand them in newest first."""
    return next((number for text in texts if (number := find(text))), "")
