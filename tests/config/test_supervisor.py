"""The supervisor, with small shell commands for processes."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from config import processes
from config.processes import Command
from config.supervisor import Supervisor, read_procfile


def sh(script: str, *, name: str = "job", patience: float = 5.0) -> Command:
    return Command(name=name, argv=["/bin/sh", "-c", script], patience=patience)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, told: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(logs=tmp_path, say=told.append)
    yield supervisor
    supervisor.stop(list(supervisor.kept))


def said(folder: Path) -> str:
    log = folder / "job.log"
    return log.read_text() if log.exists() else ""


def until(true: Callable[[], bool], *, watching: Supervisor | None = None, seconds: float = 8) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to pass"
        if watching:
            watching.watch()
        time.sleep(0.02)


def pid_of(supervisor: Supervisor, name: str = "job") -> int:
    process = supervisor.kept[name].process
    assert process is not None
    return process.pid


def test_what_a_process_says_is_kept_in_its_log(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(sh("echo hello; exec sleep 60"))

    until(lambda: "hello" in said(tmp_path))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_disk_that_is_full_at_the_turn_of_a_log_stops_nobody(
    tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.supervisor.LOG_BYTES", -1)  # each line turns it
    (tmp_path / "job.log").symlink_to("/dev/full")  # the kernel itself says that there is no room
    (tmp_path / "job.log.1").mkdir()  # …nor a name
    supervisor = Supervisor(logs=tmp_path, say=told.append, echo_logs=True)

    supervisor.start(sh("echo one; echo two; exec sleep 60"))

    until(lambda: any("two" in line for line in told))
    (tmp_path / "job.log").unlink()
    supervisor.stop(["job"])


def test_what_dies_is_started_again_and_said_so(supervisor: Supervisor, told: list[str]) -> None:
    supervisor.start(sh("exec sleep 60"))
    first = pid_of(supervisor)

    os.kill(first, signal.SIGKILL)

    until(lambda: pid_of(supervisor) != first, watching=supervisor)
    assert told[0].startswith("job stopped (SIGKILL), again in 0.5 s; log: ")
    assert told[1] == f"job started again (process {pid_of(supervisor)})"


def test_what_dies_at_once_waits_longer_each_time(supervisor: Supervisor, told: list[str]) -> None:
    supervisor.start(sh("exit 3"))

    until(lambda: len([line for line in told if "stopped" in line]) == 3, watching=supervisor)

    waits = [line.split("again in ")[1].split(" s")[0] for line in told if "stopped (exit 3)" in line]
    assert waits == ["0.5", "1", "2"]


def test_what_dies_all_night_is_still_started_again(supervisor: Supervisor, told: list[str]) -> None:
    supervisor.start(sh("exit 3"))
    supervisor.kept["job"].deaths = 5000

    until(lambda: any("stopped" in line for line in told), watching=supervisor)

    assert "again in 30 s" in told[0]


def test_a_child_of_what_died_does_not_live_on_beside_its_successor(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    supervisor.start(sh("sleep 60 & echo $!; wait"))
    until(lambda: said(tmp_path).strip() != "")
    child = int(said(tmp_path).split()[1])

    os.kill(pid_of(supervisor), signal.SIGKILL)

    until(
        lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == "zombie",
        watching=supervisor,
    )


def test_stopping_asks_first(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(sh("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"))
    until(lambda: "up" in said(tmp_path))

    supervisor.stop(["job"])

    until(lambda: "bye" in said(tmp_path))
    assert supervisor.kept == {}


def test_what_does_not_stop_is_ended(supervisor: Supervisor, tmp_path: Path, told: list[str]) -> None:
    supervisor.start(sh("trap '' TERM; echo up; while :; do sleep 0.05; done", patience=0.3))
    until(lambda: "up" in said(tmp_path))
    pid = pid_of(supervisor)

    supervisor.stop(["job"])

    assert told == ["job does not stop: ending it"]
    assert not processes.is_alive(pid)


def test_a_grandchild_that_left_its_group_is_swept_up(tmp_path: Path) -> None:
    # In a process of its own: sweeping ends every descendant, and pytest's servers are such.
    script = textwrap.dedent("""
        import sys, time
        from pathlib import Path
        from config.processes import Command
        from config.supervisor import Supervisor
        supervisor = Supervisor(logs=Path(sys.argv[1]), say=print)
        supervisor.start(Command(name="job", argv=["/bin/sh", "-c", "setsid sleep 60 & echo $!; wait"]))
        log = Path(sys.argv[1]) / "job.log"
        while not (log.exists() and log.read_text().strip()):
            time.sleep(0.02)
        supervisor.stop(["job"])
        supervisor.sweep()
    """)

    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, timeout=20)

    grandchild = int(said(tmp_path).split()[1])
    assert not processes.is_alive(grandchild)


def test_a_procfile_line_is_read_by_a_shell_that_gives_way(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("# a comment\nweb: serve --port ${PORT:-8000}\n\nworker: work\n")

    web, worker = read_procfile(tmp_path / "Procfile", environment={"PORT": "9000"})

    assert (web.name, web.argv[-1], web.environment["PORT"]) == (
        "web",
        "exec serve --port ${PORT:-8000}",
        "9000",
    )
    assert (worker.name, worker.environment["PARLEY_PROCESS"]) == ("worker", "parley worker")


def test_who_was_killed_and_is_not_buried_yet_is_not_alive() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert processes.is_alive(child.pid)

    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert not processes.is_alive(child.pid)
    child.communicate()
