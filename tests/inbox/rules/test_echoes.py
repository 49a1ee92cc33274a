import pytest

from inbox.rules import echoes


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("See shop.example/lamp", "See https://shop.example/lamp"),
        ("See shop.example, please", "See http://shop.example, please"),
        ("See https://shop.example", "See http://shop.example/"),
        ("See shop.example", "See HTTPS://shop.example/"),
        ("Q&A: 2 < 3", "Q&amp;A: 2 &lt; 3"),
        ("cafe\u0301  \r\n open", "café open"),
    ],
)
def test_an_address_written_out_and_folded_spaces_are_the_same_words(ours: str, theirs: str) -> None:
    assert echoes.same_words(ours, theirs)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("See shop.example/lamp", "See shop.example/chair"), ("It costs 10", "It costs 100"), ("a", "a /")],
)
def test_other_words_are_other_words(ours: str, theirs: str) -> None:
    assert not echoes.same_words(ours, theirs)


PICTURE = echoes.Content("", True)
OURS, THEIRS = (echoes.Content("", True, frozenset({name})) for name in ("media-1", "media-2"))


@pytest.mark.parametrize(
    ("ours", "theirs", "is_ours"),
    [
        (PICTURE, PICTURE, False),
        (PICTURE, THEIRS, False),
        (OURS, PICTURE, False),
        (OURS, THEIRS, False),
        (OURS, OURS, True),
        (echoes.Content("", True, OURS.files | THEIRS.files), OURS, True),
        (echoes.Content("Here", True), echoes.Content("Here", True, OURS.files), True),
        (echoes.Content("Here", True, OURS.files), echoes.Content("Here", True, THEIRS.files), False),
        (echoes.Content("Here", True), echoes.Content("Here", False), False),
        (echoes.Content("", False), echoes.Content("", False), False),
    ],
    ids=[
        "nobody names it", "named on the platform alone", "named here alone", "another one", "the very one", "as an attempt before called it", "words beside it",
        "the same words beside another one", "the words alone", "nothing said on either side",
    ],
)  # fmt: skip
def test_a_file_without_words_is_ours_by_its_name_alone(
    ours: echoes.Content, theirs: echoes.Content, is_ours: bool
) -> None:
    assert echoes.is_shown(ours, theirs) is is_ours


@pytest.mark.parametrize(
    ("ours", "theirs", "public", "is_ours"),
    [
        ("@mara_k It left", "It left", True, True),
        ("It left", "@mara_k @sam It left", True, True),
        ("@mara_k It left", "It left", False, False),
        ("@mara_k It left", "@mara_k It stayed", True, False),
        ("@mara_k", "@sam", True, False),
    ],
    ids=["taken for one of theirs", "put in front", "in a private talk", "other words", "names alone"],
)
def test_in_public_a_name_in_front_may_be_the_platforms_own(
    ours: str, theirs: str, public: bool, is_ours: bool
) -> None:
    shown = echoes.Content(theirs, False, public=public)

    assert echoes.is_shown(echoes.Content(ours, False), shown) is is_ours
