"""One action on a batch of conversations, with a constant number of statements. It does to each what the action on one would do.

Whoever sets a tag on many at once teaches the model nothing: it is one decision, and the words of the many were not looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max

from inbox import events
from inbox.actions import _columns, _looking, _queueing, _snoozing, _tagging_many, _undo
from inbox.actions._columns import Plain
from inbox.models import (
    BulkAct,
    BulkRun,
    Conversation,
    ConversationState,
    Event,
    EventKind,
    Membership,
    Priority,
    Team,
    UndoKind,
)
from inbox.models.conversations import UNDER_WAY, ConversationQuerySet
from inbox.queries import inbox_list, routing_facts, view_rows
from inbox.rules.view_query import Query

GONE, LEFT_VIEW = "no longer there", "no longer in this view"
WROTE = "the customer has written since"
QUERY = "query"  # of a run's value: what a view that was typed or saved asks for
RIVAL = "a newer conversation with this person is open"


@dataclass(slots=True)
class Done:
    steps: list[dict[str, Any]] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)  # why → how many
    kept: list[dict[str, Any]] = field(default_factory=list)  # steps of what is skipped and a person's choice from now on  # fmt: skip
    keeps: bool = False  # something of that was routing's to change


@dataclass(frozen=True, slots=True)
class _Wish:
    """What becomes of one conversation."""

    columns: Plain
    told: EventKind
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Kept:
    """Nothing to see, but from now on it is a person's choice."""

    why: str
    columns: Plain


_Rule = Callable[[BulkRun, Plain, datetime], _Wish | _Kept | str]  # a string says why not

KINDS: Mapping[str, UndoKind] = {
    BulkAct.RESOLVE: UndoKind.STATE, BulkAct.REOPEN: UndoKind.STATE, BulkAct.SPAM: UndoKind.STATE, BulkAct.SNOOZE: UndoKind.STATE,
    BulkAct.ASSIGN: UndoKind.ASSIGNEE, BulkAct.PRIORITY: UndoKind.PRIORITY, BulkAct.UNREAD: UndoKind.UNREAD,
    BulkAct.READ: UndoKind.UNREAD, BulkAct.TAG: UndoKind.TAG, BulkAct.UNTAG: UndoKind.TAG,
}  # fmt: skip
_CHOSEN = ("assignee_set_by", "assignee_set_at")
BURIES = (BulkAct.RESOLVE, BulkAct.SPAM, BulkAct.SNOOZE, BulkAct.READ)  # what nobody has seen of it


def do(ledger: events.Ledger, run: BulkRun, ids: Sequence[int], now: datetime) -> Done:
    done = Done()
    left = _still_meant(run, ids, done)
    if not left:
        return done
    if run.act in (BulkAct.TAG, BulkAct.UNTAG):
        _tagging_many.tag(ledger, run, left, done, now)
    else:
        _change(ledger, run, left, done, now)
    return done


def _still_meant(run: BulkRun, ids: Sequence[int], done: Done) -> list[int]:
    """Of a whole view, those that are in it now; of what buries news, those whose customers wrote nothing new."""
    view = _view(run)
    found = view if view is not None else Conversation.objects.of_brand(run.brand)
    left = sorted(found.filter(pk__in=list(ids)).values_list("pk", flat=True))
    if len(left) < len(ids):
        done.skipped[GONE if view is None else LEFT_VIEW] += len(ids) - len(left)
    if run.act in BURIES and left:
        news = Event.objects.filter(
            conversation__in=left, kind=EventKind.MESSAGE_RECEIVED, seq__gt=run.seen_seq
        )
        wrote = set(news.values_list("conversation_id", flat=True))
        done.skipped.update(WROTE for pk in left if pk in wrote)
        left = [pk for pk in left if pk not in wrote]
    return left


def _view(run: BulkRun) -> ConversationQuerySet | None:
    """All that is in the view that was meant. As of when that was asked for: time alone takes nothing out of it."""
    if QUERY in run.value:
        query = Query.from_json(run.value[QUERY])
        asked = view_rows.asked(run.brand, query, me=run.person_id, now=run.created_at)
        return view_rows.conversations(asked)
    view = inbox_list.view_named(run.view, run.person, run.brand) if run.view else None
    return None if view is None else view.conversations(run.person, run.brand)


