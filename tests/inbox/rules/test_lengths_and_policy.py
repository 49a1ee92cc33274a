from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.platforms import FileLimit, Manifest, ReceiveRules, SendRules, TextLimit, Unit, WindowRules
from inbox.rules import file_types, lengths, reply_policy
from inbox.rules.reply_policy import FileFacts, Situation
from simulator.platforms.x import weighing
from tests.factories.emoji import PIECES

NOW = datetime(2026, 8, 6, 12, tzinfo=UTC)
GRAM = Manifest(
    key="gram", label="Gram", mark="Gr", colour="#c13584",
    send=SendRules(
        text=TextLimit(10, Unit.UTF8_BYTES, date(2026, 8, 1)),
        public_text=TextLimit(50, Unit.CODE_POINTS, date(2026, 8, 1)), files={"image": FileLimit(("image/png",), 100)}, files_per_message=1
    ),
    receive=ReceiveRules("webhook"), window=WindowRules(timedelta(hours=24), None, frozenset({"message"})),
)  # fmt: skip
OPEN = Situation(opened_at=NOW - timedelta(hours=1), channel_state="connected")


@pytest.mark.parametrize(
    ("text", "unit", "length"),
    [
        ("👨‍👩‍👧‍👦", Unit.UTF8_BYTES, 25),
        ("🇫🇷", Unit.UTF8_BYTES, 8),
        ("👨‍👩‍👧‍👦", Unit.CODE_POINTS, 7),
        ("👋", Unit.UTF16_UNITS, 2),
        ("see https://a.example/very/long/address", Unit.WEIGHTED, 27),
        ("👨‍👩‍👧‍👦 日本", Unit.WEIGHTED, 7),
        ("é", Unit.UTF8_BYTES, 2),
        ("e\u0301", Unit.CODE_POINTS, 2),
    ],
)
def test_length_is_counted_in_the_platforms_own_unit(text: str, unit: Unit, length: int) -> None:
    assert lengths.measure(text, unit) == length


WEIGHTS = json.loads((Path(__file__).parents[2] / "weights.json").read_text())


@pytest.mark.parametrize(("text", "weight"), WEIGHTS, ids=lambda each: str(each)[:24])
def test_a_public_post_weighs_what_x_finds(text: str, weight: int) -> None:
    assert lengths.measure(text, Unit.WEIGHTED) == weight


WITHOUT_ADDRESSES = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@given(WITHOUT_ADDRESSES, WITHOUT_ADDRESSES)
def test_together_two_texts_weigh_no_more_than_each_by_itself(before: str, after: str) -> None:
    def weigh(text: str) -> int:
        return lengths.measure(text, Unit.WEIGHTED)

    assert weigh(before + after) <= weigh(before) + weigh(after)


@given(WITHOUT_ADDRESSES)
def test_the_simulated_x_weighs_any_emoji_as_the_composer_does(text: str) -> None:
    assert weighing.weighted(text) == lengths.measure(text, Unit.WEIGHTED)


def problem(text: str = "hi", files: tuple[FileFacts, ...] = (), situation: Situation = OPEN) -> str:
    return reply_policy.check(GRAM, situation, text=text, files=files, now=NOW).problem


def test_what_fits_goes() -> None:
    assert problem("0123456789") == ""


def test_one_byte_too_many_is_said_in_bytes() -> None:
    assert problem("01234567890") == "1 bytes too long for Gram (at most 10)."


def test_a_public_answer_has_no_window_its_own_limit_and_no_files() -> None:
    under_a_post = Situation(opened_at=None, channel_state="connected", public=True)

    assert problem("Sorry to hear that! " * 2, situation=under_a_post) == ""
    assert "too long" in problem("x" * 51, situation=under_a_post)
    assert "words only" in problem(files=(FileFacts("image", "image/png", 5),), situation=under_a_post)


def test_nothing_at_all_is_not_a_reply() -> None:
    assert "Write something" in problem("  ")


