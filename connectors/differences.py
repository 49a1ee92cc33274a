"""In what the inbox and the platforms may differ, and what of it is told and not counted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    MISSING = "missing"
    DOUBLED = "doubled"
    OUT_OF_ORDER = "out of order"
    TEXT = "text differs"
    DELETION = "deletion differs"
    REACTIONS = "reactions differ"
    SIDE = "side differs"
    AUTHOR = "author differs"
    TIME = "time differs"
    ANSWERS = "answers another"
    FILES = "files differ"
    FILE_LOST = "file lost"
    SPLIT = "split"
    LOST = "lost untold"
    NEVER_LEFT = "never left"
    SENT_TWICE = "sent twice"
    UNKNOWN = "unknown to the platform"


class Gone(StrEnum):
    """Told of, and counted as no difference: nobody can know it any more, however well they read and kept."""

    UNTOLD = "never told"  # a gap speaks of it where history showed it once
    MESSAGE = "read and unsent"
    CHANGE = "changed untold"


@dataclass(frozen=True, slots=True)
class Difference:
    kind: Kind | Gone
    platform: str
    account: str
    thread: str
    id: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.platform} {self.account} thread {self.thread} message {self.id} {self.detail}".rstrip()
