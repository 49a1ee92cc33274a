"""Whatever reads a stranger's words takes as long as there are words: no message makes a worker stand still."""

import time
from collections.abc import Callable

import pytest

from config import logs
from connectors.platforms.linkedin import content
from connectors.platforms.x import media
from inbox.learning import encoder, languages, lessons
from inbox.rules import (
    csv_cells,
    echoes,
    negative_words,
    order_numbers,
    search_words,
    standing,
    tagging,
    variables,
)

Reader = Callable[[str], object]
READERS: dict[str, Reader] = {
    "language": lambda text: languages.hear(text, ("en", "de")),
    "sentence": encoder.tidy,
    "template": lessons.template,
    "order number": order_numbers.find,
    "angry words": negative_words.found,
    "search": search_words.lexemes,
    "rule": tagging.fold,
    "variables": variables.unfilled,
    "table": csv_cells.safe,
    "echo": lambda text: echoes.same_words(text, "Yes."),
    "history": standing._words,
    "log": logs.clean,
    "LinkedIn": lambda text: content.words({"format": "LITTLE", "content": text}),
    "LinkedIn's files": lambda text: content.attachments({"content": {"format": "LITTLE", "content": text}}),
    "X": lambda text: media.words(text, {}, with_media=True),
}
PARTS = (
    "@", " ", "\n", "\t ", "あ", "!@", "a@", "a.a@", "@[", "@[](urn:li:", "{audio|urn:li:", "order ", "order no ", "is ", ". : #", "a", "a.",
    "A", "1", "1.", "-", "=", '"', ";", '; "', "|\t", "#1", "a1-", "a+", "{{", "{{a ", "{{a.", "{{a|", "http://", "https://t.co/", "www.",
    "&#", "a://b:", "code=", "bearer ", "\nDETAIL: ", "/key/", "\u200d", "\ufdfa",
)  # fmt: skip
A_BLINK = 0.02  # seconds of the processor


def took(read: Reader, text: str) -> float:
    began = time.thread_time()
    read(text)
    return time.thread_time() - began


def best(read: Reader, text: str) -> float:
    return min(took(read, text) for _ in range(3))


@pytest.mark.parametrize("name", READERS)
def test_four_times_the_words_take_some_four_times_as_long(name: str) -> None:
    read = READERS[name]
    read("order 123")  # what is loaded once is not counted
    for part in PARTS:
        for size in (2_000, 8_000):  # first the shorter: of the longer what is cubic would not come back
            text = ("order" + part * size)[:size]
            if took(read, text) > A_BLINK:
                assert best(read, text) < 9 * best(read, text[: size // 4]), (part, size)
