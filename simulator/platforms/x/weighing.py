"""How X weighs a post: 280 at most, an address 23 whatever its length, wide letters 2, and so does an emoji, of however many signs."""

import re
import unicodedata

from simulator.platforms.x.emoji import end_of_emoji

MOST = 280
ADDRESS = 23
EMOJI = 2
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_ENDS = "com|net|org|info|biz|shop|store|online|site|app|dev|page|blog|news|world|live|link|xyz|рф|中国|한국|ไทย|[a-z]{2}"
_PROTOCOL = re.compile(rf"(?<![a-z0-9@$#])https?://([^\s/?,()。、.]+\.)+({_ENDS}|example)(?![a-z0-9@])", re.I)
_BARE = re.compile(rf"(?<![a-z0-9@$#_./-])([a-z0-9-]+\.)+({_ENDS})(?![a-z0-9@])", re.I)
_PATH = re.compile(r"(:\d+)?([/?][!-~]*(?<![!'()*,.:;?]))?|")


def weighted(text: str) -> int:
    text = unicodedata.normalize("NFC", text)
    weight, at = 0, 0
    while at < len(text):
        if found := _PROTOCOL.match(text, at) or _BARE.match(text, at):
            way = _PATH.match(text, found.end())
            at = way.end() if way else found.end()
            weight += ADDRESS
        elif (end := end_of_emoji(text, at)) > at:
            at = end
            weight += EMOJI
        else:
            weight += 1 if any(first <= ord(text[at]) <= last for first, last in _LIGHT) else 2
            at += 1
    return weight
