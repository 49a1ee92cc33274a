import pytest

from inbox.rules import order_numbers


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Where is my order #10234?", "10234"),
        ("Order no. AB-1234 has not come", "AB-1234"),
        ("Bestellnummer: 55512", "55512"),
        ("Mi pedido numero 4711 no llega", "4711"),
        ("Orders 111 and #222", "222"),
        ("order12345", "12345"),
        ("order_1234", "1234"),
        ("My order\n\n#\n9876", "9876"),
        ("I ordered 12 of them", ""),
        ("order 12345abc", ""),
        ("Call 555123", ""),
    ],
)
def test_a_number_is_found_behind_a_word_for_order_or_a_sign(text: str, number: str) -> None:
    assert order_numbers.find(text) == number
