"""Undo of a bulk is a bulk again: it goes through what was done, batch by batch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import IntegerField, Sum
from django.db.models.expressions import Func

from inbox.models import BulkAct, BulkBatch, BulkRun, BulkState, Person


def begin(step: Mapping[str, Any], *, by: Person, now: datetime) -> BulkRun:
    """The brand's ledger is open, so no batch of the run is under way. What has not been done yet is not done any more."""
    run = BulkRun.objects.get(pk=step["left"]["run"])
    if run.state == BulkState.RUNNING:
        BulkRun.objects.filter(pk=run.pk).update(state=BulkState.CANCELLED, finished_at=now)
    steps = Func("steps", function="jsonb_array_length", output_field=IntegerField())
    held = BulkBatch.objects.filter(run=run).aggregate(steps=Sum(steps))
    return BulkRun.objects.create(
        brand_id=run.brand_id, person=by, act=BulkAct.UNDO, words=f"Undo: {run.words[:1].lower()}{run.words[1:]}", seen_seq=0,
        total=held["steps"] or 0, undo_of=run, created_at=now,
    )  # fmt: skip
