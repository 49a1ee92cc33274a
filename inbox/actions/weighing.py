"""How other weights would reorder the queue, before they are saved. Nothing that is written stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from inbox import events
from inbox.actions import _looking, _priority, _touched, prioritising
from inbox.actions._touched import Touched
from inbox.models import Brand, Conversation
from inbox.queries import promises, sorting
from inbox.rules import priority as rule
from inbox.rules.priority import Verdict

LOOKED_AT = 300  # the most pressing ones; who stands further down hardly comes to the top
AT_ONCE = 64  # are looked at in one transaction, so that nobody waits long for the brand's lock
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Move:
    """A conversation's place with the saved weights and with the new ones, from 1 on."""

    conversation: Conversation
    before: int
    after: int
    score_before: int
    score_after: int
    priority_before: str
    priority_after: str
    whys: list[tuple[int, str]]  # what the difference is made of

    @property
    def up(self) -> int:
        return self.before - self.after


@dataclass(frozen=True, slots=True)
class Preview:
    looked_at: int
    more: bool  # stand further down and were not looked at
    moves: list[Move]  # the first twenty with the new weights, in their order
    fallen: list[Move]  # of the first twenty with the saved ones
    moved: int


def preview(*, brand: Brand, facts: Mapping[str, int], tags: Mapping[str, int], now: datetime) -> Preview:
    """A handful of questions to the database, whatever the brand has; where another priority means another promise, what follows is
    worked out as saving does it."""
    saved = _priority.weights_of(brand.pk)
    wanted = _priority.Weights(rule.complete({**saved.facts, **facts}), {**saved.tags, **tags})
    pressing = list(sorting.SCORE.below(Conversation.objects.of_brand(brand).open(), None)[: LOOKED_AT + 1])
    more = len(pressing) > LOOKED_AT
    rows = {row.pk: row for row in pressing[:LOOKED_AT]}
    touched = _touched.load(brand.pk, rows, now)
    before, after = _ordered(touched, saved, now), _ordered(touched, wanted, now)
    others = [each.id for each in touched if each.broken or after[each.id].priority != each.priority]
    if others and promises.depend_on_priority(brand.pk):
        anew: dict[int, Touched] = {}
        for begin in range(0, len(others), AT_ONCE):
            found = _as_saved(brand, wanted, others[begin : begin + AT_ONCE], now)
            anew |= {each.id: each for each in found}
        after = _ordered([anew.get(each.id, each) for each in touched], wanted, now)
    places = {pk: place for place, pk in enumerate(before, 1)}
    moves = [
        _move(rows[pk], places[pk], place, before[pk], verdict)
        for place, (pk, verdict) in enumerate(after.items(), 1)
    ]
    return Preview(
        looked_at=len(rows),
        more=more,
        moves=moves[:SHOWN],
        fallen=sorted((each for each in moves[SHOWN:] if each.before <= SHOWN), key=lambda each: each.before),
        moved=sum(each.up != 0 for each in moves),
    )


@transaction.atomic(durable=True)
def _as_saved(brand: Brand, weights: _priority.Weights, ids: Sequence[int], now: datetime) -> list[Touched]:
    """These as saving would leave them. It is done, and taken back."""
    with events.ledger(brand.pk) as ledger:
        prioritising.write(brand, weights.facts, weights.tags)
        touched = _touched.load(brand.pk, ids, now)
        _looking.weigh(ledger, touched, now)
    transaction.set_rollback(True)
    return touched


def _ordered(touched: list[Touched], weights: _priority.Weights, now: datetime) -> dict[int, Verdict]:
    """As the list orders by score: among equals the newer comes first."""
    verdicts = {
        each.id: rule.score(_priority.facts_of(each, weights, now), weights.facts, now) for each in touched
    }
    return dict(sorted(verdicts.items(), key=lambda item: (item[1].score, item[0]), reverse=True))


def _move(row: Conversation, before: int, after: int, was: Verdict, now_: Verdict) -> Move:
    points = {each.key: (each.points, each.why) for each in now_.contributions}
    for each in was.contributions:
        gained, why = points.get(each.key, (0, each.why))
        points[each.key] = (gained - each.points, why)
    whys = sorted(
        ((gained, why) for gained, why in points.values() if gained), key=lambda each: -abs(each[0])
    )
    return Move(
        row,
        before,
        after,
        was.score,
        now_.score,
        rule.NAMES[was.priority],
        rule.NAMES[now_.priority],
        whys[:3],
    )