def written_to(selected: ConversationQuerySet, seen: Mapping[UUID, int]) -> set[int]:
    """Those whose customers wrote after the number up to which each had been seen."""
    ahead = {
        pk: seen[public_id]
        for pk, public_id, said in selected.values_list("pk", "public_id", "public_seq")
        if said > seen[public_id]
    }
    if not ahead:
        return set()
    came = Event.objects.filter(
        conversation__in=ahead, kind=EventKind.MESSAGE_RECEIVED, seq__gt=min(ahead.values())
    )
    newest = came.values("conversation_id").annotate(last=Max("seq")).order_by()
    return {pk for pk, last in newest.values_list("conversation_id", "last") if last > ahead[pk]}


def _change(ledger: events.Ledger, run: BulkRun, ids: list[int], done: Done, now: datetime) -> None:
    kind, rule = KINDS[run.act], _RULES[run.act]
    rivals = _with_rivals(ids) if run.act in (BulkAct.REOPEN, BulkAct.SPAM) else set()
    if run.act == BulkAct.ASSIGN and (why := _nobody_there(run)):
        done.skipped[why] += len(ids)
        return
    changes: dict[int, tuple[int, Plain]] = {}
    kept: dict[int, tuple[int, Plain]] = {}
    chosen_before = True
    beside = ("seq", "assignee_id", *_CHOSEN) if run.act in (BulkAct.REOPEN, BulkAct.ASSIGN) else ()
    for pk, here in _columns.read(run.brand_id, ids, [*_undo.PUT_BACK[kind], *beside]).items():
        wish = RIVAL if pk in rivals else rule(run, here, now)
        if isinstance(wish, str):
            done.skipped[wish] += 1
            continue
        if isinstance(wish, _Kept):
            done.skipped[wish.why] += 1
            kept[pk] = (here["seq"], wish.columns)
            chosen_before &= here["assignee_set_by"] == _queueing.BY_PERSON
            done.kept.append(_step(kind, pk, here["seq"], here, wish.columns, quiet=True))
            continue
        seq = ledger.record(
            wish.told, at=now, conversation_id=pk, actor_id=run.person_id, bulk=run.pk, **wish.data
        )
        changes[pk] = (seq, wish.columns)
        done.steps.append(_step(kind, pk, seq, here, wish.columns))
    _columns.write(changes)
    _columns.write(kept)
    waited = _queueing.forget(kept)
    done.keeps = waited or (not chosen_before and routing_facts.settings_of(run.brand_id) is not None)
    if not changes:
        return
    if kind == UndoKind.STATE:
        until = run.value.get("until")
        snoozed = run.act == BulkAct.SNOOZE and until
        _snoozing.set_timers(ledger, list(changes), datetime.fromisoformat(until) if snoozed else None)
    elif "team" in run.value:
        _looking.look(ledger, list(changes), now)  # it waits for somebody of the team
    elif kind == UndoKind.ASSIGNEE:
        _queueing.forget(changes)
    elif kind == UndoKind.PRIORITY:
        _looking.rescore(ledger, list(changes), now)


def _step(
    kind: UndoKind, pk: int, seq: int, here: Plain, columns: Plain, *, quiet: bool = False
) -> dict[str, Any]:
    after = here | {name: _columns.plain(value) for name, value in columns.items()}
    was = {name: here[name] for name in _undo.PUT_BACK[kind]}
    return _undo.step(pk, seq, was, **_undo.as_left(kind, was, after), quiet=quiet)


def _with_rivals(ids: list[int]) -> set[int]:
    """Those of whose thread a newer conversation is under way."""
    threads = Conversation.objects.filter(pk__in=ids).values_list("pk", "channel_id", "thread_key")
    keys = {(channel_id, thread_key): pk for pk, channel_id, thread_key in threads}
    others = Conversation.objects.filter(
        channel__in={channel_id for channel_id, _ in keys}, thread_key__in={key for _, key in keys}
    ).exclude(state=ConversationState.RESOLVED)
    newer = others.exclude(pk__in=ids).values_list("channel_id", "thread_key", "pk")
    return {keys[channel_id, key] for channel_id, key, _ in newer if (channel_id, key) in keys}


def _nobody_there(run: BulkRun) -> str:
    """Why nobody can be given anything; empty where it can be done."""
    if team := run.value.get("team"):
        there = Team.objects.staying().filter(brand_id=run.brand_id, pk=team).exists()
        return "" if there else "the team is no more"
    to = run.value["person"]
    here = Membership.objects.filter(brand_id=run.brand_id, person=to, person__is_active=True)
    return "" if to is None or here.exists() else f"{run.value['name']} no longer works here"


def _resolve(run: BulkRun, here: Plain, now: datetime) -> _Wish | str:
    if here["state"] == ConversationState.RESOLVED:
        return "resolved already"
    put_aside = {"unread_count": 0, "waiting_since": None, "snoozed_until": None}
    columns = {"state": ConversationState.RESOLVED.value, "resolved_at": now, **put_aside}
    return _Wish(columns, EventKind.RESOLVED, {"before": here["state"]})


