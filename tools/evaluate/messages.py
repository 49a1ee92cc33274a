"""What is done to every message: is its language told rightly, and how quickly is all of it done."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from math import nan
from statistics import fmean
from typing import Any

from inbox.learning import encoder, languages, lessons, phrases
from inbox.rules import built_in_tags, tagging
from tools.evaluate.limits import BATCHED, LANGUAGE, ONE_BY_ONE, Limit

SIX = built_in_tags.LANGUAGES
FIRST_WORDS = (1, 2, 3)


def hearing(rows: Sequence[dict[str, Any]], care: Sequence[dict[str, Any]]) -> Iterator[Limit]:
    print("\nLanguage, of the six the project begins with (what is not told counts as wrong):")
    said = [(row["text"], row["lang"]) for row in rows]
    cared = [(m["text"], each["lang"]) for each in care for m in each["messages"] if m["role"] == "customer"]
    ours = [
        (sentence, language) for kind in ("tags", "sentiment") for language, _, sentence in phrases.of(kind)
    ]
    for name, told in (
        ("support utterances", said),
        ("care messages", cared),
        ("our own phrases, six languages", ours),
    ):
        heard = [(languages.hear(text, SIX), language) for text, language in told]
        right = fmean(each.language == language for each, language in heard)
        lived = fmean(each.told == language for each, language in heard)
        print(f"  {name:<34} {right:.4f} of {len(told)}; {lived:.4f} with what decides nothing as wrong")
        yield Limit(f"language, {name}", right, LANGUAGE)
        if told is not ours:  # many of which are a word or two
            yield Limit(f"language, {name}, where it decides something", lived, LANGUAGE)
    yield from beginning([*said, *cared, *ours])


def beginning(told: Sequence[tuple[str, str]]) -> Iterator[Limit]:
    """Customers begin with a word or two. What these do not tell is left open, and what they tell has to be right."""
    print("\nLanguage, of the first words alone, where they tell one:")
    for count in FIRST_WORDS:
        heard = [
            (languages.hear(" ".join(text.split()[:count]), SIX).told, language) for text, language in told
        ]
        found = [one == language for one, language in heard if one]
        right = fmean(found) if found else nan
        print(
            f"  {f'the first {count} of a message':<34} {right:.4f} of {len(found)}, which are {len(found) / len(heard):.1%}"
        )
        yield Limit(f"language, the first {count} of a message", right, LANGUAGE)


def speed(utterances: list[str], care: list[str], reads: encoder.Encoder) -> Iterator[Limit]:
    """Everything that is done to a message: language, rules, vector, both models. Counted in time of one core."""
    rules = tagging.Rules(
        enumerate(rule for tag in built_in_tags.TAGS for rule in built_in_tags.rules_of(tag).values())
    )
    tagger, hearer = lessons.first("tags", reads), lessons.first("sentiment", reads)

    def read(texts: list[str]) -> None:
        vectors = reads.encode(texts)
        tagger.confidences(vectors)
        hearer.confidences(vectors)
        for text in texts:
            heard = languages.hear(text, SIX)
            rules.hits(tagging.Said(text=text, language=heard.language))

    print("\nMessages a second of one core, everything included:")
    for name, texts in (("support utterances", utterances), ("care messages", care)):
        chosen = random.Random(1).sample(texts, min(500, len(texts)))
        read(chosen[:20])
        single = rate(read, [[text] for text in chosen])
        batched = rate(read, [chosen])
        print(f"  {name:<34} one by one {single:6.0f}   batched {batched:6.0f}")
        yield Limit(f"messages a second of one core, {name}, one by one", single, ONE_BY_ONE)
        yield Limit(f"messages a second of one core, {name}, batched", batched, BATCHED)


def rate(read: Callable[[list[str]], None], batches: Sequence[list[str]]) -> float:
    """The best of three: what else runs on the machine is not measured."""
    times = []
    for _ in range(3):
        begun = time.process_time()
        for batch in batches:
            read(batch)
        times.append(time.process_time() - begun)
    return sum(map(len, batches)) / min(times)
