"""What the figures are held against: where one of these does not hold, `make evaluate` ends with 1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LANGUAGE = 0.965  # accuracy; of whole messages what is not told counts as wrong
ONE_BY_ONE, BATCHED = 250, 500  # messages a second of one core
PRECISION = 0.9  # of what the model sets by itself
LEARNED = 500  # corrections after which the model may not be worse than keyword rules alone


@dataclass(frozen=True, slots=True)
class Limit:
    """A figure and the least that it may be. A figure that is not there is NaN, and holds against nothing."""

    name: str
    figure: float
    least: float

    @property
    def holds(self) -> bool:
        return self.figure >= self.least

    def __str__(self) -> str:
        figure, least = (
            f"{each:,.0f}" if self.least > 1 else f"{each:.3f}" for each in (self.figure, self.least)
        )
        return f"  {self.name:<74} {figure:>6} >= {least:<6} {'holds' if self.holds else 'does not hold'}"


def told(limits: Iterable[Limit]) -> bool:
    """Prints each with its verdict. Whether all hold: of none, nothing is known to."""
    limits = list(limits)
    print("\nLimits:")
    for limit in limits:
        print(limit)
    return bool(limits) and all(limit.holds for limit in limits)
