"""Ports for processes that bind them later: below the range from which connections of others are given theirs."""

import random
import socket

LOWEST, HIGHEST = 20_000, 32_000


def free(*steps: int) -> int:
    """A free port, and free as well at these steps above it. Neither the one nor the others are held."""
    for _ in range(200):
        port = random.SystemRandom().randrange(LOWEST, HIGHEST, 2)
        if all(_is_free(port + step) for step in (0, *steps)):
            return port
    raise AssertionError("No free ports.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
