"""One logistic regression for each label, on sentence vectors, fitted anew each time and kept as coefficients.

Labels are judged one by one, because a person who takes a tag off says something of that tag and nothing of the others.
Needs numpy to read a model and scikit-learn to fit one; import it only where `learning.MODEL_INSTALLED`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import orjson
from numpy.typing import NDArray

Floats = NDArray[np.float32]

STRENGTH = 30.0  # inverse of the regularisation; chosen on the training share (docs/triage.md)


class UnreadableModel(ValueError):
    """The stored bytes are not a model of this encoder."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is said of one sentence. Labels that stand in neither do not hold if `whole`, and are left open if not; those of `beside`
    are left open either way."""

    holds: frozenset[str]
    fails: frozenset[str] = frozenset()
    whole: bool = True
    weight: float = 1.0
    beside: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Classifier:
    encoder: str
    labels: tuple[str, ...]
    weights: Floats  # labels x (size + 1), the last one the intercept

    def confidences(self, vectors: Floats) -> Floats:
        """Sentences x labels, each between 0 and 1 and independent of the others."""
        if not self.labels:
            return np.zeros((len(vectors), 0), dtype=np.float32)
        scores = vectors @ self.weights[:, :-1].T + self.weights[:, -1]
        return np.asarray(1.0 / (1.0 + np.exp(-scores)), dtype=np.float32)

    def with_labels_of(self, other: Classifier) -> Classifier:
        """What this one knows, and beside it labels that only the other one knows."""
        new = [row for row, label in enumerate(other.labels) if label not in self.labels]
        labels = (*self.labels, *(other.labels[row] for row in new))
        return Classifier(self.encoder, labels, np.vstack([self.weights, other.weights[new]]))

    def dump(self) -> bytes:
        """A line of JSON, then the coefficients as they lie in memory."""
        head = {"encoder": self.encoder, "labels": self.labels, "size": self.weights.shape[1]}
        return orjson.dumps(head) + b"\n" + self.weights.astype("<f4").tobytes()


def load(stored: bytes, *, encoder: str) -> Classifier:
    head, _, body = bytes(stored).partition(b"\n")
    try:
        told = orjson.loads(head)
        labels = tuple(str(label) for label in told["labels"])
        weights = np.frombuffer(body, dtype="<f4").reshape(len(labels), int(told["size"]))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise UnreadableModel(str(error)) from error
    if told.get("encoder") != encoder:
        raise UnreadableModel(f"made for {told.get('encoder')}, not for {encoder}")
    return Classifier(encoder, labels, weights.astype(np.float32))


def fit(
    vectors: Floats, lessons: Sequence[Lesson], *, encoder: str, only: Collection[str] | None = None
) -> Classifier:
    """A label needs something for it and something against it; one that lacks either is left out. `only`: the labels that are asked for."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    known: set[str] = set().union(*(lesson.holds for lesson in lessons))
    names = sorted(known if only is None else known & set(only))
    labels: list[str] = []
    rows: list[Floats] = []
    with threadpool_limits(limits=1):  # a worker has one core for this
        for name in names:
            said = [_verdict(lesson, name) for lesson in lessons]
            chosen = np.array([index for index, verdict in enumerate(said) if verdict is not None])
            truth = np.array([said[index] for index in chosen])
            if truth.all() or not truth.any():
                continue
            model = LogisticRegression(C=STRENGTH, max_iter=300)
            model.fit(vectors[chosen], truth, sample_weight=[lessons[index].weight for index in chosen])
            labels.append(name)
            rows.append(np.append(model.coef_[0], model.intercept_[0]).astype(np.float32))
    width = vectors.shape[1] + 1
    return Classifier(encoder, tuple(labels), np.vstack(rows) if rows else np.zeros((0, width), np.float32))


def _verdict(lesson: Lesson, label: str) -> bool | None:
    if label in lesson.holds:
        return True
    if label in lesson.fails or (lesson.whole and label not in lesson.beside):
        return False
    return None
