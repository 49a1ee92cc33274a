"""Which signs make one emoji together: X counts by the sequences of which Twemoji has a picture, and by no others. Also in static/js/lib/emoji.js."""

from __future__ import annotations

import re
from string import ascii_uppercase
from typing import Final

_EITHER = (  # text, or a picture where U+FE0F follows
    "‼⁉™ℹ↔-↙↩↪⌚⌛⌨⏏⏭-⏯⏱⏲⏸-⏺Ⓜ▪▫▶◀◻-◾☀-☄☎☑☔☕☘☝☠☢☣☦☪☮☯☸-☺♀♂♈-♓♟♠♣♥♦♨♻♾♿⚒-⚗"
    "⚙⚛⚜⚠⚡⚧⚪⚫⚰⚱⚽⚾⛄⛅⛈⛏⛑⛓⛔⛩⛪⛰-⛵⛷-⛺⛽✂✈✉✌✍✏✒✔✖✝✡✳✴❄❇❗❣❤➡⤴⤵⬅-⬇⬛⬜⭐⭕〰〽㊗㊙🀄🅰🅱🅾"
    "🅿🈂🈚🈯🈷🌡🌤-🌬🌶🍽🎖🎗🎙-🎛🎞🎟🏋-🏎🏔-🏟🏳🏵🏷🐿👁📽🕉🕊🕯🕰🕳-🕹🖇🖊-🖍🖐🖥🖨🖱🖲🖼🗂-🗄🗑-🗓🗜-🗞🗡🗣🗨🗯🗳🗺🛋🛍-🛏"
    "🛠-🛥🛩🛰🛳"
)
_BODIES = (  # what a skin tone colours
    "✊✋🎅🏂-🏄🏇🏊👂👃👆-👐👦-👸👼💁-💃💅-💇💏💑💪🕺🖕🖖🙅-🙇🙋-🙏🚣🚴-🚶🛀🛌🤌🤏🤘-🤟🤦🤰-🤹🤼-🤾🥷🦵🦶🦸🦹🦻🧍-🧏🧑-🧝"
    "🫃-🫅🫰-🫸"
)
_PLAIN_BODIES = "☝⛹✌✍🏋🏌🕴🕵🖐"  # the same, and text where neither it nor U+FE0F follows
_FLAGS = (
    "A:CDEFGILMOQRSTUWXZ B:ABDEFGHIJLMNOQRSTVWYZ C:ACDFGHIKLMNOPQRUVWXYZ D:EGJKMOZ E:ACEGHRSTU F:IJKMOR "
    "G:ABDEFGHILMNPQRSTUWY H:KMNRTU I:CDELMNOQRST J:EMOP K:EGHIMNPRWYZ L:ABCIKRSTUVY M:ACDEFGHKLMNOPQRSTUVWXYZ "
    "N:ACEFGILOPRUZ O:M P:AEFGHKLMNRSTWY Q:A R:EOSUW S:ABCDEGHIJKLMNORSTVXYZ T:ACDFGHJKLMNORTVWZ U:AGMNSYZ "
    "V:ACEGINU W:FS X:K Y:ET Z:AMW"
)
_MEANT = str.maketrans({"+": "\u200d", "!": "\ufe0f", "~": "[\U0001f3fb-\U0001f3ff]"})  # a skin tone
_SEQUENCES = (
    "[👨👩🧑]~?+(?:[⚕⚖✈]!|[🌾🍳🍼🎄🎓🎤🎨🏫🏭💻💼🔧🔬🚀🚒🦰-🦳🩰]|[🦯🦼🦽](?:+➡!)?)",  # what they do, and their hair
    "[👨👩🧑]~?+(?:❤!(?:+💋)?|[🤝🐰🫯])+[👨👩🧑]~?",  # couples
    "(?:👨+(?:[👨👩]+)?|👩+(?:👩+)?)(?:👧(?:+[👦👧])?|👦(?:+👦)?)|🧑+(?:🧑+)?🧒(?:+🧒)?",  # families
    "🫱~+🫲~",  # hands
    "[🏃🚶🧎]~?(?:+[♀♂]!)?+➡!",  # which way they go
    "[🏃🏄🏊👮-👱👳👷💁💂💆💇🙅-🙇🙋🙍🙎🚣🚴-🚶🤦🤵🤷-🤹🤼-🤾🦸🦹🧍-🧏🧔🧖-🧟]~?+[♀♂]!|[⛹🏋🏌🕴🕵](?:!|~)+[♀♂]!",  # women and men
    "🏳!+(?:🌈|⚧!)|🏴+☠!|👁!+🗨!|👁+🗨|❤!+[🔥🩹]|⛓!+💥|🙂+[↔↕]!|😮+💨|😵+💫|😶+🌫!",
    "🐕+🦺|🐈+⬛|🐦+[⬛🔥]|🐻+❄!|🍄+🟫|🍋+🟩",
    f"[{_PLAIN_BODIES}]!?~|[{_BODIES}]~|[©®{_EITHER}]!|[0-9#*]!?\u20e3",
)


def _flags() -> str:
    """Two regional letters, of a region that has a flag."""
    regional = "".join(map(chr, range(0x1F1E6, 0x1F200)))
    pairs = (f"{first}[{others}]" for first, others in (each.split(":") for each in _FLAGS.split()))
    return "|".join(pairs).translate(str.maketrans(ascii_uppercase, regional))


def _tagged(*regions: str) -> str:
    """A black flag with the region in tags."""
    tags = ("".join(chr(0xE0000 + ord(letter)) for letter in each) for each in regions)
    return f"🏴(?:{'|'.join(tags)})\U000e007f"


EMOJI: Final = re.compile(
    "|".join(("|".join(_SEQUENCES).translate(_MEANT), _flags(), _tagged("gbeng", "gbsct", "gbwls")))
)
