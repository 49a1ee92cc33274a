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
