"""How long a text is, in the unit a platform counts."""

from __future__ import annotations

import re
import unicodedata

from inbox.platforms import TextLimit, Unit
from inbox.rules.emoji import EMOJI

# X's counting of public posts: Latin and its neighbours are light, everything else counts twice.
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
# An address ends at the first letter that none holds: where nothing is spaced, words are glued to it. Also in static/js/lib/measure.js.
_COMMON = (
    "com|net|org|info|biz|edu|gov|int|mil|name|mobi|pro|jobs|asia|xyz|shop|store|online|site|app|dev|page|blog|news|cloud|tech|agency|group"
    "|company|email|help|support|world|live|life|media|studio|design|digital|global|space|website|club|today|travel|link|click|one|bank"
    "|hotel|restaurant|cafe|art|fashion|beauty|health|energy|finance|london|berlin|paris|tokyo|nyc|рф|укр|срб|бел|中国|한국|ไทย"
)
_TAIL = r"(?![a-z0-9@])(?::[0-9]+)?(?:[/?](?:[a-z0-9!?*'();:=+,.$/%#\[\]_~@|&-]*[a-z0-9=_#/+&-])?)?"
_URL = re.compile(
    r"(?<![a-z0-9@＠$#＃])https?://(?:[^\s!-,./:-@\[-^`{-~\u3000-\u3020]+\.)+(?:[a-z]{2,24}|xn--[a-z0-9-]+|" + _COMMON + ")" + _TAIL
    + r"|(?<![a-z0-9\u00c0-\u024f@＠$#＃_./-])(?:[a-z0-9\u00c0-\u024f-]+\.)+(?:[a-z]{2}|" + _COMMON + ")" + _TAIL,
    re.IGNORECASE,
)  # fmt: skip
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
    """An emoji of many code points weighs as much as one letter that is not light."""
    plain, urls = _URL.subn(" ", unicodedata.normalize("NFC", text))
    plain, emoji = EMOJI.subn("", plain)
    light = sum(any(first <= ord(letter) <= last for first, last in _LIGHT) for letter in plain)
    return urls * (_URL_WEIGHT - 1) + emoji * 2 + len(plain) * 2 - light


def too_long_by(text: str, limit: TextLimit) -> int:
    """How many units over the limit; 0 when it fits."""
    return max(0, measure(text, limit.unit) - limit.max)
