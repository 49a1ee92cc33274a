"""The embedded PostgreSQL and Valkey that serve when DATABASE_URL and REDIS_URL are not set.

`python -m config.embedded` runs them in the foreground for a developer; the demo and the tests use them as a library.
"""

import errno
import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config import oneline, postgres, processes, services, valkey
from config.oneline import SetUpFault

FREE_MEGABYTES = 500
PLAIN = re.compile(r"[\w/. ~:=@-]+")
LONGEST_SOCKET_PATH = 103  # macOS allows 104 bytes with the final zero, Linux 108


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where the embedded services of one home keep what."""

    home: Path
    data: Path
    valkey: Path
    sockets: Path
    log: Path


def places(home: Path) -> Places:
    return Places(
        home=home, data=home / "postgres", valkey=home / "valkey", sockets=_sockets(home), log=home / "log"
    )


def _sockets(home: Path) -> Path:
    """A socket's path may only be short and plain, so that of a deep home, or of one with signs in its name that mean something in an
    address or in PostgreSQL's list of folders, is in the folder for temporary files."""
    inside = home / "run"
    is_short = len(os.fsencode(inside / f".s.PGSQL.{postgres.PORT}.lock")) <= LONGEST_SOCKET_PATH
    if is_short and PLAIN.fullmatch(str(inside)):
        return inside
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"parley-{os.getuid()}-{name}"


@contextmanager
def claimed(home: Path, *, told: str = "the servers of python -m config.embedded") -> Iterator[None]:
    """Hold the home for this process. The kernel lets go of the lock when the process dies, so it is never stale."""
    make_home(home)
    try:
        opened = (home / "lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise SetUpFault(
            f"{home / 'lock'} cannot be used ({error.strerror}). Delete it, or set PARLEY_HOME to a folder of yours."
        ) from None
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise SetUpFault(
                f"{home} is in use by {holder}. Stop that one, or choose another: PARLEY_HOME=.parley-two PORT=8300 make demo"
            ) from None
        file.truncate(0)
        file.write(f"{told} (process {os.getpid()})\n")
        file.flush()
        yield
        file.truncate(0)


def make_home(home: Path) -> None:
    probe = home / f".probe.{os.getpid()}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        try:
            probe.write_bytes(b"parley")
        finally:
            probe.unlink(missing_ok=True)  # a full disk gives it a name all the same
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise SetUpFault(_full(home)) from None
        raise SetUpFault(
            f"{home} cannot be written to ({error.strerror}). Set PARLEY_HOME to a folder of yours."
        ) from None


def check_space(home: Path) -> None:
    if shutil.disk_usage(home).free < FREE_MEGABYTES * 1024 * 1024:
        raise SetUpFault(_full(home))


def _full(home: Path) -> str:
    return f"The disk of {home} is nearly full: {FREE_MEGABYTES} MB must be free. Free some, or set PARLEY_HOME elsewhere."


def prepare(home: Path) -> Places:
    """Everything that must be there before the servers start. The caller holds the home."""
    where = places(home)
    check_space(home)
    try:
        where.log.mkdir(exist_ok=True)
        where.valkey.mkdir(parents=True, exist_ok=True)
        postgres.own(where.sockets)
        postgres.prepare(data=where.data)
        postgres.clear_leftovers(data=where.data, sockets=where.sockets)
        valkey.clear_leftovers(sockets=where.sockets)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise SetUpFault(_full(home)) from None
        raise SetUpFault(
            f"{error.filename or home} cannot be used: {error.strerror}. Set PARLEY_HOME elsewhere."
        ) from None
    return where


def commands(where: Places, *, durable: bool = True) -> list[processes.Command]:
    return [
        postgres.command(data=where.data, sockets=where.sockets, durable=durable),
        valkey.command(data=where.valkey, sockets=where.sockets),
    ]


def is_ready(name: str, where: Places) -> bool:
    return (
        postgres.is_ready(data=where.data) if name == "postgres" else valkey.is_ready(sockets=where.sockets)
    )


def is_starting(name: str, where: Places) -> bool:
    return name == "postgres" and postgres.is_starting(data=where.data)


def addresses(where: Places, *, pid: int) -> services.Services:
    return services.Services(
        pid=pid, database_url=postgres.url(sockets=where.sockets), redis_url=valkey.url(sockets=where.sockets)
    )


def why_not(name: str, where: Places) -> str:
    """The last thing a server that did not start said."""
    path = where.log / f"{name}.log"
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-30:] if path.exists() else []
    told = [
        line for line in lines if any(word in line for word in ("FATAL", "ERROR", "# ", "error", "No space"))
    ]
    reason = (told or lines or ["it said nothing"])[-1].strip()
    return f"{name} did not start: {reason}. Its log: {path}"


@contextmanager
def serving(
    home: Path, *, durable: bool = True, heed: Callable[[], None] = lambda: None
) -> Iterator[services.Services]:
    """Both servers for as long as the block runs. `heed` is called while they start, and may raise to give up."""
    with claimed(home):
        where = prepare(home)
        started: list[tuple[processes.Command, subprocess.Popen[bytes]]] = []
        try:
            for command in commands(where, durable=durable):
                with (where.log / f"{command.name}.log").open("ab") as log:
                    started.append((command, processes.spawn(command, output=log)))
            for command, process in started:
                wait_until_ready(command.name, process, where, say=_warn, heed=heed)
            postgres.ensure_database(sockets=where.sockets)
            known = addresses(where, pid=os.getpid())
            services.publish(home, known)
            yield known
        finally:
            services.withdraw(home)
            for command, process in reversed(started):
                stop(command, process)


def wait_until_ready(
    name: str,
    process: subprocess.Popen[bytes],
    where: Places,
    *,
    say: Callable[[str], None],
    heed: Callable[[], None] = lambda: None,
    seconds: float = 30,
) -> None:
    """One that dies, or is silent for so long, has failed. One that says that it is starting is waited for, and that is said once."""
    deadline = time.monotonic() + seconds
    told = False
    while True:
        heed()
        starting = is_starting(name, where)  # asked first: it may become ready between the two looks
        if is_ready(name, where):
            return
        if process.poll() is not None or (time.monotonic() > deadline and not starting):
            raise SetUpFault(why_not(name, where))
        if time.monotonic() > deadline and not told:
            told = True
            say(
                f"{name} is still starting: after a crash it first goes through what it had not written out yet. "
                f"It is waited for. Its log: {where.log / name}.log"
            )
        time.sleep(0.02)


def _warn(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def stop(command: processes.Command, process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(command.stop_signal)
        try:
            process.wait(command.patience)
        except subprocess.TimeoutExpired:
            processes.signal_group(process.pid, signal.SIGKILL)
            process.wait()


def main() -> None:
    asked_to_stop = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: asked_to_stop.set())

    def heed() -> None:
        if asked_to_stop.is_set():
            raise SetUpFault("Stopped before both servers were up.")

    with oneline.faults(), serving(services.home(), heed=heed) as known:
        sys.stdout.write(
            f"export DATABASE_URL='{known.database_url}'\nexport REDIS_URL='{known.redis_url}'\n"
        )
        sys.stdout.write(
            "Serving until Ctrl-C. Commands run by hand find these servers without the two lines above.\n"
        )
        sys.stdout.flush()
        asked_to_stop.wait()


if __name__ == "__main__":
    main()
