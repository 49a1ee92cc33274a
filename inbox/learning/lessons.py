"""What a model is fitted from: our own phrases, the names of a brand's own tags, and what its people corrected.

Needs the learning packages; import it only where `learning.MODEL_INSTALLED`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from inbox.learning import classifier, phrases
from inbox.learning.classifier import Classifier, Floats, Lesson
from inbox.learning.encoder import Encoder, tidy
from inbox.rules.tagging import fold

OF_A_NAME = 3.0  # a tag's name is one sentence that stands for many
FIRST_WORDS = (
    16  # tell like sentences; a longer number earlier on moves others over the end of what is looked at
)
HELD_OUT = 4  # one group of like sentences in so many is never learned from; it judges
SURE = 0.9  # precision that a confidence must have held before a model sets anything by itself
ENOUGH = 10  # held-out sentences of a label above a confidence, before that precision is believed
ENOUGH_TOGETHER = 20  # …of all labels together, for labels that have fewer
FEWEST = 3  # …and of such a label itself, none of them wrong


@dataclass(frozen=True, slots=True)
class Corrected:
    """One sentence and all that people have said of it."""

    text: str
    holds: frozenset[str]
    fails: frozenset[str]
    beside: frozenset[str] = (
        frozenset()
    )  # labels that stood there already: nobody needed to say that they hold

    @property
    def lesson(self) -> Lesson:
        # Who names what holds has looked at the sentence; who only takes a tag off has looked at that tag.
        return Lesson(self.holds, self.fails, whole=bool(self.holds), beside=self.beside)

    def judges(self, label: str) -> bool:
        """Whether it is known of this label if it holds."""
        return label in self.holds | self.fails or (bool(self.holds) and label not in self.beside)

    @property
    def is_held_out(self) -> bool:
        """By its words, so that it stays on its side for ever, together with those that differ in numbers and case alone, or in what the
        encoder does not look at."""
        return int(hashlib.sha256(template(tidy(self.text)).encode()).hexdigest(), 16) % HELD_OUT == 0


def template(text: str) -> str:
    words = re.findall(r"\w+", re.sub(r"\d[\d.,-]*", "0", fold(text)))
    return " ".join(sorted(set(words[:FIRST_WORDS])))


def merged(
    said: Iterable[tuple[str, Collection[str], Collection[str], Collection[str]]],
) -> list[Corrected]:
    """Of each sentence what was said last of each label. `said` is (text, holds, fails, beside), oldest first. A label is left open
    where it stood there each time that somebody named what holds."""
    verdicts: dict[str, dict[str, bool]] = {}
    left: dict[str, frozenset[str]] = {}
    for text, holds, fails, beside in said:
        known = verdicts.setdefault(text, {})
        known.update(dict.fromkeys(holds, True))
        known.update(dict.fromkeys(fails, False))
        if holds:
            left[text] = left.get(text, frozenset(beside)) & frozenset(beside)
    return [
        Corrected(
            text,
            frozenset(label for label, holds in known.items() if holds),
            frozenset(label for label, holds in known.items() if not holds),
            left.get(text, frozenset()) - known.keys(),
        )
        for text, known in verdicts.items()
    ]


def fit(kind: str, corrected: Sequence[Corrected], own: Sequence[str], encoder: Encoder) -> Classifier:
    """From our phrases, the names of the brand's own tags and these corrections, all of them."""
    vectors, lessons = _seeds(kind, encoder)
    lessons = [*lessons, *_named(own)]
    lessons += [each.lesson for each in corrected]
    if texts := [*own, *(each.text for each in corrected)]:
        vectors = np.vstack([vectors, encoder.encode(texts)])
    return classifier.fit(vectors, lessons, encoder=encoder.name)


@lru_cache(maxsize=4)
def _seeds(kind: str, encoder: Encoder) -> tuple[Floats, list[Lesson]]:
    found = phrases.of(kind)
    lessons = [of_phrase(label) for _, label, _ in found]
    return encoder.encode([sentence for _, _, sentence in found]), lessons