@pytest.mark.parametrize(
    "text", ["\u200b", " \u200d\u2060\n", "\ufeff", "\u3164", "\u2800\u00a0", "\ufe0f", "\u034f"]
)
def test_what_nobody_would_see_is_not_a_reply(text: str) -> None:
    assert "Write something" in problem(text)
    assert problem(f"{text}a") == ""


def test_a_file_the_platform_does_not_take_is_named() -> None:
    assert "image/png" in problem(files=(FileFacts("image", "image/webp", 5),))
    assert "larger" in problem(files=(FileFacts("image", "image/png", 101, "cat.png"),))
    assert "does not take files of this kind" in problem(files=(FileFacts("video", "video/mp4", 5),))


def test_a_person_who_cannot_be_reached_closes_the_composer_with_the_reason() -> None:
    assert (
        problem(situation=Situation(NOW, "connected", unavailable_reason="They blocked you."))
        == "They blocked you."
    )


def test_who_takes_no_messages_can_still_be_answered_in_public() -> None:
    closed = Situation(NOW, "connected", unavailable_reason="They take no messages.", public=True)

    assert problem(situation=closed) == ""


def test_a_parked_channel_still_takes_replies_and_says_that_they_wait() -> None:
    verdict = reply_policy.check(
        GRAM, Situation(NOW, "needs_reconnect", "Connect it again."), text="hi", files=(), now=NOW
    )

    assert verdict.allowed
    assert verdict.parked == "Connect it again."


@pytest.mark.parametrize(
    ("minutes", "public", "said"), [(180, False, True), (4, False, False), (180, True, False)]
)
def test_a_limit_that_is_used_up_for_long_is_said_before_a_word_is_typed(
    minutes: int, public: bool, said: bool
) -> None:
    resumes = NOW + timedelta(minutes=minutes)
    throttled = Situation(NOW, "connected", public=public, sends_resume_at=resumes)

    verdict = reply_policy.may_write(GRAM, throttled, now=NOW)

    assert verdict.allowed
    assert verdict.parked.endswith(f"It may be sent again from {resumes:%d %b %H:%M} UTC.") is said


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
        (b"%PDF-1.7", "application/pdf"),
        (b"....ftypisom", "video/mp4"),
        (b"RIFF....AVI LIST", "video/x-msvideo"),
        (b"RIFF....WAVEfmt ", "audio/wav"),
        (b"OggS" + bytes(24) + b"\x80theora", "video/ogg"),
        (b"OggS" + bytes(24) + b"OpusHead", "audio/ogg"),
        (b"\xff\xf9\x50\x80", "audio/aac"),
        (b"....ftypheic", "image/heic"),
        (b"....ftypheix", "image/heic"),
        (b"....ftyphevc", "image/heic"),
        (b"....ftypavif", "image/avif"),
        (b"<svg onload=alert(1)>", None),
        (b"MZ\x90", None),
        (b"", None),
    ],
)
def test_a_file_is_what_its_bytes_say(content: bytes, mime: str | None) -> None:
    assert file_types.sniff(content) == mime


def test_a_type_may_have_a_limit_of_its_own() -> None:
    rules = {"image": FileLimit(("image/png", "image/gif"), 100, max_of={"image/gif": 300})}
    gram = replace(GRAM, send=replace(GRAM.send, files=rules))

    assert reply_policy.file_problem(gram, FileFacts("image", "image/gif", 250)) == ""
    assert "larger" in reply_policy.file_problem(gram, FileFacts("image", "image/gif", 301))
    assert "larger" in reply_policy.file_problem(gram, FileFacts("image", "image/png", 101))


def test_a_file_may_be_too_large_for_the_house_before_it_is_for_the_platform() -> None:
    film = FileFacts("video", "video/mp4", 100 << 20, "unboxing.mp4")
    gram = replace(GRAM, send=replace(GRAM.send, files={"video": FileLimit((), 512 << 20)}))

    assert reply_policy.file_problem(gram, film) == ""
    told = reply_policy.file_problem(gram, film, house_max=63 << 20)
    assert told.startswith("unboxing.mp4 is larger than this installation takes (63 MB).")
