"""From stored receipts to committed messages: the real drain, pgbench doing one statement after another and in sets, a task a message."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Max, QuerySet
from django.utils import timezone

from bench import cast, naive, pgbench
from bench.house import House
from bench.report import Claim, Findings, compare
from config import celery
from connectors import tasks
from connectors.actions import draining
from connectors.models import Receipt, ReceiptState
from inbox.models import BrandSequence, Conversation, Event, Handle, Message

PEOPLE = 1000
FIRST_PERSON = 900_000_000_000_000
WORKERS = 3  # of the naive worker; ours drains a brand in one process


def measure(house: House, findings: Findings) -> None:
    celery.make_ready()  # as a worker does before its first task
    who = cast.make("ingest")
    bench = Ingest(who)
    bench.store(PEOPLE)
    bench.drain()  # the people and their conversations
    amount = house.sized(8000, least=1000)
    transactions = max(2, amount // pgbench.PER_TRANSACTION // 2)
    tasks = house.sized(300, least=40)
    rates: dict[str, list[float]] = {
        "drain": [],
        "pgbench": [],
        "sets": [],
        "naive": [],
        "kept": [],
    }
    for _ in range(3 if house.scale >= 0.1 else 2):
        bench.store(amount)
        with bench.verified(amount):
            rates["drain"].append(bench.drain())
        bench.store(transactions * pgbench.PER_TRANSACTION)
        with bench.verified(transactions * pgbench.PER_TRANSACTION):
            rates["pgbench"].append(bench.pgbench(house, transactions))
        bench.store(2 * transactions * pgbench.PER_TRANSACTION)
        with bench.verified(2 * transactions * pgbench.PER_TRANSACTION):
            rates["sets"].append(bench.pgbench(house, 2 * transactions, pgbench.in_sets))
        bench.store(tasks)
        with bench.verified(tasks):
            rates["naive"].append(bench.tasks(house, tasks))
        bench.store(2 * tasks)
        with bench.verified(2 * tasks):
            rates["kept"].append(bench.tasks(house, 2 * tasks, **{naive.KEEPS: "1000"}))
    findings.raw["ingest"] = {**rates, "in_sql": bench.in_sql}
    for claim in claims(rates, bench.faults):
        findings.add(claim)
    findings.note(beside_sets("ingest", rates["drain"], rates["sets"]))
    findings.note(beside_kept(rates["drain"], rates["kept"]))
    share = sum(bench.in_sql) / len(bench.in_sql)
    findings.note(
        f"ingest: {share:.0%} of the time of one of its two hands PostgreSQL was working on its statements; the rest is Python, and waiting for the other."
    )


def claims(rates: Mapping[str, Sequence[float]], faults: Sequence[str]) -> list[Claim]:
    """What was lost anywhere makes both worthless: they are of the same messages."""
    return [
        compare(
            "ingest / pgbench", ours=rates["drain"], theirs=rates["pgbench"], limit=0.4, sense=">=", unit="msg/s",
            says=f"the drain as it is deployed ({draining.BATCH} receipts a transaction, reactions included) against one pgbench "
            f"client with {pgbench.PER_TRANSACTION} messages a transaction, 7 prepared statements each",
            faults=faults,
        ),
        compare(
            "ingest / task a message", ours=rates["drain"], theirs=rates["naive"], limit=50, sense=">=", unit="msg/s",
            says=f"a Celery worker of {WORKERS} processes that runs one ORM task per message, Celery and Django as they come: a connection a task",
            faults=faults,
        ),
    ]  # fmt: skip


def beside_sets(part: str, ours: Sequence[float], sets: Sequence[float]) -> str:
    """Told and no claim: pgbench with a few statements for all messages of a transaction, each round beside ours."""
    ratios = [mine / other for mine, other in zip(ours, sets, strict=True)]
    return (
        f"{part}: {statistics.median(ours):,.0f} msg/s beside {statistics.median(sets):,.0f} msg/s of pgbench that takes the same in as six "
        f"statements for {pgbench.PER_TRANSACTION} messages: {statistics.median(ratios):.2f} of it ({min(ratios):.2f}..{max(ratios):.2f})."
    )


def beside_kept(ours: Sequence[float], kept: Sequence[float]) -> str:
    """Told and no claim: the same task by a worker that was told to keep its connection, as ours is."""
    ratios = [mine / other for mine, other in zip(ours, kept, strict=True)]
    return (
        f"ingest: beside {statistics.median(kept):,.0f} msg/s of the same task by a worker that keeps its connection (CELERY_DB_REUSE_MAX) "
        f"it is {statistics.median(ratios):.1f} times as fast ({min(ratios):.1f}..{max(ratios):.1f})."
    )


@dataclass(slots=True)
class Ingest:
    who: cast.Cast
    faults: list[str] = field(default_factory=list)
    in_sql: list[float] = field(default_factory=list)
    made: int = 0
    last_receipt: int = 0

    def store(self, amount: int) -> None:
        """Receipts that wait. Their ids, the numbers of the messages and the brand's sequence go on from where they are."""
        stamp, account = int(time.time() * 1000), self.who.channel.external_id
        now = timezone.now()
        self.last_receipt = self._make_room()
        numbers = range(self.made, self.made + amount)
        Receipt.objects.bulk_create(
            [
                Receipt(
                    channel=self.who.channel,
                    received_at=now,
                    body=cast.delivery(
                        account=account, customer=str(FIRST_PERSON + n % PEOPLE), mid=f"{stamp}{n:06d}", text=cast.words(n), at_ms=stamp + n
                    ),
                )
                for n in numbers
            ],
            batch_size=2000,
        )  # fmt: skip
        self.made += amount
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE connectors_receipt, inbox_message, inbox_conversation")
            cursor.execute("CHECKPOINT")

    def _make_room(self) -> int:
        """The last number before the receipts to come, not below the brand's sequence, which has an event for more than receipts."""
        last = Receipt.objects.aggregate(last=Max("id"))["last"] or 0
        last = max(last, BrandSequence.objects.get(pk=self.who.brand.pk).last, 1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval(pg_get_serial_sequence('connectors_receipt', 'id'), %s)", [last])
        return last

    def drain(self) -> float:
        """Messages a second until nothing waits."""
        spent = [0.0]

        def timed(execute: Callable[..., Any], *call: Any) -> Any:
            began = time.perf_counter()
            try:
                return execute(*call)
            finally:
                spent[0] += time.perf_counter() - began

        began, before = time.perf_counter(), self._counted()[0]
        with connection.execute_wrapper(timed):
            tasks.drain_receipts()
            tasks.drains_beside.wait(600)
        took = time.perf_counter() - began
        self.in_sql.append(spent[0] / took)
        return (self._counted()[0] - before) / took

    def pgbench(
        self, house: House, transactions: int, script_of: Callable[..., str] = pgbench.script
    ) -> float:
        script = script_of(
            brand=self.who.brand.pk, channel=self.who.channel.pk, first_person=FIRST_PERSON, people=PEOPLE, words=cast.words(1),
            first_handle=self._first(Handle.objects.values_list("external_id", "id")),
            first_conversation=self._first(Conversation.objects.values_list("thread_key", "id")),
        )  # fmt: skip
        # One running number serves as receipt, message and sequence: pgbench has no other way to hand values on.
        return pgbench.run(house, script, first=self.last_receipt, transactions=transactions)

    def _first(self, rows: QuerySet[Any, Any]) -> int:
        """The first id of a thousand that follow one another as the people do."""
        ids = dict(rows.filter(channel=self.who.channel))
        first = int(ids[str(FIRST_PERSON)])
        if any(ids[str(FIRST_PERSON + k)] != first + k for k in range(PEOPLE)):
            raise RuntimeError("The people's rows do not follow one another.")
        return first

    def tasks(self, house: House, amount: int, **told: str) -> float:
        """Everything is enqueued before the worker starts, so enqueuing costs it nothing; its start does not count either."""
        waiting = list(
            Receipt.objects.filter(state=ReceiptState.NEW).order_by("id").values_list("id", flat=True)
        )
        for receipt_id in waiting:
            naive.ingest.delay(receipt_id)
        argv = [
            sys.executable, "-m", "celery", "-A", "bench.naive", "worker", "--queues", naive.QUEUE, "--concurrency", str(WORKERS),
            "--loglevel", "warning", "--without-gossip", "--without-mingle",
        ]  # fmt: skip
        with house.process("naive", argv, DJANGO_SETTINGS_MODULE="bench.ordinary_settings", **told):
            deadline = time.monotonic() + 60 + amount / 5
            while Receipt.objects.filter(pk__gt=self.last_receipt, state=ReceiptState.NEW).exists():
                if time.monotonic() > deadline:
                    raise RuntimeError(f"The naive worker did not finish: {house.last_words('naive')}")
                time.sleep(0.2)
        drained = Receipt.objects.filter(pk__gt=self.last_receipt).order_by("drained_at")
        ended = [at for at in drained.values_list("drained_at", flat=True) if at is not None]
        steady = ended[amount // 5 :]
        return (len(steady) - 1) / (steady[-1] - steady[0]).total_seconds()

    @contextmanager
    def verified(self, amount: int) -> Iterator[None]:
        """Each receipt is one message and one event more, and none waits."""
        before = self._counted()
        yield
        messages, events = (now - then for now, then in zip(self._counted(), before, strict=True))
        waiting = Receipt.objects.filter(state=ReceiptState.NEW).count()
        if (messages, events, waiting) != (amount, amount, 0):
            self.faults.append(
                f"{amount} receipts became {messages} messages and {events} events; {waiting} wait"
            )

    def _counted(self) -> tuple[int, int]:
        return Message.objects.filter(channel=self.who.channel).count(), Event.objects.filter(
            brand=self.who.brand
        ).count()
