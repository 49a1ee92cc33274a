"""Words that a customer seldom writes calmly, in the six languages the project speaks. A model hears the mood; these can be pointed at."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
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
# Words that are calm in other company: “see you in court”, not the French for short; “on m'a volé”, not “je vole lundi”; “c'est nul”, not “nul besoin”. They
# count behind one of these, or spelled so.
_ONLY_BEHIND: Mapping[str, frozenset[str]] = {
    "court": frozenset({"to", "in", "claims", "magistrates", "county"}),
    "vole": frozenset({"a", "ont", "ete", "avez", "avoir", "colis", "paquet"}),
    "nul": frozenset({"est", "service", "vraiment", "trop", "completement", "etes", "sont"}),
}
_SPELLED = frozenset({"volé"})
# “Not urgent”, “no es tan urgente”, “kein Notfall”: what presses does not where one of these stands before it, over no more than small words and no sign.
_PRESSING = ("urgen", "emergen", "notfall", "dringend", "asap", "immediat", "inmediat", "imediat", "sofort")
_NOT = frozenset(
    "not no isn isnt wasn nothing without nicht nichts kein keine keinen pas rien aucune sans nada sin non niente nulla senza nao sem".split()
)
_SMALL = frozenset(
    "a an t that so very really too particularly is es ist sehr wirklich ein une un una um uma d di de est tres si "
    "tan muy e c ce cosi molto tao muito super ha hay".split()
)
_WORD = re.compile(r"[^\W\d_]+")
_SIGN = re.compile(r"[^\w \t'’]")
MESSAGES = 5  # the newest since the last answer are looked at
LONGEST = 500  # letters of each: who needs more to be angry has been angry in these already


def found(text: str) -> list[str]:
    """Those of the words that the text has, as written there and in its order, each once."""
    seen: dict[str, str] = {}
    text = text[: MESSAGES * (LONGEST + 1)]
    said = list(_WORD.finditer(text))
    for place, match in enumerate(said):
        plain = _as_compared(match.group())
        if plain and plain not in seen and not _is_calm(plain, said, place, text):
            seen[plain] = match.group().lower()
    return list(seen.values())


def _is_calm(plain: str, said: Sequence[re.Match[str]], place: int, text: str) -> bool:
    """By what stands before it."""
    if behind := _ONLY_BEHIND.get(plain):
        is_spelled = said[place].group().casefold() in _SPELLED
        return not is_spelled and (place == 0 or _folded(said[place - 1].group()) not in behind)
    if not plain.startswith(_PRESSING):
        return False
    while place > 0 and not _SIGN.search(text, said[place - 1].end(), said[place].start()):
        place -= 1
        before = _folded(said[place].group())
        if before in _NOT:
            return True
        if before not in _SMALL:
            return False
    return False


@lru_cache(maxsize=10_000)
def _as_compared(word: str) -> str:
    """Empty: it is none of them. Messages are made of the same words again and again, so most have been looked at before."""
    plain = _folded(word)
    if plain in _WHOLE:
        return plain
    ends = range(_SHORTEST, min(len(plain), _LONGEST) + 1)
    return plain if any(plain[:end] in _STEMS for end in ends) else ""


def _folded(word: str) -> str:
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
