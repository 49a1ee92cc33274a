"""What X takes for one emoji: a sequence of which Twemoji has a picture, whatever it is put together from."""

import re

_JOIN, _AS_PICTURE, _SKIN = "\u200d", "\ufe0f", "[\U0001f3fb-\U0001f3ff]"
_TEXT_OR_PICTURE = (
    "‼⁉™ℹ↔-↙↩↪⌚⌛⌨⏏⏭-⏯⏱⏲⏸-⏺Ⓜ▪▫▶◀◻-◾☀-☄☎☑☔☕☘☝☠☢☣☦☪☮☯☸-☺♀♂♈-♓♟♠♣♥♦♨♻♾♿⚒-⚗"
    "⚙⚛⚜⚠⚡⚧⚪⚫⚰⚱⚽⚾⛄⛅⛈⛏⛑⛓⛔⛩⛪⛰-⛵⛷-⛺⛽✂✈✉✌✍✏✒✔✖✝✡✳✴❄❇❗❣❤➡⤴⤵⬅-⬇⬛⬜⭐⭕〰〽㊗㊙🀄🅰🅱🅾"
    "🅿🈂🈚🈯🈷🌡🌤-🌬🌶🍽🎖🎗🎙-🎛🎞🎟🏋-🏎🏔-🏟🏳🏵🏷🐿👁📽🕉🕊🕯🕰🕳-🕹🖇🖊-🖍🖐🖥🖨🖱🖲🖼🗂-🗄🗑-🗓🗜-🗞🗡🗣🗨🗯🗳🗺🛋🛍-🛏"
    "🛠-🛥🛩🛰🛳"
)
_SKINNED = (
    "✊✋🎅🏂-🏄🏇🏊👂👃👆-👐👦-👸👼💁-💃💅-💇💏💑💪🕺🖕🖖🙅-🙇🙋-🙏🚣🚴-🚶🛀🛌🤌🤏🤘-🤟🤦🤰-🤹🤼-🤾🥷🦵🦶🦸🦹🦻🧍-🧏🧑-🧝"
    "🫃-🫅🫰-🫸"
)
_SKINNED_TEXT = "☝⛹✌✍🏋🏌🕴🕵🖐"
_GENDERED = "🏃🏄🏊👮-👱👳👷💁💂💆💇🙅-🙇🙋🙍🙎🚣🚴-🚶🤦🤵🤷-🤹🤼-🤾🦸🦹🧍-🧏🧔🧖-🧟"
_REGIONS = (
    "AC AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV "
    "BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CP CQ CR CU CV CW CX CY CZ DE DG DJ DK DM DO DZ EA EC EE EG "
    "EH ER ES ET EU FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT "
    "HU IC ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT "
    "LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP "
    "NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL "
    "SM SN SO SR SS ST SV SX SY SZ TA TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM UN US UY UZ VA "
    "VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"
)
_TAGGED = ("gbeng", "gbsct", "gbwls")


def _in_letters(region: str, first: int, of: str) -> str:
    return "".join(chr(first + ord(letter) - ord(of)) for letter in region)


_GENDER = f"{_JOIN}[♀♂]{_AS_PICTURE}"
_TO_THE_RIGHT = f"{_JOIN}➡{_AS_PICTURE}"
_HEART = f"❤{_AS_PICTURE}"
_PARTS_OF_ADULTS = (
    f"[⚕⚖✈]{_AS_PICTURE}",
    "[🌾🍳🍼🎄🎓🎤🎨🏫🏭💻💼🔧🔬🚀🚒🦰-🦳🩰]",
    f"[🦯🦼🦽](?:{_TO_THE_RIGHT})?",
    f"(?:{_HEART}(?:{_JOIN}💋)?|[🤝🐰🫯]){_JOIN}[👨👩🧑]{_SKIN}?",
)
_PAIRS = (  # joined; what may be text is asked to be a picture
    "🏳\ufe0f🌈 🏳\ufe0f⚧\ufe0f 🏴☠\ufe0f 👁\ufe0f🗨\ufe0f 👁🗨 ❤\ufe0f🔥 ❤\ufe0f🩹 ⛓\ufe0f💥 🙂↔\ufe0f 🙂↕\ufe0f 😮💨 😵💫 😶🌫\ufe0f"
    " 🐕🦺 🐈⬛ 🐦⬛ 🐦🔥 🐻❄\ufe0f 🍄🟫 🍋🟩"
)
_ONE = re.compile(
    "|".join(
        (
            f"[👨👩🧑]{_SKIN}?{_JOIN}(?:{'|'.join(_PARTS_OF_ADULTS)})",
            f"(?:👨(?:{_JOIN}[👨👩])?|👩(?:{_JOIN}👩)?){_JOIN}(?:👧(?:{_JOIN}[👦👧])?|👦(?:{_JOIN}👦)?)",
            f"🧑(?:{_JOIN}🧑)?{_JOIN}🧒(?:{_JOIN}🧒)?",
            f"🫱{_SKIN}{_JOIN}🫲{_SKIN}",
            f"[🏃🚶🧎]{_SKIN}?(?:{_GENDER})?{_TO_THE_RIGHT}",
            f"[{_GENDERED}]{_SKIN}?{_GENDER}",
            f"[⛹🏋🏌🕴🕵](?:{_AS_PICTURE}|{_SKIN}){_GENDER}",
            *(re.sub("^(.\ufe0f?)", rf"\1{_JOIN}", pair) for pair in _PAIRS.split()),
            f"[{_SKINNED}{_SKINNED_TEXT}]{_SKIN}",
            f"[{_SKINNED_TEXT}]{_AS_PICTURE}{_SKIN}",
            f"[©®{_TEXT_OR_PICTURE}]{_AS_PICTURE}",
            f"[#*0-9]{_AS_PICTURE}?\u20e3",
            *(_in_letters(region, 0x1F1E6, "A") for region in _REGIONS.split()),
            *(f"🏴{_in_letters(region, 0xE0061, 'a')}\U000e007f" for region in _TAGGED),
        )
    )
)


def end_of_emoji(text: str, at: int) -> int:
    """Where the emoji ends that begins here; here where none of several signs does."""
    found = _ONE.match(text, at)
    return found.end() if found else at
