"""Small facts about processes that the supervisor, the embedded services and the RQ worker share."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


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
