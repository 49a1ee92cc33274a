"""Triage of what was received (tags by rules, clocks, due times, priorities, timers, counters), against pgbench that only takes it in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models import F
from django.utils import timezone

from bench import cast, pgbench, views
from bench.house import House
from bench.ingest import PEOPLE, Ingest, beside_sets
from bench.report import Findings, compare
from inbox import following, learning
from inbox.actions import counting, defaults, tagging_work, triaging
from inbox.models import (
    BrandSequence,
    Conversation,
    ConversationTag,
    CountedConversation,
    Event,
    EventKind,
    Timer,
    TriageCursor,
)
from inbox.rules.pacing import Pace

VIEWS = ["is:unread", "assignee:none", "due<1h", "waiting>10m", "priority:urgent,high", "is:late"]


def measure(house: House, findings: Findings) -> None:
    ours, theirs = cast.make("pipeline"), cast.make("pipeline-pgbench")
    defaults.give_defaults(ours.brand)
    for text in VIEWS:
        views.save(ours.brand, None, text, text, by=ours.people[0])
    mine, other = Ingest(ours), Ingest(theirs)
    for bench in (mine, other):
        bench.store(PEOPLE)
        bench.drain()
    amount = house.sized(8000, least=1000)
    whole = amount // pgbench.PER_TRANSACTION
    rates: dict[str, list[float]] = {"triage": [], "plain": [], "set": [], "with model": []}
    faults: list[str] = []
    with without_models():
        triage(ours)
    views.fill(ours.brand)
    for _ in range(3 if house.scale >= 0.1 else 2):
        mine.store(amount)
        with mine.verified(amount):
            mine.drain()
        with without_models():
            rates["triage"].append(amount / triage(ours))
        faults += wrong(ours)
        for name, transactions, script in (("set", whole, pgbench.in_sets), ("plain", max(2, whole // 4), pgbench.script)):  # fmt: skip
            other.store(transactions * pgbench.PER_TRANSACTION)
            with other.verified(transactions * pgbench.PER_TRANSACTION):
                rates[name].append(other.pgbench(house, transactions, script))
    if learning.MODEL_INSTALLED:
        mine.store(amount // 4)
        mine.drain()
        waiting = triaging.messages_of(triaging.next_batch(ours.brand.pk))
        tagging_work.read(ours.brand, waiting[:1])  # loading the model is not what is measured
        rates["with model"].append(amount // 4 / triage(ours))
    findings.raw["pipeline"] = rates
    findings.add(
        compare(
            "pipeline / pgbench", ours=rates["triage"], theirs=rates["plain"], limit=0.5, sense=">=", unit="msg/s",
            says=f"one triage worker: rules, clocks, priorities, timers, events and the counters of {len(VIEWS)} saved views for {PEOPLE} conversations under way, "
            f"at most {triaging.CONVERSATIONS} a transaction, language told and the model off; against one pgbench client that takes the same "
            f"messages in, {pgbench.PER_TRANSACTION} a transaction, 7 prepared statements each",
            faults=[*faults, *mine.faults, *other.faults],
        )
    )  # fmt: skip
    findings.note(beside_sets("pipeline", rates["triage"], rates["set"]))
    if rates["with model"]:
        findings.note(f"pipeline: with the model on {rates['with model'][0]:,.0f} msg/s.")


def triage(who: cast.Cast) -> float:
    """Seconds until nothing is left to look at or to count, as the worker does it (inbox.tasks)."""
    began = time.perf_counter()
    pace = Pace()
    while not (ahead := triaging.Ahead(who.brand.pk)).is_empty:
        following.follow(ahead, pace)
    while counting.follow(brand_id=who.brand.pk, now=timezone.now()).more:
        pass
    return time.perf_counter() - began


@contextmanager
def without_models() -> Iterator[None]:
    """As where the packages of the model are not installed."""
    installed, learning.MODEL_INSTALLED = learning.MODEL_INSTALLED, False
    try:
        yield
    finally:
        learning.MODEL_INSTALLED = installed


def wrong(who: cast.Cast) -> list[str]:
    """What shows that triage did not do its work."""
    under_way = Conversation.objects.filter(brand=who.brand)
    last = BrandSequence.objects.get(pk=who.brand.pk).last
    received = Event.objects.filter(brand=who.brand, kind=EventKind.MESSAGE_RECEIVED).count()
    messages = sum(under_way.values_list("message_count", flat=True))
    looks = {
        "has not looked at everything": TriageCursor.objects.get(pk=who.brand.pk).seq == last,
        "left conversations without a due time": not under_way.filter(due_at=None).exists(),
        "left conversations without a score": not under_way.filter(priority_score=0).exists(),
        "left conversations without a running timer": Timer.objects.filter(brand=who.brand, fired_at=None)
        .values("conversation")
        .distinct()
        .count()
        == PEOPLE,
        "set no tag": ConversationTag.objects.filter(conversation__brand=who.brand).exists(),
        "lost messages": received == messages,
        "gave scores that are not their reasons": not any(
            score != sum(points for points, _ in reasons)
            for score, reasons in under_way.values_list("priority_score", "priority_reasons")
        ),
        "counted nothing": CountedConversation.objects.filter(brand=who.brand).exists(),
        "left rows older than their event": not under_way.filter(seq__gt=F("brand__sequence__last")).exists(),
    }
    return [f"triage {fault}" for fault, right in looks.items() if not right]
