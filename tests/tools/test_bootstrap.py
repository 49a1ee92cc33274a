"""What make runs first, with an uv of ours that installs nothing and, like the real one, leaves the scripts that it finds."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests import signals
from tests.house.source import ROOT
from tools import bootstrap

UV = """#!{python}
import os, signal, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.SIG_DFL)
if sys.argv[1] == "--version":
    print("uv 0.9.0")
    sys.exit()
with open({told!r}, "a") as told:
    told.write("sync\\n")
if {ends}:
    sys.exit({ends})
bin = Path(os.environ["UV_PROJECT_ENVIRONMENT"]) / "bin"
half = bin / "half"
if not bin.exists():
    bin.mkdir(parents=True)
    half.touch()
    Path({told!r} + ".half").touch()
    time.sleep({takes})
    half.unlink()
if not (bin / "python").exists():
    (bin / "python").symlink_to(sys.executable)
if not (bin / "celery").exists():
    (bin / "celery").write_text(f"#!{{bin}}/python\\n")
"""


class Clone:
    def __init__(self, tmp_path: Path) -> None:
        self.place, self.told, self.path = tmp_path / "clone", tmp_path / "told", tmp_path / "bin"
        (self.place / "tools").mkdir(parents=True)
        shutil.copy(ROOT / "tools" / "bootstrap.py", self.place / "tools")
        for name in ("uv.lock", "pyproject.toml"):
            (self.place / name).write_text("")
        self.has_uv()

    def has_uv(self, *, takes: float = 0, ends: int = 0) -> None:
        self.path.mkdir(exist_ok=True)
        text = UV.format(python=sys.executable, told=str(self.told), takes=takes, ends=ends)
        (self.path / "uv").write_text(text)
        (self.path / "uv").chmod(0o755)

    def begin(self) -> subprocess.Popen[str]:
        env = {"PATH": f"{self.path}:{os.environ['PATH']}", "HOME": str(self.path)}
        argv = [sys.executable, str(self.place / "tools" / "bootstrap.py"), "demo"]
        return subprocess.Popen(
            argv, env=env, stderr=subprocess.PIPE, text=True, process_group=0, preexec_fn=signals.heeds_ctrl_c
        )

    def installs(self) -> tuple[int, str]:
        process = self.begin()
        said = process.communicate(timeout=60)[1]
        return process.returncode, said

    @property
    def script(self) -> str:
        return (self.place / ".venv" / "bin" / "celery").read_text()

    @property
    def syncs(self) -> int:
        return len(self.told.read_text().splitlines())


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_what_is_installed_is_not_installed_again(clone: Clone) -> None:
    assert [clone.installs()[0] for _ in range(2)] == [0, 0]
    assert clone.syncs == 1


def test_a_clone_that_was_moved_gets_scripts_that_begin_with_its_own_python(clone: Clone) -> None:
    clone.installs()
    clone.place = clone.place.rename(clone.place.with_name("second"))

    assert clone.installs()[0] == 0

    assert clone.script == f"#!{clone.place}/.venv/bin/python\n"


def test_two_at_once_install_once(clone: Clone) -> None:
    clone.has_uv(takes=1)

    both = [clone.begin(), clone.begin()]
    said = [process.communicate(timeout=60)[1] for process in both]

    assert ([process.returncode for process in both], clone.syncs) == ([0, 0], 1)
    assert sum("Waiting for another make" in each for each in said) == 1


def test_ctrl_c_is_one_line_and_what_is_half_installed_is_made_anew(clone: Clone) -> None:
    """uv takes a package whose folder is there for a whole one."""
    clone.has_uv(takes=60)
    process = clone.begin()
    half = Path(f"{clone.told}.half")
    while not half.exists():
        time.sleep(0.02)
    children = psutil.Process(process.pid).children(recursive=True)

    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=60)[1]

    assert (process.returncode, said.splitlines()[1:]) == (130, ["Stopped. Run it again to go on."])
    assert children and not any(child.is_running() for child in children)
    clone.has_uv()
    assert clone.installs() == (0, "Installing Parley's packages into .venv ...\n")
    assert not (clone.place / ".venv" / "bin" / "half").exists()
    clone.installs()
    assert clone.syncs == 2


def test_what_stood_there_is_kept_where_uv_could_put_nothing_in(clone: Clone) -> None:
    """It gets everything ready before it puts anything in: without a network nothing is half."""
    own = clone.place / ".venv" / "lib" / "python3.11" / "site-packages" / "own.py"
    own.parent.mkdir(parents=True)
    own.touch()
    clone.has_uv(ends=2)

    assert [clone.installs()[0] for _ in range(2)] == [1, 1]

    clone.has_uv()
    assert (clone.installs()[0], own.exists()) == (0, True)


def test_a_whole_environment_serves_on_where_another_could_not_be_installed(clone: Clone) -> None:
    clone.installs()
    (clone.place / "uv.lock").write_text("other")
    clone.has_uv(ends=2)
    clone.installs()
    (clone.place / "uv.lock").write_text("")

    assert clone.installs() == (0, "")


def test_a_half_one_stands_until_there_is_a_whole_one(clone: Clone) -> None:
    clone.installs()
    own = clone.place / ".venv" / "own"
    own.touch()
    (clone.place / ".venv.unfinished").touch()
    clone.has_uv(ends=2)

    assert [clone.installs()[0] for _ in range(2)] == [1, 1]
    assert own.exists()

    clone.has_uv()
    assert clone.installs()[0] == 0
    assert sorted(path.name for path in clone.place.glob(".venv*")) == [".venv"]
    assert not own.exists()


@pytest.mark.parametrize(
    ("free", "said"),
    [
        (50, "has 50 MB free, and Parley's packages need up to 800 MB: free some"),
        (300, "has 300 MB free, and Parley's packages need up to 800 MB: free some"),
        (3000, "is the package index within reach?"),
    ],
)
def test_what_cannot_be_installed_says_whether_there_is_room(
    clone: Clone, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], free: int, said: str
) -> None:
    clone.has_uv(ends=2)
    monkeypatch.setenv("PATH", str(clone.path), prepend=os.pathsep)
    for name, place in (
        ("ROOT", clone.place),
        ("VENV", clone.place / ".venv"),
        ("UNFINISHED", clone.place / ".venv.unfinished"),
        ("BEFORE", clone.place / ".venv.before"),
        ("OWN", clone.place / ".uv"),
    ):
        monkeypatch.setattr(bootstrap, name, str(place))
    usage = shutil.disk_usage(clone.place)._replace(free=free * 1024**2)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage)

    assert bootstrap.install("demo") == 1

    assert said in capsys.readouterr().err
