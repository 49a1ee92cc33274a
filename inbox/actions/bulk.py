"""One action on a whole view or on what was selected, in the background: begun, worked batch by batch, stopped, undone.

What it is about is settled when it begins: the ids are written down, a batch a row. Each batch is one transaction that also says that it is
done, so a worker that dies has done a batch or has not begun it, and any other goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.core.exceptions import EmptyResultSet
from django.db import OperationalError, transaction

from inbox import events
from inbox.actions import _doing, _putting_back, _sql, _undo
from inbox.models import (
    Brand,
    BulkAct,
    BulkBatch,
    BulkRun,
    BulkState,
    Conversation,
    EventKind,
    Membership,
    Person,
    Undo,
    UndoKind,
)
from inbox.models.conversations import ConversationQuerySet
from inbox.queries.inbox_list import View

log = structlog.get_logger(__name__)
BATCH = 300
MOST_SELECTED = 1000
LONGEST = timedelta(days=7)  # while it runs it can be undone; from its end on for ten minutes


class NothingSelected(Exception):
    """There is nothing to do it to."""


@transaction.atomic(durable=True)
def begin(
    *,
    brand: Brand,
    by: Person,
    act: BulkAct,
    words: str,
    value: Mapping[str, Any],
    seen_seq: int,
    now: datetime,
    view: View | None = None,
    seen: Mapping[UUID, int] | None = None,
) -> BulkRun:
    """Of the whole view, or of the conversations selected: `seen` says up to where each had been seen when it was. Raises NothingSelected.

    What a view holds is found before the brand's lock is taken: a query may ask of a million rows what no index knows, and whoever writes
    for the brand would wait for it. What happens in between, each batch looks at again.
    """
    seen = seen or {}
    run = BulkRun.objects.create(
        brand=brand, person=by, act=act, words=words, value={**value, **_asked(view)}, view=view.name if view and view.query is None else "",
        seen_seq=seen_seq, created_at=now,
    )  # fmt: skip
    if view is not None:
        run.total = _write_down(run, view.conversations(by, brand, now=now))
    with events.ledger(brand.pk) as ledger:
        if view is None:
            _select(run, seen)
        if not run.total:
            raise NothingSelected("There is nothing to do here: no conversation is meant any more.")
        run.save(update_fields=["total"])
        step = _undo.step(0, 0, None, {"run": run.pk})
        _undo.keep(
            ledger,
            UndoKind.BULK,
            f"{words}: {run.total}",
            [step],
            conversation=None,
            by=by,
            now=now,
            until=now + LONGEST,
        )
    return run


def _asked(view: View | None) -> dict[str, Any]:
    """What was typed or saved, for each batch to look again. Without its words: what was said stays said, and to look that up takes
    longer than whoever writes for the brand should wait."""
    if view is None or view.query is None:
        return {}
    return {_doing.QUERY: replace(view.query, words=()).as_json()}


def _select(run: BulkRun, seen: Mapping[UUID, int]) -> None:
    """One by one. What its customer has written to since it was seen is counted as skipped where that would be buried."""
    meant, wrote = Conversation.objects.of_brand(run.brand).filter(public_id__in=seen), set()
    if run.act in _doing.BURIES:
        wrote = _doing.written_to(meant, seen)
        meant = meant.exclude(pk__in=wrote)
    run.total = _write_down(run, meant) + len(wrote)
    if wrote:
        _count(run, 0, Counter({_doing.WROTE: len(wrote)}))


def _write_down(run: BulkRun, meant: ConversationQuerySet) -> int:
    """Newest first, a batch a row, however many; one statement."""
    try:
        sql, params = meant.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:  # what was asked for can hold nothing
        return 0
    counted = _sql.rows(
        f"""WITH made AS (
               INSERT INTO inbox_bulkbatch (run_id, number, ids, steps)
               SELECT %s, n, array_agg(id ORDER BY id DESC), '[]' FROM (
                   SELECT v.id, (row_number() OVER (ORDER BY v.id DESC) - 1) / %s AS n FROM ({sql}) AS v(id)) AS numbered
                GROUP BY n RETURNING cardinality(ids) AS held)
            SELECT coalesce(sum(held), 0) FROM made""",
        [run.pk, BATCH, *params],
    )
    return int(counted[0][0])


def under_way() -> list[int]:
    return list(BulkRun.objects.filter(state=BulkState.RUNNING).order_by("pk").values_list("pk", flat=True))


def work(*, run_id: int, now: datetime) -> BulkRun:
    """The next batch. One that cannot be worked is halved until what is at fault stands alone and is told as failed."""
    try:
        return _work(run_id, now)
    except OperationalError:  # the database is away or busy: nothing is wrong with any conversation
        raise
    except Exception:
        log.exception("bulk_batch_failed", run=run_id)
        return _halve(run_id, now)


@transaction.atomic(durable=True)
def _work(run_id: int, now: datetime) -> BulkRun:
    brand_id = BulkRun.objects.values_list("brand_id", flat=True).get(pk=run_id)
    with events.ledger(brand_id) as ledger:
        run, batch = _next(run_id)
        if run.state != BulkState.RUNNING:
            return run
        if batch is None:
            _finish(run, BulkState.DONE, now)
        elif not Membership.objects.filter(
            brand_id=brand_id, person=run.person_id, person__is_active=True
        ).exists():
            _finish(run, BulkState.CANCELLED, now)
        elif run.undo_of is not None:
            outcome = _putting_back.put_back(
                ledger, _doing.KINDS[run.undo_of.act], batch.steps, words=run.undo_of.words, done_at=run.undo_of.created_at,
                by=run.person, now=now,
            )  # fmt: skip
            BulkBatch.objects.filter(pk=batch.pk).update(undone_at=now)
            _count(run, outcome.done, outcome.skipped)
        else:
            done = _doing.do(ledger, run, batch.ids, now)
            BulkBatch.objects.filter(pk=batch.pk).update(worked_at=now, steps=[*done.steps, *done.kept])
            _count(run, len(done.steps), done.skipped)
        if run.state == BulkState.RUNNING and run.worked >= run.total:
            _finish(run, BulkState.DONE, now)
        _tell(ledger, run, now)
    return run


def _tell(ledger: events.Ledger, run: BulkRun, now: datetime) -> None:
    """How far it has come, for the pages of whoever asked."""
    ledger.record(EventKind.BULK_WORKED, at=now, actor_id=run.person_id, run=run.pk)


def _next(run_id: int) -> tuple[BulkRun, BulkBatch | None]:
    """The brand's ledger is open: nobody else takes the same batch."""
    run = BulkRun.objects.select_related("brand", "person", "undo_of").get(pk=run_id)
    if run.undo_of_id is not None:
        done = BulkBatch.objects.filter(run=run.undo_of_id, undone_at=None).exclude(steps=[])
        return run, done.order_by("number").first()
    return run, BulkBatch.objects.filter(run=run_id, worked_at=None).order_by("number").first()


