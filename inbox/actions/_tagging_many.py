"""A tag put on many conversations or taken off them, as `_doing` does it to a batch."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from inbox import events
from inbox.actions import _columns, _tag_rows, _undo
from inbox.actions._columns import Plain
from inbox.models import BulkAct, BulkRun, EventKind, SetBy, Tag

if TYPE_CHECKING:
    from inbox.actions._doing import Done


def tag(ledger: events.Ledger, run: BulkRun, ids: list[int], done: Done, now: datetime) -> None:
    tag = Tag.objects.filter(brand_id=run.brand_id, pk=run.value["tag"]).first()
    if tag is None:
        done.skipped["the tag is no more"] += len(ids)
        return
    puts_on = run.act == BulkAct.TAG
    known = _tag_rows.as_they_are(ids, tag.pk)
    wanted: dict[int, Plain] = {}
    for pk in ids:
        was = known.get(pk) or _tag_rows.kept(tag.pk, None)
        if _tag_rows.is_on(was) == puts_on:
            done.skipped["tagged so already" if puts_on else "not tagged so"] += 1
            continue
        wanted[pk] = (
            _tag_rows.on(tag.pk, run.person_id, now) if puts_on else _tag_rows.off(was, run.person_id)
        )
        kind = EventKind.TAGGED if puts_on else EventKind.UNTAGGED
        seq = ledger.record(
            kind, at=now, conversation_id=pk, actor_id=run.person_id, bulk=run.pk, tag=tag.name, tag_id=tag.pk, by=SetBy.PERSON.value,
        )  # fmt: skip
        done.steps.append(_undo.step(pk, seq, was, wanted[pk]))
    if not wanted:
        return
    _tag_rows.put(tag.pk, wanted)
    shown = _tag_rows.names(list(wanted), tag.name, on=dict.fromkeys(wanted, puts_on))
    _columns.write({step["id"]: (step["seq"], {"tags": shown[step["id"]]}) for step in done.steps})
