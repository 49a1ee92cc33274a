"""What a macro does to a conversation: everything in one transaction, each thing told by its own event, all undone with one key.

The preview runs the macro and takes everything back. So it is exact: it is what running would do at that moment.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from inbox import events
from inbox.actions import _answering, _doing, _noting, _teaching, _teams, _undo, _writing
from inbox.actions._answering import ReplyRefused, SpentClick, StaleReply
from inbox.models import BulkAct, BulkRun, Conversation, Macro, Message, Person, Priority, Tag, Team, UndoKind
from inbox.queries import macros, writing
from inbox.rules import variables
from inbox.rules.snooze_times import NotUnderstood


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a macro does, or does not. `shown` is what is written; `detail` is said and not compared, as times go on."""

    what: str
    done: bool
    why: str = ""  # not done
    shown: str = ""
    kind: str = ""  # reply, note or empty
    detail: str = ""
    act: str = ""  # as many at once are done with; empty: something was written, or given to a team
    seq: int = 0  # of the answer that was queued


class PlanChanged(Exception):
    """It would do something else than was seen. `lines` is what it would do now; nothing was done."""

    def __init__(self, lines: list[Line]) -> None:
        super().__init__("The conversation has changed.")
        self.lines = lines


def mark(lines: Sequence[Line]) -> str:
    """By which a run is compared with its preview."""
    said = "\x1f".join(f"{line.what}\x1e{line.done}\x1e{line.why}\x1e{line.shown}" for line in lines)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


@transaction.atomic(durable=True)
def preview(
    *, macro: Macro, conversation: Conversation, by: Person, seen_seq: int, now: datetime
) -> list[Line]:
    """What it would do, and what it would not and why. Nothing is kept."""
    with events.ledger(conversation.brand_id) as ledger:
        lines = _do(
            ledger,
            macro,
            conversation,
            by=by,
            client_id=uuid.uuid4(),
            seen_seq=seen_seq,
            hold=timedelta(0),
            now=now,
        )
    transaction.set_rollback(True)
    return lines


@transaction.atomic(durable=True)
def run(
    *,
    macro: Macro,
    conversation: Conversation,
    by: Person,
    client_id: UUID,
    seen_seq: int,
    expected: str,
    now: datetime,
    hold: timedelta = timedelta(0),
) -> list[Line]:
    """Do what was seen: `expected` is the mark of its preview. Raises PlanChanged where it would be something else.

    No lines where this `client_id` has written here before: its answer was lost, and nothing is done a second time.
    """
    with events.ledger(conversation.brand_id) as ledger:
        if _has_written(_writing.locked(conversation.pk), by, client_id):
            return []
        lines = _do(
            ledger, macro, conversation, by=by, client_id=client_id, seen_seq=seen_seq, hold=hold, now=now
        )
        if mark(lines) != expected:
            raise PlanChanged(lines)
        if any(line.done for line in lines):
            words = f"Ran “{macro.name}”"
            current = _writing.locked(conversation.pk)
            _undo.keep(ledger, UndoKind.MACRO, words, [], conversation=current, by=by, now=now)
            Macro.objects.filter(pk=macro.pk).update(used=F("used") + 1)
    return lines


def done_with(lines: Sequence[Line]) -> int | None:
    """Whether whoever works through a view is done with it: it is answered, resolved or snoozed. The number of the answer, 0 without one."""
    aside = (BulkAct.RESOLVE, BulkAct.SNOOZE)
    ends = [line.seq for line in lines if line.done and (line.kind == "reply" or line.act in aside)]
    return max(ends, default=None)


def _has_written(current: Conversation, by: Person, client_id: UUID) -> bool:
    written = Message.objects.filter(conversation=current, client_id__in=[client_id, _note_id(client_id)])
    return written.filter(author_person=by).exists()


def _note_id(client_id: UUID) -> UUID:
    return uuid.uuid5(client_id, "note")


def _do(
    ledger: events.Ledger,
    macro: Macro,
    conversation: Conversation,
    *,
    by: Person,
    client_id: UUID,
    seen_seq: int,
    hold: timedelta,
    now: datetime,
) -> list[Line]:
    current = _writing.locked(conversation.pk)
    values = writing.values_of(conversation, by)
    lines: list[Line] = []
    if macro.reply:
        lines.append(
            _answer(ledger, macro, current, values, by=by, client_id=client_id, seen_seq=seen_seq, hold=hold, now=now)
        )  # fmt: skip
    if macro.note:
        lines.append(_note(ledger, macro, current, values, by=by, client_id=client_id, now=now))
    answered = all(line.done for line in lines if line.kind == "reply")
    for step in _steps(macro, conversation, by, now):
        if step.act in (BulkAct.RESOLVE, BulkAct.SNOOZE) and not answered:
            lines.append(Line(step.words, False, "the answer is not sent"))
        elif step.problem:
            lines.append(Line(step.words, False, step.problem))
        elif step.team:
            given = _teams.give(ledger, _writing.locked(current.pk), step.team, by=by, now=now)
            lines.append(Line(step.words, given, "" if given else "it is the team's already"))
        else:
            line = _act(ledger, step, current, by=by, seen_seq=seen_seq, now=now)
            lines.append(replace(line, act=step.act))
    return lines


