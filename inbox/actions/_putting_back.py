"""Taking back what was done, for one conversation or a batch: each is put back only where it still is as it was left.

Each statement is for the whole batch. What is put back is told by the same kinds of events as what was done, with `undoes`, the
number of the event taken back: clocks then count as if neither had been.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inbox import events
from inbox.actions import _columns, _done_since, _looking, _snoozing, _tag_rows, _undo, _vips
from inbox.actions._columns import Plain
from inbox.actions._done_since import Step
from inbox.models import (
    Contact,
    Conversation,
    ConversationState,
    Event,
    EventKind,
    Example,
    Membership,
    Person,
    Tag,
    Team,
    UndoKind,
)

CUSTOMER = "the customer"
GONE, RIVAL = "it is no more", "a newer conversation with this person is open"
NO_TEAM = "the team that had it is no more"


@dataclass(slots=True)
class Outcome:
    done: int
    skipped: Counter[str]  # why → how many


def put_back(
    ledger: events.Ledger, kind: str, steps: Sequence[Step], *, words: str, done_at: datetime, by: Person, now: datetime
) -> Outcome:  # fmt: skip
    """`words`: what was done, as the thread tells that it was taken back."""
    undid = words[:1].lower() + words[1:]
    if kind == UndoKind.VIP:
        return _vip(ledger, steps[0], undid=undid, by=by, now=now)
    skipped: Counter[str] = Counter()
    is_tag = kind == UndoKind.TAG
    how_it_is = _tags_now(ledger, steps) if is_tag else _columns_now(ledger, kind, steps)
    since = _done_since.read(ledger, kind, steps)
    # Who read what the customer has written since has read what came before it.
    seen = _done_since.read(ledger, UndoKind.UNREAD, steps).anew if kind == UndoKind.ANSWER else set()
    changed: list[int] = []
    left = []
    for step in steps:
        here = how_it_is.get(step["id"])
        if here is None:
            skipped[GONE] += 1
        elif step["id"] not in since.anew and all(
            here[name] == value for name, value in step["left"].items()
        ):
            theirs = {"unread_count"} if step["id"] in seen else set()
            left.append({**step, "was": _keeping(step, here, theirs), "newest": here.get("seq")})
        else:
            changed.append(step["id"])
    skipped.update(since.who(changed, by))
    check, back = _BY_KIND.get(kind, (_nothing_against, _columns_back))
    against = check(ledger, left, kind)
    skipped.update(against.values())
    wanted = [step for step in left if step["id"] not in against]
    if wanted:
        back(ledger, kind, wanted, undid, done_at, by, now)
    return Outcome(len(wanted), skipped)


def _columns_now(ledger: events.Ledger, kind: str, steps: Sequence[Step]) -> dict[int, Plain]:
    names = {"seq"}.union(_undo.BESIDE.get(kind, ()), *(step["left"] for step in steps))
    return _columns.read(ledger.brand_id, [step["id"] for step in steps], sorted(names))


def _keeping(step: Step, here: Plain, theirs: set[str]) -> Any:
    """How it was, but for what somebody set beside it since: that stays."""
    if not (beside := step.get("beside")):
        return step["was"]
    theirs = theirs | {name for name, value in beside.items() if here[name] != value}
    return {name: here[name] if name in theirs else value for name, value in step["was"].items()}


def _tags_now(ledger: events.Ledger, steps: Sequence[Step]) -> dict[int, Plain]:
    tag_id = steps[0]["left"]["tag"]
    ids = [step["id"] for step in steps]
    there = set(
        Conversation.objects.filter(brand_id=ledger.brand_id, pk__in=ids).values_list("pk", flat=True)
    )
    if not Tag.objects.filter(pk=tag_id).exists():
        return {}
    known = _tag_rows.as_they_are(ids, tag_id)
    return {pk: known.get(pk) or _tag_rows.kept(tag_id, None) for pk in there}


def _nothing_against(ledger: events.Ledger, steps: Sequence[Step], kind: str) -> dict[int, str]:
    return {}


def _against_state(ledger: events.Ledger, steps: Sequence[Step], kind: str) -> dict[int, str]:
    """One conversation of a thread is under way, and what the customer wrote meanwhile is not buried again."""
    against: dict[int, str] = {}
    opening = [step["id"] for step in steps if _opens(step)]
    if opening:
        threads = Conversation.objects.filter(pk__in=opening).values_list("pk", "channel_id", "thread_key")
        keys = {(channel_id, thread_key): pk for pk, channel_id, thread_key in threads}
        rivals = Conversation.objects.filter(
            channel__in={channel_id for channel_id, _ in keys}, thread_key__in={key for _, key in keys}
        )
        rivals = rivals.exclude(state=ConversationState.RESOLVED).exclude(pk__in=opening)
        against |= {
            keys[rival]: RIVAL for rival in rivals.values_list("channel_id", "thread_key") if rival in keys
        }
    closing = {step["id"]: step["seq"] for step in steps if step["was"]["state"] != ConversationState.OPEN}
    if closing:
        wrote = Event.objects.filter(
            conversation__in=list(closing), kind=EventKind.MESSAGE_RECEIVED, seq__gt=min(closing.values())
        )
        for pk, seq in wrote.values_list("conversation_id", "seq"):
            if pk is not None and seq > closing[pk]:
                against[pk] = "The customer has written since"
    return against


def _opens(step: Step) -> bool:
    resolved = ConversationState.RESOLVED
    return bool(step["left"]["state"] == resolved and step["was"]["state"] != resolved)


def _against_assignee(ledger: events.Ledger, steps: Sequence[Step], kind: str) -> dict[int, str]:
    before = {step["was"]["assignee_id"] for step in steps} - {None}
    still = set(
        Membership.objects.filter(
            brand_id=ledger.brand_id, person__in=before, person__is_active=True
        ).values_list("person_id", flat=True)
    )
    left = {
        step["id"]: f"{step['was']['assignee_name']} no longer works here"
        for step in steps
        if step["was"]["assignee_id"] is not None and step["was"]["assignee_id"] not in still
    }
    if teams := {step["was"]["team_id"] for step in steps} - {None}:
        teams -= set(Team.objects.staying().filter(pk__in=teams).values_list("pk", flat=True))
    return {step["id"]: NO_TEAM for step in steps if step["was"]["team_id"] in teams} | left


def _columns_back(
    ledger: events.Ledger, kind: str, steps: Sequence[Step], undid: str, done_at: datetime, by: Person, now: datetime
) -> None:  # fmt: skip
    changes = {}
    for step in steps:
        if step.get("quiet"):
            changes[step["id"]] = (step["newest"], step["was"])
            continue
        told, data = _told(kind, step["was"])
        seq = ledger.record(
            told, at=now, conversation_id=step["id"], actor_id=by.pk, undoes=step["seq"], undid=undid, **data
        )
        changes[step["id"]] = (seq, step["was"])
    _columns.write(changes)
    if kind == UndoKind.STATE:
        _snoozes_back(ledger, steps)
    elif kind == UndoKind.ASSIGNEE:
        _looking.look(ledger, list(changes), now)  # it may wait for somebody again
    elif kind == UndoKind.PRIORITY:
        _looking.rescore(ledger, list(changes), now)
    elif kind == UndoKind.MOOD:
        _unlearn(steps, done_at, by)


def _told(kind: str, was: Plain) -> tuple[EventKind, dict[str, Any]]:
    """The event that says how it is now."""
    match kind:
        case UndoKind.STATE:
            told = {
                ConversationState.RESOLVED: EventKind.RESOLVED,
                ConversationState.SPAM: EventKind.MARKED_SPAM,
                ConversationState.SNOOZED: EventKind.SNOOZED,
                ConversationState.PENDING: EventKind.PENDING,
            }.get(was["state"], EventKind.REOPENED)
            return told, {"until": was["snoozed_until"]} if told is EventKind.SNOOZED else {}
        case UndoKind.ASSIGNEE:
            kind_now = EventKind.ASSIGNED if was["assignee_id"] else EventKind.UNASSIGNED
            return kind_now, {"to": was["assignee_id"], "to_name": was["assignee_name"]}
        case UndoKind.PRIORITY:
            return EventKind.PRIORITISED, {"to": was["priority"], "pinned": was["priority_pinned"]}
        case UndoKind.PROMISE:
            return EventKind.PROMISED, {"until": was["promised_at"]}
        case UndoKind.ANSWER:
            return EventKind.NO_REPLY_NEEDED, {}
        case UndoKind.MOOD:
            told = EventKind.TAGGED if was["sentiment"] else EventKind.UNTAGGED
            return told, {"sentiment": was["sentiment"]}
    return EventKind.CONVERSATION_READ, {}


def _snoozes_back(ledger: events.Ledger, steps: Sequence[Step]) -> None:
    _snoozing.forget_timers([step["id"] for step in steps])
    slept = [step for step in steps if step["was"]["state"] == ConversationState.SNOOZED]
    until = {step["id"]: step["was"]["snoozed_until"] for step in slept if step["was"]["snoozed_until"]}
    _snoozing.set_each(ledger, {pk: datetime.fromisoformat(at) for pk, at in until.items()})


def _tags_back(
    ledger: events.Ledger, kind: str, steps: Sequence[Step], undid: str, done_at: datetime, by: Person, now: datetime
) -> None:  # fmt: skip
    tag = Tag.objects.get(pk=steps[0]["left"]["tag"])
    wanted = {step["id"]: step["was"] for step in steps}
    on = {pk: _tag_rows.is_on(was) for pk, was in wanted.items()}
    _tag_rows.put(tag.pk, wanted)
    shown = _tag_rows.names(list(wanted), tag.name, on=on)
    changes = {}
    for step in steps:
        told = EventKind.TAGGED if on[step["id"]] else EventKind.UNTAGGED
        seq = ledger.record(
            told, at=now, conversation_id=step["id"], actor_id=by.pk, undoes=step["seq"], undid=undid, tag=tag.name, tag_id=tag.pk,
        )  # fmt: skip
        changes[step["id"]] = (seq, {"tags": shown[step["id"]]})
    _columns.write(changes)
    _unlearn(steps, done_at, by)


def _unlearn(steps: Sequence[Step], done_at: datetime, by: Person) -> None:
    """What was taken back is no example of anything."""
    Example.objects.filter(conversation__in=[step["id"] for step in steps], person=by, at=done_at).delete()


def _vip(ledger: events.Ledger, step: Step, *, undid: str, by: Person, now: datetime) -> Outcome:
    left, was = step["left"], step["was"]
    if Contact.objects.filter(pk=left["contact"], merged_into__isnull=False).exists():
        return Outcome(0, Counter(["it is known to be the same person as another by now"]))
    if _vips.mark(ledger, left["contact"], vip=was["vip"], by=by, now=now):
        return Outcome(1, Counter())
    return Outcome(0, Counter(["A colleague has changed it since"]))


Check = Callable[[events.Ledger, Sequence[Step], str], dict[int, str]]
Back = Callable[[events.Ledger, str, Sequence[Step], str, datetime, Person, datetime], None]
_BY_KIND: Mapping[str, tuple[Check, Back]] = {
    UndoKind.STATE: (_against_state, _columns_back),
    UndoKind.ASSIGNEE: (_against_assignee, _columns_back),
    UndoKind.TAG: (_nothing_against, _tags_back),
}
