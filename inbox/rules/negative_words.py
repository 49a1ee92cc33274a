"""Words that a customer seldom writes calmly, in the six languages the project speaks. A model hears the mood; these can be pointed at."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Stems end in *. Written without accents: what is compared has lost its own.
_WORDS = {
    "en": (
        "scam scammer* fraud* lawyer* solicitor* court police ridiculous unacceptable disgusting* furious angry outrag* terrible "
        "horrible awful worst pathetic liar* stolen robbed chargeback* urgent* asap immediately emergency"
    ),
    "de": (
        "betrug* betrueg* abzocke anwalt* anzeige* polizei verbraucherzentrale frechheit unverschamt* inakzeptabel* wutend* sauer "
        "stinksauer schlimm* furchtbar* schrecklich* katastrophe* dringend* sofort notfall"
    ),
    "fr": (
        "arnaque* escroc* escroquer* fraude avocat* tribunal police plainte inadmissible* inacceptable* honte* scandaleu* furieu* colere "
        "horrible* pire nul vole urgent* urgence immediatement"
    ),
    "es": (
        "estafa* estafador* fraude abogad* denuncia* policia verguenza inaceptable* indignad* indignante* furios* enfadad* horrible* "
        "pesim* terrible* peor robo urgente* inmediatamente emergencia"
    ),
    "it": (
        "truffa* truffator* frode avvocat* denuncia* polizia vergogn* inaccettabil* indecente furios* arrabbiat* orribil* pessim* "
        "terribil* peggior* rubat* urgente* emergenza"
    ),
    "pt": (
        "golpe burla* fraude advogad* denuncia* policia procon vergonha* inaceitave* absurdo furios* irritad* horrive* pessim* "
        "terrive* pior roubo urgente* imediatamente emergencia"
    ),
}
_STEMS = frozenset(word[:-1] for words in _WORDS.values() for word in words.split() if word.endswith("*"))
_WHOLE = frozenset(word for words in _WORDS.values() for word in words.split() if not word.endswith("*"))
_SHORTEST, _LONGEST = min(map(len, _STEMS)), max(map(len, _STEMS))
_WORD = re.compile(r"[^\W\d_]+")
MESSAGES = 5  # the newest since the last answer are looked at
LONGEST = 500  # letters of each: who needs more to be angry has been angry in these already


def found(text: str) -> list[str]:
    """Those of the words that the text has, as written there and in its order, each once."""
    seen: dict[str, str] = {}
    for word in _WORD.findall(text[: MESSAGES * (LONGEST + 1)]):
        if plain := _as_compared(word):
            seen.setdefault(plain, word.lower())
    return list(seen.values())


@lru_cache(maxsize=10_000)
def _as_compared(word: str) -> str:
    """Empty: it is none of them. Messages are made of the same words again and again, so most have been looked at before."""
    apart = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    if plain in _WHOLE:
        return plain
    ends = range(_SHORTEST, min(len(plain), _LONGEST) + 1)
    return plain if any(plain[:end] in _STEMS for end in ends) else ""
