"""The look for what is due while a hundred thousand clocks run and none is, against `select 1`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from django.db import connection
from django.utils import timezone

from bench import cast
from bench.house import House
from bench.report import Findings, compare
from inbox.actions import timing
from inbox.models import Clock, Timer

LOOKS = 200  # of each side in a round
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
