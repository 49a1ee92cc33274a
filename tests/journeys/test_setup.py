"""Starting and stopping as people do it: beside another, again, and where something is in the way."""

import fcntl
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys.browsing import Agent
from tests.journeys.outside import Outside
from tests.journeys.running import Demo


def refused(demo: Demo) -> str:
    """What a demo says that cannot start: one line, no traceback, an exit code that is not 0."""
    demo.start()
    assert demo.process is not None
    try:
        code = demo.process.wait(60)
    finally:
        demo.end_all()
    said = demo.said
    assert code != 0 and "Traceback" not in said, said
    [line] = [
        line
        for line in said.splitlines()
        if line.strip() and not line.startswith(("Stopping", "Everything", "Starting"))
    ]
    return line


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[Demo]:
    demo = Demo(tmp_path / "home")
    yield demo
    demo.end_all()


@pytest.mark.long  # two more demos, started from nothing
def test_two_demos_side_by_side_know_nothing_of_one_another(
    demo: Demo, outside: Outside, beside: Demo, browser: Browser, name: str
) -> None:
    beside.start().await_ready()
    second = Outside(beside.control)
    context = browser.new_context()
    try:
        here, there = (
            Agent(context.new_page(), demo.url).sign_in(),
            Agent(context.new_page(), beside.url).sign_in(),
        )
        second.dm("instagram", "I write to the second", who=name)
        there.await_row(name)
        here.go()
        assert here.row(name).count() == 0
        assert not [row for row in outside.ledger() if row["text"] == "I write to the second"]
    finally:
        context.close()
        second.close()

    assert beside.stop(signal.SIGINT) == 0
    assert beside.processes() == []
    again = beside.start().await_ready(within=60)
    assert again.sql("SELECT count(*) FROM inbox_message WHERE text = 'I write to the second'") == [(1,)]
    assert beside.stop(signal.SIGTERM) == 0
    assert beside.processes() == []


def test_a_taken_port_is_told_in_one_line_with_the_remedy(beside: Demo) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", beside.port))
        taken.listen()
        line = refused(beside)
    assert str(beside.port) in line and "PORT=" in line


def test_a_home_in_use_is_told_in_one_line_with_the_remedy(demo: Demo) -> None:
    second = Demo(demo.home)
    second.output = demo.home.parent / "second.said"
    second.start()
    assert second.process is not None
    assert second.process.wait(60) != 0
    [line] = second.said.strip().splitlines()
    assert "in use" in line and "PARLEY_HOME=" in line


def test_a_home_that_something_holds_names_its_holder_as_the_lock_tells_it(beside: Demo) -> None:
    beside.home.mkdir(parents=True)
    (beside.home / "lock").write_text("the demo at http://localhost:1/ (process 999999)\n")
    with (beside.home / "lock").open("a+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "999999" in refused(beside)


@pytest.mark.skipif(not os.path.exists("/proc/mounts"), reason="needs /proc")
def test_a_home_that_cannot_be_written_to_is_told_in_one_line() -> None:
    line = refused(_unwritable())
    assert "cannot be" in line and "PARLEY_HOME" in line


def _unwritable() -> Demo:
    demo = Demo(Path("/proc/parley-home"))
    demo.output = Path("/tmp") / f"parley-unwritable-{os.getpid()}.said"
    demo.output.unlink(missing_ok=True)
    return demo


def test_a_full_disk_is_told_in_one_line_with_the_remedy() -> None:
    folder = Path("/dev/full-home-of-parley")
    pytest.skip("needs a small file system of its own") if not _small_disk(folder) else None
    try:
        demo = Demo(folder / "home")
        demo.output = Path("/tmp") / f"parley-full-{os.getpid()}.said"
        demo.output.unlink(missing_ok=True)
        assert "full" in refused(demo)
    finally:
        os.system(f"umount {folder}; rmdir {folder}")


def _small_disk(folder: Path) -> bool:
    """A few megabytes, where we may mount."""
    try:
        folder.mkdir(exist_ok=True)
    except OSError:
        return False
    return os.system(f"mount -t tmpfs -o size=20m tmpfs {folder} 2>/dev/null") == 0
