"""The demo from outside: it comes up, serves on one port, and leaves no process however it ends."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from config import services
from tests import ports

# In one process (pytest -n), so that the second finds the home that the first has made.
pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.xdist_group("demo")]


def of_home(home: Path) -> list[int]:
    """Every process that serves this home, found by what it was told or by where its data lies."""
    found = []
    for process in psutil.process_iter():
        try:
            if (
                process.environ().get("PARLEY_HOME") == str(home)
                or str(home / "postgres") in process.cmdline()
            ):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


def begun(home: Path) -> "subprocess.Popen[str]":
    inherited = {
        n: v for n, v in os.environ.items() if not re.match("PARLEY_|DATABASE_URL|REDIS_URL|DJANGO_", n)
    }
    port, simulator = ports.free(), ports.free()
    while abs(port - simulator) < 3:  # the simulator takes the next one, too
        simulator = ports.free()
    own = {"PARLEY_HOME": str(home), "PORT": str(port), "SIMULATOR_PORT": str(simulator)}
    apart = {
        "WEB_PORT": str(ports.free()),
        "SIMULATOR_PLATFORM_PORT": str(ports.free()),
        "PARLEY_DEMO_TRAFFIC": "off",
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", "demo"],
        cwd=services.BASE_DIR,
        env={**inherited, **own, **apart},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture
def demo(home: Path) -> Iterator["subprocess.Popen[str]"]:
    process = begun(home)
    yield process
    if process.poll() is None:
        process.kill()
        process.wait()


def until_ready(demo: "subprocess.Popen[str]") -> str:
    """The address that the banner names."""
    assert demo.stdout is not None
    said = []
    for line in demo.stdout:
        said.append(line)
        if found := re.search(r"Inbox\s+(http://\S+)", line):
            return found[1]
    pytest.fail("the demo did not come up:\n" + "".join(said))


def wait_for_none(home: Path, seconds: float = 45) -> list[int]:
    deadline = time.monotonic() + seconds
    while (left := of_home(home)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left


def test_it_serves_and_ctrl_c_stops_all_of_it(demo: "subprocess.Popen[str]", home: Path) -> None:
    address = until_ready(demo)
    with urllib.request.urlopen(address + "readyz") as ready, urllib.request.urlopen(address) as page:
        answers = (ready.status, page.status)

    demo.send_signal(signal.SIGINT)
    demo.communicate(timeout=60)

    assert answers == (200, 200)
    assert demo.returncode == 0
    assert of_home(home) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_nothing_outlives_a_killed_demo(demo: "subprocess.Popen[str]", home: Path) -> None:
    until_ready(demo)

    demo.kill()
    demo.wait()

    assert wait_for_none(home) == []


def test_a_home_whose_keys_were_removed_says_so_at_once_and_loses_nothing(
    demo: "subprocess.Popen[str]", home: Path
) -> None:
    until_ready(demo)
    demo.send_signal(signal.SIGINT)
    demo.communicate(timeout=60)
    (home / "secrets").rename(home / "put-aside")

    without = begun(home)
    said = without.communicate(timeout=60)[0]
    shutil.move(home / "put-aside", home / "secrets")
    again = begun(home)
    until_ready(again)
    again.send_signal(signal.SIGINT)
    again.communicate(timeout=60)

    assert without.returncode == 1
    assert f"Put {home / 'secrets'} back as it was" in said.splitlines()[-1]
    assert not any(line.startswith("Started ") or "Connected" in line for line in said.splitlines())
    assert again.returncode == 0
