"""What operations see of a dead item."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from connectors.rules.masking import masked

SECRET = "what nobody but the agent may read"
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def test_the_shape_is_shown_and_the_words_are_not() -> None:
    shown = masked(
        {
            "id": "m1",
            "kind": "message",
            "message": {"text": SECRET, "from": {"username": "mara.k", "sender_id": "17"}},
        }
    )

    assert shown == {
        "id": "m1", "kind": "message",
        "message": {"text": f"[{len(SECRET)} characters]", "from": {"username": "[6 characters]", "sender_id": "17"}},
    }  # fmt: skip


def test_a_number_is_shown_where_it_is_an_id_or_a_time() -> None:
    """It may be where somebody is."""
    where = {"title": "Home", "coordinates": {"lat": 52.52437, "long": 13.41053}, "at_once": [48.2, 16.37]}

    shown = masked({"id": 17, "timestamp": 1785931200000, "sender_id": 4, "is_echo": False, "payload": where})

    assert shown == {
        "id": 17, "timestamp": 1785931200000, "sender_id": 4, "is_echo": False,
        "payload": {
            "title": "[4 characters]", "coordinates": {"lat": "[a number]", "long": "[a number]"}, "at_once": ["[a number]"] * 2,
        },
    }  # fmt: skip


@given(json_values)
def test_anything_can_be_shown(value: object) -> None:
    json.dumps(masked(value))


@given(st.text(alphabet="abcdefgh", min_size=1, max_size=8), json_values)
def test_no_words_come_through_under_any_unknown_name(name: str, value: object) -> None:
    assert SECRET not in json.dumps(masked({f"x{name}": [SECRET, {"deeper": SECRET}], "other": value}))
