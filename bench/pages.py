"""Starting the pages' program, and reading what it saw."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.house import House, NotUp
from config import services
from inbox.models import Person


@dataclass(slots=True)
class Pages:
    """`told` is filled when the block ends."""

    process: subprocess.Popen[bytes]
    told: dict[str, Any] = field(default_factory=dict)

    def stop(self) -> None:
        out, _ = self.process.communicate(b"stop\n", timeout=60)
        self.told = json.loads(out)

    def latencies(self, sent: Mapping[int, float]) -> list[float]:
        """Seconds from each sending to each socket that saw it, ordered."""
        return sorted(
            at - sent[int(mark)]
            for mark, times in self.told["seen"].items()
            if int(mark) in sent
            for at in times
        )

    def lost(self, sent: Mapping[int, float], sockets: int) -> int:
        return sum(sockets - len(self.told["seen"].get(str(mark), ())) for mark in sent)


@contextmanager
def listening(house: House, spec: dict[str, Any]) -> Iterator[Pages]:
    log = (house.home / "log" / "bench-sockets.log").open("ab")
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.sockets"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=services.BASE_DIR,
    )  # fmt: skip
    try:
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps(spec).encode() + b"\n")
        process.stdin.flush()
        if process.stdout.readline() != b"ready\n":
            raise NotUp(f"The sockets did not come up: {house.last_words('sockets')}")
        yield Pages(process)
    finally:
        process.kill()
        process.wait()
        log.close()


def cookie_of(person: Person, *, port: int) -> str:
    """Signed in, as after the sign-in page."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return f"parley_session_{port}={session.session_key}"


def percentile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("inf")
