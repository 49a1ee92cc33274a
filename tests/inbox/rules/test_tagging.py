"""Which rules a message meets, and which conditions are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.rules import built_in_tags, tagging
from inbox.rules.tagging import InvalidCondition, Rules, Said


def meets(text: str, **condition: list[str]) -> bool:
    language, platform, kind = "en", "instagram", "direct"
    said = Said(text=text, language=language, platform=platform, kind=kind)
    return bool(Rules([(1, tagging.parse(condition))]).hits(said))


@pytest.mark.parametrize(
    ("text", "word", "met"),
    [
        ("I want a REFUND!", "refund", True),
        ("refunded yesterday", "refund", False),
        ("refunded yesterday", "refund*", True),
        ("prerefund", "refund*", False),
        ("money, back", "money back", True),
        ("money is back", "money back", False),
        ("back money", "money back", False),
        ("RÜCKERSTATTUNG bitte", "ruckerstatt*", True),
        ("quiero una devolucion", "devolución", True),
        ("l’annulation svp", "annulation", True),
        ("dov’è il pacco", "dov'è il", True),
        ("Straße", "STRASSE", True),
        ("返品したいです", "返品", True),
        ("so happy 😍😍", "😍", True),
        ("I love it ❤", "❤️", True),
        ("I love it ❤️", "❤", True),
        ("Do you teach C++?", "C++", True),
        ("vitamin c, please", "C++", False),
        ("vitamin c, please", "C#", False),
        ("a c# course in Leeds", "C# course*", True),
        ("a c course in Leeds", "C# course*", False),
        ("a c course, and then c#", "C# course*", False),
        ("nothing c here but abc++ yes", "C++", False),
        ("c# or c++?", "C++", True),
        ("we write c++17 here", "C++", True),
        ("an a, no, an a++", "A+", False),
        ("is it for 18 years and above", "18+", True),
        ("is it 18+", "18+", True),
        ("Disney+ or Disney plus", "disney+", True),
        ("on disney yesterday", "disney+", True),
        ("issue 12 again", "issue# 12", True),
        ("in black white", "black+white", True),
        ("vitamin b c", "b+c", True),
        ("", "refund", False),
    ],
)
def test_words_are_compared_whole_whatever_their_case_and_accents(text: str, word: str, met: bool) -> None:
    assert meets(text, words=[word]) is met


def test_every_part_that_is_given_must_hold() -> None:
    assert meets("refund", words=["refund"], languages=["en"], platforms=["instagram"], kinds=["direct"])
    assert not meets("refund", words=["refund"], languages=["de"])
    assert not meets("refund", words=["refund"], platforms=["x"])
    assert not meets("refund", words=["refund"], kinds=["comment"])
    assert not meets("refund, but thanks", words=["refund"], without=["thanks"])
    assert meets("anything at all", languages=["en"])


def test_rules_answer_in_their_order_with_the_word_they_heard() -> None:
    rules = Rules(
        [(7, tagging.parse({"words": ["parcel"]})), (3, tagging.parse({"words": ["lost", "parcel"]}))]
    )
    hits = rules.hits(Said(text="my lost parcel"))
    assert [(hit.rule_id, hit.because) for hit in hits] == [(7, "parcel"), (3, "lost")]


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"without": ["refund"]},
        {"words": [""]},
        {"words": ["***"]},
        {"words": "refund"},
        {"words": [3]},
        {"wrods": ["refund"]},
        {"words": ["x"] * 3 + [f"w{number}" for number in range(tagging.MOST_WORDS + 1)]},
    ],
)
def test_a_condition_that_says_nothing_or_cannot_be_read_is_refused(condition: dict[str, object]) -> None:
    with pytest.raises(InvalidCondition):
        tagging.parse(condition)


@given(st.text(max_size=200), st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=5))
def test_hostile_text_never_breaks_a_rule_and_words_are_found_where_they_stand(
    text: str, words: list[str]
) -> None:
    try:
        condition = tagging.parse({"words": words})
    except InvalidCondition:
        return
    rules = Rules([(1, condition)])
    rules.hits(Said(text=text))
    first = condition.words[0].replace("*", " ")
    if first.strip() and any(character.isalnum() for character in first):
        assert rules.hits(Said(text=f"{text} {first} {text}"))


def test_a_condition_survives_its_storage() -> None:
    given_ = {"words": ["refund*", "money back"], "without": ["no"], "languages": ["de", "en"]}
    assert tagging.parse(given_).as_json() == given_


def test_every_built_in_tag_has_a_rule_that_can_be_read() -> None:
    assert len(built_in_tags.TAGS) == 10
    for tag in built_in_tags.TAGS:
        assert all(rule.words for rule in built_in_tags.rules_of(tag).values())


@pytest.mark.parametrize("tag", built_in_tags.TAGS, ids=lambda tag: tag.key)
def test_every_word_of_a_built_in_tag_can_be_met(tag: built_in_tags.BuiltInTag) -> None:
    for rule in built_in_tags.rules_of(tag).values():
        rules = Rules([(1, rule)])
        assert [word for word in rule.words if not rules.hits(Said(text=word.replace("*", "")))] == []


@pytest.mark.parametrize(
    ("text", "praises"),
    [
        ("J'adore ma nouvelle robe, merci !", True),
        ("Bravo, ma commande est arrivée, merci infiniment", True),
        ("J'adore ma si belle robe", True),
        ("Bravo pour le service, ma robe est arrivée", True),
        ("J'adore mon sac, mais la fermeture est cassée", False),
        ("Merci infiniment pour ma robe, mais elle est trop petite", False),
        ("Bellissima la lampada, grazie mille per tutto", True),
        ("Bellissima, ma è arrivata rotta", False),
        ("Adoro la borsa, ma purtroppo la cerniera non funziona", False),
        ("Complimenti per il negozio, ma non mi avete ancora risposto", False),
        ("Ottimo servizio, ma il colore è sbagliato", False),
        ("Complimenti ma voglio il rimborso", False),
        ("Complimenti, ma avete sbagliato ordine", False),
        ("Complimenti, ma perché nessuno risponde?", False),
        ("Complimenti per il sito, ma dov'è il mio pacco?", False),
        ("Bellissima, ma che delusione", False),
        ("Bellissimo ma difettoso", False),
        ("Adoro i vostri prodotti ma stavolta voglio indietro i soldi", False),
        ("Bravo, ma il pacco non è arrivato", False),
        ("Excellent service, but late", False),
        ("Bravo a tutti, ma il pacco non è arrivato", False),
        ("Super service, ma non arriva", False),
        ("Excellent service, ma il pacco è rotto", False),
        ("J'adore, ma è arrivata rotta", False),
        ("J'adore! Ma la borsa non arriva", False),
        ("Bravo a tutti!", True),
        ("Bravo ! Ma commande est arrivée en 2 jours", True),
        ("Super service, ma commande est arrivée en 2 jours", True),
        ("Bravo à toute l'équipe, ma robe est arrivée", True),
        ("Bravo à vous et à ma conseillère", True),
    ],
)
def test_a_but_in_one_language_is_no_but_in_another(text: str, praises: bool) -> None:
    rules = Rules(enumerate(built_in_tags.rules_of(built_in_tags.BY_KEY["praise"]).values()))

    assert bool(rules.hits(Said(text=text))) == praises


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("Je pars en vacances samedi, le colis arrive quand ?", set()),
        ("Is the vacancy in your shop still open?", {"job"}),
        ("Your mail says click the link below but the link is broken", set()),
        ("Votre mail dit « cliquez sur ce lien » et rien ne se passe", set()),
        ("Click the link below to claim a voucher of $500", {"spam"}),
        ("Mi piace il vostro cancello", set()),
        ("Please cancel it", {"cancel"}),
        ("I wanted it cancelled", {"cancel"}),
        ("Quiero que lo cancelen", {"cancel"}),
        ("Cancelo", {"cancel"}),
        ("Vorrei cancellare", {"cancel"}),
        ("Come cancello l'ordine?", {"cancel"}),
        ("Como faço o cancelamento?", {"cancel"}),
        ("Fate anche articoli di cancelleria?", set()),
        ("Is my order canceld? I want the cancelation confirmed", {"cancel"}),
        ("Bitte canceln", {"cancel"}),
        ("It is not urgent at all", set()),
        ("This isn't urgent", set()),
        ("No es urgente", set()),
        ("Kein Notfall", set()),
        ("Das ist nicht so dringend", set()),
        ("Ce n’est pas urgent", set()),
        ("Non è urgente", set()),
        ("Não é urgente", set()),
        ("Dringend!", {"urgent"}),
    ],
)
def test_everyday_sentences_are_told_from_what_a_tag_means(text: str, tags: set[str]) -> None:
    named = [(tag.key, rule) for tag in built_in_tags.TAGS for rule in built_in_tags.rules_of(tag).values()]
    rules = Rules(enumerate(rule for _, rule in named))

    assert {named[hit.rule_id][0] for hit in rules.hits(Said(text=text))} == tags


@pytest.mark.parametrize(
    ("text", "language", "moods"),
    [
        ("Hi, I'm Ravi, where is my parcel?", "en", set()),
        ("Hi, I'm Ravi", "", set()),
        ("Je suis ravie", "fr", {"positive"}),
        ("Do you have a toll free number?", "en", set()),
        ("Das ist toll", "de", {"positive"}),
        ("I hate to bother you, which size is it?", "en", set()),
        ("I hate this bag", "en", {"negative"}),
        ("Nul besoin de me rappeler", "fr", set()),
        ("C'est vraiment nul", "fr", {"negative"}),
        ("There was a fatal error when I paid", "en", set()),
        ("El servicio fue fatal", "es", {"negative"}),
    ],
)
def test_a_mood_is_heard_by_words_that_mean_it_in_the_language_spoken(
    text: str, language: str, moods: set[str]
) -> None:
    named = built_in_tags.mood_rules()
    rules = Rules(enumerate(rule for _, rule in named))

    assert {named[hit.rule_id][0] for hit in rules.hits(Said(text=text, language=language))} == moods
