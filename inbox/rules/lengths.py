"""How long a text is, in the unit a platform counts."""

from __future__ import annotations

import re

from inbox.platforms import TextLimit, Unit

# X's counting of public posts: Latin and its neighbours are light, everything else counts twice.
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_URL = re.compile(r"https?://\S+")
_URL_WEIGHT = 23


def measure(text: str, unit: Unit) -> int:
    match unit:
        case Unit.UTF8_BYTES:
            return len(text.encode("utf-8", "surrogatepass"))
        case Unit.UTF16_UNITS:
            return len(text.encode("utf-16-le", "surrogatepass")) // 2
        case Unit.CODE_POINTS:
            return len(text)
        case Unit.WEIGHTED:
            return _weigh(text)


def _weigh(text: str) -> int:
    """An emoji of many code points counts as one letter: what is joined to it, or colours it, weighs nothing."""
    plain, urls = _URL.subn("", text)
    weight, joined = urls * _URL_WEIGHT, False
    for letter in plain:
        code = ord(letter)
        if code == 0x200D:
            joined = True
        elif code == 0xFE0F or 0x1F3FB <= code <= 0x1F3FF:
            continue
        elif joined:
            joined = False
        else:
            weight += 1 if any(first <= code <= last for first, last in _LIGHT) else 2
    return weight


def too_long_by(text: str, limit: TextLimit) -> int:
    """How many units over the limit; 0 when it fits."""
    return max(0, measure(text, limit.unit) - limit.max)
