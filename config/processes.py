"""Starting processes that neither outlive us nor run as root where they may not."""

import ctypes
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_SET_CHILD_SUBREAPER, PR_CAP_AMBIENT = 1, 8, 36, 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


@dataclass(frozen=True, kw_only=True)
class Command:
    """A process to run: how to start it, and how it wants to be stopped."""

    name: str
    argv: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    force_signal: signal.Signals = signal.SIGKILL
    patience: float = 10.0
    folder: Path | None = None
    servant_folders: tuple[Path, ...] = ()  # run as `nobody` when we are root; these folders it must reach


def spawn(command: Command, *, output: int | IO[bytes]) -> subprocess.Popen[bytes]:
    """Start it at the head of its own process group. Call from the main thread: the kernel watches that thread."""

    def in_child() -> None:
        if command.servant_folders and os.geteuid() == 0:
            become_servant(reach=command.servant_folders)
        die_with_parent(command.stop_signal)

    return subprocess.Popen(
        command.argv,
        env={**os.environ, **command.environment},
        cwd=command.folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        process_group=0,
        preexec_fn=in_child,
    )


def die_with_parent(with_signal: signal.Signals = signal.SIGKILL) -> None:
    """Ask the kernel to signal this process when its parent dies, however it dies (Linux only)."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of grandchildren whose parent died, so that they can be found and stopped (Linux only)."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def signal_group(pid: int, sent: signal.Signals) -> None:
    """Signal the whole process group that this process leads; nothing happens when it is gone."""
    try:
        os.killpg(pid, sent)
    except (ProcessLookupError, PermissionError):
        pass


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_dead_and_unburied(pid)


def _is_dead_and_unburied(pid: int) -> bool:
    """Killed, and whoever is its parent by now has not asked how it ended (Linux only)."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return told.rpartition(")")[2].split()[0] == "Z"


def servant() -> tuple[int, int]:
    """The user and group that PostgreSQL runs as when we are root, because it refuses to be root."""
    import pwd

    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid


def become_servant(*, reach: tuple[Path, ...]) -> None:
    """Drop root. Where a folder above is closed to others, keep the one right to walk through it (Linux only)."""
    user, group = servant()
    keep = LIBC is not None and any(is_closed_to_others(folder) for folder in reach)
    if LIBC is not None and keep:
        LIBC.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)
    if LIBC is not None and keep:
        right = 1 << CAP_DAC_OVERRIDE
        header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
        rights = (ctypes.c_uint32 * 6)(right, right, right, 0, 0, 0)
        LIBC.capset(header, rights)
        LIBC.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def is_closed_to_others(folder: Path) -> bool:
    return any(
        not parent.stat().st_mode & 0o001
        for parent in (folder.resolve(), *folder.resolve().parents)
        if parent.exists()
    )
