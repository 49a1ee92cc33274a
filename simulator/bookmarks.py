"""How far a corpus has been played, kept beside the messages that it made: a later start goes on where this one stopped."""

import hashlib
from pathlib import Path
from typing import Any

from simulator.store import Store

_WHOLE = -1


class Bookmark:
    """Conversations are numbered from 1, as they are played. All up to `upto` are over; of those beyond, how many turns are."""

    def __init__(self, store: Store, digest: str, *, anew: bool) -> None:
        self._store, self._key = store, f"corpus:{digest}"
        store.commit()  # what was put before is looked for on the disk
        kept: dict[str, Any] = {} if anew else dict(store.load("state")).get(self._key) or {}
        self.upto = int(kept.get("upto", 0))
        self._turns = {int(number): int(turns) for number, turns in kept.get("turns", {}).items()}

    def turns(self, number: int) -> int | None:
        """How many of a conversation's turns were played; None: all of them."""
        played = _WHOLE if number <= self.upto else self._turns.get(number, 0)
        return None if played == _WHOLE else played

    def note(self, number: int, turns: int, *, is_whole: bool) -> None:
        """Written with the message itself, in one commit."""
        self._turns[number] = _WHOLE if is_whole else turns
        while self._turns.get(self.upto + 1) == _WHOLE:
            self.upto += 1
            del self._turns[self.upto]
        turns_of = {str(each): played for each, played in self._turns.items()}
        self._store.put("state", self._key, {"upto": self.upto, "turns": turns_of})

    def begin_anew(self) -> None:
        self.upto = 0
        self._turns.clear()
        self._store.remove("state", self._key)


def digest(path: Path) -> str:
    """The same words are the same corpus, wherever they lie."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