def _count(run: BulkRun, done: int, skipped: Counter[str], failed: int = 0) -> None:
    run.done += done
    run.skipped += sum(skipped.values())
    run.failed += failed
    run.reasons = dict(Counter(run.reasons) + skipped)
    run.save(update_fields=["done", "skipped", "failed", "reasons"])


def _finish(run: BulkRun, state: BulkState, now: datetime) -> None:
    """From now on it can be undone for ten minutes."""
    run.state, run.finished_at = state, now
    run.save(update_fields=["state", "finished_at"])
    mine = Undo.objects.filter(brand=run.brand_id, person=run.person_id, kind=UndoKind.BULK, undone_at=None)
    mine.filter(steps__0__left__run=run.pk).update(until=now + _undo.LASTS)


@transaction.atomic(durable=True)
def _halve(run_id: int, now: datetime) -> BulkRun:
    brand_id = BulkRun.objects.values_list("brand_id", flat=True).get(pk=run_id)
    with events.ledger(brand_id) as ledger:
        run, batch = _next(run_id)
        if run.state != BulkState.RUNNING or batch is None:
            return run
        owner, mark = batch.run_id, "undone_at" if run.undo_of_id else "worked_at"
        things = batch.steps if run.undo_of_id else batch.ids
        if len(things) <= 1:
            BulkBatch.objects.filter(pk=batch.pk).update(**{mark: now})
            _count(run, 0, Counter(), failed=len(things))
            _tell(ledger, run, now)
        else:
            half = len(things) // 2
            column = "steps" if run.undo_of_id else "ids"
            number = BulkBatch.objects.filter(run=owner).order_by("-number").values_list("number", flat=True)[0] + 1  # fmt: skip
            BulkBatch.objects.filter(pk=batch.pk).update(**{column: things[:half]})
            rest = {"ids": [], "worked_at": batch.worked_at, column: things[half:]}
            BulkBatch.objects.create(run_id=owner, number=number, **rest)
    return run


@transaction.atomic(durable=True)
def cancel(*, run: BulkRun, now: datetime) -> BulkRun:
    """What is done stays done, and can be undone; the rest is left alone."""
    with events.ledger(run.brand_id) as ledger:
        current = BulkRun.objects.get(pk=run.pk)
        if current.state == BulkState.RUNNING:
            _finish(current, BulkState.CANCELLED, now)
            _tell(ledger, current, now)
    return current
