"""How a demo's start ends where something of it fails: at once, and with the name of what failed."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from config.demo import running
from config.oneline import SetUpFault
from config.processes import Command
from config.supervisor import Supervisor


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(logs=tmp_path, say=print)
    yield supervisor
    supervisor.stop(list(supervisor.kept))


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def has_a_child_that_ended() -> bool:
    return any(child.status() == psutil.STATUS_ZOMBIE for child in psutil.Process().children())


def test_a_step_that_failed_has_failed_also_where_it_ended_just_before_a_look_at_the_others(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = supervisor.watch

    def look_late(**told: int) -> None:
        until(has_a_child_that_ended)
        look(**told)

    monkeypatch.setattr(supervisor, "watch", look_late)

    with pytest.raises(SetUpFault, match="migrate failed: "):
        running._run_step(supervisor, "migrate", ["migrate", "--nonsense"], {}, tmp_path)


def test_a_process_that_dies_at_once_is_named_while_another_one_is_waited_for(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "READY_WITHIN", 5)
    supervisor.start(Command(name="edge", argv=["/bin/sleep", "60"]))
    supervisor.start(Command(name="worker", argv=["/bin/sh", "-c", "echo no such queue; exit 3"]))
    supervisor.kept["worker"].deaths = running.DEATHS_TOO_MANY - 1
    log = supervisor.kept["worker"].log.path
    until(lambda: log.exists() and "no such queue" in log.read_text())

    with pytest.raises(SetUpFault, match=r"worker does not start: .*no such queue Its log: .*worker\.log"):
        running._await_url(supervisor, "edge", "http://127.0.0.1:9/readyz")
