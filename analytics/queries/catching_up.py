"""How far a brand's figures are true: up to when what happened is counted, and whether they are what they will be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min

from analytics.models import Follower, Level, Period
from inbox.models import Brand, Event

SOON = timedelta(minutes=1)  # what happens is counted and summed within it, as the definitions say
LONG = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Standing:
    anew: bool  # all is counted anew, or days wait to be summed as they never do from one message to the next
    behind: bool  # what came after `upto` waits longer than it does from one message to the next
    upto: datetime | None  # what happened until then is counted; None: nothing was counted yet

    @property
    def is_right(self) -> bool:
        return not self.anew and not self.behind


def of(brand: Brand, *, now: datetime, hours: bool = False) -> Standing:
    """`hours`: also of those of agents, which are sums of their own."""
    follower = Follower.objects.filter(brand=brand).first()
    # Events are counted in their order, after triage has looked at them: the first that is not says how far all others are.
    rest = Event.objects.filter(brand=brand, seq__gt=follower.seq if follower else 0).order_by("seq")
    upto = min(now, rest.values_list("at", flat=True).first() or now)
    anew = follower is not None and follower.again_after is not None
    waiting = Period.objects.filter(brand=brand, level__in=Level if hours else [Level.DAY]).order_by()
    for level, due in waiting.values_list("level").annotate(first=Min("due_at")):
        upto = min(upto, due - Level(level).delay)  # the first change that is not in the sums of its period
        anew = anew or due < now - LONG
    return Standing(anew, upto < now - SOON, upto if follower and follower.counted_at else None)
