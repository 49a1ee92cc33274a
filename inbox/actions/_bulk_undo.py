"""Undo of a bulk is a bulk again: it goes through what was done, batch by batch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from inbox.models import BulkAct, BulkRun, BulkState, Person


def begin(step: Mapping[str, Any], *, by: Person, now: datetime) -> BulkRun:
    """The brand's ledger is open, so no batch of the run is under way. What has not been done yet is not done any more."""
    run = BulkRun.objects.get(pk=step["left"]["run"])
    if run.state == BulkState.RUNNING:
        BulkRun.objects.filter(pk=run.pk).update(state=BulkState.CANCELLED, finished_at=now)
    return BulkRun.objects.create(
        brand_id=run.brand_id, person=by, act=BulkAct.UNDO, words=f"Undo: {run.words[:1].lower()}{run.words[1:]}", seen_seq=0,
        total=run.done, undo_of=run, created_at=now,
    )  # fmt: skip
