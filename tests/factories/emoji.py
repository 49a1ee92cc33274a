"""What emoji are put together from, and what stands between them: any order of these is a text that somebody may paste."""

from __future__ import annotations

from typing import Final

_TAGS: Final = ("gbeng", "gbsct", "usca")

PIECES: Final = (
    *"a1#*é日©®→™❤☺☠⚡⚕⚖♀♂♾➡ ",
    *("\ufe0f", "\ufe0e", "\u200d", "\u200d", "\u20e3", "\u0301"),
    *"👍☝✊🏋🕵🏃🚶👯🧟👨👩🧑👦👧🧒🏽🏿🤝🫱🫲💋🚀🦽🦰🏳🏴🌈👁🗨🐻❄🐈⬛🍕",
    *"🇫🇷🇺🇦🇽🇶",
    *("".join(chr(0xE0000 + ord(each)) for each in name) for name in _TAGS),
    "\U000e007f",
    *(
        "👨\u200d👩\u200d",
        "🏳\ufe0f\u200d",
        "❤\ufe0f\u200d",
        "\u200d♀\ufe0f",
        "\u200d➡\ufe0f",
        "1\ufe0f\u20e3",
    ),
)
