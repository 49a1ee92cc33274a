from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors import wire
from connectors.contract import Malformed, Unit


def test_a_lone_surrogate_and_a_nul_become_a_replacement_character() -> None:
    assert wire.decode(rb'{"text":"a\ud800b\u0000c"}') == {"text": "a\ufffdb\ufffdc"}


def test_a_nul_alone_is_replaced_too() -> None:
    assert wire.decode(rb'["\u0000"]') == ["\ufffd"]


def test_a_number_beyond_all_floats_is_null() -> None:
    assert wire.decode(b'{"x": 1e400, "y": [-1e999]}') == {"x": None, "y": [None]}


def test_of_two_equal_keys_the_last_holds() -> None:
    assert wire.decode(b'{"a":1,"a":2}') == {"a": 2}


def test_nineteen_digits_survive() -> None:
    assert wire.ident(wire.decode(b"[9223372036854775807]")[0]) == "9223372036854775807"


def test_a_rounded_number_is_no_id() -> None:
    assert wire.ident(2.080765901528535e18) == ""


def test_the_text_twin_of_an_id_is_preferred() -> None:
    assert (
        wire.exact_id({"id": 1221000000000000000, "id_str": "1221000000000000123"}) == "1221000000000000123"
    )


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a":', b"\xff\xfe", b"NaN", b"[" * 5000, b'{"a":NaN}'])
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        wire.decode(body)


@pytest.mark.parametrize(
    "given",
    [
        1786012345, 1786012345000, 1786012345000000, "1786012345", "1786012345000", 1786012345.0,
        "2026-08-06T10:32:25+0000", "2026-08-06T10:32:25.000Z", "2026-08-06T12:32:25+02:00", "2026-08-06T10:32:25",
        "Thu Aug 06 10:32:25 +0000 2026",
    ],
)  # fmt: skip
def test_a_moment_is_read_in_every_spelling(given: object) -> None:
    assert wire.moment(given) == datetime(2026, 8, 6, 10, 32, 25, tzinfo=UTC)


@pytest.mark.parametrize("given", [None, "", "soon", -5, 0, True, [], {}, "9" * 400, 9**18 * 9, float("nan")])
def test_what_is_no_moment_is_none(given: object) -> None:
    assert wire.moment(given) is None or wire.moment(given).year > 2026  # type: ignore[union-attr]


def test_milliseconds_are_kept() -> None:
    assert wire.milliseconds(wire.when("1784928224372")) == 1784928224372


def test_a_derived_id_does_not_depend_on_the_order_of_keys() -> None:
    assert wire.derived_id("x", {"a": 1, "b": [2]}) == wire.derived_id("x", {"b": [2], "a": 1})
    assert wire.derived_id("x", {"a": 1}) != wire.derived_id("x", {"a": 2})


def test_length_is_counted_in_the_platforms_unit() -> None:
    family = "👨‍👩‍👧‍👦"
    assert [wire.length(family, unit) for unit in Unit] == [25, 7, 11, 2]


def test_a_cursor_comes_back_as_it_went() -> None:
    assert wire.unpack(wire.pack({"after": "QVFI", "n": 3})) == {"after": "QVFI", "n": 3}


@pytest.mark.parametrize("cursor", ["!", "bm8=", "é", "W10="])
def test_a_foreign_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Malformed):
        wire.unpack(cursor)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("120", 120), ("Sun, 29 Nov 2026 12:02:00 GMT", 120), ("Sun, 29 Nov 2026 11:00:00 GMT", 0), ("9999999", 86_400), ("soon", None), ("", None)],
)  # fmt: skip
def test_when_to_ask_again_is_read_as_seconds_or_as_a_date(said: str, seconds: int | None) -> None:
    now = datetime(2026, 11, 29, 12, tzinfo=UTC)
    expected = None if seconds is None else now + timedelta(seconds=seconds)

    assert wire.retry_after({"retry-after": said}, now) == expected
