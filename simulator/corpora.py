"""A corpus of real conversations as a stream: customer turns as direct messages, spread over the platforms, in order inside each."""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from simulator import conversations, customers
from simulator.bookmarks import Bookmark
from simulator.kernel import Kernel
from simulator.models import Account
from simulator.saying import say

_AT_ONCE = 8
Given = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Corpus:
    kernel: Kernel
    path: Path
    accounts: Sequence[Account]
    mark: Bookmark
    dice: random.Random
    loop: bool

    def stream(self) -> Iterator[list[Given]]:
        accounts = {one.platform: one for one in reversed(self.accounts)}
        while True:
            places = itertools.cycle(accounts.values())  # a conversation goes on where it began
            waiting: list[Iterator[Given]] = []
            number = 0
            for number, row in enumerate(conversations.readable(self.path), start=1):
                account = next(places)
                if self.mark.turns(number) is not None:
                    waiting.append(self._turns(number, row, account))
                # Some conversations run side by side, as in an afternoon.
                if len(waiting) >= _AT_ONCE:
                    yield from self._step(waiting)
            if number and self.mark.upto == number:
                say(
                    f"all of the corpus {self.path} was played before; POST /control/play with its path plays it again"
                )
            while waiting:
                yield from self._step(waiting)
            if not number or not self.loop:  # a file emptied meanwhile would be read for ever
                return
            self.mark.begin_anew()

    def _step(self, waiting: list[Iterator[Given]]) -> Iterator[list[Given]]:
        at = self.dice.randrange(len(waiting))
        found = next(waiting[at], None)
        if found is None:
            del waiting[at]
        else:
            yield [found]

    def _turns(self, number: int, row: Given, account: Account) -> Iterator[Given]:
        turns = conversations.turns(row)
        for place in range(self.mark.turns(number) or 0, len(turns)):
            name, text = turns[place]
            person = customers.person_from(
                self.kernel,
                account=account,
                given={"name": name, "handle": name},
                language=str(row.get("lang") or "en"),
            )
            played = partial(self.mark.note, number, place + 1, is_whole=place + 1 == len(turns))
            yield {"kind": "text", "text": text, "_account": account, "_person": person, "_played": played}
