"""How a demo's start ends where something of it fails: at once, and with the name of what failed."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest

from config import services
from config.demo import knocking, ports, running
from config.oneline import SetUpFault
from config.processes import Command
from config.supervisor import Supervisor
from tests import signals


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


def test_ctrl_c_before_anything_is_started_is_one_line(tmp_path: Path) -> None:
    """While it asks the broker that it was given, here."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        inherited = {n: v for n, v in os.environ.items() if not re.match("PARLEY_|DATABASE_URL|DJANGO_", n)}
        broker = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        environment = {**inherited, "PARLEY_HOME": str(tmp_path), "REDIS_URL": broker}
        demo = subprocess.Popen(
            [sys.executable, "manage.py", "demo"], cwd=services.BASE_DIR, env=environment, process_group=0, text=True, preexec_fn=signals.heeds_ctrl_c,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        silent.settimeout(60)
        asked, _ = silent.accept()

        os.killpg(demo.pid, signal.SIGINT)
        with asked:  # who hears that it was closed says that the broker is away
            said = demo.communicate(timeout=60)[0]

    assert (demo.returncode, said) == (130, "Stopped.\n")


def test_what_fails_because_it_was_asked_to_stop_is_no_fault(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As initdb does, which Ctrl-C reaches, too."""
    chosen = running.Plan(
        home=tmp_path, ports=ports.chosen(), host="", corpus="", password="", echo_logs=False
    )
    said: list[str] = []
    monkeypatch.setattr(supervisor, "sweep", lambda: None)  # this process has children that are no demo's
    supervisor.signals = 1

    def make_a_data_folder() -> None:
        raise SetUpFault("PostgreSQL could not make its data folder.")

    with running.stopped_at_the_end(supervisor, chosen, said.append):
        make_a_data_folder()

    assert said[-1].startswith("Everything has stopped.")


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


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            b'{"ready": false, "database": {"ok": true}, "worker": {"ok": false, "reason": "no heartbeat"}}',
            "503 worker: no heartbeat",
        ),
        (b"<h1>Bad Gateway</h1>", "503 <h1>Bad Gateway</h1>"),
        (b'["not", "ours"]', '503 ["not", "ours"]'),
    ],
)
def test_what_is_not_ready_is_told_in_words(body: bytes, reason: str) -> None:
    class Unready(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(503)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Unready) as server:
        threading.Thread(target=server.handle_request).start()

        assert knocking.why_not_ready(f"http://127.0.0.1:{server.server_port}/readyz") == reason
