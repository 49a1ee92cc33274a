from __future__ import annotations

import pytest

from inbox.rules import negative_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("This is a SCAM, I will call my lawyers!", ["scam", "lawyers"]),
        ("Das ist eine Unverschämtheit, ich gehe zum Anwalt", ["unverschämtheit", "anwalt"]),
        ("C'est une arnaque. Une arnaque !", ["arnaque"]),
        ("Qué vergüenza, esto es URGENTE", ["vergüenza", "urgente"]),
        ("Sono furiosa", ["furiosa"]),
        ("Isto é péssimo", ["péssimo"]),
        ("Where is my parcel?", []),
        ("I love the courtyard photo and the suede shoes", []),
        ("", []),
    ],
)
def test_words_of_anger_are_found_as_they_were_written(text: str, words: list[str]) -> None:
    assert negative_words.found(text) == words


def test_a_message_without_end_takes_no_time_without_end() -> None:
    assert negative_words.found("calm " * 1_000_000 + "scam") == []
