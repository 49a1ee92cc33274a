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
        ("La robe est trop court, je peux la changer ?", []),
        ("See you in court", ["court"]),
        ("Then I will take you to court", ["court"]),
        ("Je vole lundi et j'en ai besoin avant", []),
        ("On m'a vole mon colis", ["vole"]),
        ("Colis volé devant la porte", ["volé"]),
        ("Nul besoin de me rappeler", []),
        ("Votre service est nul", ["nul"]),
        ("It's not urgent, whenever you have time", []),
        ("This isn’t really an emergency", []),
        ("No es urgente, gracias", []),
        ("Kein Notfall, ich wollte nur fragen", []),
        ("Non è così urgente", []),
        ("Ce n'est pas urgent", []),
        ("Rien d'urgent de mon côté", []),
        ("Não é urgente", []),
        ("No, es urgente", ["urgente"]),
        ("No!\nUrgent", ["urgent"]),
        ("I have not got it and it is urgent", ["urgent"]),
        ("Not urgent yesterday, urgent today", ["urgent"]),
        ("This is not a scam", ["scam"]),  # only what presses is calm behind a not
        ("I love the courtyard photo and the suede shoes", []),
        ("", []),
    ],
)
def test_words_of_anger_are_found_as_they_were_written(text: str, words: list[str]) -> None:
    assert negative_words.found(text) == words


def test_a_message_without_end_takes_no_time_without_end() -> None:
    assert negative_words.found("calm " * 1_000_000 + "scam") == []
