"""The real demo, started and stopped as a person would, in a home and on ports of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg

from config import postgres, services
from tests import ports
from tests.journeys.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a-password-for-journeys"
# What the test run itself was told must not reach the demo: it is a machine of its own.
NOT_HANDED_ON = (
    "DATABASE_URL",
    "REDIS_URL",
    "DJANGO_SETTINGS_MODULE",
    "CORPUS",
    "PORT",
    "WEB_PORT",
    "EDGE_HOST",
)
PROCFILE = frozenset(["web", "edge", "worker", "triage", "beat", "sync", "reports", "cron"])


class Demo:
    def __init__(self, home: Path, *, port: int | None = None, **told: str) -> None:
        self.home = home
        # A demo takes the neighbour as well, and so does its simulator.
        self.port = port or ports.free(1, 100, 101)
        self.simulator_port = self.port + 100
        self.told = told
        self.output = home.parent / f"{home.name}.said"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def control(self) -> str:
        return f"http://127.0.0.1:{self.simulator_port}"

    @property
    def environment(self) -> dict[str, str]:
        own = {
            name: value
            for name, value in os.environ.items()
            if name not in NOT_HANDED_ON and not name.startswith(("PARLEY_", "SIMULATOR_", "COV_"))
        }
        own |= {
            "PARLEY_HOME": str(self.home),
            "PORT": str(self.port),
            "SIMULATOR_PORT": str(self.simulator_port),
        }
        own |= {
            "PARLEY_DEMO_PASSWORD": PASSWORD,
            "PARLEY_DEMO_TRAFFIC": "off",
        }
        return own | self.told

    # Beginning and end

    def start(self) -> "Demo":
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "demo"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def await_ready(self, *, within: float = 240.0) -> "Demo":
        assert self.process is not None
        deadline = time.monotonic() + within
        while "Parley is ready" not in self.said:
            assert self.process.poll() is None, f"The demo ended ({self.process.returncode}):\n{self.said}"
            assert time.monotonic() < deadline, f"The demo is not ready after {within:g} s:\n{self.said}"
            time.sleep(0.1)
        return self

    def stop(self, sign: signal.Signals = signal.SIGINT, *, within: float = 40.0) -> int:
        """Ctrl-C, and the demo's exit code. Whatever is left is told by `processes`."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(sign)
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.end_all()
            raise AssertionError(f"The demo did not stop within {within:g} s:\n{self.said}") from None

    def end_all(self) -> None:
        for process in self.processes():
            try:
                process.kill()
            except psutil.NoSuchProcess:
                pass

    @property
    def said(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace") if self.output.exists() else ""

    # Its processes

    def processes(self) -> list[psutil.Process]:
        """Every living process of this home, whoever its parent is now: they all carry its name."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.status() != psutil.STATUS_ZOMBIE and self._is_mine(process):
                    found.append(process)
            except psutil.Error:
                continue
        return [process for process in found if process.pid != os.getpid()]

    def _is_mine(self, process: psutil.Process) -> bool:
        # Valkey writes its title over its environment.
        return process.environ().get("PARLEY_HOME") == str(self.home) or str(self.home) in " ".join(
            process.cmdline()
        )

    def named(self, name: str) -> psutil.Process:
        """The process of this name that the supervisor keeps now."""
        assert self.process is not None
        for process in psutil.Process(self.process.pid).children():
            try:
                if _name_of(process) == name:
                    return process
            except psutil.Error:
                continue
        raise AssertionError(f"No process {name} is running:\n{self.said[-2000:]}")

    def kill(self, name: str) -> int:
        """kill -9, with no time to say good-bye. Returns the dead one's number."""
        process = self.named(name)
        process.kill()
        return process.pid

    def await_restart(self, name: str, *, after: int, within: float = 20.0) -> int:
        return eventually(
            lambda: (pid := self.named(name).pid) != after and pid, within=within, told=f"{name} again"
        )

    # Its state

    def manage(self, *arguments: str, within: float = 120.0) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
        )

    def connect_again(self) -> None:
        """Whatever asks to be connected again is: by consent, code and token endpoint, as at the first time."""
        done = self.manage("demo", "--seed")
        assert done.returncode == 0, done.stdout + done.stderr

    @property
    def services(self) -> services.Services:
        known = services.running(self.home)
        assert known is not None, "This home says nothing of its servers."
        return known

    def sql(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.services.database_url, autocommit=True) as connection:
            cursor = connection.execute(query.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def nobody_records(self) -> Iterator[None]:
        """Meanwhile whoever wants to record what happened in a brand stands in the middle of its transaction, and waits."""
        with psycopg.connect(self.services.database_url) as connection:
            connection.execute("SELECT 1 FROM inbox_brandsequence FOR UPDATE")
            yield
            connection.rollback()

    def flush_broker(self) -> None:
        import redis

        with redis.Redis.from_url(self.services.redis_url) as client:
            client.flushall()

    def log(self, name: str) -> str:
        path = self.home / "log" / f"{name}.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _name_of(process: psutil.Process) -> str:
    # By its command first: what is not in the Procfile inherits the environment of whoever started it.
    line = " ".join(process.cmdline())
    if str(postgres.binaries()) in line:
        return "postgres"
    if "valkey-server" in line:
        return "valkey"
    if "-m simulator" in line:
        return "simulator"
    told = process.environ().get("PARLEY_PROCESS", "").removeprefix("parley ")
    return told if told in PROCFILE else ""
