"""In what the inbox and the platforms may differ, and what of it is told and not counted."""

from __future__ import annotations

from collections import Counter, defaultdict
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

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES = {
    Gone.UNTOLD: "{} can be known by nobody any more: not delivered, and not shown in history.",
    Gone.MESSAGE: "{} can be known by nobody any more: not delivered, shown in history once, and unsent.",
    Gone.CHANGE: "Of {} nobody can know what became of them: not delivered, and not shown in history for long.",
}


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


class Findings:
    """Counts of everything, and names of as many as are to be shown (None: all)."""

    def __init__(self, show: int | None) -> None:
        self.show = show
        self.messages = 0
        self.threads = 0
        self.on_their_way = 0
        self.counts: Counter[Kind] = Counter()
        self.named: list[Difference] = []
        # What can be known by nobody any more. Of one message that may be several things: its words, and who reacted to it.
        self.all_gone = 0
        self.gone_ids: defaultdict[Gone, set[tuple[str, str, str]]] = defaultdict(set)
        self.gone: list[Difference] = []

    def add(self, difference: Difference) -> None:
        if isinstance(difference.kind, Gone):
            self.all_gone += 1
            self.gone_ids[difference.kind].add((difference.platform, difference.account, difference.id))
            named = self.gone
        else:
            self.counts[difference.kind] += 1
            named = self.named
        if self.show is None or len(named) < self.show:
            named.append(difference)

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def unknowable(self) -> int:
        """Messages, of which the inbox has none."""
        return sum(len(ids) for kind, ids in self.gone_ids.items() if kind != Gone.CHANGE)
