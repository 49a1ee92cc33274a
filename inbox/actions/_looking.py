"""What triage does to a batch of conversations while the brand's ledger is open: tags, clocks, due time, priority, timers, the router's queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from inbox import events
from inbox.actions import _clocks, _priority, _queueing, _tagging, _telling, _touched, _waiting_words
from inbox.actions._clocks import Standing
from inbox.actions._touched import Touched
from inbox.actions.tagging_work import Readings
from inbox.models import EventKind, Person, PriorityWeights
from inbox.queries import promises


def look(
    ledger: events.Ledger,
    conversation_ids: Sequence[int],
    now: datetime,
    *,
    readings: Readings | None = None,
    news_since: Mapping[int, datetime] | None = None,
    tell: bool = False,
) -> list[Touched]:
    """Bring the conversations in line with what is known now. Returns those whose row changed.

    `tell`: say what has become due, warnings and breaches; only the sweep does.
    """
    touched = _touched.load(ledger.brand_id, conversation_ids, now)
    if not touched:
        return []
    if readings is not None:
        _tagging.apply(ledger, touched, readings, now)
    standing = weigh(ledger, touched, now, news_since=news_since, tell=tell)
    _clocks.arm(ledger, standing, touched, now)
    _queueing.sync(ledger, touched, now)
    return _touched.finish(ledger, touched, now)


def weigh(
    ledger: events.Ledger,
    touched: Sequence[Touched],
    now: datetime,
    *,
    news_since: Mapping[int, datetime] | None = None,
    tell: bool = False,
) -> list[Standing]:
    """Clocks, and the priority that follows from them. Previews ask the same (policies.effect, weighing.preview), so that they show what
    saving does."""
    promised, weights = promises.of_brand(ledger.brand_id), _priority.weights_of(ledger.brand_id)
    standing = _clocks.recompute(touched, promised, weights, now, news_since=news_since)
    _waiting_words.follow(touched)
    if tell:
        _telling.tell(ledger, standing, now)
    _priority.score(touched, weights, now)
    if promises.ask_priority(promised) and any("priority" in each.changed for each in touched):
        # Another priority may mean another promise, and that another score. Once: the next look takes it from there.
        standing = _clocks.recompute(touched, promised, weights, now, news_since=news_since)
        _priority.score(touched, weights, now)
    return standing


def rescore(ledger: events.Ledger, conversation_ids: Sequence[int], now: datetime) -> int:
    """Score alone, where nothing new was said. Returns how many are different now."""
    if not conversation_ids:
        return 0
    touched = _touched.load(ledger.brand_id, conversation_ids, now)
    _priority.score(touched, _priority.weights_of(ledger.brand_id), now)
    return len(_touched.finish(ledger, touched, now))


def begin_again(ledger: events.Ledger, *, what: str, by: Person, now: datetime) -> int:
    """Settings changed: everything under way is looked at anew, batch by batch (prioritising.rescore_batch)."""
    saved, _ = PriorityWeights.objects.get_or_create(brand_id=ledger.brand_id)
    version = saved.version + 1
    PriorityWeights.objects.filter(pk=ledger.brand_id).update(version=version, rescored_after=0)
    ledger.record(EventKind.WEIGHTS_CHANGED, at=now, actor_id=by.pk, version=version, what=what)
    return version