@lru_cache(maxsize=64)
def by_names(own: tuple[str, ...], missing: tuple[str, ...], encoder: Encoder) -> Classifier:
    """Some of a brand's own tags, of which nothing is known but what all of these are called. All of our phrases speak against a name, so it
    weighs as much as they do."""
    vectors, lessons = _seeds(phrases.TAGS, encoder)
    lessons = [*lessons, *_named(own, weight=len(lessons))]
    return classifier.fit(
        np.vstack([vectors, encoder.encode(own)]), lessons, encoder=encoder.name, only=missing
    )


def _named(own: Sequence[str], *, weight: float = OF_A_NAME) -> list[Lesson]:
    return [Lesson(frozenset({name}), weight=weight) for name in own]


def of_phrase(label: str) -> Lesson:
    return Lesson(frozenset({label} - {phrases.OTHER}))


@lru_cache(maxsize=4)
def first(kind: str, encoder: Encoder) -> Classifier:
    """Version 0: what is known before anybody has corrected anything."""
    return fit(kind, (), (), encoder)


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a model fared on held-out corrections."""

    sentences: int
    macro_f1: float  # of the labels that hold for any of them
    merit: float  # of all labels: the F1, or of one that holds for none, the share of them that it is rightly not said of
    sure_above: dict[str, float]  # of each label that may be set by itself: from which confidence on


def judge(
    model: Classifier, vectors: Floats, held_out: Sequence[Corrected], among: Collection[str] = ()
) -> Judgement:
    """Labels a model does not know count as never said. Where no verdict is known, nothing is counted.

    `among`: labels that count beside the model's own, so that two models are judged by the same ones.
    """
    confidences = model.confidences(vectors)
    labels = sorted({*model.labels, *among}.union(*(each.holds for each in held_out)))
    scores: list[float] = []
    silences: list[float] = []
    said: dict[str, list[tuple[float, bool]]] = {}
    for label in labels:
        column = model.labels.index(label) if label in model.labels else None
        known = [
            (float(confidences[row, column]) if column is not None else 0.0, label in each.holds)
            for row, each in enumerate(held_out)
            if each.judges(label)
        ]
        said[label] = known
        right = sum(holds for confidence, holds in known if confidence >= 0.5)
        wrong = sum(not holds for confidence, holds in known if confidence >= 0.5)
        missed = sum(holds for confidence, holds in known if confidence < 0.5)
        if right + missed:
            scores.append(2 * right / (2 * right + wrong + missed))
        elif known:
            silences.append(1 - wrong / len(known))
    return Judgement(
        len(held_out), _mean(scores), _mean([*scores, *silences]), _thresholds(model.labels, said)
    )


def _mean(scores: Sequence[float]) -> float:
    return sum(scores) / len(scores) if scores else 0.0


def _thresholds(labels: Sequence[str], said: dict[str, list[tuple[float, bool]]]) -> dict[str, float]:
    together = _lowest_sure([each for label in labels for each in said[label]], ENOUGH_TOGETHER)
    found: dict[str, float] = {}
    for label in labels:
        own = _lowest_sure(said[label], ENOUGH)
        if own is None and together is not None:
            above = [holds for confidence, holds in said[label] if confidence >= together]
            own = together if len(above) >= FEWEST and all(above) else None
        if own is not None:
            found[label] = round(own, 4)
    return found


def _lowest_sure(known: list[tuple[float, bool]], enough: int) -> float | None:
    """The lowest confidence from which on the precision held, at it and at every higher one with enough sentences above it. What a model
    rather denies than says is no evidence of what it says."""
    right, lowest = 0, None
    ranked = sorted((each for each in known if each[0] >= 0.5), reverse=True)
    for count, (confidence, holds) in enumerate(ranked, start=1):
        right += holds
        if count < enough or (count < len(ranked) and ranked[count][0] == confidence):
            continue
        if right / count < SURE:
            break
        lowest = confidence
    return lowest
