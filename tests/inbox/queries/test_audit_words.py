"""A log is read as it was written: no value, of whatever shape, may keep a page of it from being shown."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from inbox.models import AuditEntry
from inbox.queries import _audit_words

COLUMNS = sorted(
    [
        *_audit_words.CHOICES,
        *(("macro", name) for name in _audit_words.NUMBERS),
        ("hours", "week"),
        ("holiday", "intervals"),
        ("macro", "assigns"),
        ("sync schedule", "budget"),
    ]
)
PLAIN = (
    some.none()
    | some.booleans()
    | some.integers(-(2**31), 2**31)
    | some.floats(allow_nan=False)
    | some.text(max_size=8)
)
VALUES = some.recursive(
    PLAIN,
    lambda each: (
        some.lists(each, max_size=3) | some.dictionaries(some.sampled_from(["0", "a_b"]), each, max_size=2)
    ),
    max_leaves=6,
)


@pytest.mark.django_db
@settings(max_examples=150)
@given(column=some.sampled_from(COLUMNS), value=VALUES)
def test_every_value_is_said(column: tuple[str, str], value: object) -> None:
    subject, name = column
    entry = AuditEntry(subject=subject, before={}, after={name: value})

    said = _audit_words.Words([entry], {}).said(subject, name, value)

    assert isinstance(said.text, str) and len(said.text) <= _audit_words.LONGEST
