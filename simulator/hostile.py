"""Texts that break naive software (section 11, number 26 of the platform notes)."""

from random import Random

TEXTS: tuple[str, ...] = (
    "",
    "   \t ",
    "👨‍👩‍👧‍👦🏳️‍🌈🇫🇷1️⃣👍🏿",
    "\u202emoc.elpmaxe\u202c and \u2066mixed\u2069 ends",
    "zero\u200bwidth\u200djoin\ufeffed",
    "Z\u0351\u0363\u036b\u0341\u0315a\u0334l\u0321g\u0327o\u0328",
    "caf\u00e9 or cafe\u0301",
    "half a pair: \ud83d end",
    "null \x00 byte and bell \x07",
    "é" * 499 + "x€",
    "line one\r\nline two\nline three",
    "<script>alert('hi')</script><img src=x onerror=alert(1)>",
    "{{ customer.name }} {% debug %} ${jndi:x}",
    "Robert'); DROP TABLE inbox_message;--",
    "https://shop.example/" + "a" * 1800,
    "https://раураl.example/login",
    "**bold** _it_ [link](javascript:alert(1))",
    "مرحبا order 12345 שלום",
    "w" * 10_000,
)


def hostile_text(dice: Random) -> str:
    return dice.choice(TEXTS)
