"""How X weighs a post: 280 at most, an address 23 whatever its length, wide letters and emoji 2."""

import re
import unicodedata

MOST = 280
ADDRESS = 23
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_ENDS = "com|net|org|info|biz|shop|store|online|site|app|dev|page|blog|news|world|live|link|xyz|рф|中国|한국|ไทย|[a-z]{2}"
_PROTOCOL = re.compile(rf"(?<![a-z0-9@$#])https?://([^\s/?,()。、.]+\.)+({_ENDS}|example)(?![a-z0-9@])", re.I)
_BARE = re.compile(rf"(?<![a-z0-9@$#_./-])([a-z0-9-]+\.)+({_ENDS})(?![a-z0-9@])", re.I)
_PATH = re.compile(r"(:\d+)?([/?][!-~]*(?<![!'()*,.:;?]))?|")
_PICTURES = ((0x2190, 0x2BFF), (0x1F000, 0x1FAFF))


def weighted(text: str) -> int:
    text = unicodedata.normalize("NFC", text)
    weight, at, after_picture, joined = 0, 0, False, False
    while at < len(text):
        if found := _PROTOCOL.match(text, at) or _BARE.match(text, at):
            way = _PATH.match(text, found.end())
            at = way.end() if way else found.end()
            weight += ADDRESS
            continue
        code = ord(text[at])
        at += 1
        if code == 0x200D and after_picture:
            joined = True
        elif code == 0xFE0F or 0x1F3FB <= code <= 0x1F3FF:
            continue
        elif joined:
            joined = False
        else:
            after_picture = _within(code, _PICTURES)
            weight += 1 if _within(code, _LIGHT) else 2
    return weight


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)
