"""Signals of processes that a test starts."""

import signal


def heeds_ctrl_c() -> None:
    """For `preexec_fn`: what is started in the background, as a whole run of tests may be, inherits that Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