def _answer(
    ledger: events.Ledger, macro: Macro, current: Conversation, values: Mapping[str, str], *, by: Person, client_id: UUID,
    seen_seq: int, hold: timedelta, now: datetime,
) -> Line:  # fmt: skip
    reply = macro.reply
    assert reply is not None
    text = variables.render(reply.text_in(current.language), values)
    what, why, seq = f"Answer with “{reply.name}”", "", 0
    if reply.channels and current.channel_id not in reply.channels:
        why = "this reply is not for this channel"
    else:
        try:
            queued = _answering.queue(
                ledger,
                current,
                by=by,
                client_id=client_id,
                text=text,
                written_against=seen_seq,
                hold=hold,
                now=now,
            )
            seq = queued[-1].seq
        except StaleReply:
            why = "somebody has written since: read it first"
        except (ReplyRefused, SpentClick) as refused:
            why = str(refused)
    return Line(what, not why, why, text, "reply", seq=seq)


def _note(
    ledger: events.Ledger, macro: Macro, current: Conversation, values: Mapping[str, str], *, by: Person, client_id: UUID, now: datetime,
) -> Line:  # fmt: skip
    text = variables.render(macro.note, values)
    why = ""
    try:
        _noting.write(ledger, current, by=by, client_id=_note_id(client_id), text=text, now=now)
    except (_noting.NoteRefused, SpentClick) as refused:
        why = str(refused)
    return Line("Leave a note", not why, why, text, "note")


@dataclass(frozen=True, slots=True)
class _Step:
    words: str
    act: str = ""
    value: Mapping[str, Any] | None = None
    team: Team | None = None
    problem: str = ""
    detail: str = ""


def _act(
    ledger: events.Ledger, step: _Step, current: Conversation, *, by: Person, seen_seq: int, now: datetime
) -> Line:
    """As the same thing is done to many at once (_doing), here to one."""
    one = BulkRun(
        brand=current.brand,
        person=by,
        act=step.act,
        value=step.value or {},
        words=step.words,
        seen_seq=seen_seq,
    )
    done = _doing.do(ledger, one, [current.pk], now)
    steps = [*done.steps, *(done.kept if done.keeps else ())]
    if steps:
        _undo.keep(ledger, _doing.KINDS[step.act], step.words, steps, conversation=current, by=by, now=now)
    if done.steps and step.act in (BulkAct.TAG, BulkAct.UNTAG):
        # Unlike where many are tagged at once, this one was looked at.
        [was], tag = [each["was"] for each in done.steps], Tag.objects.get(pk=one.value["tag"])
        _teaching.tag(current, tag, was, holds=step.act == BulkAct.TAG, by=by, now=now)
    if done.keeps:
        return Line(step.words, True, detail="it is so already; from now on routing leaves it so")
    return Line(step.words, bool(done.steps), ", ".join(done.skipped), detail=step.detail)


def _steps(macro: Macro, conversation: Conversation, by: Person, now: datetime) -> Iterator[_Step]:
    names = dict(Tag.objects.filter(pk__in=[*macro.puts_on, *macro.takes_off]).values_list("pk", "name"))
    for act, words, wanted in (
        (BulkAct.TAG, "Put on the tag", macro.puts_on),
        (BulkAct.UNTAG, "Take off the tag", macro.takes_off),
    ):
        for tag in wanted:
            gone = "" if tag in names else "there is no such tag any more"
            yield _Step(f"{words} {names.get(tag, '')}".strip(), act, {"tag": tag}, problem=gone)
    if macro.assigns:
        yield _assignment(macro, by)
    if macro.priority is not None:
        named = Priority(macro.priority).label.lower() if macro.priority else ""
        words = f"Set the priority to {named}" if named else "Let the score decide the priority"
        yield _Step(words, BulkAct.PRIORITY, {"priority": macro.priority or None})
    if macro.snoozes:
        yield _snooze(macro, conversation, by, now)
    if macro.resolves:
        yield _Step("Resolve", BulkAct.RESOLVE)


def _assignment(macro: Macro, by: Person) -> _Step:
    kind, _, which = macro.assigns.partition(":")
    if kind == "team":
        team = Team.objects.staying().filter(brand=macro.brand_id, pk=which).first()
        words = f"Give it to the team {team.name}" if team else "Give it to a team"
        return _Step(words, team=team, problem="" if team else "there is no such team any more")
    if kind == "nobody":
        return _Step("Assign it to nobody", BulkAct.ASSIGN, {"person": None, "name": "nobody"})
    to = by if kind == "me" else Person.objects.filter(pk=which).first()
    if to is None:
        return _Step("Assign it", problem="this colleague is no more")
    return _Step(f"Assign it to {to.short_name}", BulkAct.ASSIGN, {"person": to.pk, "name": to.short_name})


def _snooze(macro: Macro, conversation: Conversation, by: Person, now: datetime) -> _Step:
    words = f"Snooze until {macro.snoozes}"
    try:
        found = macros.when(macro.snoozes, by, conversation.brand, now)
    except NotUnderstood as refused:
        return _Step(words, problem=str(refused))
    until = found.until.isoformat() if found.until else None
    return _Step(words, BulkAct.SNOOZE, {"until": until}, detail=macros.said(found, by, now))
