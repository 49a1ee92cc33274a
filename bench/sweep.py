"""The look for what is due while a hundred thousand clocks run and none is, against `select 1`; and much that became due while nobody swept."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from bench import cast, pipeline
from bench.house import House
from bench.report import Claim, Findings, compare
from inbox.actions import defaults, receiving, timing
from inbox.actions.receiving import Arrival
from inbox.exchange import InboundMessage, Party
from inbox.models import Clock, Event, EventKind, Timer

LOOKS = 200  # of each side in a round
OVERDUE = 2000  # of one brand, that are told in time after a restart
WITHIN = 2.0  # seconds
OUTAGE = timedelta(hours=1)  # longer than the promise of a new brand
# Conversations with a clock each, its warning ahead: what a brand has in which nobody is late.
SEED = """
WITH made AS (
    INSERT INTO inbox_conversation (
        public_id, brand_id, channel_id, kind, thread_key, recipient_key, state, priority, priority_reasons, tags, created_at, platform,
        contact_name, contact_username, contact_avatar, assignee_name, last_message_at, last_message_text, last_message_from,
        last_message_author, message_count, unread_count, due_reason, seq, public_seq)
    SELECT gen_random_uuid(), %(brand)s, %(channel)s, 'direct', 't' || g, 'c' || g, 'open', 3, '[]', '{}', now(), 'instagram',
           'Customer ' || g, '', '', '', now(), 'Hello', 'customer', '', 1, 1, '', g, g
      FROM generate_series(1, %(amount)s) g RETURNING id),
run AS (
    INSERT INTO inbox_clock (conversation_id, kind, started_at, state, policy_name, policy_version, target, counted, due_at)
    SELECT id, 'first', now(), 'running', '', 1, 86400, 0, now() + interval '1 day' FROM made RETURNING id, conversation_id)
INSERT INTO inbox_timer (brand_id, conversation_id, clock_id, kind, percent, due_at)
SELECT %(brand)s, conversation_id, id, 'warning', 50, now() + interval '12 hours' + random() * interval '1 hour' FROM run
"""


def measure(house: House, findings: Findings) -> None:
    who = cast.make("sweep")
    amount = house.sized(100_000, least=5_000)
    Timer.objects.all().delete()  # those of other parts may become due meanwhile
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE inbox_conversation DISABLE TRIGGER USER")
        cursor.execute(SEED, {"brand": who.brand.pk, "channel": who.channel.pk, "amount": amount})
        cursor.execute("ALTER TABLE inbox_conversation ENABLE TRIGGER USER")
        cursor.execute("ANALYZE inbox_timer, inbox_clock, inbox_conversation")
    sweeps, nothings = [], []
    for _ in range(house.rounds):
        sweep, nothing = _in_turns(lambda: timing.sweep(now=timezone.now()), _select_1)
        sweeps.append(sweep * 1000)
        nothings.append(nothing * 1000)
    running = Clock.objects.filter(conversation__brand=who.brand, state="running").count()
    fired = Timer.objects.filter(brand=who.brand).exclude(fired_at=None).count()
    findings.raw["sweep"] = {"sweep": sweeps, "select 1": nothings}
    findings.add(
        compare(
            "sweep with nothing due / select 1", ours=sweeps, theirs=nothings, limit=10, sense="<=", unit="ms",
            says=f"timing.sweep as each second calls it, {amount:,} clocks running, against a cursor that executes select 1, in turns",
            faults=[] if (running, fired) == (amount, 0) else [f"{running} clocks run and {fired} timers fired"],
        )
    )  # fmt: skip
    _after_an_outage(house, findings)


def _after_an_outage(house: House, findings: Findings) -> None:
    amounts = [OVERDUE] * house.rounds + [house.sized(10_000, least=OVERDUE)]
    took, faults = [], list[str]()
    for number, amount in enumerate(amounts):
        who = cast.make(f"overdue-{number}")
        clocks = _overdue(who, amount)
        took.append(_tell_all(who))
        faults += _wrong(who, clocks)
    *rounds, all_of_it = took
    findings.raw["overdue"] = dict(zip(amounts, took, strict=True)) | {OVERDUE: rounds}
    findings.add(claim_of(rounds, faults))
    findings.note(f"sweep: {amounts[-1]:,} overdue clocks of one brand were told in {all_of_it:.1f} s.")


def claim_of(seconds: Sequence[float], faults: Sequence[str]) -> Claim:
    return compare(
        f"{OVERDUE:,} overdue of one brand / 2 s", ours=seconds, theirs=[WITHIN] * len(seconds), limit=1, sense="<=", unit="s", beside=True,
        says=f"timing.sweep until nothing is due, as the first look after a restart does it, {OVERDUE:,} clocks of one brand having become late while nobody swept; "
        "each breach once, and dated by when it was due",
        faults=faults,
    )  # fmt: skip


def _overdue(who: cast.Cast, amount: int) -> int:
    """So many customers wrote before the outage, and triage looked; nobody has swept since. How many clocks are late."""
    defaults.give_defaults(who.brand)
    wrote = timezone.now() - OUTAGE
    for first in range(0, amount, 500):
        receiving.receive(
            arrivals=[_arrival(who, number, wrote) for number in range(first, min(first + 500, amount))], now=wrote
        )  # fmt: skip
    with pipeline.without_models():
        pipeline.triage(who)
    return Timer.objects.filter(brand=who.brand, kind="breach", fired_at=None, due_at__lte=timezone.now()).count()  # fmt: skip


def _arrival(who: cast.Cast, number: int, at: datetime) -> Arrival:
    name = f"customer-{number}"
    text = cast.words(number)
    said = InboundMessage(external_id=f"m-{who.brand.pk}-{number}", thread_id=name, sent_at=at, author=Party(name, name=name), text=text)  # fmt: skip
    return Arrival(who.channel.pk, said)


def _tell_all(who: cast.Cast) -> float:
    """Seconds, as the worker does it (inbox.tasks)."""
    began, pace = time.perf_counter(), timing.a_pace()
    while timing.sweep(now=timezone.now(), pace=pace):
        pass
    return time.perf_counter() - began


def _wrong(who: cast.Cast, clocks: int) -> list[str]:
    told = Event.objects.filter(brand=who.brand, kind=EventKind.SLA_BREACHED)
    late = Clock.objects.filter(conversation__brand=who.brand).exclude(breached_at=None)
    right = {
        f"told {told.count():,} of {clocks:,} breaches": told.count() == late.count() == clocks > 0,
        "left something that is due": not Timer.objects.filter(
            brand=who.brand, fired_at=None, due_at__lte=timezone.now()
        ).exists(),
    }
    return [fault for fault, holds in right.items() if not holds]


def _select_1() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchall()


def _in_turns(first: Callable[[], object], second: Callable[[], object]) -> tuple[float, float]:
    """The medians of both, in seconds; whatever else the machine does happens to both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(LOOKS):
        for work, kept in zip((first, second), times, strict=True):
            began = time.perf_counter()
            work()
            kept.append(time.perf_counter() - began)
    return statistics.median(times[0]), statistics.median(times[1])
