"""What is tried once more, and what never is."""

from typing import Any


class Incomplete(AssertionError):
    """Something is lost, doubled, out of order or different. Trying again would not bring it back."""


# A browser or a process that starves on a busy machine is not a change of ours. The run lists what was tried again.
ONCE_MORE: dict[str, Any] = {"reruns": 1, "rerun_except": [f"^{Incomplete.__name__}:"]}
