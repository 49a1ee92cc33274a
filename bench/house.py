"""A throw-away home with servers of its own, and the real processes started in it as the Procfile says."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config import embedded, services
from config.processes import Command, signal_group, spawn
from config.supervisor import read_procfile

SETTINGS = "config.settings"


class NotUp(Exception):
    """A process that the bench needs did not start."""


@dataclass(slots=True)
class House:
    home: Path
    scale: float
    known: services.Services
    environment: dict[str, str] = field(default_factory=dict)

    def sized(self, full: int, *, least: int) -> int:
        """How many at this scale."""
        return max(least, int(full * self.scale))

    @property
    def rounds(self) -> int:
        return 5 if self.scale >= 0.5 else 3 if self.scale >= 0.1 else 2

    @contextmanager
    def process(
        self, name: str, argv: Sequence[str], **environment: str
    ) -> Iterator[subprocess.Popen[bytes]]:
        """One process for as long as the block runs. What it says goes to a log in the home."""
        command = Command(
            name=name,
            argv=list(argv),
            environment={**self.environment, **environment},
            folder=services.BASE_DIR,
        )
        with (self.home / "log" / f"bench-{name}.log").open("ab") as log:
            process = spawn(command, output=log)
        try:
            yield process
        finally:
            signal_group(process.pid, command.stop_signal)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                signal_group(process.pid, command.force_signal)
                process.wait()

    @contextmanager
    def of_procfile(self, name: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
        """A process of the product, by the very line that production starts it with."""
        [command] = [
            c for c in read_procfile(services.BASE_DIR / "Procfile", environment={}) if c.name == name
        ]
        with self.process(name, command.argv, **{**command.environment, **environment}) as process:
            yield process

    @contextmanager
    def edge(self) -> Iterator[int]:
        """The real edge; gives its port."""
        port = free_port()
        with self.of_procfile("edge", PORT=str(port), EDGE_TRUSTED="") as process:
            self.wait_for(f"http://127.0.0.1:{port}/healthz", process, "edge")
            yield port

    @contextmanager
    def uvicorn(self, name: str, application: str, **environment: str) -> Iterator[int]:
        """Another application under the same server with the same options; gives its port."""
        port = free_port()
        argv = [
            sys.executable, "-m", "uvicorn", application, "--host", "127.0.0.1", "--port", str(port), "--no-server-header",
            "--timeout-graceful-shutdown", "5", "--ws-max-size", "65536", "--ws-ping-interval", "20", "--ws-ping-timeout", "20",
            "--no-access-log", "--log-level", "warning",
        ]  # fmt: skip
        with self.process(name, argv, **environment) as process:
            self.wait_for(f"http://127.0.0.1:{port}/healthz", process, name)
            yield port

    def wait_for(self, url: str, process: subprocess.Popen[bytes], name: str, *, seconds: float = 40) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise NotUp(f"{name} ended: {self.last_words(name)}")
            try:
                with urllib.request.urlopen(url, timeout=5):
                    return
            except urllib.error.HTTPError:
                return  # it answers
            except OSError:
                time.sleep(0.05)
        raise NotUp(f"{name} did not answer at {url}: {self.last_words(name)}")

    def wait_until_ready(
        self, url: str, process: subprocess.Popen[bytes], name: str, *, seconds: float = 60
    ) -> None:
        """Wait for 200: database, broker, migrations and the worker's heartbeat."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and process.poll() is None:
            try:
                with urllib.request.urlopen(url, timeout=5):
                    return
            except OSError:
                time.sleep(0.2)
        raise NotUp(f"{name} is not ready: {self.last_words(name)}")

    def last_words(self, name: str) -> str:
        path = self.home / "log" / f"bench-{name}.log"
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
        return " | ".join(lines[-3:]) or "it said nothing"

    def ask(self, module: str, spec: dict[str, Any]) -> dict[str, Any]:
        """Run one of our helper programs: JSON in, JSON out."""
        done = subprocess.run(
            [sys.executable, "-m", module],
            input=json.dumps(spec).encode(),
            capture_output=True,
            cwd=services.BASE_DIR,
            env={**os.environ, **self.environment},
            check=False,
        )
        if done.returncode != 0:
            raise NotUp(f"{module} failed: {done.stderr.decode(errors='replace').strip()[-600:]}")
        return dict(json.loads(done.stdout))


@contextmanager
def opened(scale: float) -> Iterator[House]:
    """Servers with durable settings, the schema in place, Django ready in this process; all of it gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="parley-bench-"))
    try:
        with embedded.serving(home, durable=True) as known:
            environment = {
                "DATABASE_URL": known.database_url,
                "REDIS_URL": known.redis_url,
                "DJANGO_SETTINGS_MODULE": SETTINGS,
                "PARLEY_ENV": "demo",
                "PARLEY_HOME": str(home),
                "PARLEY_LOG_LEVEL": "WARNING",
                "PARLEY_PAGES_ORIGIN": "",
                "PYTHONUNBUFFERED": "1",
                "PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ.get("PATH", os.defpath),
            }
            os.environ.update(environment)
            _set_up_django()
            yield House(home, scale, known, environment)
            _close_connections()
    finally:
        if not os.environ.get("BENCH_KEEP"):
            shutil.rmtree(home, ignore_errors=True)


def _set_up_django() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def _close_connections() -> None:
    from django.db import connections

    connections.close_all()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
