"""Dates, as they are typed: "24 nov", "nov 24", "24.11.", "24/11", "2026-11-24"; an hour may follow. Where one does, "24.11" is a date as well."""

from __future__ import annotations

import re

from inbox.rules import _calendar_words as words
from inbox.rules._typed_clock import CLOCK

PARTS = "|".join(["morning", *words.PARTS_OF_DAY])
ISO = re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?:[t ]\s*|$)(?P<rest>.*)")
SLASHED = re.compile(r"(?P<a>\d{1,2})/(?P<b>\d{1,2})(?:/(?P<y>\d{4}))?(?:\s+(?P<rest>.*)|$)")
DOTTED = re.compile(r"(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.(?:\s?(?P<y>\d{4}))?(?:\s+(?P<rest>.*)|$)")
DAY_MONTH = re.compile(
    r"(?P<d>\d{1,2})(?:st|nd|rd|th|\.)?\s+(?:of\s+)?(?P<month>[a-z]+)\.?(?:,?\s+(?P<y>\d{4})(?!:))?(?:\s+(?P<rest>.*)|$)"
)
MONTH_DAY = re.compile(r"(?P<month>[a-z]+)\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(?P<y>\d{4})(?!:))?(?:,?\s+(?P<rest>.*)|$)")  # fmt: skip
# Without the point behind its month it may be an hour. It is none where an hour follows.
POINTED = re.compile(
    rf"(?P<d>0?[1-9]|[12]\d|3[01])\.\s?(?P<m>0?[1-9]|1[0-2])(?:\s+(?P<rest>(?:at )?(?:{PARTS}|{CLOCK.pattern})))?"
)


def begins(text: str) -> bool:
    """Whether a date stands at the beginning, be there such a day or not."""
    if any(pattern.fullmatch(text) for pattern in (ISO, SLASHED, DOTTED)):
        return True
    named = [pattern.fullmatch(text) for pattern in (DAY_MONTH, MONTH_DAY)]
    return any(found is not None and words.month(found["month"]) is not None for found in named)
