"""How well tags are found: by rules, by what was learned, and of what the model sets by itself."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path
from statistics import fmean

import numpy as np
import orjson

from inbox.learning import classifier, encoder, lessons, phrases
from inbox.learning.classifier import Classifier, Floats, Lesson
from inbox.learning.lessons import Corrected
from inbox.rules import built_in_tags, tagging
from tools.evaluate import dividing, messages
from tools.evaluate.limits import LEARNED, PRECISION, Limit

DRAWS = 5
CURVE = (0, 100, LEARNED)
# Which intents speak of which built-in tag. The others are rows that none of these tags is about.
MEANS = {
    "track_order": "order_status", "delivery_period": "order_status", "get_refund": "refund", "track_refund": "refund",
    "check_refund_policy": "refund", "cancel_order": "cancel", "check_cancellation_fee": "cancel", "complaint": "complaint",
}  # fmt: skip
SIX = built_in_tags.LANGUAGES
WORTH_SUGGESTING = 0.35  # as in inbox.actions.tagging_work, which this does without: it needs no database


@dataclass(frozen=True, slots=True)
class Share:
    texts: list[str]
    intents: list[str]
    vectors: Floats

    def part(self, rows: Sequence[int]) -> Share:
        return Share(
            [self.texts[row] for row in rows], [self.intents[row] for row in rows], self.vectors[rows]
        )


def macro_f1(truth: Sequence[frozenset[str]], said: Sequence[frozenset[str]], labels: Sequence[str]) -> float:
    scores = []
    for label in labels:
        right = sum(label in t and label in s for t, s in zip(truth, said, strict=True))
        wrong = sum(label not in t and label in s for t, s in zip(truth, said, strict=True))
        missed = sum(label in t and label not in s for t, s in zip(truth, said, strict=True))
        scores.append(2 * right / max(1, 2 * right + wrong + missed))
    return fmean(scores)


def in_top(model: Classifier, confidences: Floats, truth: Sequence[frozenset[str]], most: int = 3) -> float:
    order = np.argsort(-confidences, axis=1)[:, :most]
    asked = [row for row, labels in enumerate(truth) if labels]
    return fmean(any(model.labels[place] in truth[row] for place in order[row]) for row in asked)


def best(model: Classifier, confidences: Floats) -> list[frozenset[str]]:
    return [frozenset({model.labels[place]}) for place in confidences.argmax(axis=1)]


def above(model: Classifier, confidences: Floats, cut: float) -> list[frozenset[str]]:
    return [
        frozenset(label for label, confidence in zip(model.labels, row, strict=True) if confidence >= cut)
        for row in confidences.tolist()
    ]


def by_rules(texts: Sequence[str], rules: Iterable[tuple[str, tagging.Condition]]) -> list[list[str]]:
    """What each text is called. A name may have several rules."""
    named = list(rules)
    ready = tagging.Rules((number, condition) for number, (_, condition) in enumerate(named))
    return [[named[hit.rule_id][0] for hit in ready.hits(tagging.Said(text=text))] for text in texts]


def report(intents_file: Path, care_file: Path, *, keyword_rules: Mapping[str, list[str]]) -> list[Limit]:
    """Prints what was measured; gives what of it is held against a limit."""
    reads = encoder.installed()
    assert reads is not None
    rows = [orjson.loads(line) for line in intents_file.read_bytes().splitlines()]
    care = [orjson.loads(line) for line in care_file.read_bytes().splitlines()]
    texts = [row["text"] for row in rows]
    everything = Share(texts, [row["intent"] for row in rows], reads.encode(texts))
    learn_rows, test_rows, count = dividing.divide(texts)
    learn, test = everything.part(learn_rows), everything.part(test_rows)
    print(
        f"{len(rows)} support utterances in {count} groups of like ones (a group: joined by pairs that share {dividing.SIMILAR:.0%} of their"
    )
    print(f"four-letter shingles, numbers made equal; a group stands on one side). {len(learn.texts)} to learn from, {len(test.texts)} to test.")  # fmt: skip
    limits = [
        *built_in(learn, test, reads),
        *own_tags(learn, test, reads, keyword_rules),
        *by_itself(learn, test, reads),
    ]
    across_languages(reads)
    limits += messages.hearing(rows, care)
    cared = [said["text"] for each in care for said in each["messages"] if said["role"] == "customer"]
    limits += messages.speed(texts, cared, reads)
    return limits


def built_in(learn: Share, test: Share, reads: encoder.Encoder) -> Iterator[Limit]:
    labels = sorted(set(MEANS.values()))
    truth = [frozenset({MEANS[intent]}) if intent in MEANS else frozenset[str]() for intent in test.intents]
    print(
        f"\nBuilt-in tags that these intents speak of ({', '.join(labels)}); {sum(map(bool, truth))} of the test rows have one."
    )
    rules = [(tag.key, rule) for tag in built_in_tags.TAGS for rule in built_in_tags.rules_of(tag).values()]
    hits = by_rules(test.texts, rules)
    ruled = [frozenset(found) for found in hits]
    by_words = macro_f1(truth, ruled, labels)
    line("keyword rules alone", by_words)
    first = lessons.first("tags", reads)
    for size in CURVE:
        scores, tops, together = [], [], []
        for draw in range(DRAWS if size else 1):
            taught = _as_people_would(learn, size, draw, first)
            model = lessons.fit("tags", taught, (), reads)
            confidences = model.confidences(test.vectors)
            said = above(model, confidences, 0.5)
            scores.append(macro_f1(truth, said, labels))
            together.append(macro_f1(truth, [a | b for a, b in zip(said, ruled, strict=True)], labels))
            tops.append(in_top(model, confidences, truth))
        line(
            f"model, our phrases and {size} corrections",
            fmean(scores),
            fmean(tops),
            f"with rules {fmean(together):.3f}",
        )
        if size == LEARNED:
            yield Limit(f"built-in tags after {size}: macro-F1, no worse than rules", fmean(scores), by_words)


def own_tags(
    learn: Share, test: Share, reads: encoder.Encoder, keyword_rules: Mapping[str, list[str]]
) -> Iterator[Limit]:
    labels = sorted(set(test.intents))
    truth = [frozenset({intent}) for intent in test.intents]
    print(
        f"\nThe {len(labels)} intents as a brand's own tags, of which we know no phrase: 0 corrections means the tags' names alone."
    )
    rules = [(name, tagging.parse({"words": words})) for name, words in keyword_rules.items()]
    hits = by_rules(test.texts, rules)
    by_words = macro_f1(truth, [frozenset(found[:1]) for found in hits], labels)
    line(
        "keyword rules alone (first that matches)", by_words,
        fmean(intent in found[:3] for intent, found in zip(test.intents, hits, strict=True)),
    )  # fmt: skip
    _by_names(test, truth, labels, reads)
    for size in (*CURVE, len(learn.texts)):
        scores, tops = [], []
        for draw in range(DRAWS if 0 < size < len(learn.texts) else 1):
            model = _own_model(_corrections(learn, size, draw), labels, reads)
            confidences = model.confidences(test.vectors)
            scores.append(macro_f1(truth, best(model, confidences), labels))
            tops.append(in_top(model, confidences, truth))
        line(f"model, names and {size} corrections", fmean(scores), fmean(tops))
        if size == LEARNED:
            yield Limit(f"own tags after {size}: macro-F1, no worse than rules", fmean(scores), by_words)


def _by_names(
    test: Share, truth: Sequence[frozenset[str]], labels: Sequence[str], reads: encoder.Encoder
) -> None:
    """As the product does it until corrections are learned from: beside our phrases, from the confidence that is worth suggesting."""
    names = tuple(label.replace("_", " ") for label in labels)
    model = lessons.by_names(names, names, reads)
    model = Classifier(
        model.encoder, tuple(labels[names.index(name)] for name in model.labels), model.weights
    )
    said = above(model, model.confidences(test.vectors), WORTH_SUGGESTING)
    right = sum(bool(one & true) for one, true in zip(said, truth, strict=True))
    print(
        f"  suggested by the name alone: of {right / len(truth):.1%} of the messages the right one, {right / max(1, sum(map(len, said))):.3f} of all"
    )


def by_itself(learn: Share, test: Share, reads: encoder.Encoder) -> Iterator[Limit]:
    """As the product does it: a part of the corrections is held out and says from which confidence on a tag may be set."""
    labels = sorted(set(test.intents))
    print("\nWhat the model sets by itself, where it held 90 % on held-out corrections (as in production, one in "
          f"{lessons.HELD_OUT} held out):")  # fmt: skip
    for size in (100, LEARNED, len(learn.texts)):
        precisions, shares, known, held = [], [], [], []
        for draw in range(DRAWS if size < len(learn.texts) else 1):
            taught = _corrections(learn, size, draw)
            held_out = [each for each in taught if each.is_held_out]
            model = _own_model([each for each in taught if not each.is_held_out], labels, reads)
            vectors = reads.encode([each.text for each in held_out])
            sure = lessons.judge(model, vectors, held_out).sure_above
            held += list(right_above(model, model.confidences(vectors), held_out, sure).values())
            limits = np.array([sure.get(label, 2.0) for label in model.labels])
            set_ = model.confidences(test.vectors) >= limits
            right = sum(
                bool(set_[row, model.labels.index(intent)]) for row, intent in enumerate(test.intents) if intent in model.labels
            )  # fmt: skip
            precisions += [right / int(set_.sum())] if set_.any() else []
            shares.append(right / len(test.intents))
            known.append(len(sure))
        precision = fmean(precisions) if precisions else nan
        print(f"  {size:>5} corrections: {fmean(known):4.1f} of {len(labels)} tags may be set; precision on the test share "
              f"{precision:.3f}, {fmean(shares):.1%} of the messages get theirs")  # fmt: skip
        if held or size >= LEARNED:  # with few corrections nothing is sure, and nothing need be
            yield Limit(f"set by itself after {size}: precision held out, worst tag", min(held, default=nan), PRECISION)  # fmt: skip
            yield Limit(f"set by itself after {size}: precision on the test share", precision, PRECISION)


def right_above(
    model: Classifier, confidences: Floats, held_out: Sequence[Corrected], sure: Mapping[str, float]
) -> dict[str, float]:
    """Counted anew, of each tag that may be set by itself: how much of what stands above its confidence is right."""
    found = {}
    for label, cut in sure.items():
        column = model.labels.index(label)
        above = [
            label in each.holds for each, row in zip(held_out, confidences, strict=True) if each.judges(label) and row[column] >= cut
        ]  # fmt: skip
        found[label] = fmean(above) if above else nan
    return found


def across_languages(reads: encoder.Encoder) -> None:
    """No labelled data in other languages is at hand: our phrases of one language, judged by those of the five others."""
    print(
        "\nOur own phrases, those of each language judged by a model that has seen the other five only (accuracy of the best label):"
    )
    for kind in (phrases.TAGS, phrases.SENTIMENT):
        found = phrases.of(kind)
        vectors = reads.encode([sentence for _, _, sentence in found])
        told = []
        for language in SIX:
            seen = [row for row, (of, _, _) in enumerate(found) if of != language]
            unseen = [
                row for row, (of, label, _) in enumerate(found) if of == language and label != phrases.OTHER
            ]
            model = classifier.fit(
                vectors[seen], [lessons.of_phrase(found[row][1]) for row in seen], encoder=reads.name
            )
            said = best(model, model.confidences(vectors[unseen]))
            told.append(
                f"{language} {fmean(found[row][1] in one for row, one in zip(unseen, said, strict=True)):.2f}"
            )
        print(f"  {kind:<10} {'  '.join(told)}")


def line(name: str, score: float, top: float | None = None, more: str = "") -> None:
    told = f"top-3 {top:.3f}" if top is not None else "top-3     -"
    print(f"  {name:<48} macro-F1 {score:.3f}   {told}   {more}".rstrip())


def _as_people_would(share: Share, size: int, draw: int, first: Classifier) -> list[Corrected]:
    """People put a tag on what has one. Where none belongs they refuse what was suggested, and else say nothing at all."""
    rows = list(range(len(share.texts)))
    random.Random(draw).shuffle(rows)
    suggested = above(first, first.confidences(share.vectors), WORTH_SUGGESTING)
    found: list[Corrected] = []
    for row in rows:
        if len(found) == size:
            break
        tag = frozenset({MEANS[share.intents[row]]} if share.intents[row] in MEANS else ())
        if tag or suggested[row]:
            found.append(Corrected(share.texts[row], tag, suggested[row] - tag))
    return found


def _corrections(share: Share, size: int, draw: int) -> list[Corrected]:
    rows = list(range(len(share.texts)))
    random.Random(draw).shuffle(rows)
    return [Corrected(share.texts[row], frozenset({share.intents[row]}), frozenset()) for row in rows[:size]]


def _own_model(taught: Sequence[Corrected], labels: Sequence[str], reads: encoder.Encoder) -> Classifier:
    """Without our phrases: none of them is about these tags."""
    names = [label.replace("_", " ") for label in labels]
    known = [Lesson(frozenset({label}), weight=lessons.OF_A_NAME) for label in labels]
    return classifier.fit(
        reads.encode([*names, *(each.text for each in taught)]),
        [*known, *(each.lesson for each in taught)],
        encoder=reads.name,
    )
