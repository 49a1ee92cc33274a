"""Runs several commands as one: starts, watches, restarts with back-off, and stops them without leaving a process."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from types import FrameType

from config import processes
from config.processes import Command

LONGEST_WAIT = 30.0
STEADY_AFTER = 30.0  # seconds up after which a death counts as the first one
LOG_BYTES = 10 * 1024 * 1024
COLOURS = (36, 33, 32, 35, 34, 31, 96, 93, 92, 95)


def read_procfile(path: Path, *, environment: dict[str, str]) -> list[Command]:
    """The Procfile's lines as commands. A shell reads them, as it does in production, and gives way to the command."""
    commands = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if found := re.match(r"^([a-z][a-z0-9_-]*):\s*(\S.*)$", line):
            argv = ["/bin/sh", "-c", f"exec {found[2]}"]
            own = {**environment, "PARLEY_PROCESS": f"parley {found[1]}"}
            commands.append(Command(name=found[1], argv=argv, environment=own, folder=path.parent))
    return commands


class Log:
    """One process's lines, kept in a file that never grows without end."""

    def __init__(self, path: Path, *, echo: Callable[[str], None] | None = None) -> None:
        self.path, self.echo = path, echo
        path.parent.mkdir(parents=True, exist_ok=True)

    def follow(self, process: subprocess.Popen[bytes]) -> None:
        threading.Thread(target=self._copy, args=(process,), daemon=True).start()

    def _copy(self, process: subprocess.Popen[bytes]) -> None:
        """Reads on whatever happens to what was read: a full pipe would stop the process that speaks, and a disk may be full."""
        assert process.stdout is not None
        file: FileIO | None = None
        for line in process.stdout:
            with suppress(OSError):
                file = self._with_room(file)
                file.write(time.strftime("%H:%M:%S ").encode() + line)
            if self.echo:
                with suppress(OSError):
                    self.echo(line.decode(errors="replace").rstrip("\n"))
        if file:
            file.close()

    def _with_room(self, file: FileIO | None) -> FileIO:
        """Without a buffer, which a full disk would leave to be written at the next turn."""
        if file and not file.closed and file.tell() > LOG_BYTES:
            self.path.replace(self.path.with_suffix(".log.1"))
            file.close()
        return file if file and not file.closed else self.path.open("ab", buffering=0)


@dataclass
class Kept:
    """One command and the process that runs it now."""

    command: Command
    log: Log
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    deaths: int = 0
    restart_at: float | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Use from the main thread only: children are bound to the life of the thread that starts them."""

    def __init__(self, *, logs: Path, say: Callable[[str], None], echo_logs: bool = False) -> None:
        self.logs, self.say, self.echo_logs = logs, say, echo_logs
        self.kept: dict[str, Kept] = {}
        self.signals = 0
        processes.adopt_orphans()

    def listen(self) -> None:
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, self._asked_to_stop)

    def _asked_to_stop(self, _sign: int, _frame: FrameType | None) -> None:
        self.signals += 1

    @property
    def stopping(self) -> bool:
        return self.signals > 0

    def is_up(self, name: str) -> bool:
        kept = self.kept.get(name)
        return kept is not None and kept.alive

    def start(self, command: Command) -> None:
        kept = self.kept.get(command.name) or Kept(
            command, Log(self.logs / f"{command.name}.log", echo=self._echo(command))
        )
        self.kept[command.name] = kept
        self._spawn(kept)

    def _spawn(self, kept: Kept) -> None:
        kept.restart_at = None
        kept.started_at = time.monotonic()
        kept.process = processes.spawn(kept.command, output=subprocess.PIPE)
        kept.log.follow(kept.process)

    def _echo(self, command: Command) -> Callable[[str], None] | None:
        if not self.echo_logs:
            return None
        colour = COLOURS[len(self.kept) % len(COLOURS)] if sys.stdout.isatty() else None
        prefix = f"{command.name:>9} | "
        if colour:
            prefix = f"\033[{colour}m{prefix}\033[0m"
        return lambda line: self.say(prefix + line)

    def watch(self, *, beside: int = 0) -> None:
        """One look at everything: what died is started again, later each time it dies early. `beside`: a child that is not kept here,
        whose end is for whoever started it."""
        now = time.monotonic()
        for kept in self.kept.values():
            if kept.restart_at is not None:
                if now >= kept.restart_at:
                    self._spawn(kept)
                    self.say(f"{kept.command.name} started again (process {_pid(kept)})")
            elif not kept.alive:
                self._plan_restart(kept, now)
        self._reap(beside)

    def _plan_restart(self, kept: Kept, now: float) -> None:
        assert kept.process is not None
        # What it started must not live on beside its successor.
        processes.signal_group(kept.process.pid, signal.SIGKILL)
        kept.deaths = 1 if now - kept.started_at > STEADY_AFTER else kept.deaths + 1
        doublings = min(kept.deaths - 1, 10)  # it may die a thousand times in a night
        wait = min(LONGEST_WAIT, 0.5 * 2**doublings)
        kept.restart_at = now + wait
        self.say(
            f"{kept.command.name} stopped ({_why(kept.process.returncode)}), again in {wait:g} s; log: {kept.log.path}"
        )

    def _reap(self, beside: int) -> None:
        """Adopted orphans that ended. Our own children are left to Popen, which takes one that is gone for one that went well."""
        own = {kept.process.pid for kept in self.kept.values() if kept.process} | {beside}
        for pid in _children_of(os.getpid()):
            if pid not in own and _is_zombie(pid):
                try:
                    os.waitpid(pid, os.WNOHANG)
                except ChildProcessError:
                    pass

    def wait(self, seconds: float) -> None:
        """Sleep in short steps, watching, until the time is over or somebody asks to stop."""
        deadline = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < deadline:
            self.watch()
            time.sleep(0.1)

    def stop(self, names: Sequence[str]) -> None:
        """Ask all of these at once, wait for each its own patience, then end what is left. A second signal ends it now."""
        chosen = [kept for name in names if (kept := self.kept.get(name)) and kept.alive]
        asked_before = self.signals
        begun = time.monotonic()
        for kept in chosen:
            assert kept.process is not None
            kept.process.send_signal(kept.command.stop_signal)
        while any(kept.alive for kept in chosen):
            forced = self.signals > max(1, asked_before)
            for kept in chosen:
                if kept.alive and (forced or time.monotonic() - begun > kept.command.patience):
                    self.say(f"{kept.command.name} does not stop: ending it")
                    self._force(kept)
            time.sleep(0.05)
        for name in names:
            if (kept := self.kept.pop(name, None)) and kept.process is not None:
                processes.signal_group(kept.process.pid, signal.SIGKILL)

    def _force(self, kept: Kept) -> None:
        assert kept.process is not None
        processes.signal_group(kept.process.pid, kept.command.force_signal)
        try:
            kept.process.wait(3)
        except subprocess.TimeoutExpired:
            processes.signal_group(kept.process.pid, signal.SIGKILL)

    def sweep(self) -> None:
        """End every descendant that is still there, wherever it had put itself."""
        import psutil

        left = psutil.Process().children(recursive=True)
        for process in left:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                pass
        psutil.wait_procs(left, timeout=3)


def _pid(kept: Kept) -> int:
    return kept.process.pid if kept.process else 0


def _why(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit {code}"


def _children_of(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(word) for word in text.split()]


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False
