"""The measurements behind tools.evaluate, and how the rows are divided."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import orjson

from inbox.learning import classifier, encoder, languages, lessons, phrases
from inbox.learning.classifier import Classifier, Floats, Lesson
from inbox.learning.lessons import Corrected
from inbox.rules import built_in_tags, tagging
from tools.evaluate import dividing

DRAWS = 5
CURVE = (0, 100, 500)
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


def by_rules(texts: Sequence[str], rules: Mapping[str, tagging.Condition]) -> list[list[str]]:
    names = list(rules)
    ready = tagging.Rules((number, rules[name]) for number, name in enumerate(names))
    return [[names[hit.rule_id] for hit in ready.hits(tagging.Said(text=text))] for text in texts]


def report(intents_file: Path, care_file: Path, *, keyword_rules: Mapping[str, list[str]]) -> None:
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
    built_in(learn, test, reads)
    own_tags(learn, test, reads, keyword_rules)
    by_itself(learn, test, reads)
    across_languages(reads)
    hearing(rows, care)
    speed(
        texts,
        [said["text"] for each in care for said in each["messages"] if said["role"] == "customer"],
        reads,
    )


def built_in(learn: Share, test: Share, reads: encoder.Encoder) -> None:
    labels = sorted(set(MEANS.values()))
    truth = [frozenset({MEANS[intent]}) if intent in MEANS else frozenset[str]() for intent in test.intents]
    print(
        f"\nBuilt-in tags that these intents speak of ({', '.join(labels)}); {sum(map(bool, truth))} of the test rows have one."
    )
    hits = by_rules(test.texts, {tag.key: built_in_tags.condition_of(tag) for tag in built_in_tags.TAGS})
    ruled = [frozenset(found) for found in hits]
    line("keyword rules alone", macro_f1(truth, ruled, labels))
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


def own_tags(
    learn: Share, test: Share, reads: encoder.Encoder, keyword_rules: Mapping[str, list[str]]
) -> None:
    labels = sorted(set(test.intents))
    truth = [frozenset({intent}) for intent in test.intents]
    print(
        f"\nThe {len(labels)} intents as a brand's own tags, of which we know no phrase: 0 corrections means the tags' names alone."
    )
    hits = by_rules(
        test.texts, {name: tagging.parse({"words": words}) for name, words in keyword_rules.items()}
    )
    line(
        "keyword rules alone (first that matches)", macro_f1(truth, [frozenset(found[:1]) for found in hits], labels),
        fmean(intent in found[:3] for intent, found in zip(test.intents, hits, strict=True)),
    )  # fmt: skip
    for size in (*CURVE, len(learn.texts)):
        scores, tops = [], []
        for draw in range(DRAWS if 0 < size < len(learn.texts) else 1):
            model = _own_model(_corrections(learn, size, draw), labels, reads)
            confidences = model.confidences(test.vectors)
            scores.append(macro_f1(truth, best(model, confidences), labels))
            tops.append(in_top(model, confidences, truth))
        line(f"model, names and {size} corrections", fmean(scores), fmean(tops))


def by_itself(learn: Share, test: Share, reads: encoder.Encoder) -> None:
    """As the product does it: a part of the corrections is held out and says from which confidence on a tag may be set."""
    labels = sorted(set(test.intents))
    print("\nWhat the model sets by itself, where it held 90 % on held-out corrections (as in production, one in "
          f"{lessons.HELD_OUT} held out):")  # fmt: skip
    for size in (100, 500, len(learn.texts)):
        precisions, shares, known = [], [], []
        for draw in range(DRAWS if size < len(learn.texts) else 1):
            taught = _corrections(learn, size, draw)
            held_out = [each for each in taught if each.is_held_out]
            model = _own_model([each for each in taught if not each.is_held_out], labels, reads)
            sure = lessons.judge(model, reads.encode([each.text for each in held_out]), held_out).sure_above
            limits = np.array([sure.get(label, 2.0) for label in model.labels])
            set_ = model.confidences(test.vectors) >= limits
            right = sum(
                bool(set_[row, model.labels.index(intent)]) for row, intent in enumerate(test.intents) if intent in model.labels
            )  # fmt: skip
            precisions.append(right / max(1, int(set_.sum())) if set_.any() else 1.0)
            shares.append(right / len(test.intents))
            known.append(len(sure))
        print(f"  {size:>5} corrections: {fmean(known):4.1f} of {len(labels)} tags may be set; precision on the test share "
              f"{fmean(precisions):.3f}, {fmean(shares):.1%} of the messages get theirs")  # fmt: skip


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
                row
                for row, (of, label, _) in enumerate(found)
                if of == language and label != classifier.OTHER
            ]
            model = classifier.fit(
                vectors[seen], [Lesson(frozenset({found[row][1]})) for row in seen], encoder=reads.name
            )
            said = best(model, model.confidences(vectors[unseen]))
            told.append(
                f"{language} {fmean(found[row][1] in one for row, one in zip(unseen, said, strict=True)):.2f}"
            )
        print(f"  {kind:<10} {'  '.join(told)}")


def hearing(rows: Sequence[dict[str, Any]], care: Sequence[dict[str, Any]]) -> None:
    print("\nLanguage, of the six the project begins with (what is not told counts as wrong; target .965):")
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
        right = fmean(languages.hear(text, SIX).language == language for text, language in told)
        print(f"  {name:<34} {right:.4f} of {len(told)}")


def speed(utterances: list[str], care: list[str], reads: encoder.Encoder) -> None:
    """Everything that is done to a message: language, rules, vector, both models. Counted in time of one core."""
    rules = tagging.Rules(
        (number, built_in_tags.condition_of(tag)) for number, tag in enumerate(built_in_tags.TAGS)
    )
    tagger, hearer = lessons.first("tags", reads), lessons.first("sentiment", reads)

    def read(texts: list[str]) -> None:
        vectors = reads.encode(texts)
        tagger.confidences(vectors)
        hearer.confidences(vectors)
        for text in texts:
            heard = languages.hear(text, SIX)
            rules.hits(tagging.Said(text=text, language=heard.language))

    print("\nMessages a second of one core, everything included (targets: 250 one by one, 500 batched):")
    for name, texts in (("support utterances", utterances), ("care messages", care)):
        chosen = random.Random(1).sample(texts, 500)
        read(chosen[:20])
        single = rate(read, [[text] for text in chosen])
        batched = rate(read, [chosen])
        print(f"  {name:<34} one by one {single:6.0f}   batched {batched:6.0f}")


def rate(read: Callable[[list[str]], None], batches: Sequence[list[str]]) -> float:
    """The best of three: what else runs on the machine is not measured."""
    times = []
    for _ in range(3):
        begun = time.process_time()
        for batch in batches:
            read(batch)
        times.append(time.process_time() - begun)
    return sum(map(len, batches)) / min(times)


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
