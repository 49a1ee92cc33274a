"""Score and priority of touched conversations: their facts, the brand's weights, and what the rule makes of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from inbox import platforms
from inbox.actions._touched import Touched
from inbox.models import DueKind, PriorityWeights, Sentiment, Tag
from inbox.rules import negative_words, priority, reply_window

_WHAT = {
    DueKind.FIRST_RESPONSE: "first response",
    DueKind.NEXT_RESPONSE: "next response",
    DueKind.RESOLUTION: "resolution",
    DueKind.PROMISE: "promise",
}


@dataclass(frozen=True, slots=True)
class Weights:
    """What each fact adds, as the brand sees it. Tags by name."""

    facts: Mapping[str, int] = field(default_factory=lambda: priority.complete({}))
    tags: Mapping[str, int] = field(default_factory=dict)


def weights_of(brand_id: int) -> Weights:
    """Read once for a batch."""
    saved = PriorityWeights.objects.filter(brand_id=brand_id).values_list("weights", flat=True).first()
    tags = dict(Tag.objects.filter(brand_id=brand_id).exclude(weight=0).values_list("name", "weight"))
    return Weights(priority.complete(saved or {}), tags)


def score(touched: Sequence[Touched], weights: Weights, now: datetime) -> None:
    """Score, reasons, priority, and when time alone will change them. What has ended presses nobody."""
    for each in touched:
        if each.ended:
            each.change(priority_score=0, priority_reasons=[])
            each.next_turn = None
            continue
        facts = facts_of(each, weights, now)
        verdict = priority.score(facts, weights.facts, now)
        each.change(priority_score=verdict.score, priority_reasons=verdict.reasons, priority=verdict.priority)
        each.next_turn = priority.next_change(facts, now)


def before_raising(touched: Sequence[Touched], weights: Weights, now: datetime) -> dict[int, int]:
    """Of those that a broken promise made urgent, the priority that they would have without it."""
    raised = [each for each in touched if each.broken and not each.priority_pinned]
    return {
        each.id: priority.score(
            replace(facts_of(each, weights, now), broken=False), weights.facts, now
        ).priority
        for each in raised
    }


def facts_of(touched: Touched, weights: Weights, now: datetime) -> priority.Facts:
    due_at, due_kind = touched.target or (None, "")
    negative = touched.sentiment == Sentiment.NEGATIVE
    return priority.Facts(
        due_at=due_at,
        due_what=_WHAT[DueKind(due_kind)] if due_at else "",
        window_closes_at=_window_end(touched, now),
        waiting_since=touched.waiting_since,
        unread=touched.unread_count,
        contacts=touched.contacts_in_7_days,
        negative_words=negative_words.found(touched.said),
        sentiment=touched.sentiment if negative or touched.sentiment == Sentiment.POSITIVE else "",
        tags=[(name, weights.tags[name]) for name in touched.tags if name in weights.tags],
        vip=touched.vip,
        verified=bool(touched.verified),
        followers=touched.followers,
        public=touched.public,
        pinned=touched.priority if touched.priority_pinned else None,
        broken=touched.broken,
    )


def _window_end(touched: Touched, now: datetime) -> datetime | None:
    """Of the window as it stands, or when it closed. `touched.window_closes_at` does not tell a closed one from none."""
    if touched.window_closes_at or touched.public or touched.unavailable:
        return touched.window_closes_at
    try:
        rules = platforms.get(touched.platform).window
    except platforms.UnknownPlatform:
        return None
    return reply_window.decide(rules, opened_at=touched.window_opened_at, now=now).closes_at
