"""A journey may be tried again, and what it found lost stays lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.journeys import desk
from tests.journeys.desk import assert_complete, calm
from tests.retrying import Incomplete

ROOT = Path(__file__).parents[2]
ME = "PYTEST_CURRENT_TEST"


class Demo:
    """One that has lost a message, or in which replies hang."""

    def __init__(self) -> None:
        self.named: list[dict[str, str]] = []
        self.gone: list[dict[str, str]] = []
        self.hang: list[tuple[str, str, str]] = []

    def lose(self, message: str, *, kind: str = "missing") -> None:
        self.named.append({"kind": kind, "platform": "x", "id": message})

    def manage(self, command: str, *_: str, **__: float) -> Any:
        if command == "sync":
            self.named.clear()
        told = {
            "messages": 9,
            "named": self.named,
            "differences": {"missing": len(self.named)},
            "gone": self.gone,
        }
        code = int(bool(self.named) and command == "completeness")
        return SimpleNamespace(stdout=json.dumps(told), stderr="", returncode=code)

    def sql(self, query: str, values: object = ()) -> list[Any]:
        return self.hang if query == desk.UNDER_WAY else [(0,)] if "receipt" in query else []


class Outside:
    def __init__(self, **answered: list[object]) -> None:
        """By message, what each delivery of it was answered."""
        self.answered = answered

    def pending(self) -> int:
        return 0

    def ledger(self) -> list[dict[str, Any]]:
        return [
            {"id": name, "direction": "in", "deliveries": [{"status": status} for status in statuses]}
            for name, statuses in self.answered.items()
        ]


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> Demo:
    monkeypatch.setattr(desk, "_differences", desk.Told())
    monkeypatch.setattr(desk, "_unknowable", desk.Told())
    monkeypatch.setattr(desk, "_given_up", desk.Told())
    return Demo()


def try_it(demo: Demo, within: float = 0.1) -> None:
    assert_complete(demo, Outside(), within=within)  # type: ignore[arg-type]


def test_a_loss_makes_the_test_red_that_found_it_each_time_and_no_other(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo.lose("m1")
    for _ in range(2):
        with pytest.raises(Incomplete, match="1 differences"):
            try_it(demo)

    monkeypatch.setenv(ME, "tests/journeys/test_other.py::test_other[read first] (call)")
    try_it(demo)
    demo.lose("m2")
    with pytest.raises(Incomplete, match="m2"):
        try_it(demo)


@pytest.mark.parametrize(
    ("answered", "is_excused"),
    [
        (["timeout"], True),
        (["timeout", "timeout"], True),
        ([503], True),
        (["timeout", 500], False),
        ([], False),
        (None, False),
    ],
)
def test_only_what_a_machine_was_too_busy_to_let_in_waits_for_a_comparison(
    demo: Demo, answered: list[object] | None, is_excused: bool
) -> None:
    demo.lose("m1")
    outside = Outside() if answered is None else Outside(m1=answered)

    if is_excused:
        assert_complete(demo, outside, within=0.1)  # type: ignore[arg-type]
    else:
        with pytest.raises(Incomplete, match="1 differences"):
            assert_complete(demo, outside, within=0.1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "more", [[("m2", "text differs")], [("m2", "missing"), ("m3", "missing"), ("m4", "missing")]]
)
def test_a_busy_machine_excuses_few_and_nothing_else(demo: Demo, more: list[tuple[str, str]]) -> None:
    demo.lose("m1")
    for message, kind in more:
        demo.lose(message, kind=kind)
    late: dict[str, list[object]] = {f"m{number}": ["timeout"] for number in range(1, 5)}

    with pytest.raises(Incomplete, match="differences"):
        assert_complete(demo, Outside(**late), within=0.1)  # type: ignore[arg-type]


def test_two_losses_of_which_one_was_refused_are_two(demo: Demo) -> None:
    demo.lose("m1")
    demo.lose("m2")

    with pytest.raises(Incomplete, match="2 differences"):
        assert_complete(demo, Outside(m1=["timeout"], m2=[500]), within=0.1)  # type: ignore[arg-type]


def test_what_is_excused_makes_the_test_red_that_found_it_unless_its_fault_loses_something(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo.gone.append({"kind": "changed untold", "platform": "x", "id": "m1"})
    for _ in range(2):
        with pytest.raises(Incomplete, match="1 are excused"):
            try_it(demo)

    monkeypatch.setenv(ME, "tests/journeys/test_other.py::test_other (call)")
    try_it(demo)
    demo.gone.append({"kind": "never told", "platform": "x", "id": "m2"})
    assert_complete(demo, Outside(), within=0.1, some_is_lost=True)  # type: ignore[arg-type]


def test_a_reply_that_hangs_makes_the_test_red_that_waited_for_it_each_time_and_no_other(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo.hang = [("reply-1", "uncertain", "")]
    for _ in range(2):
        with pytest.raises(AssertionError, match="Not calm"):
            calm(demo, Outside(), within=0.1)  # type: ignore[arg-type]

    monkeypatch.setenv(ME, "tests/journeys/test_other.py::test_other (call)")
    demo.lose("reply-1", kind="never left")
    try_it(demo)
    demo.hang.append(("reply-2", "queued", ""))
    with pytest.raises(AssertionError, match="reply-2"):
        calm(demo, Outside(), within=0.1)  # type: ignore[arg-type]


def test_a_reply_that_reached_nobody_is_no_matter_of_trying_again(demo: Demo) -> None:
    with pytest.raises(Incomplete, match="exactly once"):
        assert_complete(demo, Outside(), ["Yes"], within=0.1)  # type: ignore[arg-type]


def test_what_starves_is_tried_once_more_and_what_is_incomplete_never(tmp_path: Path) -> None:
    (tmp_path / "test_both.py").write_text(
        """
import pytest
from tests.retrying import ONCE_MORE, Incomplete

pytestmark = pytest.mark.flaky(**ONCE_MORE)
tries = []

def test_starves():
    tries.append("starves")
    assert tries.count("starves") == 2

def test_incomplete():
    tries.append("incomplete")
    if tries.count("incomplete") == 1:
        raise Incomplete("1 differences")
"""
    )
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "pytest_rerunfailures", "--noconftest", "--rootdir", ".", "."],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT), "PATH": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "1 failed, 1 passed, 1 rerun" in run.stdout, run.stdout + run.stderr