def _spam(run: BulkRun, here: Plain, now: datetime) -> _Wish | str:
    if here["state"] == ConversationState.SPAM:
        return "spam already"
    put_aside = {"unread_count": 0, "waiting_since": None, "snoozed_until": None}
    columns = {"state": ConversationState.SPAM.value, "resolved_at": None, **put_aside}
    return _Wish(columns, EventKind.MARKED_SPAM, {"before": here["state"]})


def _reopen(run: BulkRun, here: Plain, now: datetime) -> _Wish | str:
    if here["state"] == ConversationState.OPEN:
        return "open already"
    columns: Plain = {"state": ConversationState.OPEN.value, "resolved_at": None, "snoozed_until": None}
    if here["assignee_id"]:  # whoever opens it again chose that they have it
        columns |= {"assignee_set_by": _queueing.BY_PERSON, "assignee_set_at": now}
    else:
        columns |= {name: here[name] for name in _CHOSEN}
    return _Wish(columns, EventKind.REOPENED, {"before": here["state"]})


def _snooze(run: BulkRun, here: Plain, now: datetime) -> _Wish | str:
    until = run.value["until"]
    if here["state"] not in UNDER_WAY:
        return f"{ConversationState(here['state']).label.lower()}, so out of the way already"
    if here["state"] == ConversationState.SNOOZED and here["snoozed_until"] == until:
        return "snoozed until then already"
    columns = {"state": ConversationState.SNOOZED.value, "snoozed_until": until}
    return _Wish(columns, EventKind.SNOOZED, {"until": until, "before": here["state"]})


def _give(run: BulkRun, here: Plain, now: datetime) -> _Wish | str:
    team, name = run.value["team"], run.value["name"]
    if (here["team_id"], here["team_by_hand"], here["assignee_id"]) == (team, True, None):
        return f"given to {name} already"
    nobody: Plain = {"assignee_id": None, "assignee_name": "", "assignee_set_by": "", "assignee_set_at": now}
    told = {"to": None, "to_name": "", "before": here["assignee_id"], "team": team, "team_name": name}
    return _Wish({**nobody, "team_id": team, "team_by_hand": True}, EventKind.UNASSIGNED, told)


def _assign(run: BulkRun, here: Plain, now: datetime) -> _Wish | _Kept | str:
    if "team" in run.value:
        return _give(run, here, now)
    to, name = run.value["person"], run.value["name"]
    chosen = {"assignee_set_by": _queueing.BY_PERSON, "assignee_set_at": now}
    if here["assignee_id"] == to:
        return _Kept(f"assigned to {name} already" if to else "assigned to nobody already", chosen)
    told = EventKind.ASSIGNED if to else EventKind.UNASSIGNED
    data = {"to": to, "to_name": name if to else "", "before": here["assignee_id"]}
    columns = {"assignee_id": to, "assignee_name": name if to else ""}
    return _Wish({**columns, **chosen}, told, data)


def _prioritise(run: BulkRun, here: Plain, now: datetime) -> _Wish | str:
    wanted = run.value["priority"]
    if wanted is None:
        if not here["priority_pinned"]:
            return "left to the score already"
        columns = {"priority": here["priority"], "priority_pinned": False}
        return _Wish(columns, EventKind.PRIORITISED, {"before": here["priority"], "pinned": False})
    if here["priority_pinned"] and here["priority"] == wanted:
        return f"{Priority(wanted).label.lower()} already"
    data = {"to": wanted, "before": here["priority"], "pinned": True}
    return _Wish({"priority": wanted, "priority_pinned": True}, EventKind.PRIORITISED, data)


def _unread(run: BulkRun, here: Plain, now: datetime) -> _Wish | str:
    if here["unread_count"]:
        return "unread already"
    return _Wish({"unread_count": 1}, EventKind.CONVERSATION_READ, {"unread": True})


def _read(run: BulkRun, here: Plain, now: datetime) -> _Wish | str:
    if not here["unread_count"]:
        return "read already"
    return _Wish({"unread_count": 0}, EventKind.CONVERSATION_READ)


_RULES: Mapping[str, _Rule] = {
    BulkAct.RESOLVE: _resolve, BulkAct.SPAM: _spam, BulkAct.REOPEN: _reopen, BulkAct.SNOOZE: _snooze, BulkAct.ASSIGN: _assign,
    BulkAct.PRIORITY: _prioritise, BulkAct.UNREAD: _unread, BulkAct.READ: _read,
}  # fmt: skip
